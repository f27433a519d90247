"""Giving conversations out: one session, or all of an account, in parts that fit into an answer.

A part is cut by what it holds, not by a number of rows: Lambda answers 6 MB at most, and what is escaped on its way
grows. The parts together are all there is; each goes on where the one before ended, so that nothing is left out or
given twice, whatever is added meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.conversations.privacy import export_sql as sql
from chalicelib.core.database import Connection

MOST_SESSIONS = 50
MOST_MESSAGES = 500
# Of text. One message or session more may come on top, which a request of 1 MB brought.
MOST_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Portion:
    """A session of a part with the messages of it that the part holds; `continued` when it began in another one."""

    session: Any
    messages: Sequence[Any]
    continued: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an export; `next_key` (session, number) is where the next one goes on, None at the end."""

    portions: Sequence[Portion]
    next_key: tuple[int, int] | None


def export_all(connection: Connection, account_id: int, behind: tuple[int, int]) -> Part:
    """Return the part of an account's conversations that comes behind a session and number; (0, 0) is the first.

    By the order in which sessions were begun. Takes four statements.
    """
    sessions = sql.measure_sessions(connection, account_id, behind[0], MOST_SESSIONS)
    return _part(connection, sessions, behind, whole=len(sessions) < MOST_SESSIONS)


def export_session(connection: Connection, session: Any, after: int) -> Part:
    """Return the part of a session behind message number `after`; 0 is the first."""
    size = len(session.session_context) + len(session.description)
    return _part(connection, [_Measured(session.id, size)], (session.id, after), whole=True)


@dataclass(frozen=True, slots=True)
class _Measured:
    id: int
    size: int


def _part(connection: Connection, sessions: Sequence[Any], behind: tuple[int, int], *, whole: bool) -> Part:
    """Return what fits; `whole` tells whether no sessions follow those that were measured."""
    ids = [session.id for session in sessions]
    messages = sql.measure_messages(connection, ids, behind, MOST_MESSAGES) if ids else []
    is_full = len(messages) == MOST_MESSAGES
    if is_full:  # of what comes behind the last one nothing is known
        sessions = [session for session in sessions if session.id <= messages[-1].session_id]
    fitting, cut = _fit(sessions, messages, behind)
    kept = [message.id for message in messages[:fitting]]
    if cut is None and is_full:
        cut = (messages[-1].session_id, messages[-1].sequence_number)
    if cut is None and not whole:
        cut = (ids[-1] + 1, 0)
    # A session that only begins with the next part is left to it.
    shown = ids if cut is None else [each for each in ids if each < cut[0] or (each == cut[0] and cut[1] > 0)]
    return Part(_portions(connection, shown, kept, behind), cut)


def _fit(
    sessions: Sequence[Any], messages: Sequence[Any], behind: tuple[int, int]
) -> tuple[int, tuple[int, int] | None]:
    """Return how many of the messages fit, and the key behind which the next part begins, None when all fit."""
    of_session: dict[int, list[Any]] = {}
    for message in messages:
        of_session.setdefault(message.session_id, []).append(message)
    characters = fitting = 0
    for session in sessions:
        if characters >= MOST_CHARACTERS:
            return fitting, (session.id, 0)
        characters += int(session.size)
        last = behind[1] if session.id == behind[0] else 0
        for message in of_session.get(session.id, ()):
            # The first one always: each part gets on.
            if characters >= MOST_CHARACTERS and fitting:
                return fitting, (session.id, last)
            characters += int(message.size)
            fitting += 1
            last = message.sequence_number
    return fitting, None


def _portions(
    connection: Connection, session_ids: Sequence[int], message_ids: Sequence[int], behind: tuple[int, int]
) -> list[Portion]:
    messages: dict[int, list[Any]] = {}
    if message_ids:
        for row in sql.list_messages(connection, message_ids):
            messages.setdefault(row.session_id, []).append(row)
    rows = sql.list_sessions(connection, session_ids) if session_ids else []
    found = [Portion(row, messages.get(row.id, []), row.id == behind[0] and behind[1] > 0) for row in rows]
    return [each for each in found if each.messages or not each.continued]
