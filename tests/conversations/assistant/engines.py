"""Engines for tests: what they look up and answer is said in the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from chalicelib.conversations.assistant import engines
from chalicelib.conversations.assistant.turns import Question, Reply, ToolCall, Tools

Answering = Callable[[Question, Tools], Reply]


class Scripted:
    """An engine that does what it is told, and remembers what it was asked."""

    def __init__(self, answering: Answering) -> None:
        self.questions: list[Question] = []
        self._answering = answering

    def answer(self, question: Question, tools: Tools) -> Reply:
        """Answer as the test says."""
        self.questions.append(question)
        return self._answering(question, tools)


@contextmanager
def engine(answering: Answering) -> Iterator[Scripted]:
    """Let an engine answer all questions inside the block."""
    made = Scripted(answering)
    with mock.patch.object(engines, "engine", return_value=made):
        yield made


def reply(text: str, **given: Any) -> Reply:
    """Return a reply with sensible values, any of which can be given."""
    values: dict[str, Any] = {
        "language": "en",
        "intent": "search",
        "outcome": "answered",
        "confidence": 0.9,
        "state": {},
        "model": "scripted",
    }
    return Reply(text, **(values | given))


def finds(question: Question, tools: Tools) -> Reply:
    """Search for the words of the question and show what is found, truly."""
    found = tools(ToolCall("search_products", {"words": question.text}))
    lines = [f"{each.name} costs ${each.price_cents / 100:.2f}, {each.available} left." for each in found.products]
    return reply("\n".join(["Here you are.", *lines]), product_ids=[each.id for each in found.products])
