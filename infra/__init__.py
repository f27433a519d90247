"""Running, packaging and filling the shop: what is not part of the functions."""
