"""The tables of the sales funnel: how many people came how far, day by day, and which carts were filled."""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, String

from chalicelib.core.database import BigId, shop_table

# People of a day of the shop. segment: kind (customers, guests), source (where customers came from, "" unknown),
# surface (at which a recommendation was clicked, "" untold). The rows of `kind` together are everybody.
funnel_days = shop_table(
    "funnel_days",
    Column("day", Date, primary_key=True),
    Column("segment", String(16), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("viewed", Integer, nullable=False),
    Column("carted", Integer, nullable=False),
    Column("checked_out", Integer, nullable=False),
    Column("ordered", Integer, nullable=False),
    # How many orders these people placed that day; 0 where that is not told apart.
    Column("orders", Integer, nullable=False),
)

# That something was put into a cart on a day, since what is bought leaves its cart. Kept for as long as the day may
# be counted again. Without references: a cart may be gone, and a customer must not be locked for it.
funnel_carts = shop_table(
    "funnel_carts",
    Column("day", Date, primary_key=True),
    Column("cart_id", BigId, primary_key=True, autoincrement=False),
    Column("customer_id", BigId, index=True),
)
