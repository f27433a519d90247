"""Payments: the companies that take money for the shop, behind one interface. Knows no order and no customer."""
