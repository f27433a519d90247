"""Answers that are kept for retries (Idempotency-Key) and tell of conversations: forgotten with what they tell of."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.core import idempotency
from chalicelib.core.database import Connection

# Where messages are answered: to their people, and to staff.
_OPERATIONS = ("/api/", "/conversations")


def forget_answers(connection: Connection, *, account_ids: Sequence[int], public_ids: Sequence[str]) -> None:
    """Forget what people were answered in their conversations, and staff about the sessions or messages of these ids.

    A retry is told that its request was carried out. An account's answers are not told apart by session: one that
    made a session is not kept under its id.
    """
    idempotency.forget_many(connection, operations=_OPERATIONS, account_ids=account_ids, subjects=public_ids)
