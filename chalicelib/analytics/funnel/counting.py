"""Counting how far people came on a day of the shop, from what is recorded."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from chalicelib.analytics.funnel import funnel_sql
from chalicelib.analytics.funnel.steps import CUSTOMERS, GUESTS, KIND, Buyer, Day, Visit
from chalicelib.commerce.customers import customers
from chalicelib.commerce.sales import buying_steps
from chalicelib.core.database import Connection
from chalicelib.recommendations.signals import visits


def count_day(connection: Connection, day: date, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Return the rows of a day, which is the time from `start` until before `end`."""
    found = Day()
    found.see(
        Visit(row.customer_id, row.visitor_id, row.surface, bool(row.carted))
        for row in visits.list_visits(connection, start, end)
    )
    found.add("carted", _filled(connection, day))
    found.add(
        "checked_out",
        [Buyer(row.customer_id, row.email_key) for row in buying_steps.list_begun(connection, start, end)],
    )
    orders = {CUSTOMERS: 0, GUESTS: 0}
    ordered = []
    for row in buying_steps.list_ordered(connection, start, end):
        orders[GUESTS if row.customer_id is None else CUSTOMERS] += 1
        ordered.append(Buyer(row.customer_id, row.email_key))
    found.add("ordered", ordered)
    sources = customers.sources_of(connection, found.customer_ids())
    return [
        {
            "day": day,
            "segment": segment,
            "name": name,
            "viewed": reached.viewed,
            "carted": reached.carted,
            "checked_out": reached.checked_out,
            "ordered": reached.ordered,
            "orders": orders[name] if segment == KIND else 0,
        }
        for (segment, name), reached in sorted(found.groups(sources).items())
    ]


def _filled(connection: Connection, day: date) -> list[Buyer]:
    rows = funnel_sql.list_carts(connection, day)
    there = buying_steps.find_carts(connection, {row.cart_id for row in rows if row.customer_id is None})
    return [
        Buyer(row.customer_id, f"cart {row.cart_id}")
        for row in rows
        if row.customer_id is not None or row.cart_id in there
    ]
