"""One turn with the model: calls and look-ups until it answers, within a time, a number of steps and a budget.

What may go wrong ends in `ModelFailed`; what was used until then is in the `Turn` all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from chalicelib.conversations.assistant.bedrock import answers, prompts, tool_results
from chalicelib.conversations.assistant.bedrock.answers import Answer
from chalicelib.conversations.assistant.bedrock.model_calls import Converse, ModelFailed
from chalicelib.conversations.assistant.turns import ACTING, ToolResult, Tools
from chalicelib.core.config import Bedrock

# Fewer than the toolbox allows, so that the engine that answers instead can still look something up.
MOST_CALLS = 10
_LEAST_S = 1.0  # with less time left no call is begun
_ANSWER_NOW = "No more look-ups: answer now with what you have."

_STOPPED = {
    "guardrail_intervened": "guardrail",
    "content_filtered": "content-filtered",
    "malformed_model_output": "malformed-output",
    "malformed_tool_use": "malformed-output",
    "model_context_window_exceeded": "too-long",
}


class Purse(Protocol):
    """Who pays for calls."""

    def take(self, tokens: int) -> None:
        """Take what a call may use up; BudgetUsedUp where there is not so much."""
        ...

    def settle(self, tokens_in: int, tokens_out: int) -> None:
        """Put right what was taken last."""
        ...

    def keep(self) -> None:
        """Leave what was taken last as it is: what was used is not known."""
        ...


@dataclass(slots=True)
class Turn:
    """What became of a turn so far: results of tools in order, tokens, calls of the model."""

    results: list[ToolResult] = field(default_factory=list)
    tokens: int = 0
    steps: int = 0
    is_whole: bool = True

    @property
    def has_acted(self) -> bool:
        """Whether a tool has changed something: then the turn must not be answered anew."""
        return any(each.call.name in ACTING and each.error is None and not each.needs_yes for each in self.results)


def has_acted(result: ToolResult) -> bool:
    """Tell whether a tool has changed something."""
    return result.call.name in ACTING and result.error is None and not result.needs_yes


@dataclass(frozen=True, slots=True)
class Around:
    """What a turn works with; `clock` counts seconds and only runs on, `deadline` is of that clock."""

    config: Bedrock
    converse: Converse
    tools: Tools
    purse: Purse
    clock: Callable[[], float]
    deadline: float
    currency: str


def talk(around: Around, request: dict[str, Any], turn: Turn) -> Answer:
    """Return the model's answer to a request; `turn` is kept up to date on the way.

    Raises:
        ModelFailed: the model does not answer, or not in a way that can be used.
        BudgetUsedUp: it may not be asked any more.
    """
    messages: list[dict[str, Any]] = list(request["messages"])
    for step in range(around.config.max_steps + 1):
        answer = _ask(around, {**request, "messages": messages}, turn)
        content = _content(answer)
        stop = answer.get("stopReason", "")
        if stop in _STOPPED:
            raise ModelFailed(_STOPPED[stop], may_cost=True)
        uses = [block["toolUse"] for block in content if "toolUse" in block]
        if stop != "tool_use":
            return _final(content, stop, turn)
        if not uses:
            raise ModelFailed("malformed-output", may_cost=True)
        if step == around.config.max_steps:
            raise ModelFailed("too-many-steps", may_cost=True)
        messages.append({"role": "assistant", "content": content})
        blocks = [_carry_out(around, use, turn) for use in uses]
        if step == around.config.max_steps - 1:
            blocks.append({"text": _ANSWER_NOW})
        messages.append({"role": "user", "content": blocks})
    raise AssertionError("the last step raises")


def _ask(around: Around, request: Mapping[str, Any], turn: Turn) -> Mapping[str, Any]:
    left = around.deadline - around.clock()
    if left < _LEAST_S:
        raise ModelFailed("timeout", may_cost=False)
    around.purse.take(prompts.estimate_tokens(request) + around.config.max_tokens)
    try:
        answer = around.converse(request, left)
    except ModelFailed as error:
        if error.may_cost:
            around.purse.keep()
        else:
            around.purse.settle(0, 0)
        raise
    except BaseException:
        around.purse.keep()
        raise
    turn.steps += 1
    usage = answer.get("usage") or {}
    tokens_in, tokens_out = _whole(usage.get("inputTokens")), _whole(usage.get("outputTokens"))
    turn.tokens += tokens_in + tokens_out
    around.purse.settle(tokens_in, tokens_out)
    return answer


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _content(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what a message holds that can be used and sent back; Converse takes no empty texts."""
    blocks = answer.get("output", {}).get("message", {}).get("content") or []
    return [
        block
        for block in blocks
        if block.get("text", "").strip() or "toolUse" in block or "reasoningContent" in block
    ]


def _final(content: Sequence[Mapping[str, Any]], stop: str, turn: Turn) -> Answer:
    text = "\n".join(block["text"] for block in content if "text" in block)
    if stop == "max_tokens":
        turn.is_whole = False
        # What it says before a call that was cut off is no answer.
        text = "" if any("toolUse" in block for block in content) else answers.cut_short(text)
    elif stop not in ("end_turn", "stop_sequence"):
        raise ModelFailed("unexpected-stop", may_cost=True)
    answer = answers.read_answer(text)
    if not answer.text:
        raise ModelFailed("max-tokens" if stop == "max_tokens" else "empty-answer", may_cost=True)
    return answer


def _carry_out(around: Around, use: Mapping[str, Any], turn: Turn) -> dict[str, Any]:
    if len(turn.results) >= MOST_CALLS:
        return tool_results.refusal_block(use, f"At most {MOST_CALLS} look-ups a question. {_ANSWER_NOW}")
    call = tool_results.read_call(use)
    if isinstance(call, str):
        return tool_results.refusal_block(use, call)
    result = around.tools(call)
    turn.results.append(result)
    return tool_results.result_block(use, result, around.currency)
