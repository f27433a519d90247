"""Stock as it stands: what it is worth, how long it lasts, what is missing, and what nobody wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chalicelib.analytics.spans import Stand
from chalicelib.analytics.stock import cover, cover_sql
from chalicelib.analytics.stock.states import ENDLESS, RATE_DAYS, StockState
from chalicelib.commerce.catalogue import distribution_centers, products
from chalicelib.core.config import settings
from chalicelib.core.database import Connection
from chalicelib.core.money import from_cents
from chalicelib.core.paging import Page, PageRequest
from chalicelib.core.text import fold

# Of categories and centers, those of the greatest value.
MOST_GROUPS = 200


class StockSort(StrEnum):
    """What a list of products is sorted by."""

    COVER = "cover"
    VALUE = "value"
    SOLD = "sold"


# The column, and whether the greatest comes first.
_SORTS = {
    StockSort.COVER: ("cover_tenths", False),
    StockSort.VALUE: ("cost_cents", True),
    StockSort.SOLD: ("sold", True),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which products are asked for: None is any."""

    state: StockState | None = None
    category: str | None = None
    center_id: int | None = None
    sort: StockSort = StockSort.COVER


def totals(connection: Connection) -> dict[str, Any]:
    """Return how all products add up: in all, by state, category and center; the greatest value at cost first."""
    states = {row.name: row for row in cover_sql.list_totals(connection, "state", len(StockState))}
    by_state = [
        {"state": state.value, **_sums([states[state.value]] if state.value in states else [])}
        for state in StockState
    ]
    centers = cover_sql.list_totals(connection, "center", MOST_GROUPS)
    names = distribution_centers.names_of(connection, {int(row.name) for row in centers})
    return {
        "totals": _sums(list(states.values())),
        "by_state": by_state,
        "by_category": [
            {"category": row.name, **_sums([row])}
            for row in cover_sql.list_totals(connection, "category", MOST_GROUPS)
        ],
        "by_center": [
            {"distribution_center_id": int(row.name), "name": names.get(int(row.name)), **_sums([row])}
            for row in centers
        ],
    }


def _sums(rows: Sequence[Any]) -> dict[str, Any]:
    return {
        "products": sum(int(row.products) for row in rows),
        "units": sum(int(row.units) for row in rows),
        "value_at_cost": from_cents(sum(int(row.cost_cents) for row in rows)),
        "value_at_price": from_cents(sum(int(row.price_cents) for row in rows)),
    }


def list_products(connection: Connection, page: PageRequest, wanted: Wanted) -> Page[dict[str, Any]]:
    """Return products with their cover. Three statements, whatever the stock."""
    column, descending = _SORTS[wanted.sort]
    found = cover_sql.list_cover(
        connection,
        page,
        sort=column,
        descending=descending,
        state=None if wanted.state is None else wanted.state.value,
        category_key=None if wanted.category is None else fold(wanted.category, 255),
        center_id=wanted.center_id,
    )
    ids = [row.product_id for row in found.items]
    known = products.find_whole(connection, ids, lock=False) if ids else {}
    places: dict[int, list[dict[str, int]]] = {}
    for row in cover_sql.list_places(connection, ids) if ids else ():
        place = {"distribution_center_id": row.distribution_center_id, "free": row.free}
        places.setdefault(row.product_id, []).append(place)
    return found.with_items([_present(row, known.get(row.product_id), places) for row in found.items])


def _present(row: Any, product: Any, places: Mapping[int, list[dict[str, int]]]) -> dict[str, Any]:
    return {
        "product_id": row.product_id,
        "name": None if product is None else product.name,
        "sku": None if product is None else product.sku,
        "brand": None if product is None else product.brand,
        "category": row.category,
        "state": row.state,
        "units": row.free,
        "value_at_cost": from_cents(row.cost_cents),
        "value_at_price": from_cents(row.price_cents),
        "sold": row.sold,
        "sold_before": row.sold_before,
        "sold_per_day": row.sold / RATE_DAYS,
        "cover_days": None if row.cover_tenths == ENDLESS else row.cover_tenths / 10,
        "oldest_at": row.oldest_at,
        "centers": places.get(row.product_id, []),
    }


def stand_of(connection: Connection) -> Stand:
    """Return of when the figures are: of the beginning of the last whole pass over all products."""
    found = cover_sql.find_pass(connection)
    return Stand(None if found is None else found.as_of, settings().time_zone)


def definitions() -> dict[str, str]:
    """Say of each figure what it is."""
    limits = cover.limits()
    return {
        "units": "Free units: on the shelf, neither reserved nor sold nor written off.",
        "value_at_cost": "What these units had cost the shop.",
        "value_at_price": "What they would be sold for at their list prices.",
        "sold": f"Units that were ordered in the last {RATE_DAYS} days, today included, and not cancelled.",
        "sold_before": f"The same in the last {limits.dead_days} days.",
        "sold_per_day": f"sold / {RATE_DAYS}.",
        "cover_days": "units / sold_per_day, in all centers together: how long they last if it goes on selling so. "
        "Null: nothing sold in these days.",
        "oldest_at": "When the unit that has lain longest came in.",
        "out": f"Nothing is free of a product that is for sale and sold in the last {limits.dead_days} days.",
        "low": f"It lasts for less than {limits.low_days} days, or so few units are free as the product is low at.",
        "healthy": "Neither too little nor too much, or come in lately.",
        "over": f"It lasts for more than {limits.over_days} days, or nothing sold in the last {RATE_DAYS}.",
        "dead": f"It has lain for at least {limits.dead_days} days, and none was sold in that time.",
    }
