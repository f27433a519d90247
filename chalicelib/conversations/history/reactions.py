"""Reactions to messages: what who may see a message thinks of it, once of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chalicelib.conversations.figures import due_days
from chalicelib.conversations.history import reactions_sql as sql
from chalicelib.conversations.history.public_ids import parse_id
from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound

ReactionType = Literal["like", "dislike", "helpful", "not_helpful", "accurate", "inaccurate"]


@dataclass(frozen=True, slots=True)
class Reacted:
    """A reaction that was made, or that was there and has a new comment (`is_new` False)."""

    row: Any
    is_new: bool


def react(
    connection: Connection, message_id: str, caller: Caller, kind: ReactionType, comment: str | None
) -> Reacted:
    """React to a message; who has reacted like that before changes the comment.

    Raises:
        NotFound: there is no such message, or it is another's and the caller no staff.
    """
    message = _message(connection, message_id, caller)
    now = clock.now()
    key = {"message_id": message.id, "account_id": caller.account_id, "reaction_type": kind}
    known = sql.lock_own(connection, message.id, caller.account_id, kind)
    if known is None:
        values = {**key, "comment": comment, "created_at": now, "updated_at": now}
        try:
            sql.insert_reaction(connection, values)
            is_new = True
        except sql.NotUnique:  # the same request twice at once
            known, is_new = sql.lock_own(connection, message.id, caller.account_id, kind), False
    else:
        is_new = False
    if known is not None:
        sql.update_reaction(connection, known.id, {"comment": comment, "updated_at": now})
    due_days.mark(connection, message.timestamp, message.begun_at)
    return Reacted(sql.lock_own(connection, message.id, caller.account_id, kind), is_new)


def list_reactions(
    connection: Connection, message_id: str, caller: Caller, *, skip: int, limit: int
) -> Sequence[Any]:
    """Return the reactions to a message, the first ones first.

    Raises:
        NotFound: there is no such message, or it is another's and the caller no staff.
    """
    return sql.list_reactions(connection, _message(connection, message_id, caller).id, skip, limit)


def delete_reaction(connection: Connection, message_id: str, reaction_id: int, caller: Caller) -> None:
    """Take a reaction of the caller back.

    Raises:
        NotFound: there is no such reaction to the message, or it is another's.
    """
    message = _message(connection, message_id, caller)
    if not sql.delete_reaction(connection, message.id, reaction_id, caller.account_id):
        raise NotFound(f"There is no reaction {reaction_id} of yours to this message.")
    due_days.mark(connection, message.timestamp, message.begun_at)


def _message(connection: Connection, public_id: str, caller: Caller) -> Any:
    known = parse_id(public_id)
    account_id = None if caller.is_staff else caller.account_id
    found = None if known is None else sql.find_message(connection, known, account_id)
    if found is None:
        raise NotFound(f"There is no message {public_id[:36]}.")
    return found
