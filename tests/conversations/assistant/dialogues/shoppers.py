"""Who talks in the dialogues, and what their placeholders stand for: picked by query, for any sample.

Each dialogue has a shopper of its own, so that carts and returns do not meet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import func, select

from chalicelib.accounts.tables import accounts
from chalicelib.commerce import sale_tables, tables
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import Connection, insert_row, read, transaction
from infra import demo_sql
from tests.conversations.assistant.dialogues.script import Shopper
from tests.factories import make_account_row, make_customer, make_token

Names = Mapping[str, Any]
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Person:
    """A shopper with the token it talks by."""

    token: str
    account_id: int
    customer_id: int | None
    names: Names


# --- what everybody can name -------------------------------------------------------------------------------------


def read_names(connection: Connection) -> dict[str, Any]:
    """Return what placeholders stand for in every dialogue."""
    names = _brands(connection) | dict(_goods(connection)) | dict(_foreign(connection))
    newest = connection.scalar(select(func.max(tables.orders.c.id))) or 0
    return names | {"unknown_order": newest + 700_000}


def _sold(category: str | None = None) -> Any:
    """Return a statement of what can be bought: id, name, brand; those with most units first."""
    products, levels = tables.products.c, tables.stock_levels.c
    units = func.sum(levels.free)
    columns = (products.id, products.name, products.brand)
    statement = (
        select(*columns)
        .join(tables.stock_levels, levels.product_id == products.id)
        .where(products.status == "published")
        .group_by(*columns)
        .having(units >= 5)
        .order_by(units.desc(), products.id)
    )
    return statement if category is None else statement.where(products.category == category)


def _brands(connection: Connection) -> dict[str, Any]:
    """Return the brands that have most, one of a single word that has jeans, and one of two words."""
    products = tables.products.c
    counted = (
        select(products.brand)
        .where(products.status == "published")
        .group_by(products.brand)
        .order_by(func.count().desc(), products.brand)
    )
    brands = [str(each) for each in connection.scalars(counted)]
    with_jeans = set(connection.scalars(select(products.brand).where(products.category == "Jeans")))
    one = [each for each in brands if " " not in each]
    named = {
        "brand": next(each for each in one if each in with_jeans),
        "brand_of_two_words": next(each for each in brands if each.count(" ") == 1),
    }
    named["other_brand"] = next(each for each in one if each != named["brand"])
    return named


def _goods(connection: Connection) -> Iterator[tuple[str, Any]]:
    """Return products: one of each of some kinds that can be bought, and one that is sold out."""
    for place, category in (("jeans", "Jeans"), ("sweater", "Sweaters"), ("shoes", "Shoes"), ("tee", "Tops & Tees")):
        found = connection.execute(_sold(category).limit(1)).one()
        yield place, found.id
        yield f"{place}_name", found.name
        yield f"{place}_brand", found.brand
    products, levels = tables.products.c, tables.stock_levels.c
    gone = (
        select(products.id, products.name)
        .outerjoin(tables.stock_levels, levels.product_id == products.id)
        .where(products.status == "published")
        .group_by(products.id, products.name)
        .having(func.coalesce(func.sum(levels.free), 0) == 0)
        .order_by(products.id)
        .limit(1)
    )
    found = connection.execute(gone).one()
    yield "sold_out", found.id
    yield "sold_out_name", found.name


def _foreign(connection: Connection) -> Iterator[tuple[str, Any]]:
    """Return an order of somebody else that is on its way, and what is known of that customer."""
    orders, users, items = tables.orders.c, tables.users.c, tables.order_items.c
    statement = (
        select(orders.id, orders.user_id, users.email, users.last_name, users.street_address)
        .join(tables.users, users.id == orders.user_id)
        .where(orders.status == "shipped")
        .order_by(orders.id)
        .limit(1)
    )
    found = connection.execute(statement).one()
    item = select(items.id, tables.products.c.name).join(tables.products, tables.products.c.id == items.product_id)
    line = connection.execute(item.where(items.order_id == found.id).order_by(items.id).limit(1)).one()
    yield from {
        "foreign_order": found.id,
        "foreign_customer": found.user_id,
        "foreign_email": found.email,
        "foreign_last_name": found.last_name,
        "foreign_street": found.street_address,
        "foreign_item": line.id,
        "foreign_item_name": line.name,
    }.items()


# --- who talks ---------------------------------------------------------------------------------------------------


def make_person(kind: Shopper, shared: Names) -> Person:
    """Make a shopper with an account, a token and, where it is a regular one, orders."""
    if kind == "fan":
        return _fan(shared)
    customer_id = None if kind == "nobody" else make_customer(email=f"shopper{next(_numbers)}@shop.example")
    account_id = make_account_row(
        Role.STAFF if kind == "nobody" else Role.CUSTOMER,
        username=f"shopper-{next(_numbers)}",
        customer_id=customer_id,
    )
    own: Names = {}
    if kind == "regular" and customer_id is not None:
        with transaction() as connection:
            own = _Orders(connection, customer_id, shared).add_all()
    return Person(make_token(account_id), account_id, customer_id, {**shared, **own})


def _fan(shared: Names) -> Person:
    """Return the customer of the sample who kept most; nothing that is talked with it may change anything."""
    with read() as connection:
        customer_id = demo_sql.find_best_customer(connection)
        known = connection.scalar(select(accounts.c.id).where(accounts.c.customer_id == customer_id))
        newest = _newest_of(connection, customer_id)
    account_id = known or make_account_row(Role.CUSTOMER, username="fan", customer_id=customer_id)
    return Person(make_token(account_id), account_id, customer_id, {**shared, "newest_order": newest})


def _newest_of(connection: Connection, customer_id: int | None) -> int:
    orders = tables.orders.c
    newest = (
        select(orders.id).where(orders.user_id == customer_id).order_by(orders.created_at.desc(), orders.id.desc())
    )
    return int(connection.execute(newest.limit(1)).scalar_one())


class _Orders:
    """The orders of a regular shopper, by how they stand."""

    def __init__(self, connection: Connection, customer_id: int, shared: Names) -> None:
        self._connection = connection
        self._customer_id = customer_id
        self._goods = shared
        self._now = clock.now()

    def add_all(self) -> Names:
        """Add them, the oldest first, and return their placeholders."""
        ago = self._ago
        over, _ = self._add("complete", ["shoes"], created=ago(220), shipped=ago(217), delivered=ago(214))
        returned, _ = self._add(
            "returned", ["tee"], created=ago(120), shipped=ago(118), delivered=ago(115), returned=ago(105)
        )
        cancelled, _ = self._add("cancelled", ["shoes"], created=ago(40))
        delivered, items = self._add(
            "complete", ["jeans", "sweater"], created=ago(9), shipped=ago(7), delivered=ago(4)
        )
        tracking = f"JD{next(_numbers):012}"
        shipped, _ = self._add("shipped", ["tee"], created=ago(3), shipped=ago(1), tracking=tracking)
        newest, _ = self._add("processing", ["shoes", "tee"], created=ago(0.2))
        return {
            "old_order": over,
            "returned_order": returned,
            "cancelled_order": cancelled,
            "delivered_order": delivered,
            "jeans_item": items[0],
            "sweater_item": items[1],
            "shipped_order": shipped,
            "tracking": tracking,
            "newest_order": newest,
        }

    def _ago(self, days: float) -> datetime:
        return self._now - timedelta(days=days)

    def _add(
        self,
        status: str,
        goods: Sequence[str],
        *,
        created: datetime,
        shipped: datetime | None = None,
        delivered: datetime | None = None,
        returned: datetime | None = None,
        tracking: str | None = None,
    ) -> tuple[int, list[int]]:
        """Add an order with its items and, where it has left, its parcel; return the ids of order and items."""
        times = {"created_at": created, "shipped_at": shipped, "delivered_at": delivered, "returned_at": returned}
        whose = {"user_id": self._customer_id, "status": status}
        order_values = {"gender": "F", "num_of_item": len(goods), "updated_at": created, "currency": "usd"}
        cents = {"items_cents": 4000 * len(goods), "total_cents": 4000 * len(goods) + 495, "shipping_cents": 495}
        order_id = insert_row(
            self._connection,
            tables.orders,
            whose | times | order_values | cents | {"discount_cents": 0, "tax_cents": 0},
        )
        parcel = None
        if shipped is not None:
            parcel = insert_row(
                self._connection,
                sale_tables.shipments,
                {
                    "order_id": order_id,
                    "carrier": "DHL",
                    "tracking_number": tracking or f"JD{next(_numbers):012}",
                    "shipped_at": shipped,
                    "delivered_at": delivered,
                },
            )
        items = [
            insert_row(
                self._connection,
                tables.order_items,
                whose | times | {"order_id": order_id, "product_id": self._goods[each], "sale_price_cents": 4000}
                | {"shipment_id": parcel},
            )
            for each in goods
        ]  # fmt: skip
        return order_id, items
