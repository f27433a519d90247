"""Best sellers that run out: an alert a product and episode, from the list of what to order."""

from __future__ import annotations

from typing import Any

from chalicelib.analytics import days as shop_days
from chalicelib.analytics.alerts import alerts_sql, changes
from chalicelib.analytics.alerts.changes import Key, State, settle
from chalicelib.analytics.days import Span
from chalicelib.analytics.forecast import reorders
from chalicelib.analytics.sales import daily
from chalicelib.core import clock
from chalicelib.core.config import settings
from chalicelib.core.database import Connection

STOCK, PRODUCT = "stock", "product"


def watch_stock(recent: Span, time_zone: str, connection: Connection) -> int:
    """Settle the alerts of best sellers, and of products that have one; return how many changed.

    An episode begins on the day on which a product is found, and ends when it leaves the list.
    """
    changes.lock(connection)
    wanted, today = settings().alert_products, shop_days.day_of(clock.now(), time_zone)
    best = daily.most_sold(connection, PRODUCT, recent, wanted) if wanted else []
    active = {row.subject: row for row in alerts_sql.list_active(connection, STOCK)}
    products = {value for value, _ in best} | set(active)
    short = reorders.running_out(connection, sorted(int(value) for value in products))
    if short is None:
        return 0
    found = {str(row.product_id): row for row in short}
    # Of an episode that began and ended today already.
    ended = {row.subject: row for row in alerts_sql.list_recent(connection, (STOCK,), today) if row.day == today}
    changed = 0
    for product in sorted(products, key=int):
        before = active.get(product) or ended.get(product)
        key = Key(STOCK, PRODUCT, product, before.day if before is not None else today)
        changed += settle(connection, key, before, _state(found[product]) if product in found else None)
    return changed


def _state(row: Any) -> State:
    severity = changes.CRITICAL if row.urgency == "sold_out" else changes.WARNING
    return State(row.free, row.lead_demand, row.reorder_point, None, "low", severity)
