"""The SQL of questions and answers: which answer a question has, what was done for it, which products were shown."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update

from chalicelib.conversations.assistant.assistant_tables import shown_products
from chalicelib.conversations.history.history_tables import conversation_messages, conversation_sessions
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.dialect import upsert_sums

_messages, _sessions = conversation_messages.c, conversation_sessions.c


def find_answer(connection: Connection, session_id: int, number: int) -> AnyRow | None:
    """Return the assistant's latest answer to the message of a number, with `session`, the session's public id."""
    statement = (
        select(conversation_messages, conversation_sessions.c.public_id.label("session"))
        .join_from(conversation_messages, conversation_sessions)
        .where(
            _messages.session_id == session_id,
            # Behind its question: found by the number, of which there are few.
            _messages.sequence_number > number,
            _messages.reply_to == number,
            _messages.origin == "assistant",
        )
        .order_by(_messages.sequence_number.desc())
        .limit(1)
    )
    return connection.execute(statement).first()


def lock_state(connection: Connection, session_id: int) -> str | None:
    """Return what the assistant remembers of a session, as JSON, and keep others from changing it."""
    statement = select(_sessions.assistant_state).where(_sessions.id == session_id).with_for_update()
    found: str | None = connection.scalar(statement)
    return found


def set_state(connection: Connection, session_id: int, state: str) -> None:
    """Let the assistant remember something of a session."""
    connection.execute(update(conversation_sessions).where(_sessions.id == session_id).values(assistant_state=state))


def free_lease(connection: Connection, session_id: int, holder: str) -> None:
    """Let others answer in a session, where this holder was to."""
    mine = (_sessions.id == session_id) & (_sessions.answering == holder)
    connection.execute(update(conversation_sessions).where(mine).values(answering=None, answering_until=None))


def note_shown(connection: Connection, session_id: int, product_ids: Collection[int], now: datetime) -> None:
    """Note that products were shown in a session; the first time counts."""
    rows = [
        {"session_id": session_id, "product_id": product_id, "shown_at": now, "in_cart": False}
        for product_id in sorted(set(product_ids))
    ]
    upsert_sums(connection, shown_products, rows, keys=["session_id", "product_id"], sums=[])


def note_in_cart(connection: Connection, session_id: int, product_ids: Collection[int]) -> None:
    """Note that shown products went into the cart in a session."""
    shown = shown_products.c
    its = (shown.session_id == session_id) & shown.product_id.in_(sorted(set(product_ids)))
    connection.execute(update(shown_products).where(its).values(in_cart=True))
