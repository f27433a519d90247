"""A model that answers from a script, through boto3's own client, and tools that answer from another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from botocore.stub import ANY, Stubber

from chalicelib.conversations.assistant.turns import ProductFact, Question, Reply, ToolCall, ToolResult, Tools
from chalicelib.core.config import Bedrock

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
CONFIG = Bedrock("amazon.nova-lite-v1:0", "eu-central-1", price_in_micros=60, price_out_micros=240)
SLIM = ProductFact(7, "Slim Jeans", "Levi", "Jeans", "Women", 4999, 3)
SLIM_BLACK = ProductFact(8, "Slim Jeans Black", "Levi", "Jeans", "Women", 5999, 0)


@cache
def client() -> Any:
    """Return a client that reaches nobody: it is always stubbed."""
    return boto3.client(
        "bedrock-runtime", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x"
    )


def message(
    *content: Mapping[str, Any], stop: str = "end_turn", tokens: tuple[int, int] = (100, 20)
) -> dict[str, Any]:
    """Make an answer of Converse."""
    return {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": stop,
        "usage": {"inputTokens": tokens[0], "outputTokens": tokens[1], "totalTokens": sum(tokens)},
        "metrics": {"latencyMs": 5},
    }


def says(text: str, *, stop: str = "end_turn") -> dict[str, Any]:
    """Make an answer that is a text."""
    return message({"text": text}, stop=stop)


def use(name: str, arguments: Any, number: int = 1) -> dict[str, Any]:
    """Make a block that calls a tool."""
    return {"toolUse": {"toolUseId": f"use-{number}", "name": name, "input": arguments}}


def calls(*uses: Mapping[str, Any], text: str | None = None) -> dict[str, Any]:
    """Make an answer that calls tools."""
    return message(*([{"text": text}] if text else []), *uses, stop="tool_use")


class Script:
    """The stubbed client: answers and errors in order; keeps the requests that were sent."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self._stubber = Stubber(client())
        self._watch = client().meta.events
        self._watch.register("provide-client-params.bedrock-runtime.Converse", self._note)
        self._stubber.activate()

    def answers(self, *given: Mapping[str, Any], expected: Mapping[str, Any] | None = None) -> Script:
        """Have the model answer these, one a call."""
        for each in given:
            self._stubber.add_response("converse", dict(each), dict(expected) if expected else None)
        return self

    def fails(self, code: str) -> Script:
        """Have a call refused."""
        self._stubber.add_client_error("converse", service_error_code=code, service_message="the text of a person")
        return self

    def done(self) -> None:
        """Make sure that all of the script was played."""
        self._stubber.assert_no_pending_responses()

    def close(self) -> None:
        """Give the client back."""
        self._watch.unregister("provide-client-params.bedrock-runtime.Converse", self._note)
        self._stubber.deactivate()

    def _note(self, params: dict[str, Any], **_rest: Any) -> None:
        self.requests.append({**params, "messages": [dict(each) for each in params["messages"]]})


@dataclass
class ScriptedTools:
    """Answers calls from a script, and keeps them."""

    results: Sequence[ToolResult] = ()
    called: list[ToolCall] = field(default_factory=list)

    def __call__(self, call: ToolCall) -> ToolResult:
        self.called.append(call)
        given = self.results[len(self.called) - 1] if len(self.called) <= len(self.results) else ToolResult(call)
        return ToolResult(**{**{name: getattr(given, name) for name in given.__slots__}, "call": call})


@dataclass
class OtherEngine:
    """The engine that answers instead; it looks one thing up."""

    asked: list[Question] = field(default_factory=list)

    def answer(self, question: Question, tools: Tools) -> Reply:
        self.asked.append(question)
        tools(ToolCall("show_cart"))
        return Reply("From the shop itself.", "en", "help", "answered", 0.5, {"mine": 1})


def asks(text: str, **given: Any) -> Question:
    """Make a question."""
    return Question(text, NOW, **given)


def found(*products: ProductFact, **given: Any) -> ToolResult:
    """Make a result of a search."""
    return ToolResult(ToolCall("search_products"), products=products, **given)


def texts_of(request: Mapping[str, Any]) -> Iterator[str]:
    """Yield all texts of a request's messages, results of tools left out."""
    for each in request["messages"]:
        for block in each["content"]:
            if "text" in block:
                yield block["text"]


__all__ = ["ANY"]
