"""The SQL of customers (the table `users`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.exc import IntegrityError

from chalicelib.commerce.sale_tables import checkouts, order_returns
from chalicelib.commerce.tables import addresses, orders, users
from chalicelib.core.database import AnyRow, Connection, insert_row
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest

_SHOWN = [column for column in users.c if column.name != "email_key"]

# What says who somebody is, beside the address. Country, age group and the like of the orders' statistics go too:
# together they may point at one person.
PERSONAL = (
    "first_name",
    "last_name",
    "age",
    "gender",
    "state",
    "street_address",
    "postal_code",
    "city",
    "country",
    "latitude",
    "longitude",
    "traffic_source",
    "phone",
)


class NotUnique(Exception):
    """Another customer has the address."""


def find_customer(connection: Connection, customer_id: int) -> AnyRow | None:
    """Return a customer."""
    return connection.execute(select(*_SHOWN).where(users.c.id == customer_id)).first()


def lock_customer(connection: Connection, customer_id: int) -> AnyRow | None:
    """Return a customer, which stays as it is until the transaction ends."""
    return connection.execute(select(*_SHOWN).where(users.c.id == customer_id).with_for_update()).first()


def find_by_email(connection: Connection, email_key: str) -> AnyRow | None:
    """Return the customer of an address."""
    return connection.execute(select(*_SHOWN).where(users.c.email_key == email_key)).first()


def lock_by_email(connection: Connection, email_key: str) -> AnyRow | None:
    """Return the customer of an address, which stays as it is until the transaction ends."""
    return connection.execute(select(*_SHOWN).where(users.c.email_key == email_key).with_for_update()).first()


def list_customers(
    connection: Connection, page: PageRequest, *, only_id: int | None, archived: bool = False
) -> Page[AnyRow]:
    """Return customers by id, those that are put away or the others; or the one of `only_id`, whatever it is."""
    statement = select(*_SHOWN)
    if only_id is not None:
        statement = statement.where(users.c.id == only_id)
    else:
        statement = statement.where(users.c.archived_at.is_not(None) if archived else users.c.archived_at.is_(None))
    return fetch_page(connection, statement, page, order=[users.c.id])


def list_sources(connection: Connection, customer_ids: Sequence[int]) -> Sequence[AnyRow]:
    """Return where customers came from: id, traffic_source."""
    statement = select(users.c.id, users.c.traffic_source).where(users.c.id.in_(customer_ids))
    return connection.execute(statement).all()


def insert_customer(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert a customer and return its id.

    Raises:
        NotUnique: another has the address; the transaction can go on.
    """
    try:
        return insert_row(connection, users, values)
    except IntegrityError as error:
        raise NotUnique from error


def update_customer(
    connection: Connection, customer_id: int, values: Mapping[str, Any], *, version: int | None
) -> bool:
    """Change columns of a customer, one version on; tell whether one of that id and `version` (None: any) was there.

    Raises:
        NotUnique: another has the address; the transaction can go on.
    """
    wanted = users.c.id == customer_id
    if version is not None:
        wanted &= users.c.version == version
    try:
        return (
            connection.execute(update(users).where(wanted).values(**values, version=users.c.version + 1)).rowcount
            == 1
        )
    except IntegrityError as error:
        raise NotUnique from error


def has_business_under_way(connection: Connection, customer_id: int) -> bool:
    """Tell whether a customer is about to pay, or waits for something it has ordered."""
    bought = (orders.c.user_id == customer_id) & orders.c.status.in_(("pending", "processing", "shipped"))
    paying = (checkouts.c.customer_id == customer_id) & checkouts.c.state.in_(("open", "paying"))
    return bool(connection.scalar(select(or_(exists().where(bought), exists().where(paying)))))


def list_bought_under(connection: Connection, customer_id: int) -> set[str]:
    """Return the addresses under which a customer checked out and ordered, but for those of other customers."""
    ordered = select(orders.c.email).where(orders.c.user_id == customer_id, orders.c.email.is_not(None))
    paid = select(checkouts.c.email).where(checkouts.c.customer_id == customer_id)
    found: set[str] = set(connection.scalars(ordered.union(paid)))
    others = select(users.c.email).where(users.c.id != customer_id, users.c.email.in_(sorted(found)))
    return found - set(connection.scalars(others))


def erase_beside(connection: Connection, customer_id: int, email: str) -> None:
    """Forget a customer's addresses, who and where it was in orders and checkouts, and what it said of returns.

    `email` is what is left.
    """
    connection.execute(delete(addresses).where(addresses.c.customer_id == customer_id))
    left = {"email": email, "email_key": email, "address": "{}"}
    connection.execute(update(checkouts).where(checkouts.c.customer_id == customer_id).values(**left))
    theirs = select(orders.c.id).where(orders.c.user_id == customer_id)
    connection.execute(update(order_returns).where(order_returns.c.order_id.in_(theirs)).values(comment=None))
    nothing = {"email": None, "address": None, "gender": None}
    connection.execute(update(orders).where(orders.c.user_id == customer_id).values(**nothing))
