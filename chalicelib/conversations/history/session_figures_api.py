"""The figures of one's own sessions over HTTP: one by one, and together. Those of the shop by day are elsewhere."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from chalicelib.conversations.history import sessions, sessions_sql
from chalicelib.conversations.history.session_answers import Analytics, present_analytics
from chalicelib.core.auth import SIGNED_IN, Caller
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import Listed, NumberedPage, NumberedQuery
from chalicelib.core.routes import Routes

routes = Routes("Conversations", also=("/api", "/api/conversations"))


class Summary(BaseModel):
    """The figures of all one's own sessions together. Averages of nothing are null."""

    total_conversations: int
    total_duration: int = Field(description="Seconds, each session from its first message to its last.")
    avg_messages_per_conversation: float
    avg_response_time: float | None = Field(description="Of `ai` messages that say it, in milliseconds.")
    total_words_exchanged: int = Field(description="Of `user` and `ai` messages.")
    avg_satisfaction: float | None = Field(description="The mean of the ratings, from 1 to 5.")


@routes.get("/api/analytics", access=SIGNED_IN, response=Listed[Analytics])
def list_session_analytics(
    connection: Connection, caller: Caller, query: NumberedQuery
) -> NumberedPage[dict[str, Any]]:
    """List the figures of one's own sessions, the latest activity first."""
    page = sessions_sql.list_sessions(connection, query, caller.account_id)
    return page.with_items([present_analytics(row) for row in page.items])


@routes.get("/api/analytics/summary", access=SIGNED_IN, response=Summary)
def get_analytics_summary(connection: Connection, caller: Caller) -> dict[str, Any]:
    """Read the figures of all one's own sessions together."""
    return sessions.sum_figures(connection, caller.account_id)


@routes.get("/api/analytics/{analytics_id}", access=SIGNED_IN, response=Analytics, errors=[NotFound])
def get_session_analytics(connection: Connection, caller: Caller, analytics_id: int) -> dict[str, Any]:
    """Read the figures of a session by their own id; one's own, and as staff any."""
    whose = None if caller.is_staff else caller.account_id
    return present_analytics(sessions.get_by_number(connection, analytics_id, account_id=whose))
