"""Messages as they go over the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from pydantic import AwareDatetime, BaseModel, Field

from chalicelib.conversations.history.messages import MessageStatus, MessageType, Origin

_PPM = 1_000_000
# What a function can answer ends at 6 MB; a sign may become six in JSON.
_MOST_LETTERS = 1_000_000


class Message(BaseModel):
    """Something that was said."""

    id: str
    session: str = Field(description="The id of the session it is in.")
    message_type: MessageType
    origin: Origin = Field(
        description="Who wrote it: a `client` of the owner, the built-in `assistant`, or the shop's `staff`."
    )
    content: str
    status: MessageStatus
    sequence_number: int = Field(
        description="From 1; given once, so that a deleted message leaves its number unused."
    )
    timestamp: AwareDatetime
    updated_at: AwareDatetime
    ai_model: str | None
    response_time_ms: int | None
    tokens_used: int | None
    confidence_score: float | None = Field(description="From 0 to 1.")
    metadata: dict[str, Any]
    attachments: list[Any]
    word_count: int
    character_count: int
    language: str | None
    client_message_id: str | None = Field(description="The sender's own name of it.")
    reply_to: int | None = Field(description="The number of the message that the assistant answers with this one.")
    intent: str | None = Field(description="How the assistant understood what it answers.")
    outcome: str | None = Field(description="What became of it: answered, asked_back, refused, unanswered, failed.")


def present_message(row: Any) -> dict[str, Any]:
    """Return a message row as it goes over the wire."""
    return {
        "id": row.public_id,
        "session": row.session,
        "message_type": row.message_type,
        "origin": row.origin,
        "content": row.content,
        "status": row.status,
        "sequence_number": row.sequence_number,
        "timestamp": row.timestamp,
        "updated_at": row.updated_at,
        "ai_model": row.ai_model,
        "response_time_ms": row.response_time_ms,
        "tokens_used": row.tokens_used,
        "confidence_score": None if row.confidence_ppm is None else row.confidence_ppm / _PPM,
        "metadata": msgspec.json.decode(row.metadata),
        "attachments": msgspec.json.decode(row.attachments),
        "word_count": row.word_count,
        "character_count": row.character_count,
        "language": row.language,
        "client_message_id": row.client_message_id,
        "reply_to": row.reply_to,
        "intent": row.intent,
        "outcome": row.outcome,
    }


def within_an_answer(rows: Sequence[Any]) -> Sequence[Any]:
    """Return the latest of the messages, oldest first, that fit into one answer: at least one."""
    left = _MOST_LETTERS
    for at in range(len(rows) - 1, -1, -1):
        row = rows[at]
        left -= len(row.content) + len(row.metadata) + len(row.attachments)
        if left < 0:
            return rows[min(at + 1, len(rows) - 1) :]
    return rows
