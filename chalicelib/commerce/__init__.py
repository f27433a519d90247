"""Distribution centers, customers, products, inventory, orders."""
