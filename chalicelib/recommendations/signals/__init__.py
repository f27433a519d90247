"""What people did with products: taken in by `POST /events`, read by the rebuild, by serving and by the figures."""
