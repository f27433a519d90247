"""Messages as clients send them: to be added, and to be changed. What only the service sets is not known here."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.conversations.history import fields
from chalicelib.conversations.history.messages import MessageStatus, MessageType, NewMessage
from chalicelib.core.bodies import Change, without_default

_EXAMPLE: dict[str, Any] = {"content": "Do you have these jeans in blue?", "message_type": "user"}


class _Written(BaseModel):
    """What a client writes of a message."""

    content: fields.Content
    status: MessageStatus = "sent"
    ai_model: fields.ModelName | None = None
    response_time_ms: fields.Milliseconds | None = None
    tokens_used: fields.Tokens | None = None
    confidence_score: fields.Confidence | None = None
    metadata: fields.JsonObject = Field(default_factory=dict)
    attachments: fields.Attachments = Field(default_factory=list)
    language: fields.Language | None = None


class AddedMessage(_Written):
    """A message to be added."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    message_type: MessageType = "user"
    client_message_id: fields.ClientMessageId | None = None

    def as_new_message(self) -> NewMessage:
        """Return it as the rules take it."""
        return NewMessage(**{name: value for name, value in self if name != "session"})


class MessageInSession(AddedMessage):
    """A message to be added to the session it names."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"session": "01940d2c-4c7a-7d10-9a55-2f6f0f8f4b11", **_EXAMPLE}]},
    )

    session: fields.SessionId


class MessageReplacement(_Written):
    """All that a client writes of a message: what is left out is empty. Type and session can be told, not changed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"content": "In blue, please."}]})

    session: fields.SessionId | None = None
    message_type: MessageType | None = None


class MessageChange(Change):
    """What to change of a message; what is left out stays. Type and session can be told, not changed."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"minProperties": 1, "examples": [{"status": "read"}]}
    )

    content: fields.Content = Field("", json_schema_extra=without_default)
    status: MessageStatus = Field("sent", json_schema_extra=without_default)
    ai_model: fields.ModelName | None = Field(None, json_schema_extra=without_default)
    response_time_ms: fields.Milliseconds | None = Field(None, json_schema_extra=without_default)
    tokens_used: fields.Tokens | None = Field(None, json_schema_extra=without_default)
    confidence_score: fields.Confidence | None = Field(None, json_schema_extra=without_default)
    metadata: fields.JsonObject = Field(default_factory=dict)
    attachments: fields.Attachments = Field(default_factory=list)
    language: fields.Language | None = Field(None, json_schema_extra=without_default)
    session: fields.SessionId | None = Field(None, json_schema_extra=without_default)
    message_type: MessageType | None = Field(None, json_schema_extra=without_default)


def as_changes(body: MessageReplacement | MessageChange) -> dict[str, Any]:
    """Return what is to be written by field; of a replacement all, of a change what was said."""
    written = body.model_fields_set if isinstance(body, MessageChange) else type(body).model_fields
    return {name: getattr(body, name) for name in written}
