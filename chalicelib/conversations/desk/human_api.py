"""Asking for a person, over HTTP, by whoever holds the conversation."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.conversations.desk import handoffs
from chalicelib.conversations.history import sessions
from chalicelib.conversations.history.sessions import SessionArchived
from chalicelib.core.auth import SIGNED_IN, Caller
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound
from chalicelib.core.routes import Routes

routes = Routes("Conversations", also=("/api", "/api/conversations"))


class HumanWish(BaseModel):
    """Why a person is wanted, in a word."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}, {"reason": "order"}]})

    reason: Literal["asked", "not_helpful", "order", "complaint", "other"] = "asked"


class HandoffState(BaseModel):
    """Whether a person is asked for, or answers instead of the assistant."""

    state: Literal["requested", "taken"]
    since: AwareDatetime = Field(description="When it was asked for, or when a person took over.")


@routes.post(
    "/api/sessions/{session_id}/request_human",
    access=SIGNED_IN,
    response=HandoffState,
    errors=[NotFound, SessionArchived],
)
def request_human(connection: Connection, caller: Caller, session_id: str, body: HumanWish) -> dict[str, Any]:
    """Ask for a person of the shop in one's own conversation; asked again, nothing changes."""
    session = sessions.lock_session(connection, session_id, account_id=caller.account_id)
    asked = handoffs.request(connection, session, requested_by="customer", reason=body.reason)
    return {"state": asked.handoff, "since": asked.handoff_at}
