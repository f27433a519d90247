"""The SQL of what came back and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select, union_all

from chalicelib.commerce.sale_tables import order_returns
from chalicelib.commerce.tables import order_items, orders, product_changes
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.dialect import by_index, epoch_s

_items = order_items.c
_returns = order_returns.c
_RETURNED = _items.status == "returned"
UNKNOWN = "unknown"


def _as_date(given: object) -> date:
    return given if isinstance(given, date) else date.fromisoformat(str(given))  # a text on SQLite


# --- which days changed ------------------------------------------------------------------------------------------


def list_changed_days(connection: Connection, since: datetime | None) -> list[date]:
    """Return the days (UTC) of orders that changed, and of what came back of them; None: of all orders."""
    changed = orders.c.updated_at >= since if since is not None else orders.c.id.is_not(None)
    statements: list[Select[Any]] = [select(func.date(orders.c.created_at)).where(changed).distinct()]
    came_back = select(func.date(_items.returned_at)).where(_items.returned_at.is_not(None)).distinct()
    asked = select(func.date(_returns.created_at)).distinct()
    decided = select(func.date(_returns.closed_at)).where(_returns.closed_at.is_not(None)).distinct()
    if since is not None:
        came_back = came_back.join_from(orders, order_items).where(changed)
        asked = asked.join_from(orders, order_returns).where(changed)
        decided = decided.join_from(orders, order_returns).where(changed)
    statements += [came_back, asked, decided]
    return sorted({_as_date(day) for statement in statements for day in connection.scalars(statement)})


def list_recategorized(connection: Connection, since: datetime) -> list[int]:
    """Return the products whose category was changed since."""
    changed = (product_changes.c.created_at >= since) & (product_changes.c.field == "category")
    return list(connection.scalars(select(product_changes.c.product_id).where(changed).distinct()))


# --- one day -----------------------------------------------------------------------------------------------------


def count_returns(connection: Connection, start: datetime, end: datetime) -> Sequence[AnyRow]:
    """Return counts by reason: reason, requested, received, refused."""
    zero = {"requested": 0, "received": 0, "refused": 0}

    def counted(name: str, *conditions: ColumnElement[bool]) -> Select[Any]:
        counts = [(func.count() if each == name else literal(0)).label(each) for each in zero]
        return select(_returns.reason, *counts).where(*conditions).group_by(_returns.reason)

    decided = and_(_returns.closed_at >= start, _returns.closed_at < end)
    parts = union_all(
        counted("requested", _returns.created_at >= start, _returns.created_at < end),
        counted("received", decided, _returns.state == "received"),
        counted("refused", decided, _returns.state == "refused"),
    )
    return connection.execute(parts).all()


def sum_items(connection: Connection, start: datetime, end: datetime) -> Sequence[AnyRow]:
    """Return what came back by reason and product: reason, product_id, items, cents, seconds, timed."""
    back = (
        _items.id,
        _items.product_id,
        func.coalesce(_returns.reason, UNKNOWN).label("reason"),
        _items.sale_price_cents.label("cents"),
        _items.delivered_at,
        _items.returned_at,
    )
    with_reason = order_items.outerjoin(order_returns, order_returns.c.id == _items.return_id)
    at = select(*back).select_from(with_reason)
    at = at.where(_RETURNED, _items.returned_at >= start, _items.returned_at < end)
    of_orders = orders.join(order_items, _items.order_id == orders.c.id)
    untold: Select[Any] = select(*back).select_from(
        of_orders.outerjoin(order_returns, order_returns.c.id == _items.return_id)
    )
    untold = untold.where(_RETURNED, _items.returned_at.is_(None))
    untold = untold.where(orders.c.created_at >= start, orders.c.created_at < end)
    # From the orders of the day on: MySQL would begin with all items that never came back, which are most.
    untold = by_index(untold, orders, "ix_orders_newest").prefix_with("STRAIGHT_JOIN", dialect="mysql")
    untold = by_index(untold, order_items, "ix_order_items_order_id")
    came = union_all(at, untold).subquery("came")
    is_timed = and_(came.c.delivered_at.is_not(None), came.c.returned_at >= came.c.delivered_at)
    seconds = epoch_s(connection, came.c.returned_at) - epoch_s(connection, came.c.delivered_at)
    statement = select(
        came.c.reason,
        came.c.product_id,
        func.count().label("items"),
        func.sum(came.c.cents).label("cents"),
        func.coalesce(func.sum(case((is_timed, seconds), else_=0)), 0).label("seconds"),
        func.sum(case((is_timed, 1), else_=0)).label("timed"),
    ).group_by(came.c.reason, came.c.product_id)
    return connection.execute(statement).all()


def count_orders(connection: Connection, start: datetime, end: datetime) -> tuple[int, int]:
    """Return the orders of a time that were not cancelled, and those of them of which something came back."""
    of_time = (orders.c.created_at >= start, orders.c.created_at < end)
    placed = select(func.count()).where(*of_time, orders.c.status != "cancelled")
    back = select(func.count(orders.c.id.distinct())).join_from(orders, order_items)
    back = back.where(*of_time, orders.c.status != "cancelled", _RETURNED)
    return int(connection.execute(placed).scalar_one()), int(connection.execute(back).scalar_one())
