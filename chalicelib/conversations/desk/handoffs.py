"""The rules of hand-offs: who answers in a conversation, the assistant or a person of the shop.

A conversation is with the assistant (`handoff` is None), waits for a person ("requested"), or is with one ("taken").
All rules here take a session that is locked: of two who take the same one at once, the second finds it taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from chalicelib.accounts import accounts
from chalicelib.conversations.desk import handoffs_sql
from chalicelib.conversations.figures import due_days
from chalicelib.conversations.history import sessions
from chalicelib.conversations.history.sessions import SessionArchived
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, InvalidInput
from chalicelib.events import outbox

REQUESTED, TAKEN = "requested", "taken"

RequestedBy = Literal["customer", "assistant", "staff"]

# Why a person is wanted: said in a word, for what people write belongs into the conversation.
Reason = Literal[
    "asked", "not_helpful", "order", "complaint", "other", "not_understood", "not_allowed", "failed", "staff",
]  # fmt: skip

# Of a hand-off that nobody had asked for.
UNASKED = "unasked"


class TakenByAnother(Conflict):
    """Another person of the shop has the conversation."""

    code = "taken-by-another"
    title = "Taken by another"


class NotTaken(Conflict):
    """The conversation is with the assistant, or with another person."""

    code = "not-taken"
    title = "Not taken by you"


def is_taken(session: Any) -> bool:
    """Tell whether a person answers in a conversation, so that the assistant must not."""
    return bool(session.handoff == TAKEN)


def request(connection: Connection, session: Any, *, requested_by: RequestedBy, reason: Reason) -> Any:
    """Ask for a person in a locked session; return the session as it is now. Where one is asked for, nothing changes.

    Raises:
        SessionArchived: it has to be made active first.
    """
    if session.handoff is not None:
        return session
    _check_open(session)
    now = clock.now()
    values = {"requested_by": requested_by, "reason": reason, "requested_at": now}
    handoffs_sql.insert_handoff(connection, {"session_id": session.id, **values})
    due_days.mark(connection, now, session.created_at)
    _tell(connection, "conversation.handoff_requested", session, requested_by=requested_by, reason=reason)
    return _open(connection, session, {"handoff": REQUESTED, "handoff_at": now, "assignee_id": None})


def reason_of(intent: str, outcome: str) -> Reason:
    """Return why a person is wanted after an answer of the assistant."""
    by_outcome: dict[str, Reason] = {"failed": "failed", "unanswered": "not_understood", "refused": "not_allowed"}
    return "asked" if intent == "human" else by_outcome.get(outcome, "other")


def take_over(connection: Connection, session: Any, *, assignee_id: int, force: bool = False) -> Any:
    """Give a locked session to a person of the shop, asked for or not; return the session as it is now.

    To whom it is taken already, it is no change. `force` takes it from another one.

    Raises:
        TakenByAnother: another has it.
        InvalidInput: the assignee is no active member of staff.
        SessionArchived: it has to be made active first.
    """
    if is_taken(session):
        if session.assignee_id == assignee_id:
            return session
        if not force:
            raise TakenByAnother(f"Account {session.assignee_id} has this conversation; `force` takes it over.")
    _check_open(session)
    _check_staff(connection, assignee_id)
    now = clock.now()
    present = handoffs_sql.find_open(connection, session.id)
    if present is None:
        asked = {"requested_by": "staff", "reason": UNASKED, "requested_at": now}
        values = {"session_id": session.id, **asked, "assignee_id": assignee_id, "taken_at": now}
        handoffs_sql.insert_handoff(connection, values)
        due_days.mark(connection, now, session.created_at)
    else:
        # The wait was over when the first one took it.
        taken_at = present.taken_at or now
        handoffs_sql.update_handoff(connection, present.id, {"assignee_id": assignee_id, "taken_at": taken_at})
        due_days.mark(connection, present.requested_at)
    _tell(connection, "conversation.taken_over", session, assignee_id=assignee_id)
    return _open(connection, session, {"handoff": TAKEN, "handoff_at": now, "assignee_id": assignee_id})


def hand_back(connection: Connection, session: Any, *, by: int, force: bool = False) -> Any:
    """Give a locked session back to the assistant, and return it as it is now; with the assistant it stays there.

    Raises:
        TakenByAnother: another than `by` has it; `force` hands it back all the same.
    """
    if session.handoff is None:
        return session
    if is_taken(session) and session.assignee_id != by and not force:
        raise TakenByAnother(f"Account {session.assignee_id} has this conversation; `force` hands it back.")
    handoffs_sql.close_handoffs(connection, session.id, clock.now())
    return sessions.update_session(connection, session, {"handoff": None, "handoff_at": None, "assignee_id": None})


def check_taken_by(session: Any, account_id: int) -> None:
    """Let nobody write as the shop but who has the conversation.

    Raises:
        NotTaken: it is with the assistant, or with another person.
    """
    if not is_taken(session) or session.assignee_id != account_id:
        raise NotTaken("Take the conversation over before you answer in it.")


def list_handoffs(connection: Connection, session_id: int, limit: int) -> Sequence[Any]:
    """Return the latest hand-offs of a session, newest first."""
    return handoffs_sql.list_handoffs(connection, session_id, limit)


def _check_open(session: Any) -> None:
    if session.status == "archived":
        raise SessionArchived("The conversation is archived; it has to be made active first.")


def _check_staff(connection: Connection, account_id: int) -> None:
    found = accounts.find_account(connection, account_id)
    if found is None or not found.is_active or found.role not in (Role.STAFF, Role.ADMIN, Role.SERVICE):
        raise InvalidInput.at("body.assignee_id", "must be an active account of staff")


def _open(connection: Connection, session: Any, values: dict[str, Any]) -> Any:
    # Who waits for a person must not find the conversation completed, or timed out.
    now = max(clock.now(), session.last_activity_at)
    return sessions.update_session(connection, session, {**values, "status": "active", "last_activity_at": now})


def _tell(connection: Connection, kind: str, session: Any, **more: Any) -> None:
    told = {"conversation_id": session.public_id, "account_id": session.account_id, **more}
    outbox.record(connection, kind, f"conversation:{session.public_id}", told)
