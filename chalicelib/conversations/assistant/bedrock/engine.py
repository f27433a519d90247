"""The engine that answers by a model of Amazon Bedrock, and hands over to another one whenever that cannot be."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from chalicelib.conversations.assistant.bedrock import answers, budget, memory, prompts, tool_results
from chalicelib.conversations.assistant.bedrock.answers import Answer
from chalicelib.conversations.assistant.bedrock.breaker import Breaker
from chalicelib.conversations.assistant.bedrock.budget import BudgetUsedUp
from chalicelib.conversations.assistant.bedrock.model_calls import Converse, ModelFailed, converse_in
from chalicelib.conversations.assistant.bedrock.turn import Around, Turn, has_acted, talk
from chalicelib.conversations.assistant.local.consent import is_yes
from chalicelib.conversations.assistant.tool_arguments import tool_specs
from chalicelib.conversations.assistant.turns import (
    Engine,
    Language,
    Question,
    Reply,
    ToolCall,
    ToolResult,
    Tools,
)
from chalicelib.core import logging
from chalicelib.core.config import Bedrock, settings
from chalicelib.core.errors import Conflict

# Failures that say nothing of whether the model can be reached: they do not open the breaker.
_OF_THE_ANSWER = frozenset(
    {
        "guardrail", "content-filtered", "malformed-output", "too-long", "unexpected-stop", "max-tokens",
        "empty-answer", "too-many-steps",
    }
)  # fmt: skip

_RETURNED: dict[Language, str] = {
    "en": "Done: the return has the number {}.",
    "de": "Erledigt: Die Rücksendung hat die Nummer {}.",
}
_IN_CART: dict[Language, str] = {"en": "Done: it is in your cart.", "de": "Erledigt: Es liegt im Warenkorb."}
_YES_NO: dict[Language, tuple[str, str]] = {"en": ("Yes", "No"), "de": ("Ja", "Nein")}


class BedrockEngine:
    """Answers by the model of `config` for one account; by `instead` where the model cannot or may not."""

    def __init__(
        self,
        config: Bedrock,
        account_id: int,
        instead: Engine,
        *,
        shop_name: str | None = None,
        converse: Converse | None = None,
        breaker: Breaker | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._account_id = account_id
        self._instead = instead
        self._shop_name = shop_name
        self._converse = converse or converse_in(config.region)
        self._breaker = breaker or _breaker()
        self._clock = clock

    def answer(self, question: Question, tools: Tools) -> Reply:
        """Return the answer to a question; `fallback` of it says why it is the other engine's."""
        if not self._breaker.allows():
            return self._hand_over(question, tools, Turn(), _Purse(self._config, self._account_id), "circuit-open")
        turn, purse = Turn(), _Purse(self._config, self._account_id)
        started = self._clock()
        before = memory.read(question.state)
        around = Around(
            self._config,
            self._converse,
            tools,
            purse,
            self._clock,
            started + self._config.timeout_s,
            question.currency,
        )
        try:
            answer = talk(around, self._request(question, before), turn)
        except BudgetUsedUp as error:
            return self._hand_over(question, tools, turn, purse, error.code)
        except ModelFailed as error:
            if error.code not in _OF_THE_ANSWER:
                self._breaker.failed()
            return self._hand_over(question, tools, turn, purse, error.code)
        self._breaker.succeeded()
        logging.info(
            "the model answered",
            steps=turn.steps,
            tools=len(turn.results),
            tokens=turn.tokens,
            elapsed_ms=round((self._clock() - started) * 1000),
        )
        return self._reply(question, before, answer, turn, purse)

    def _request(self, question: Question, before: memory.Memory) -> dict[str, Any]:
        return {
            "modelId": self._config.model_id,
            "system": [{"text": prompts.system_prompt(self._shop_name, question.language)}],
            "messages": prompts.messages(question, before),
            "inferenceConfig": {"maxTokens": self._config.max_tokens, "temperature": self._config.temperature},
            "toolConfig": _tool_config(),
        }

    def _reply(self, question: Question, before: memory.Memory, answer: Answer, turn: Turn, purse: _Purse) -> Reply:
        results = turn.results
        shown = answers.products_to_show(answer, results)
        outcome = answers.outcome_of(answer, results)
        language = question.language or answers.language_of(answer.text, question.text)
        waits = any(each.needs_yes and each.error is None for each in results)
        return Reply(
            text=answer.text,
            language=language,
            intent=answers.intent_of(answer, results),
            outcome=outcome,
            confidence=answers.confidence_of(outcome, results, is_whole=turn.is_whole),
            state=memory.as_state(memory.after(before, results, shown), language),
            product_ids=shown,
            order_ids=answers.orders_to_show(answer, results),
            suggestions=_YES_NO[language] if waits else (),
            wants_human=_wants_human(turn),
            model=self._config.model_id,
            tokens_used=turn.tokens,
            cost_micros=purse.cost_micros,
        )

    def _hand_over(self, question: Question, tools: Tools, turn: Turn, purse: _Purse, code: str) -> Reply:
        logging.warning("the model did not answer", reason=code, steps=turn.steps, tokens=turn.tokens)
        self._do_what_was_agreed_to(question, tools, turn)
        reply = self._say_what_is_done(question, turn) if turn.has_acted else self._instead.answer(question, tools)
        return replace(
            reply,
            fallback=code,
            wants_human=reply.wants_human or _wants_human(turn),
            tokens_used=turn.tokens or None,
            cost_micros=purse.cost_micros if turn.tokens else None,
        )

    def _do_what_was_agreed_to(self, question: Question, tools: Tools, turn: Turn) -> None:
        """Carry out what the model has asked a yes for, if this is the yes: the other engine knows nothing of it."""
        waiting = memory.read(question.state).waiting
        if waiting is None or turn.results or not is_yes(question.text, waiting.get("tool")):
            return
        call = tool_results.read_call({"name": waiting.get("tool"), "input": waiting.get("arguments")})
        if isinstance(call, ToolCall):
            turn.results.append(tools(call))

    def _say_what_is_done(self, question: Question, turn: Turn) -> Reply:
        """Return an answer of what was done: another engine would do it once more."""
        language = question.language or answers.language_of(question.text)
        (result,) = [each for each in turn.results if has_acted(each)][:1]
        return Reply(
            text=_done(result, language),
            language=language,
            intent=answers.intent_of(Answer(""), [result]),
            outcome="answered",
            confidence=0.9,
            state=memory.as_state(memory.after(memory.read(question.state), [result], ()), language),
            product_ids=[each.id for each in result.products][: answers.MAX_CARDS],
            order_ids=[each.id for each in result.orders][: answers.MAX_CARDS],
        )


def _done(result: ToolResult, language: Language) -> str:
    if result.return_id is not None:
        return _RETURNED[language].format(result.return_id)
    return _IN_CART[language]


def _wants_human(turn: Turn) -> bool:
    return any(each.call.name == "request_human" and each.error is None for each in turn.results)


class _Purse:
    """Pays for the calls of one turn from the budgets of an account and of the shop; see `budget`."""

    def __init__(self, config: Bedrock, account_id: int) -> None:
        self._config = config
        self._account_id = account_id
        self._taken: budget.Taken | None = None
        self._is_first = True
        self._micros_of_1000 = 0

    @property
    def cost_micros(self) -> int | None:
        """What the turn has cost so far in micro-dollars, rounded up; None where prices are not known."""
        if not (self._config.price_in_micros or self._config.price_out_micros):
            return None
        return -(-self._micros_of_1000 // 1000)

    def take(self, tokens: int) -> None:
        """Take what a call may use up; BudgetUsedUp where there is not so much."""
        try:
            self._taken = budget.take(self._config, self._account_id, tokens, is_first=self._is_first)
        except Conflict:  # too many at once: another engine answers rather than nobody
            raise BudgetUsedUp("budget-busy") from None
        self._is_first = False

    def settle(self, tokens_in: int, tokens_out: int) -> None:
        """Put right what was taken last."""
        if self._taken is None:
            return
        before = self.cost_micros or 0
        self._micros_of_1000 += tokens_in * self._config.price_in_micros
        self._micros_of_1000 += tokens_out * self._config.price_out_micros
        more = (self.cost_micros or 0) - before
        taken, self._taken = self._taken, None
        try:
            budget.settle(taken, tokens=tokens_in + tokens_out, cost_micros=more)
        except Conflict:  # what was taken stays counted; the answer is there all the same
            logging.warning("the use of the model was not put right", tokens=tokens_in + tokens_out)

    def keep(self) -> None:
        """Leave what was taken last as it is."""
        self._taken = None


@cache
def _breaker() -> Breaker:
    """Return the breaker of this process."""
    return Breaker(time.monotonic)


@cache
def _tool_config() -> dict[str, Any]:
    """Return the tools as Converse takes them."""
    tools = []
    for each in tool_specs():
        schema = {"json": prompts.simple_schema(each.schema)}
        tools.append({"toolSpec": {"name": each.name, "description": each.description, "inputSchema": schema}})
    return {"tools": tools}


def engine_for(account_id: int, instead: Engine) -> Engine:
    """Return the engine of the settings: one that asks their model, or `instead` itself where they name none."""
    config = settings()
    if config.bedrock is None:
        return instead
    return BedrockEngine(config.bedrock, account_id, instead, shop_name=config.shop_name)
