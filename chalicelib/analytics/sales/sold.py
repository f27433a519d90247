"""What the summaries of sales say of each product and of the shop, for other reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.analytics.days import Span
from chalicelib.analytics.sales import sold_sql
from chalicelib.core.database import Connection


def items_by_product(connection: Connection, span: Span) -> dict[int, int]:
    """Return how many units of each product were ordered in some days and not cancelled; returned ones count."""
    return sold_sql.sum_items_by_product(connection, span.first, span.last)


def net_by_day(connection: Connection, span: Span) -> Sequence[Any]:
    """Return the net revenue of the days that have sales: day, net_cents. What came back or was given back is off."""
    return sold_sql.list_net(connection, span.first, span.last)
