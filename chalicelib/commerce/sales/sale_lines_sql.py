"""The SQL of sales line by line: what was sold to whom, in which state it is, what it cost the shop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    case,
    cast,
    func,
    literal,
    select,
)

from chalicelib.commerce.sale_tables import refunds
from chalicelib.commerce.tables import inventory_items, order_items, orders, product_changes, products, users
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.dialect import by_index, epoch_s
from chalicelib.core.database.times import local_day

_order, _item, _product, _user, _unit = orders.c, order_items.c, products.c, users.c, inventory_items.c
_GONE = ("cancelled", "returned")
# Changes of a product that change what its sales are counted by, or what they cost.
_COUNTED_BY = ("category", "brand", "department", "distribution_center_id", "cost")


def _flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def lines(connection: Connection, first: date, start: datetime, end: datetime, offset_s: int) -> Select[Any]:
    """Return the statement that finds the items of the orders of some days: see `sale_lines.lines`."""
    since = epoch_s(connection, _order.created_at) - int(start.timestamp())
    one_day = end - start <= timedelta(hours=26)
    day = literal(first, Date) if one_day else local_day(connection, _order.created_at, offset_s)
    hour = (since if one_day else since % 86400) // 3600
    kept = _item.status.not_in(_GONE)
    # A unit that came back goes on, to another center maybe.
    center = case((kept, _unit.product_distribution_center_id), else_=None)
    return (
        select(
            day.label("day"),
            _item.id.label("item_id"),
            cast(hour, Integer).label("hour"),
            _order.id.label("order_id"),
            _order.user_id.label("customer_id"),
            _item.product_id,
            _product.category_key.label("category"),
            func.coalesce(_product.brand_key, "").label("brand"),
            func.coalesce(_product.department, "").label("department"),
            func.coalesce(_user.traffic_source, "").label("traffic_source"),
            func.coalesce(_user.country, "").label("country"),
            func.coalesce(center, _product.distribution_center_id).label("distribution_center"),
            _flag(_item.status == "cancelled").label("cancelled"),
            _flag(_item.status == "returned").label("returned"),
            _flag(_order.status != "returned").label("booked"),
            _item.sale_price_cents.label("sale_cents"),
            _item.discount_cents,
            literal(0, Integer).label("refund_cents"),
            func.coalesce(_unit.cost_cents, _product.cost_cents).label("cost_cents"),
        )
        .select_from(orders)
        .join(order_items, _item.order_id == _order.id)
        .join(products, _product.id == _item.product_id)
        .outerjoin(users, _user.id == _order.user_id)
        .outerjoin(inventory_items, _unit.id == _item.inventory_item_id)
        .where(_order.created_at >= start, _order.created_at < end)
    )


def list_goodwill(connection: Connection, start: datetime, end: datetime) -> Sequence[AnyRow]:
    """Return orders of a time for which more was given back than for items that are gone: order_id, cents.

    What failed was not given back. Shipping goes back with the last item alone: then nothing is kept.
    """
    given = (
        select(refunds.c.order_id, func.sum(refunds.c.amount_cents).label("cents"))
        .join_from(refunds, orders, refunds.c.order_id == _order.id)
        .where(refunds.c.state != "failed", _order.created_at >= start, _order.created_at < end)
        .group_by(refunds.c.order_id)
        .subquery("given")
    )
    for_items = (
        select(func.coalesce(func.sum(_item.refunded_cents), 0))
        .where(_item.order_id == given.c.order_id)
        .scalar_subquery()
    )
    beside = given.c.cents - for_items
    return connection.execute(select(given.c.order_id, beside.label("cents")).where(beside > 0)).all()


def list_kept(connection: Connection, order_ids: Sequence[int]) -> Sequence[AnyRow]:
    """Return the items of some orders that are kept: order_id, item_id, sale_cents; by order and id."""
    statement = select(_item.order_id, _item.id.label("item_id"), _item.sale_price_cents.label("sale_cents"))
    kept = statement.where(_item.order_id.in_(order_ids), _item.status.not_in(_GONE))
    return connection.execute(kept.order_by(_item.order_id, _item.id)).all()


def list_changed_hours(connection: Connection, since: datetime) -> Sequence[int]:
    """Return the hours (since 1970, UTC) of orders whose figures may have changed from `since` on.

    That is: orders that changed, money that was given back for one, customers who moved, products that are counted
    elsewhere or at another cost.
    """
    hour = cast(epoch_s(connection, _order.created_at) // 3600, Integer)
    changed = by_index(select(hour).where(_order.updated_at >= since), orders, "ix_orders_changed")
    refunded = select(hour).join_from(refunds, orders, refunds.c.order_id == _order.id)
    states = ("started", "succeeded", "failed")
    moved = select(hour).join_from(users, orders, _order.user_id == _user.id).where(_user.updated_at >= since)
    edited = (
        select(hour)
        .join_from(product_changes, order_items, _item.product_id == product_changes.c.product_id)
        .join(orders, _order.id == _item.order_id)
        .where(product_changes.c.created_at >= since, product_changes.c.field.in_(_COUNTED_BY))
    )
    statements = (
        changed,
        refunded.where(refunds.c.state.in_(states), refunds.c.updated_at >= since),
        moved,
        edited,
    )
    return sorted({int(found) for each in statements for found in connection.scalars(each.distinct())})


def find_bounds(connection: Connection) -> AnyRow:
    """Return when the first and the last order were placed: first, last; nulls where there is none."""
    return connection.execute(
        select(func.min(_order.created_at).label("first"), func.max(_order.created_at).label("last"))
    ).one()


def count_orders(connection: Connection, start: datetime, end: datetime) -> int:
    """Return how many orders were placed from `start` until before `end`."""
    statement = select(func.count()).select_from(orders).where(_order.created_at >= start, _order.created_at < end)
    return connection.scalar(statement) or 0
