"""One's own conversations over HTTP: to take along, and to be forgotten."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlencode

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.accounts import accounts
from chalicelib.conversations.history import sessions
from chalicelib.conversations.history.message_answers import Message
from chalicelib.conversations.history.session_answers import Person, Session, present_person, present_session
from chalicelib.conversations.privacy import export, forgetting, markdown
from chalicelib.conversations.privacy.export import Part
from chalicelib.core import clock
from chalicelib.core.auth import SIGNED_IN, Caller
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import MAX_ID, decode_cursor, encode_cursor
from chalicelib.core.routes import Reply, Routes, Text

routes = Routes("Privacy", also=("/api", "/api/conversations"))

_NUMBER = "[0-7][0-9a-f]{15}"


class ExportedSession(Session):
    """A session with its messages, or with those of one part."""

    continued: bool = Field(description="Whether its first messages are in a part before.")
    messages: list[Message] = Field(description="In sequence.")


class Export(BaseModel):
    """Conversations to take along, or a part of them."""

    exported_at: AwareDatetime
    user: Person
    sessions: list[ExportedSession]
    next: str | None = Field(description="The address of the next part; null at the end.")


class ExportQuery(BaseModel):
    """In which form, and which part."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["json", "markdown"] = Field("json", description="`markdown` is text to read.")
    after: str | None = Field(
        None, pattern=f"^({_NUMBER}{_NUMBER})?$", description="Continue behind this cursor, as `next` does."
    )

    @property
    def behind(self) -> tuple[int, int]:
        """The session and the number of a message that the part comes behind."""
        first, second = decode_cursor(self.after, (int, int)) if self.after else (0, 0)
        return min(int(first), MAX_ID), min(int(second), 2**31 - 1)  # type: ignore[arg-type]


class DeletedHistory(BaseModel):
    """How much was deleted."""

    sessions: int
    messages: int
    is_all: bool = Field(description="False where there was too much for one request: ask again.")


@routes.get(
    "/api/sessions/{session_id}/export",
    access=SIGNED_IN,
    response=Export,
    or_type="text/markdown",
    errors=[NotFound],
)
def export_session(
    connection: Connection, caller: Caller, base_path: str, session_id: str, query: ExportQuery
) -> Reply | Text:
    """Take a session of one's own along, as JSON or as Markdown; staff any. Notes of staff are no part of it.

    Very long conversations come in parts: go on at `next` (in Markdown the Link header) until there is none.
    """
    account_id = None if caller.is_staff else caller.account_id
    session = sessions.get_session(connection, session_id, account_id=account_id)
    part = export.export_session(connection, session, query.behind[1])
    address = f"{base_path}/api/sessions/{session.public_id}/export"
    return _answer(connection, part, session.account_id, query, address)


@routes.get("/api/export", access=SIGNED_IN, response=Export, or_type="text/markdown")
def export_conversations(connection: Connection, caller: Caller, base_path: str, query: ExportQuery) -> Reply | Text:
    """Take all of one's own conversations along, as JSON or as Markdown, in parts, by when they began.

    Go on at `next` (in Markdown the Link header) until there is none: the parts together are everything.
    """
    part = export.export_all(connection, caller.account_id, query.behind)
    return _answer(connection, part, caller.account_id, query, f"{base_path}/api/export")


@routes.delete("/api/profiles/me/history", access=SIGNED_IN, response=DeletedHistory)
def delete_history(caller: Caller) -> dict[str, Any]:
    """Delete all of one's own conversations, for good. Preferences and templates stay."""
    deleted = forgetting.delete_history(caller.account_id)
    return {"sessions": deleted.sessions, "messages": deleted.messages, "is_all": deleted.is_all}


def _answer(connection: Connection, part: Part, account_id: int, query: ExportQuery, address: str) -> Reply | Text:
    person = accounts.find_people(connection, [account_id])[account_id]
    shown = [
        {**present_session(each.session, person, each.messages), "continued": each.continued}
        for each in part.portions
    ]
    headers: dict[str, str] = {}
    following = None
    if part.next_key is not None:
        headers["X-Next-Cursor"] = cursor = encode_cursor(part.next_key)
        following = f"{address}?{urlencode({'format': query.format, 'after': cursor})}"
        headers["Link"] = f'<{following}>; rel="next"'
    if query.format == "json":
        body = {"exported_at": clock.now(), "user": present_person(person), "sessions": shown, "next": following}
        return Reply(body, headers)
    text = "\n".join(markdown.session_text(each, each["messages"], continued=each["continued"]) for each in shown)
    headers["Content-Disposition"] = 'attachment; filename="conversations.md"'
    return Text(f"# Conversations\n\n{text}", "text/markdown; charset=utf-8", headers)
