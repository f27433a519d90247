"""Whose carts were filled, checkouts begun and orders placed, for other domains."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from chalicelib.commerce.sales import buying_steps_sql
from chalicelib.core.database import Connection


def list_filled(connection: Connection, since: datetime) -> Sequence[Any]:
    """Return what has been put into carts from `since` on and is still there: cart_id, customer_id, at.

    `at` is when a product was first put in. What is bought leaves its cart, and carts of guests are deleted when they
    were left: look often, and keep what was found.
    """
    return buying_steps_sql.list_filled(connection, since)


def find_carts(connection: Connection, cart_ids: Collection[int]) -> set[int]:
    """Return which of some carts are there: a guest's is gone when its person signed in and took it over."""
    return buying_steps_sql.find_carts(connection, cart_ids)


def list_begun(connection: Connection, start: datetime, end: datetime) -> Iterable[Any]:
    """Return who began a checkout from `start` until before `end`, whatever became of it: customer_id, email_key.

    Checkouts that came to nothing are kept for a time only: see `left_checkouts`.
    """
    return buying_steps_sql.list_begun(connection, start, end)


def list_ordered(connection: Connection, start: datetime, end: datetime) -> Iterable[Any]:
    """Return who ordered by a checkout from `start` until before `end`: order_id, customer_id, email_key.

    Imported orders, and those that staff placed, went through none.
    """
    return buying_steps_sql.list_ordered(connection, start, end)
