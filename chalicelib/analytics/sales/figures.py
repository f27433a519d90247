"""The figures of sales as they are answered: what each is, how it is worked out from sums, how it has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal

from chalicelib.analytics.sales.figures_sql import SUMMED
from chalicelib.core.money import from_cents, mean_cents

Sums = dict[str, int]

# As they stand in an answer, and in the columns of a file.
NAMES = (
    "orders", "customers", "items", "units", "units_per_order", "gross", "discounts", "discount_rate", "returns",
    "return_rate", "refunds", "net_revenue", "cost", "margin", "margin_rate", "avg_order_value",
)  # fmt: skip

# What lists can be put in the order of.
By = Literal["revenue", "units", "orders", "margin"]

DEFINITIONS = {
    "orders": "Orders of which something was not cancelled, on the day on which they were placed.",
    "customers": "Different customers with such an order; guests count for none. They cannot be added up over days "
    "or groups. Null where they were not counted: groups, filters of more than a day, and more than 60 "
    "weeks or months need `customers=true`.",
    "items": "Items that were not cancelled.",
    "units": "Items that were kept: neither cancelled nor returned.",
    "units_per_order": "units / orders.",
    "gross": "What the items cost by their list prices.",
    "discounts": "What was taken off the list prices.",
    "discount_rate": "discounts / gross.",
    "returns": "What the items that came back were sold at; on the day of their order.",
    "return_rate": "returns / (gross - discounts).",
    "refunds": "What was given back for items that are kept.",
    "net_revenue": "gross - discounts - returns - refunds; without shipping, and without tax that is added.",
    "cost": "What the units had cost the shop.",
    "margin": "net_revenue - cost.",
    "margin_rate": "margin / net_revenue.",
    "avg_order_value": "net_revenue / orders.",
}
CHANGE = {
    "change": "By which share a figure has changed against the compared days: 0.1 is a tenth more. Null where there "
    "is nothing to divide by.",
}
SHARE = {"share": "Which part of `total` a group has, of the figure by which the list is ordered; null of nothing."}


def nothing() -> Sums:
    """Return the sums of no sales."""
    return dict.fromkeys(SUMMED, 0)


def add(rows: Iterable[Any]) -> Sums:
    """Return the sums of rows that have each of `figure_tables.FIGURES`."""
    found = nothing()
    for row in rows:
        for name, value in row._mapping.items():
            if name in found:
                found[name] += int(value)  # sums are Decimal on MySQL
    return found


def net_cents(sums: Mapping[str, int]) -> int:
    """Return the net revenue of sums, in cents."""
    return sums["gross_cents"] - sums["discount_cents"] - sums["returned_cents"] - sums["refund_cents"]


def derive(sums: Mapping[str, int], customers: int | None = None) -> dict[str, Any]:
    """Return the figures of `NAMES`; null where there is nothing to divide by."""
    net, orders = net_cents(sums), sums["orders"]
    margin, sold = net - sums["cost_cents"], sums["gross_cents"] - sums["discount_cents"]
    return {
        "orders": orders,
        "customers": customers,
        "items": sums["items"],
        "units": sums["units"],
        "units_per_order": ratio(sums["units"], orders),
        "gross": from_cents(sums["gross_cents"]),
        "discounts": from_cents(sums["discount_cents"]),
        "discount_rate": ratio(sums["discount_cents"], sums["gross_cents"]),
        "returns": from_cents(sums["returned_cents"]),
        "return_rate": ratio(sums["returned_cents"], sold),
        "refunds": from_cents(sums["refund_cents"]),
        "net_revenue": from_cents(net),
        "cost": from_cents(sums["cost_cents"]),
        "margin": from_cents(margin),
        "margin_rate": ratio(margin, net),
        "avg_order_value": mean_cents(net, orders) if orders else None,
    }


def measure(sums: Mapping[str, int], by: By) -> int:
    """Return the figure by which a list is ordered, money in cents."""
    if by == "revenue":
        return net_cents(sums)
    return net_cents(sums) - sums["cost_cents"] if by == "margin" else sums[by]


def ratio(part: int, whole: int) -> float | None:
    """Return a share to six places; None of nothing."""
    return round(part / whole, 6) if whole else None


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, float | None]:
    """Return by which share each figure has changed."""
    return {name: _change(before[name], now[name]) for name in NAMES}


def _change(before: Any, now: Any) -> float | None:
    if not before or now is None:
        return None
    return round(float((Decimal(str(now)) - Decimal(str(before))) / abs(Decimal(str(before)))), 6)
