"""What to order again: the demand that is expected against what is free, for all products that sell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from chalicelib.analytics.forecast import forecasts_sql, reorders_sql
from chalicelib.analytics.forecast.making import PRODUCT
from chalicelib.analytics.forecast.reorder_points import Demand, Suggestion, suggest, urgency_key
from chalicelib.commerce.stock import inventory
from chalicelib.core import clock, logging
from chalicelib.core.database import Connection, run
from chalicelib.core.paging import Page, PageRequest
from chalicelib.jobs.job import Done, TimeLeft

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class _Found:
    """A suggestion and the product it is for."""

    key: tuple[int, float, float, int]
    row: dict[str, Any]


def suggest_reorders(time_left_ms: TimeLeft) -> Done:
    """Make the list of what to order; done are its rows. A matter of seconds, whatever the time."""
    _ = time_left_ms
    made = run(lambda connection: forecasts_sql.find_set(connection, PRODUCT), writes=False)
    if made is None:
        return Done()
    started, after, found = clock.now(), "", list[_Found]()
    while models := run(partial(_models, after), writes=False):
        found += run(partial(_suggestions, models, made), writes=False)
        after = models[-1].value
    found.sort(key=lambda each: each.key)
    rows = [{"position": position, **each.row} for position, each in enumerate(found, start=1)]
    told = {
        "made_at": started,
        "last_day": made.last_day,
        "lead_days": made.lead_days,
        "cover_days": made.cover_days,
        "suggestions": len(rows),
    }
    run(lambda connection: reorders_sql.replace(connection, told, rows), writes=True)
    logging.info("reorders suggested", products=len(rows))
    return Done(len(rows))


def _models(after: str, connection: Connection) -> Any:
    return forecasts_sql.list_models(connection, PRODUCT, "units", after=after, limit=_CHUNK)


def _suggestions(models: Any, made: Any, connection: Connection) -> list[_Found]:
    by_product = {int(model.value): model for model in models}
    found = []
    for shelf in inventory.on_shelf(connection, list(by_product)):
        model = by_product[shelf.product_id]
        demand = Demand(
            lead=model.lead_expected,
            period=model.total,
            high=model.total_high_80,
            lead_days=made.lead_days,
            period_days=model.horizon,
        )
        suggestion = suggest(int(shelf.free), int(shelf.low_stock_level), demand)
        if suggestion:
            found.append(_Found(urgency_key(suggestion, shelf.product_id), _row(shelf, model, demand, suggestion)))
    return found


def _row(shelf: Any, model: Any, demand: Demand, suggestion: Suggestion) -> dict[str, Any]:
    return {
        "product_id": shelf.product_id,
        "sku": shelf.sku,
        "name": shelf.name,
        "urgency": suggestion.urgency,
        "free": int(shelf.free),
        "low_stock_level": int(shelf.low_stock_level),
        "suggested": suggestion.quantity,
        "model": model.model,
        "daily": demand.daily,
        "lead_demand": demand.lead,
        "period_demand": demand.period,
        "safety": suggestion.safety,
        "reorder_point": suggestion.reorder_point,
        "order_up_to": suggestion.order_up_to,
        "short": suggestion.short,
        "days_of_cover": suggestion.days_of_cover,
    }


@dataclass(frozen=True, slots=True)
class Listed:
    """A part of the list, and the run that made it: None before the first one."""

    run: Any
    set: Any
    page: Page[Any]


def list_reorders(connection: Connection, page: PageRequest, *, urgency: str | None) -> Listed:
    """Return what to order, the most urgent first."""
    return Listed(
        reorders_sql.find_run(connection),
        forecasts_sql.find_set(connection, PRODUCT),
        reorders_sql.list_page(connection, page, urgency=urgency),
    )


def running_out(connection: Connection, product_ids: Sequence[int]) -> Sequence[Any] | None:
    """Return the suggestions for those of some products that are or will be sold out; None before the first run."""
    if reorders_sql.find_run(connection) is None:
        return None
    return reorders_sql.list_of(connection, product_ids, ("sold_out", "will_sell_out")) if product_ids else []
