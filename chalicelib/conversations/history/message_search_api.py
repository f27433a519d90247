"""Searching one's own messages over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field

from chalicelib.conversations.history import message_search
from chalicelib.conversations.history.message_search import Hit, Wanted
from chalicelib.conversations.history.messages import MessageType, Origin
from chalicelib.conversations.history.moments import Before, Since
from chalicelib.core.auth import SIGNED_IN, Caller
from chalicelib.core.database import Connection
from chalicelib.core.paging import Listed, NumberedPage, NumberedQuery
from chalicelib.core.routes import Routes

routes = Routes("Messages", also=("/api", "/api/conversations"))

Highlight = Annotated[list[int], Field(min_length=2, max_length=2)]


class MessageSearchQuery(NumberedQuery):
    """What to look for, and where."""

    q: str = Field(
        min_length=1,
        max_length=200,
        pattern=r"^[^\x00]*$",
        description="Words, or beginnings of words, all of which a message must have. Case, accents and plurals make "
        "no difference; an emoji is a word; words behind the eighth are left out.",
        examples=["blue jeans"],
    )
    session: str | None = Field(None, max_length=36, description="Only in the session of this id.")
    message_type: MessageType | None = Field(None, description="Only messages of this type.")
    date_from: Since | None = Field(None, description="Not before this day (UTC) or moment.")
    date_to: Before | None = Field(None, description="Not after this day (UTC) or moment.")

    @property
    def wanted(self) -> Wanted:
        """What is looked for, as the rules take it."""
        session = None if self.session is None else self.session.lower()
        return Wanted(self.q, session, self.message_type, self.date_from, self.date_to)


class MessageHit(BaseModel):
    """A message that was found."""

    id: str
    session: str = Field(description="The id of the session it is in.")
    session_title: str
    sequence_number: int
    timestamp: AwareDatetime
    message_type: MessageType
    origin: Origin
    snippet: str = Field(description="At most 200 characters of it around the first hit, as text: it is no HTML.")
    highlights: list[Highlight] = Field(
        description="Where the words stand in the snippet: [start, end) in code points, in order."
    )


def present_hit(hit: Hit) -> dict[str, Any]:
    """Return a hit as it goes over the wire."""
    row = hit.row
    return {
        "id": row.public_id,
        "session": row.session,
        "session_title": row.session_title,
        "sequence_number": row.sequence_number,
        "timestamp": row.timestamp,
        "message_type": row.message_type,
        "origin": row.origin,
        "snippet": hit.snippet.text,
        "highlights": [list(place) for place in hit.snippet.highlights],
    }


@routes.get("/api/messages/search", access=SIGNED_IN, response=Listed[MessageHit])
def search_messages(
    connection: Connection, caller: Caller, query: MessageSearchQuery
) -> NumberedPage[dict[str, Any]]:
    """Find one's own messages by their words, the newest first."""
    found = message_search.search_messages(connection, query.wanted, query, account_id=caller.account_id)
    return found.with_items([present_hit(hit) for hit in found.items])
