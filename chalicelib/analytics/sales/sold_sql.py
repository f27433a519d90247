"""The SQL of what the summaries of sales say to other reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select

from chalicelib.analytics.sales.figure_tables import SHOP, sales_days
from chalicelib.core.database import AnyRow, Connection

_days = sales_days.c


def sum_items_by_product(connection: Connection, first: date, last: date) -> dict[int, int]:
    """Return the items that were not cancelled from `first` to `last`, by product."""
    of_days = (_days.dimension == "product") & (_days.day >= first) & (_days.day <= last)
    statement = select(_days.value, func.sum(_days["items"])).where(of_days).group_by(_days.value)
    return {int(value): int(items) for value, items in connection.execute(statement)}


def list_net(connection: Connection, first: date, last: date) -> Sequence[AnyRow]:
    """Return the net revenue by day: day, net_cents."""
    net = _days.gross_cents - _days.discount_cents - _days.returned_cents - _days.refund_cents
    of_days = (_days.dimension == SHOP) & (_days.day >= first) & (_days.day <= last)
    return connection.execute(select(_days.day, net.label("net_cents")).where(of_days).order_by(_days.day)).all()
