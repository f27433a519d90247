"""What buyers are written about their orders. Queued in the transaction that is the reason; sent by the schedule.

A purchase does not wait for the mail service. Imported orders, and those that staff takes without an address, have
nobody to write to.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from chalicelib.core import clock
from chalicelib.core.config import settings
from chalicelib.core.database import Connection
from chalicelib.mails import mails, templates
from chalicelib.mails.templates import Message

# News of an order that is older than this helps nobody.
_WORTH_SENDING = timedelta(days=3)


def placed(
    connection: Connection, order_id: int, email: str | None, *, items: int, total: Decimal, currency: str
) -> None:
    """Confirm an order."""
    page = f"{settings().site_url}/orders/{order_id}"
    _queue(connection, email, templates.order_placed(order_id, items, _money(total, currency), page))


def shipped(
    connection: Connection, order: Any, *, items: int, carrier: str | None, tracking_number: str | None
) -> None:
    """Tell of a parcel on its way."""
    _queue(connection, order.email, templates.order_shipped(order.id, items, carrier, tracking_number))


def cancelled(connection: Connection, order: Any, *, items: int) -> None:
    """Tell what of an order will not come."""
    _queue(connection, order.email, templates.order_cancelled(order.id, items))


def money_returned(connection: Connection, order: Any, amount: Decimal) -> None:
    """Tell of money given back."""
    _queue(connection, order.email, templates.money_returned(order.id, _money(amount, order.currency or "")))


def _money(amount: Decimal, currency: str) -> str:
    return f"{amount} {currency.upper()}".strip()


def _queue(connection: Connection, email: str | None, message: Message) -> None:
    if email is not None:
        mails.queue(connection, message, to=email, expires_at=clock.now() + _WORTH_SENDING)
