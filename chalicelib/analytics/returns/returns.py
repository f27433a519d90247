"""Returns over a time: what came back, why, and how that is of all that was ordered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.analytics import day_steps
from chalicelib.analytics.day_steps import Steps
from chalicelib.analytics.days import Compare, Span, compared
from chalicelib.analytics.returns import rates, returns_sql
from chalicelib.analytics.returns.summaries import RETURNS
from chalicelib.analytics.spans import Stand
from chalicelib.commerce.catalogue import products
from chalicelib.core.database import Connection
from chalicelib.core.money import from_cents

_MOST_REASONS = 50


@dataclass(frozen=True, slots=True)
class Part:
    """Some days and their figures."""

    span: Span
    figures: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Returns:
    """A time, and the one it is compared with, if any; its steps, its reasons, and what came back most."""

    stand: Stand
    total: Part
    compared: Part | None
    change: dict[str, float | None] | None
    series: list[Part]
    compared_series: list[Part] | None
    reasons: list[dict[str, Any]]
    products: list[dict[str, Any]]
    categories: list[dict[str, Any]]


def show(connection: Connection, span: Span, steps: Steps, compare: Compare | None, limit: int) -> Returns:
    """Return what came back in some days, and at most `limit` products and categories of them."""
    total, series = _read(connection, span, steps)
    before, before_series, change = None, None, None
    if compare is not None:
        before, before_series = _read(connection, compared(span, compare), steps)
        change = day_steps.changes(before.figures, total.figures, rates.NAMES)
    return Returns(
        day_steps.stand_of(connection, RETURNS),
        total,
        before,
        change,
        series,
        before_series,
        _reasons(connection, span, total.figures["items"], total.figures["requested"]),
        _products(connection, span, limit),
        [
            {"category": row.category, **_sums(row)}
            for row in returns_sql.list_top(connection, "category", span.first, span.last, limit)
        ],
    )


def _read(connection: Connection, span: Span, steps: Steps) -> tuple[Part, list[Part]]:
    came_back = returns_sql.list_days(connection, span.first, span.last)
    placed = returns_sql.list_orders(connection, span.first, span.last)
    pairs = zip(day_steps.by_step(came_back, span, steps), day_steps.by_step(placed, span, steps), strict=True)
    series = [Part(each, rates.figures_of(back, orders)) for (each, back), (_, orders) in pairs]
    return Part(span, rates.figures_of(came_back, placed)), series


def _reasons(connection: Connection, span: Span, items: int, requested: int) -> list[dict[str, Any]]:
    return [
        {
            "reason": row.reason,
            "requested": int(row.requested),
            "requested_share": rates.share(int(row.requested), requested),
            "received": int(row.received),
            "refused": int(row.refused),
            **_sums(row),
            "items_share": rates.share(int(row.items), items),
            "avg_days_to_return": rates.mean_days(int(row.waited_s), int(row.timed)),
        }
        for row in returns_sql.list_reasons(connection, span.first, span.last, _MOST_REASONS)
    ]


def _products(connection: Connection, span: Span, limit: int) -> list[dict[str, Any]]:
    rows = returns_sql.list_top(connection, "product_id", span.first, span.last, limit)
    known = products.find_whole(connection, [row.product_id for row in rows], lock=False) if rows else {}
    return [
        {
            "product_id": row.product_id,
            "name": known[row.product_id].name,
            "category": known[row.product_id].category,
            "brand": known[row.product_id].brand,
            **_sums(row),
        }
        for row in rows
        if row.product_id in known
    ]


def _sums(row: Any) -> dict[str, Any]:
    # Sums of integers are Decimal on MySQL.
    return {"items": int(row.items), "value": from_cents(int(row.value_cents))}


def definitions() -> dict[str, str]:
    """Say of each figure what it is."""
    return {
        "requested": "Returns that were asked for, by customers or staff, by the day of asking. A return may have "
        "several items.",
        "received": "Returns whose goods were taken in, by that day.",
        "refused": "Returns that were refused, by that day.",
        "items": "Units that came back, by the day on which they did; one whose day is not known, by that of its "
        "order.",
        "value": "What these units had been sold for, less their discount, without tax that is added.",
        "avg_days_to_return": "Mean time from delivery to the return, in days, of the units of which both are known.",
        "orders": "Orders that were placed in the time and not cancelled as a whole.",
        "returned_orders": "Of these orders, those of which at least one unit has come back until now.",
        "return_rate": "returned_orders / orders. Recent days rise while their orders may still come back.",
        "reasons": "By what was named when the return was asked for. `unknown`: units that came back without a "
        "return of their own, as those of imported orders.",
        "requested_share": "requested / requested of all reasons.",
        "items_share": "items / items of all reasons.",
        "products": "Of which most units came back.",
        "categories": "Of which most units came back; a product counts in the category that it has now.",
    }
