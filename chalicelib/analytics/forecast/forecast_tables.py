"""The tables of forecasts. All of a dimension (the shop, its categories, its products) is put in place at once.

Amounts are estimates, not money: cents or units as real numbers.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Date, Double, Index, Integer, SmallInteger, String, Text

from chalicelib.core.database import BigId, UtcDateTime, shop_table

BOUNDS = ("low_80", "high_80", "low_95", "high_95")
ERRORS = ("mae", "wape", "mase", "bias")


def _amounts(*names: str) -> list[Column[Any]]:
    return [Column(name, Double) for name in names]


# One row a dimension: of when its forecasts are, and of what they were made.
forecast_sets = shop_table(
    "forecast_sets",
    Column("dimension", String(20), primary_key=True),
    Column("last_day", Date, nullable=False),
    Column("as_of", UtcDateTime, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("lead_days", Integer, nullable=False),
    Column("cover_days", Integer, nullable=False),
    # All items that were sold until the last day: when an import changes the past, forecasts are made again.
    Column("sold_items", BigId, nullable=False),
)

# One row a subject, what is foretold of it ("revenue", "orders", "units"), and horizon. Without a model there is a
# reason. Errors are those of the backtest, `base_*` those of repeating the last week; totals are of the whole
# horizon, `lead_expected` is the sum until goods that are ordered now arrive.
forecast_models = shop_table(
    "forecast_models",
    Column("dimension", String(20), primary_key=True),
    Column("value", String(255), primary_key=True),
    Column("what", String(10), primary_key=True),
    Column("horizon", Integer, primary_key=True, autoincrement=False),
    Column("model", String(60)),
    Column("reason", Text),
    Column("beats_baseline", SmallInteger, nullable=False),
    Column("judged_days", Integer, nullable=False),
    Column("origins", Integer, nullable=False),
    *_amounts(*ERRORS),
    *_amounts(*(f"base_{name}" for name in ERRORS)),
    *_amounts("coverage_80", "coverage_95", "total_coverage_80", "total_coverage_95"),
    *_amounts("total", *(f"total_{name}" for name in BOUNDS)),
    *_amounts("lead_expected"),
)

# The days of a forecast, and with horizon 0 the last ones that were: `expected` then is what was sold.
sales_forecasts = shop_table(
    "sales_forecasts",
    Column("dimension", String(20), primary_key=True),
    Column("value", String(255), primary_key=True),
    Column("what", String(10), primary_key=True),
    Column("horizon", Integer, primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),
    Column("expected", Double, nullable=False),
    *_amounts(*BOUNDS),
)

# What should be ordered, put in place as a whole; `position` is its place in the list, the most urgent first.
reorder_suggestions = shop_table(
    "reorder_suggestions",
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("product_id", BigId, nullable=False),
    Column("sku", String(64), nullable=False),
    Column("name", String(500), nullable=False),
    Column("urgency", String(20), nullable=False),
    Column("free", Integer, nullable=False),
    Column("low_stock_level", Integer, nullable=False),
    Column("suggested", Integer, nullable=False),
    Column("model", String(60), nullable=False),
    *(
        Column(name, Double, nullable=False)
        for name in ("daily", "lead_demand", "period_demand", "safety", "reorder_point", "order_up_to", "short")
    ),
    Column("days_of_cover", Double),
    Index("ix_reorder_suggestions_urgency", "urgency", "position"),
)

# One row: when the suggestions were made.
reorder_runs = shop_table(
    "reorder_runs",
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("lead_days", Integer, nullable=False),
    Column("cover_days", Integer, nullable=False),
    Column("suggestions", Integer, nullable=False),
)
