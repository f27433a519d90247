"""The tables from which customers are counted. The days are the shop's own, as those of the ledger of sales are.

Customers cannot be added up over days: who orders on two of them is one. So what is kept beside the days is how many
customers went from one day to another without ordering between: a pair of days in a row of the same customer. The
customers of any days are those of each day, added up, less the pairs inside.
"""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, Integer, SmallInteger, String

from chalicelib.core.database import BigId, shop_table

MONEY = ("gross_cents", "returned_cents", "net_cents", "cost_cents")
SUMS = ("orders", "items", "units", *MONEY)

# The ledger by customer and day: what was not cancelled. `net_cents` is gross less discounts, returns and refunds.
customer_days = shop_table(
    "customer_days",
    Column("day", Date, primary_key=True),
    Column("customer_id", BigId, primary_key=True, autoincrement=False),
    *(Column(name, Integer, nullable=False) for name in ("orders", "items", "units")),
    *(Column(name, BigId, nullable=False) for name in MONEY),
    Index("ix_customer_days_customer", "customer_id", "day"),
)

# Customers of a day; and of these whose first day it was in its week (from Monday on), its month, and ever.
FIRSTS = ("customers", "week_firsts", "month_firsts", "new_customers")
customer_counts = shop_table(
    "customer_counts",
    Column("day", Date, primary_key=True),
    *(Column(name, Integer, nullable=False) for name in FIRSTS),
)

# How many pairs there are from an earlier day to a later one. Each is kept by day and, where the months differ, by
# month on either side and on both: `level` says how the two dates are meant, the later one first (d: day, m: month).
LEVELS = ("dd", "dm", "md", "mm")
customer_gaps = shop_table(
    "customer_gaps",
    Column("level", String(2), primary_key=True),
    Column("later", Date, primary_key=True),
    Column("earlier", Date, primary_key=True),
    Column("pairs", Integer, nullable=False),
)

# By month of a customer's first order (`cohort`) and month: how many of them ordered in it, and what. Margin is
# `net_cents` less `cost_cents`.
COHORT_FIGURES = ("customers", "orders", "net_cents", "cost_cents")
customer_cohorts = shop_table(
    "customer_cohorts",
    Column("cohort", Date, primary_key=True),
    Column("month", Date, primary_key=True),
    Column("customers", Integer, nullable=False),
    Column("orders", Integer, nullable=False),
    Column("net_cents", BigId, nullable=False),
    Column("cost_cents", BigId, nullable=False),
)

# --- what a slice works with: empty but inside its transaction ---------------------------------------------------

# Who has something in the days of the slice, before or after.
touched_customers = shop_table(
    "touched_customers",
    Column("customer_id", BigId, primary_key=True, autoincrement=False),
)

# Their pairs before (side -1, counted below zero) and after (1). `earlier` is far in the past where the later day is
# the customer's first.
customer_moves = shop_table(
    "customer_moves",
    Column("side", SmallInteger, primary_key=True, autoincrement=False),
    Column("later", Date, primary_key=True),
    Column("earlier", Date, primary_key=True),
    Column("later_week", Date, nullable=False),
    Column("later_month", Date, nullable=False),
    Column("earlier_month", Date, nullable=False),
    Column("pairs", Integer, nullable=False),
)
