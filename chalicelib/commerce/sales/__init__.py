"""From the cart to the last return: carts, checkouts, payments, orders, refunds."""
