"""Asking the assistant over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chalicelib.conversations.assistant import ask
from chalicelib.conversations.assistant.ask import AnswerUnderWay, Asked, Turn
from chalicelib.conversations.assistant.turns import Language
from chalicelib.conversations.history.message_answers import Message, present_message
from chalicelib.core.auth import SIGNED_IN, Caller
from chalicelib.core.errors import NotFound, TooManyRequests
from chalicelib.core.inputs import Id
from chalicelib.core.routes import Reply, Routes

routes = Routes("Assistant", also=("/api", "/api/conversations"))


def _trimmed(text: str) -> str:
    trimmed = text.strip()
    if not trimmed:
        raise ValueError("must not be empty")
    return trimmed


class AskContext(BaseModel):
    """What the person looks at while it asks."""

    model_config = ConfigDict(extra="forbid")

    product_id: Id | None = Field(None, description='The product whose page is open: what "this" means.')


class AskBody(BaseModel):
    """A question to the assistant."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"content": "Do you have blue jeans under 50 dollars?"}]}
    )

    content: Annotated[
        str,
        Field(min_length=1, max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"),
        AfterValidator(_trimmed),
    ]
    client_message_id: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        pattern=r"^[\x21-\x7e]+$",
        description="The client's own name of the question: sent again, it has the answer that it was given.",
    )
    language: Language | None = Field(None, description="Of the answer; left out, that of the question.")
    context: AskContext | None = None


class AskAnswer(BaseModel):
    """The question and its answer, as messages of the session."""

    question: Message
    answer: Message | None = Field(description="Null where a person of the shop answers, later.")
    suggestions: list[str] = Field(description="Questions that fit now.")
    handoff: Literal["requested", "taken"] | None = Field(
        description="Whether a person of the shop is asked for, or has taken over."
    )


@routes.post(
    "/api/sessions/{session_id}/ask",
    access=SIGNED_IN,
    response=AskAnswer,
    status=201,
    or_status=200,
    errors=[NotFound, AnswerUnderWay, TooManyRequests],
)
def ask_assistant(caller: Caller, session_id: str, body: AskBody) -> Reply:
    """Ask the assistant in one's own session: the question and the answer become messages of it.

    The assistant looks into the catalogue, the caller's own orders and cart, and the shop's policies; what it would
    change it does only after a yes in the next message. The same `client_message_id` again answers what was answered
    (200); one question of a session is answered at a time (else 409 with Retry-After).
    """
    viewing = None if body.context is None else body.context.product_id
    turn = ask.ask(caller, session_id, Asked(body.content, body.client_message_id, body.language, viewing))
    return Reply(_present(turn), status=None if turn.is_new else 200)


def _present(turn: Turn) -> dict[str, Any]:
    suggestions: list[str] = []
    if turn.answer is not None:
        suggestions = msgspec.json.decode(turn.answer.metadata).get("suggestions", [])
    return {
        "question": present_message(turn.question),
        "answer": None if turn.answer is None else present_message(turn.answer),
        "suggestions": suggestions,
        "handoff": turn.session.handoff,
    }
