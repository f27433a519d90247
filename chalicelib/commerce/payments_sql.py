"""The SQL of payments and refunds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from chalicelib.commerce.sale_tables import checkouts, payments, refunds
from chalicelib.core.database import AnyRow, Connection, insert_row


def find_payment(connection: Connection, payment_id: int) -> AnyRow | None:
    """Return a payment."""
    return connection.execute(select(payments).where(payments.c.id == payment_id)).first()


def find_checkout_of(connection: Connection, payment_id: int) -> AnyRow | None:
    """Return id and cart_id of the checkout that a payment is for; None for one of no checkout."""
    statement = select(checkouts.c.id, checkouts.c.cart_id).join(payments, payments.c.checkout_id == checkouts.c.id)
    return connection.execute(statement.where(payments.c.id == payment_id)).first()


def find_payment_by_request(connection: Connection, request_key: str) -> AnyRow | None:
    """Return the payment that a request with this key began."""
    return connection.execute(select(payments).where(payments.c.request_key == request_key)).first()


def find_payment_by_reference(connection: Connection, provider: str, reference: str) -> AnyRow | None:
    """Return the payment that a provider knows under `reference`."""
    known = (payments.c.provider == provider) & (payments.c.reference == reference)
    return connection.execute(select(payments).where(known)).first()


def find_last_payment(connection: Connection, checkout_id: int) -> AnyRow | None:
    """Return the newest payment of a checkout."""
    statement = select(payments).where(payments.c.checkout_id == checkout_id)
    return connection.execute(statement.order_by(payments.c.id.desc()).limit(1)).first()


def list_payments_of(connection: Connection, order_id: int) -> Sequence[AnyRow]:
    """Return the payments of an order."""
    return connection.execute(select(payments).where(payments.c.order_id == order_id).order_by(payments.c.id)).all()


def lock_payment(connection: Connection, payment_id: int) -> AnyRow:
    """Return a payment that nobody else changes until the transaction ends."""
    return connection.execute(select(payments).where(payments.c.id == payment_id).with_for_update()).one()


def lock_payments_of(connection: Connection, order_id: int) -> Sequence[AnyRow]:
    """Return the payments of a locked order that brought money, locked.

    By id: a locking search may go through the index of the states, and wait for the payments of everybody.
    """
    paid = (payments.c.order_id == order_id) & (payments.c.state == "succeeded")
    ids = list(connection.scalars(select(payments.c.id).where(paid)))
    locking = select(payments).where(payments.c.id.in_(ids)).order_by(payments.c.id).with_for_update()
    return connection.execute(locking).all() if ids else []


def insert_payment(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert a payment and return its id."""
    return insert_row(connection, payments, values)


def update_payment(
    connection: Connection, payment_id: int, values: Mapping[str, Any], *, if_state: Collection[str] | None = None
) -> bool:
    """Change columns of a payment, if it is in one of the states; tell whether it was."""
    statement = update(payments).where(payments.c.id == payment_id)
    if if_state is not None:
        statement = statement.where(payments.c.state.in_(if_state))
    return connection.execute(statement.values(**values)).rowcount == 1


def list_unsettled(connection: Connection, before: datetime, behind: int, limit: int) -> Sequence[AnyRow]:
    """Return payments with ids above `behind` whose outcome has been open since `before`."""
    open_states = payments.c.state.in_(["started", "asked", "needs_action"])
    waiting = (payments.c.updated_at <= before) & (payments.c.id > behind) & open_states
    return connection.execute(select(payments).where(waiting).order_by(payments.c.id).limit(limit)).all()


def insert_refund(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert a refund and return its id."""
    return insert_row(connection, refunds, values)


def find_refund(connection: Connection, refund_id: int) -> AnyRow | None:
    """Return a refund with its payment's provider, currency and reference."""
    of_payment = [payments.c.provider, payments.c.currency, payments.c.reference.label("payment_reference")]
    statement = select(refunds, *of_payment).join_from(refunds, payments)
    return connection.execute(statement.where(refunds.c.id == refund_id)).first()


def find_refund_by_reference(connection: Connection, provider: str, reference: str) -> int | None:
    """Return the id of the refund that a provider knows under `reference`."""
    known = (payments.c.provider == provider) & (refunds.c.reference == reference)
    return connection.scalar(select(refunds.c.id).join_from(refunds, payments).where(known))


def lock_refund(connection: Connection, refund_id: int) -> AnyRow:
    """Return a refund that nobody else changes until the transaction ends."""
    return connection.execute(select(refunds).where(refunds.c.id == refund_id).with_for_update()).one()


def update_refund(connection: Connection, refund_id: int, values: Mapping[str, Any]) -> None:
    """Change columns of a refund."""
    connection.execute(update(refunds).where(refunds.c.id == refund_id).values(**values))


def sum_refunds(connection: Connection, payment_ids: Collection[int]) -> dict[int, int]:
    """Return the cents given back, or on their way, of each payment."""
    statement = (
        select(refunds.c.payment_id, func.sum(refunds.c.amount_cents).label("cents"))
        .where(refunds.c.payment_id.in_(payment_ids), refunds.c.state.in_(["started", "succeeded"]))
        .group_by(refunds.c.payment_id)
    )
    return {row.payment_id: int(row.cents) for row in connection.execute(statement)}


def list_refunds_of(connection: Connection, order_id: int) -> Sequence[AnyRow]:
    """Return the refunds of an order."""
    return connection.execute(select(refunds).where(refunds.c.order_id == order_id).order_by(refunds.c.id)).all()


def list_waiting_refunds(connection: Connection, before: datetime, behind: int, limit: int) -> list[int]:
    """Return ids above `behind` of refunds whose outcome has been open since `before`."""
    waiting = (refunds.c.state == "started") & (refunds.c.updated_at <= before) & (refunds.c.id > behind)
    return list(connection.scalars(select(refunds.c.id).where(waiting).order_by(refunds.c.id).limit(limit)))
