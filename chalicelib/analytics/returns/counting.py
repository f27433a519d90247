"""Counting what came back on a day of the shop, from what is recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from chalicelib.analytics.returns.returns_sql import DayRows
from chalicelib.commerce.catalogue import products
from chalicelib.commerce.sales import returned
from chalicelib.core.database import Connection

_COUNTS = ("requested", "received", "refused", "items", "value_cents", "waited_s", "timed")
_MOST_AT_ONCE = 500


def count_day(connection: Connection, day: date, start: datetime, end: datetime) -> DayRows:
    """Return the rows of a day, which is the time from `start` until before `end`."""
    reasons: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(_COUNTS, 0))
    of_product: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for row in returned.count_returns(connection, start, end):
        for name in ("requested", "received", "refused"):
            reasons[row.reason][name] += int(getattr(row, name))
    for row in returned.sum_items(connection, start, end):
        # Sums of integers are Decimal on MySQL.
        told = {"items": row.items, "value_cents": row.cents, "waited_s": row.seconds, "timed": row.timed}
        for name, value in told.items():
            reasons[row.reason][name] += int(value)
        of_product[row.product_id][0] += int(row.items)
        of_product[row.product_id][1] += int(row.cents)
    placed, back = returned.count_orders(connection, start, end)
    return DayRows(
        [{"day": day, "reason": reason, **counts} for reason, counts in sorted(reasons.items())],
        [{"day": day, "product_id": key, **_sums(sums)} for key, sums in sorted(of_product.items())],
        [{"day": day, "category": key, **_sums(sums)} for key, sums in _by_category(connection, of_product)],
        [{"day": day, "orders": placed, "returned": back}] if placed else [],
    )


def _sums(sums: list[int]) -> dict[str, int]:
    return {"items": sums[0], "value_cents": sums[1]}


def _by_category(connection: Connection, of_product: Mapping[int, list[int]]) -> list[tuple[str, list[int]]]:
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    ids = sorted(of_product)
    for at in range(0, len(ids), _MOST_AT_ONCE):
        known: Mapping[int, Any] = products.find_whole(connection, ids[at : at + _MOST_AT_ONCE], lock=False)
        for product_id, product in known.items():
            both = found[str(product.category).strip()]
            both[0] += of_product[product_id][0]
            both[1] += of_product[product_id][1]
    return sorted(found.items())
