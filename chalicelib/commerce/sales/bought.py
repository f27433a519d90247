"""What a customer bought, as recommendations need it at each request: in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.commerce.sales import sales, sales_sql
from chalicelib.commerce.sales.sales import Preference, Purchase
from chalicelib.core.database import Connection

# Who bought more has the rest looked up apart.
_AT_ONCE = 1_000
_NOT_KEPT = ("cancelled", "returned")


@dataclass(frozen=True, slots=True)
class Bought:
    """`purchases` that were kept, newest last; `preferences`, most units first; all `product_ids` that were bought,
    also those that were sent back, but not those of cancelled orders.
    """

    purchases: Sequence[Purchase] = ()
    preferences: Sequence[Preference] = ()
    product_ids: frozenset[int] = field(default=frozenset())


def bought_by(connection: Connection, customer_id: int, *, preferences: int, at_once: int = _AT_ONCE) -> Bought:
    """Return what a customer bought: its last `at_once` units as purchases, its first `preferences`, all products."""
    rows = sales_sql.list_bought(connection, customer_id, at_once)
    kept = [row for row in reversed(rows) if row.status not in _NOT_KEPT]
    purchases = sales.as_purchases(kept)
    if len(rows) < at_once:
        likes = _preferences(kept)[:preferences]
        return Bought(purchases, likes, frozenset(row.product_id for row in rows))
    return Bought(
        purchases,
        sales.preferences_of(connection, customer_id, preferences),
        frozenset(sales_sql.list_products_of(connection, customer_id)),
    )


def _preferences(units: Sequence[Any]) -> list[Preference]:
    """Return what `sales.preferences_of` does, from rows."""
    groups: dict[tuple[str, str | None], list[Any]] = {}
    for row in units:
        groups.setdefault((row.category_key, row.brand_key), []).append(row)
    found = [
        (key, Preference(_first(rows, "category") or "", _first(rows, "brand"), len(rows), _sum(rows)))
        for key, rows in groups.items()
    ]
    # What has no brand comes before what has one, as in the database.
    found.sort(key=lambda each: (-each[1].units, -each[1].spent_cents, each[0][0], each[0][1] or ""))
    return [preference for _, preference in found]


def _first(rows: Sequence[Any], name: str) -> str | None:
    return min((getattr(row, name) for row in rows if getattr(row, name) is not None), default=None)


def _sum(rows: Sequence[Any]) -> int:
    return sum(row.sale_price_cents for row in rows)
