"""The SQL of the test provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from chalicelib.core.database import AnyRow, Connection, insert_row
from chalicelib.payments.tables import test_charges, test_intents, test_notices, test_refunds


class KeyTaken(Exception):
    """Another transaction has just inserted a row with the same key."""


def find_intent_by_key(connection: Connection, intent_key: str) -> AnyRow | None:
    """Return the intent of a key."""
    return connection.execute(select(test_intents).where(test_intents.c.intent_key == intent_key)).first()


def lock_intent(connection: Connection, reference: str) -> AnyRow | None:
    """Return an intent that stays as it is until the transaction ends."""
    statement = select(test_intents).where(test_intents.c.reference == reference).with_for_update()
    return connection.execute(statement).first()


def insert_intent(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert an intent.

    Raises:
        KeyTaken: there is one with its key; the transaction can go on.
    """
    try:
        insert_row(connection, test_intents, values)
    except IntegrityError as error:
        raise KeyTaken from error


def update_intent(connection: Connection, intent_id: int, values: Mapping[str, Any]) -> None:
    """Change columns of an intent."""
    connection.execute(update(test_intents).where(test_intents.c.id == intent_id).values(**values))


def list_intents(connection: Connection, state: str, limit: int) -> Sequence[AnyRow]:
    """Return the oldest intents in a state."""
    statement = select(test_intents).where(test_intents.c.state == state)
    return connection.execute(statement.order_by(test_intents.c.id).limit(limit)).all()


def insert_charge(connection: Connection, intent_id: int, amount_cents: int, now: datetime) -> None:
    """Write down that money was taken."""
    insert_row(connection, test_charges, {"intent_id": intent_id, "amount_cents": amount_cents, "created_at": now})


def list_charges(connection: Connection) -> Sequence[AnyRow]:
    """Return every charge with the key and the details of its intent."""
    columns = select(test_charges.c.amount_cents, test_intents.c.intent_key, test_intents.c.details)
    return connection.execute(columns.join_from(test_charges, test_intents).order_by(test_charges.c.id)).all()


def list_given_back(connection: Connection, state: str) -> Sequence[AnyRow]:
    """Return every refund in a state with the key and the details of its intent."""
    columns = select(test_refunds.c.amount_cents, test_intents.c.intent_key, test_intents.c.details)
    statement = columns.join_from(test_refunds, test_intents).where(test_refunds.c.state == state)
    return connection.execute(statement.order_by(test_refunds.c.id)).all()


def find_refund_by_key(connection: Connection, intent_id: int, refund_key: str) -> AnyRow | None:
    """Return the refund of an intent by its key."""
    chosen = (test_refunds.c.intent_id == intent_id) & (test_refunds.c.refund_key == refund_key)
    return connection.execute(select(test_refunds).where(chosen)).first()


def list_refunds(connection: Connection, state: str, limit: int) -> Sequence[AnyRow]:
    """Return the oldest refunds in a state."""
    statement = select(test_refunds).where(test_refunds.c.state == state)
    return connection.execute(statement.order_by(test_refunds.c.id).limit(limit)).all()


def lock_refund(connection: Connection, reference: str) -> AnyRow | None:
    """Return a refund that stays as it is until the transaction ends."""
    statement = select(test_refunds).where(test_refunds.c.reference == reference).with_for_update()
    return connection.execute(statement).first()


def find_intent(connection: Connection, intent_id: int) -> AnyRow | None:
    """Return an intent by the number of its row."""
    return connection.execute(select(test_intents).where(test_intents.c.id == intent_id)).first()


def sum_refunds(connection: Connection, intent_id: int, states: Sequence[str]) -> int:
    """Return the cents of an intent's refunds in any of `states`."""
    total = select(func.coalesce(func.sum(test_refunds.c.amount_cents), 0))
    chosen = (test_refunds.c.intent_id == intent_id) & test_refunds.c.state.in_(states)
    return int(connection.execute(total.where(chosen)).scalar_one())


def insert_refund(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a refund; its intent is locked, so that no other comes in between."""
    insert_row(connection, test_refunds, values)


def update_refund(connection: Connection, reference: str, state: str) -> None:
    """Change the state of a refund."""
    connection.execute(update(test_refunds).where(test_refunds.c.reference == reference).values(state=state))


def insert_notice(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a notice."""
    insert_row(connection, test_notices, values)


def list_notices(connection: Connection, now: datetime, limit: int) -> Sequence[AnyRow]:
    """Return the notices that are due, oldest first."""
    due = select(test_notices).where(test_notices.c.due_at <= now)
    return connection.execute(due.order_by(test_notices.c.id).limit(limit)).all()


def count_delivery(connection: Connection, notice_id: int) -> None:
    """Count one delivery of a notice; after its last one it is forgotten."""
    last = (test_notices.c.id == notice_id) & (test_notices.c.deliveries <= 1)
    if connection.execute(delete(test_notices).where(last)).rowcount == 0:
        one_less = {"deliveries": test_notices.c.deliveries - 1}
        connection.execute(update(test_notices).where(test_notices.c.id == notice_id).values(**one_less))


def postpone_notice(connection: Connection, notice: AnyRow, due_at: datetime) -> None:
    """Count a failed delivery; the next try is at `due_at`."""
    values = {"attempts": test_notices.c.attempts + 1, "due_at": due_at}
    connection.execute(update(test_notices).where(test_notices.c.id == notice.id).values(**values))


def delete_notice(connection: Connection, notice_id: int) -> None:
    """Forget a notice."""
    connection.execute(delete(test_notices).where(test_notices.c.id == notice_id))
