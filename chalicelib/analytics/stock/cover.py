"""The pass over all products: how long what lies on the shelves will last. In slices, one transaction each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from chalicelib.analytics import days as shop_days
from chalicelib.analytics.days import Span
from chalicelib.analytics.sales import sold
from chalicelib.analytics.stock import cover_sql
from chalicelib.analytics.stock.states import RATE_DAYS, Limits, Shelf, cover_tenths, state_of
from chalicelib.commerce.stock import positions
from chalicelib.core import clock
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.jobs.job import Done

_SLICE = 500
_LEAST_MS = 20_000


@dataclass(frozen=True, slots=True)
class _Rates:
    """Units that sold in the days of the rate, and in those of the dead, by product; up to the day of `now`."""

    now: datetime
    sold: Mapping[int, int]
    sold_before: Mapping[int, int]


def limits() -> Limits:
    """Return the limits that the settings set."""
    config = settings()
    return Limits(config.stock_low_days, config.stock_over_days, config.stock_dead_days)


def summarize_stock(time_left_ms: Callable[[], int]) -> Done:
    """Go over all products while there is time; what is left is gone on with by the next run.

    Each slice is put in place as a whole. The totals follow at the end of the pass, and say that it began then.
    """
    found = run(cover_sql.find_pass, writes=False)
    after, started = (0, clock.now()) if found is None or not found.after_id else (found.after_id, found.started_at)
    rates, rows = run(partial(_rates, now=started), writes=False), 0
    while time_left_ms() >= _LEAST_MS:
        part = run(partial(positions.read_slice, after=after, limit=_SLICE), writes=False)
        if not part.products:
            run(partial(_end, after=after, started=started), writes=True)
            return Done(rows)
        run(partial(_put, after=after, part=part, rates=rates), writes=True)
        after, rows = part.products[-1].id, rows + len(part.products)
    return Done(rows, left=1)


def _rates(connection: Connection, *, now: datetime) -> _Rates:
    today = shop_days.day_of(now, settings().time_zone)

    def sold_in(days: int) -> dict[int, int]:
        return sold.items_by_product(connection, Span(today - (days - 1) * shop_days.DAY, today))

    return _Rates(now, sold_in(RATE_DAYS), sold_in(settings().stock_dead_days))


def _put(connection: Connection, *, after: int, part: positions.Slice, rates: _Rates) -> None:
    lying: dict[int, list[Any]] = {}
    for row in part.units:
        lying.setdefault(row.product_id, []).append(row)
    products, centers = [], []
    for product in part.products:
        units = lying.get(product.id, [])
        row = _product_row(product, units, rates)
        if row is not None:
            products.append(row)
            centers += [_center_row(product, each) for each in units]
    last = part.products[-1].id
    cover_sql.replace_slice(connection, after, last, products, centers)
    cover_sql.update_pass(connection, {"after_id": last, "started_at": rates.now})


def _product_row(product: Any, units: list[Any], rates: _Rates) -> dict[str, Any] | None:
    free = sum(int(each.free) for each in units)
    recent, before = rates.sold.get(product.id, 0), rates.sold_before.get(product.id, 0)
    oldest = min((each.oldest_at for each in units), default=None)
    shelf = Shelf(free, recent, before, oldest, product.low_at, product.status == "published")
    state = state_of(shelf, limits(), rates.now)
    if state is None:
        return None
    return {
        "product_id": product.id,
        "state": state.value,
        "category": product.category,
        "category_key": product.category_key,
        "free": free,
        "cost_cents": sum(int(each.cost_cents) for each in units),
        "price_cents": free * product.retail_price_cents,
        "sold": recent,
        "sold_before": before,
        "cover_tenths": cover_tenths(free, recent),
        "oldest_at": oldest,
    }


def _center_row(product: Any, units: Any) -> dict[str, Any]:
    return {
        "product_id": product.id,
        "distribution_center_id": units.center_id,
        "free": int(units.free),
        "cost_cents": int(units.cost_cents),
        "price_cents": int(units.free) * product.retail_price_cents,
    }


def _end(connection: Connection, *, after: int, started: datetime) -> None:
    cover_sql.replace_slice(connection, after, None, [], [])
    cover_sql.replace_totals(connection)
    cover_sql.update_pass(connection, {"after_id": 0, "as_of": started})
