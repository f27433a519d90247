"""What a demo asks the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from chalicelib.accounts.tables import accounts
from chalicelib.commerce.catalogue import search_index
from chalicelib.commerce.tables import (
    distribution_centers,
    inventory_items,
    order_items,
    orders,
    products,
    stock_levels,
    stock_movements,
    users,
)
from chalicelib.core.database import AnyRow, Connection
from chalicelib.csv_import.tables import import_files, imports
from chalicelib.recommendations.signals.signal_tables import behaviour_events, visitors

# Children before their parents.
_SHOP = (order_items, orders, inventory_items, products, users, distribution_centers)

# What people did with the products of the sample says nothing of those that come.
_BEHAVIOUR = (behaviour_events, visitors)

# What an import makes of them; whatever else refers to them was made by somebody.
_COUNTED = (stock_movements, stock_levels)


def has_data(connection: Connection) -> bool:
    """Tell whether the shop has anything at all: products stand in a center, units and items hang on those below."""
    keys = (distribution_centers.c.id, users.c.id, orders.c.id)
    return any(connection.execute(select(key).limit(1)).first() is not None for key in keys)


def list_usernames(connection: Connection, limit: int) -> list[str]:
    """Return the first accounts' names."""
    return list(connection.scalars(select(accounts.c.username).order_by(accounts.c.id).limit(limit)))


def find_best_customer(connection: Connection) -> int | None:
    """Return the customer who kept the most units: one with tastes to show."""
    statement = (
        select(order_items.c.user_id)
        .where(order_items.c.user_id.is_not(None), order_items.c.status.not_in(["cancelled", "returned"]))
        .group_by(order_items.c.user_id)
        .order_by(func.count().desc(), order_items.c.user_id)
        .limit(1)
    )
    return connection.scalar(statement)


def find_only_import(connection: Connection, *, requested_by: str) -> int | None:
    """Return the id of the one import that was ever finished, if it was asked for by `requested_by`."""
    done = select(imports.c.id, imports.c.requested_by).where(imports.c.state == "done")
    found = connection.execute(done.limit(2)).all()
    return int(found[0].id) if len(found) == 1 and found[0].requested_by == requested_by else None


def count_units_sold(connection: Connection) -> int:
    """Return the number of units that were ever ordered."""
    return connection.scalar(select(func.count()).select_from(order_items)) or 0


def count_rows(connection: Connection) -> dict[str, int]:
    """Return the number of rows of each of the six tables."""
    return {table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in _SHOP}


def count_inserted(connection: Connection, import_id: int) -> dict[str, int]:
    """Return the number of rows that an import put into each table."""
    files = select(import_files.c.table_name, import_files.c.inserted).where(import_files.c.import_id == import_id)
    return {row.table_name: int(row.inserted) for row in connection.execute(files)}


def was_used(connection: Connection) -> bool:
    """Tell whether stock was taken or managed, or a row was changed by hand."""
    changes = [
        select(table.c.id).where(table.c.version > 1) for table in (products, users, orders, distribution_centers)
    ]
    # Units that were there before the ledger stand in it by a migration, which calls them imported as well.
    changes.append(select(stock_movements.c.id).where(stock_movements.c.kind != "imported"))
    changes.append(
        select(inventory_items.c.id).where(
            or_(inventory_items.c.reserved_at.is_not(None), inventory_items.c.written_off_at.is_not(None))
        )
    )
    return any(connection.execute(change.limit(1)).first() is not None for change in changes)


def delete_shop(connection: Connection, import_id: int) -> bool:
    """Delete all rows of the six tables, their stock and import; False, nothing done, where other rows need them."""
    try:
        with connection.begin_nested():
            connection.execute(update(accounts).values(customer_id=None))
            search_index.clear(connection)
            for table in (*_BEHAVIOUR, *_COUNTED, *_SHOP):
                connection.execute(delete(table))
            connection.execute(delete(imports).where(imports.c.id == import_id))
    except IntegrityError:
        return False
    return True


def link_customer(connection: Connection, username: str, customer_id: int) -> None:
    """Let an account that is linked to no customer shop as this one."""
    unlinked = (accounts.c.username == username) & accounts.c.customer_id.is_(None)
    taken = select(accounts.c.id).where(accounts.c.customer_id == customer_id)
    if connection.execute(taken).first() is None:
        connection.execute(update(accounts).where(unlinked).values(customer_id=customer_id))


def list_shelves(connection: Connection) -> Sequence[AnyRow]:
    """Return the published products by id: id, category_key, brand_key."""
    shown = select(products.c.id, products.c.category_key, products.c.brand_key)
    return connection.execute(shown.where(products.c.status == "published").order_by(products.c.id)).all()


def list_bought(connection: Connection, since: datetime) -> Sequence[AnyRow]:
    """Return what customers bought since a moment and kept, by time: user_id, product_id, created_at."""
    items = order_items.c
    kept = select(items.user_id, items.product_id, items.created_at).where(
        items.user_id.is_not(None), items.status.not_in(["cancelled", "returned"]), items.created_at >= since
    )
    return connection.execute(kept.order_by(items.created_at, items.id)).all()


@dataclass(frozen=True, slots=True)
class Did:
    """One event of the sample; `customer_id` is None for a visitor, whose number then counts."""

    at: datetime
    customer_id: int | None
    visitor: int | None
    kind: str
    product_id: int
    request_id: str | None = None
    position: int | None = None
    surface: str | None = None


def insert_behaviour(connection: Connection, events: Sequence[Did], now: datetime) -> None:
    """Insert what people did, and the visitors among them, as if it had been sent at once."""
    numbers = sorted({event.visitor for event in events if event.visitor is not None})
    names = {number: f"sample-visitor-{number:06}" for number in numbers}
    if names:
        seen = {"created_at": now, "last_seen_at": now}
        connection.execute(insert(visitors), [{"public_id": name, **seen} for name in names.values()])
    found = connection.execute(select(visitors.c.public_id, visitors.c.id))
    ids: dict[str | None, int] = {row.public_id: row.id for row in found}
    rows = [
        {
            "event_key": f"sample-{number}",
            "visitor_id": None if event.visitor is None else ids[names[event.visitor]],
            "customer_id": event.customer_id,
            "kind": event.kind,
            "product_id": event.product_id,
            "request_id": event.request_id,
            "position": event.position,
            "surface": event.surface,
            "at": event.at,
            "received_at": event.at,
        }
        for number, event in enumerate(events)
    ]
    for start in range(0, len(rows), 1000):
        connection.execute(insert(behaviour_events), rows[start : start + 1000])
