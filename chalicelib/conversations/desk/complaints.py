"""What went wrong in conversations, to learn from: what people found bad, and what got no answer. A work list.

Texts are read from the messages themselves, never kept here: what is deleted is gone from these lists too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Any, Literal

from chalicelib.accounts import accounts
from chalicelib.conversations.desk import complaints_sql as sql
from chalicelib.conversations.desk.complaints_sql import WHOLE, Key, Wanted
from chalicelib.core import clock
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import Page, PageRequest

Kind = Literal["reaction", "rating"]
Outcome = Literal["unanswered", "failed", "refused"]

OUTCOMES: tuple[Outcome, ...] = ("unanswered", "failed", "refused")


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something that went wrong: its row, the answer and the question before it (rows, or None), and who reviewed it.

    `number` is that of the answer, 0 where the whole conversation was rated.
    """

    kind: Kind | Outcome
    row: Any
    number: int
    question: Any | None
    answer: Any | None
    owner: Any | None
    reviewer: Any | None


# Complaints of several kinds in one order: by time, then kind, then id. The cursor holds the time and kind and id in
# one number.
_KINDS: tuple[Kind | Outcome, ...] = ("reaction", "rating", "unanswered", "failed", "refused")


def list_low_rated(
    connection: Connection, wanted: Wanted, page: PageRequest, *, kind: Kind | None
) -> Page[Complaint]:
    """Return what people found bad, newest first: answers by a reaction, conversations by a rating of 1 or 2."""
    kinds: list[Kind | Outcome] = ["reaction", "rating"] if kind is None else [kind]
    if wanted.intent is not None:
        kinds = [each for each in kinds if each == "reaction"]  # a conversation has no intent
    return _list(connection, wanted, page, kinds)


def list_unanswered(
    connection: Connection, wanted: Wanted, page: PageRequest, *, outcome: Outcome | None
) -> Page[Complaint]:
    """Return questions that got no answer, the last asked first."""
    return _list(connection, wanted, page, list(OUTCOMES) if outcome is None else [outcome])


def _list(
    connection: Connection, wanted: Wanted, page: PageRequest, kinds: Sequence[Kind | Outcome]
) -> Page[Complaint]:
    found = [_rows(connection, kind, wanted, page) for kind in kinds]
    ordered = list(merge(*found, key=lambda each: _place(*each), reverse=True))
    shown = ordered[: page.limit]
    more = len(ordered) > page.limit and bool(shown)
    next_key = (shown[-1][1].at, _number(*shown[-1])) if more else None
    return Page(_with_texts(connection, shown), page, None, next_key)


def _rows(connection: Connection, kind: Kind | Outcome, wanted: Wanted, page: PageRequest) -> list[Any]:
    after, limit = _after(kind, page.after or ()), page.limit + 1
    if kind == "reaction":
        rows = sql.list_bad_answers(connection, wanted, after, limit)
    elif kind == "rating":
        rows = sql.list_low_rated(connection, wanted, after, limit)
    else:
        rows = sql.list_without_answer(connection, kind, wanted, after, limit)
    return [(kind, row) for row in rows]


def _number(kind: Kind | Outcome, row: Any) -> int:
    return int(row.id) * len(_KINDS) + _KINDS.index(kind)


def _place(kind: Kind | Outcome, row: Any) -> tuple[Any, int]:
    return row.at, _number(kind, row)


def _after(kind: Kind | Outcome, key: Key) -> Key:
    """Return behind which (time, id) the rows of a kind go on, where the list goes on behind `key`."""
    if not key:
        return ()
    at, number = key
    last, place = divmod(number, len(_KINDS))
    # Of two with the same time and id that of the later kind comes first.
    return at, last + (_KINDS.index(kind) < place)


def _with_texts(connection: Connection, shown: Sequence[tuple[Kind | Outcome, Any]]) -> list[Complaint]:
    answers = {row.answer_id for _, row in shown}
    questions = {row.question_id for kind, row in shown if kind != "rating"}
    ids = (answers | questions) - {None}
    texts = {row.id: row for row in sql.list_messages(connection, ids)} if ids else {}
    accounts_ = {row.account_id for _, row in shown} | {row.reviewed_by for _, row in shown}
    people = accounts.find_people(connection, accounts_ - {None})
    return [
        Complaint(
            kind,
            row,
            WHOLE if kind == "rating" else row.sequence_number,
            None if kind == "rating" else texts.get(row.question_id),
            texts.get(row.answer_id),
            people.get(row.account_id),
            people.get(row.reviewed_by),
        )
        for kind, row in shown
    ]


def review(connection: Connection, session: Any, number: int, *, by: int) -> None:
    """Note that somebody has looked at an answer, or as number 0 at the whole conversation; again: who did so last.

    Raises:
        NotFound: the conversation has no message of that number.
    """
    if number != WHOLE and not sql.has_message(connection, session.id, number):
        raise NotFound(f"The conversation has no message {number}.")
    values = {"session_id": session.id, "sequence_number": number, "reviewed_by": by, "reviewed_at": clock.now()}
    sql.upsert_review(connection, values)


def reopen(connection: Connection, session: Any, number: int) -> None:
    """Take a review back; where there is none, nothing changes."""
    sql.delete_review(connection, session.id, number)
