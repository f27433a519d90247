"""What is kept of one customer: to be read by it, and to be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.commerce.customers import customers
from chalicelib.core.database import Connection
from chalicelib.core.paging import MAX_LIMIT, Page, PageRequest
from chalicelib.recommendations.signals import visitors_sql


def list_behaviour(connection: Connection, page: PageRequest, customer_id: int, *, owner_id: int | None) -> Page[Any]:
    """Return what a customer did, newest first, each with the `visitor` at which it did.

    Raises:
        NotFound: there is none, or it is somebody else.
    """
    customers.get_customer(connection, customer_id, owner_id=owner_id)
    return visitors_sql.list_events_of(connection, page, customer_id)


def list_latest(connection: Connection, customer_id: int) -> Sequence[Any]:
    """Return the last things that a customer did, as many as a list may have."""
    return visitors_sql.list_events_of(connection, PageRequest(MAX_LIMIT, after=()), customer_id).items


def list_visitors(connection: Connection, customer_id: int) -> Sequence[Any]:
    """Return the browsers and apps at which a customer was the first to sign in, the newest as many as a list has."""
    return visitors_sql.list_visitors_of(connection, customer_id, MAX_LIMIT)


def forget(connection: Connection, customer_id: int) -> None:
    """Delete all that a customer did, its visitors, and what was done there before it signed in.

    The customer must be locked.
    """
    # Who sends for one of them at this moment is waited for; afterwards it is a visitor that nobody knows.
    visitor_ids = visitors_sql.lock_visitors_of(connection, customer_id)
    visitors_sql.delete_of_customer(connection, customer_id, visitor_ids)
