"""What will be sold: forecasts by day, and what to order for them."""
