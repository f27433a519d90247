"""Taking in what people do: who it was, what is new of it, what cannot be."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from chalicelib.commerce.catalogue import products
from chalicelib.commerce.customers import customers
from chalicelib.core import clock
from chalicelib.core.database import Connection
from chalicelib.core.errors import Forbidden
from chalicelib.recommendations.signals import bounds, signals_sql, visitors_sql

MAX_AGE = timedelta(days=7)
# How far the clock of a sender may be ahead.
MAX_SKEW = timedelta(minutes=5)
# What a visitor did before it signed in: no person has more, and a program shall not lock millions of rows by it.
MOST_CLAIMED = 10_000

Reason = Literal["unknown-product", "too-old", "in-the-future"]


@dataclass(frozen=True, slots=True)
class Sent:
    """One event as it was sent; `at` is None for now."""

    id: str
    kind: str
    product_id: int
    at: datetime | None
    request_id: str | None
    position: int | None
    surface: str | None


@dataclass(frozen=True, slots=True)
class Taken:
    """How many events are new, how many were there already, and which cannot be: (id, reason)."""

    accepted: int
    duplicates: int
    rejected: Sequence[tuple[str, Reason]]


@dataclass(frozen=True, slots=True)
class _Person:
    """Whose events they are; `name` is what their ids are told apart by."""

    visitor_id: int | None
    customer_id: int | None
    name: str


def take_events(
    connection: Connection, sent: Sequence[Sent], *, customer_id: int | None, visitor: str | None, address: str | None
) -> Taken:
    """Keep what a customer, or a visitor, did; `address` is whence it comes, None from programs of the shop.

    Sent twice, also at once, is kept once. The number of statements does not depend on the number of events.

    Raises:
        Forbidden: neither a customer nor a visitor.
        TooManyEvents: more than an hour may have.
    """
    now = clock.now()
    person = _meet(connection, _present(connection, customer_id), visitor, now)
    # Others who send for the same person wait here, so that what is looked up below stays as it is.
    bounds.count(connection, len(sent), now, person=person.name, address=address)
    rejected, rows, duplicates = _sort_out(connection, person, sent, now)
    known = signals_sql.list_known_keys(connection, rows)
    if fresh := [row for key, row in rows.items() if key not in known]:
        signals_sql.insert_events(connection, fresh)
    return Taken(len(fresh), duplicates + len(known), rejected)


def _present(connection: Connection, customer_id: int | None) -> int | None:
    """Return the customer and keep it from being forgotten meanwhile; None where it is put away.

    Always the customer is locked before its visitors.
    """
    if customer_id is None or customers.lock_customer(connection, customer_id, owner_id=None).archived_at is not None:
        return None
    return customer_id


def _meet(connection: Connection, customer_id: int | None, visitor: str | None, now: datetime) -> _Person:
    """Find out whose events they are, and link a visitor with the customer who is the first to sign in there."""
    if visitor is None:
        if customer_id is None:
            raise Forbidden("This account is not linked to a customer: send a visitor_id.")
        return _Person(None, customer_id, f"customer:{customer_id}")
    row = visitors_sql.upsert_visitor(connection, visitor, now)
    if customer_id is not None and row.customer_id is None:
        visitors_sql.update_customer(connection, row.id, customer_id)
        visitors_sql.claim_events(connection, row.id, customer_id, MOST_CLAIMED)
    elif customer_id not in (None, row.customer_id):
        # Somebody else's browser: what was done there stays the other's, and this is the customer's alone.
        return _Person(None, customer_id, f"customer:{customer_id}")
    return _Person(row.id, customer_id or row.customer_id, f"visitor:{visitor}")


def _sort_out(
    connection: Connection, person: _Person, sent: Sequence[Sent], now: datetime
) -> tuple[list[tuple[str, Reason]], dict[str, dict[str, Any]], int]:
    """Return what is rejected and why, the rows of what is not, by key, and how many came twice in the batch."""
    published = products.find_published(connection, [event.product_id for event in sent])
    rejected: list[tuple[str, Reason]] = []
    rows: dict[str, dict[str, Any]] = {}
    for event in sent:
        reason = _reason(event, published, now)
        if reason is None:
            rows.setdefault(_key(person.name, event.id), _row(person, event, now))
        else:
            rejected.append((event.id, reason))
    return rejected, rows, len(sent) - len(rejected) - len(rows)


def _reason(event: Sent, published: set[int], now: datetime) -> Reason | None:
    if event.product_id not in published:
        return "unknown-product"
    if event.at is None:
        return None
    if event.at < now - MAX_AGE:
        return "too-old"
    return "in-the-future" if event.at > now + MAX_SKEW else None


def _row(person: _Person, event: Sent, now: datetime) -> dict[str, Any]:
    return {
        "event_key": _key(person.name, event.id),
        "visitor_id": person.visitor_id,
        "customer_id": person.customer_id,
        "kind": event.kind,
        "product_id": event.product_id,
        "request_id": event.request_id,
        "position": event.position,
        "surface": event.surface,
        "at": now if event.at is None else min(event.at, now),
        "received_at": now,
    }


def _key(person: str, event_id: str) -> str:
    # Half of the hash is much more than enough, and the index of this is the largest.
    return hashlib.sha256(f"{person}\0{event_id}".encode()).hexdigest()[:32]
