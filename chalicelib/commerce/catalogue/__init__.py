"""What is sold and from where: products, their search and images, distribution centers."""
