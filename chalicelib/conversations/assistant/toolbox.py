"""The tools of one turn: arguments checked, rules asked under the caller's own permissions, results kept.

Whoever asks is treated as a customer: staff, too, sees here its own orders and cart or none. Each call reads or
writes in a transaction of its own, so that nothing is open while an engine thinks.

A tool that changes something acts only on a yes. The first call of it finds out whether it could be done and is
remembered; it is done when the very next message of the person says yes and the engine makes the same call again,
at the price that was told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol, cast

from pydantic import BaseModel, ValidationError

from chalicelib.commerce.sales import carts
from chalicelib.conversations.assistant import tools_cart, tools_catalogue, tools_orders
from chalicelib.conversations.assistant.local.consent import is_yes
from chalicelib.conversations.assistant.tool_arguments import ARGUMENTS, AddToCart, StartReturn
from chalicelib.conversations.assistant.tools_cart import PriceChanged
from chalicelib.conversations.assistant.turns import (
    ACTING,
    Language,
    ToolCall,
    ToolName,
    ToolResult,
    Vocabulary,
)
from chalicelib.conversations.policies import policies
from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import AppError

# More look-ups than any question needs: an engine that goes round in circles is stopped.
MOST_CALLS = 16

# A yes that comes later may be to anything.
_LONGEST_WAIT = timedelta(hours=1)

Pending = Mapping[str, Any]


class Acts(Protocol):
    """What was done for the question at hand, kept in the transaction that does it: a retried turn does it once."""

    def done(self, connection: Connection) -> Mapping[str, Any] | None:
        """Return what was done for this question already, None of nothing; others wait until the transaction ends."""
        ...

    def keep(self, connection: Connection, done: Mapping[str, Any]) -> None:
        """Write down what is done."""
        ...


class ActsInMemory:
    """What was done for a question that nobody can retry."""

    def __init__(self) -> None:
        self._done: Mapping[str, Any] | None = None

    def done(self, _connection: Connection) -> Mapping[str, Any] | None:
        """Return what was done."""
        return self._done

    def keep(self, _connection: Connection, done: Mapping[str, Any]) -> None:
        """Remember what is done."""
        self._done = done


class Toolbox:
    """The tools of one turn, callable as `turns.Tools`.

    `state` is what was kept of the turn directly before ({} where there was none); its `pending` is the call that
    waits for a yes. `text` is what the person says now. After the turn `results` are all that was found, in order,
    `pending` is what to keep for the next turn, and `proposed` the result that it is of.
    """

    def __init__(
        self,
        caller: Caller,
        state: Mapping[str, Any],
        text: str,
        *,
        vocabulary: Vocabulary | None = None,
        language: Language = "en",
        acts: Acts | None = None,
    ) -> None:
        self.results: list[ToolResult] = []
        self.pending: Pending | None = None
        self.proposed: ToolResult | None = None
        self.acted = False
        self._caller = caller
        self._agreed = _agreed_to(state.get("pending"), text)
        self.vocabulary = vocabulary or Vocabulary()
        self._language = language
        self._acts = acts or ActsInMemory()

    def __call__(self, call: ToolCall) -> ToolResult:
        """Carry out a call; what is refused or wrong is told in the result."""
        started = time.perf_counter()
        try:
            result = self._carry_out(call)
        except AppError as error:
            result = ToolResult(call, error=error.code, message=error.message)
        result = replace(result, elapsed_ms=round((time.perf_counter() - started) * 1000, 3))
        self.results.append(result)
        return result

    def _carry_out(self, call: ToolCall) -> ToolResult:
        if len(self.results) >= MOST_CALLS:
            return ToolResult(call, error="too-many-calls", message=f"At most {MOST_CALLS} look-ups a question.")
        model = ARGUMENTS.get(call.name)
        if model is None:
            return ToolResult(call, error="invalid-input", message="There is no such tool.")
        try:
            wanted = model.model_validate(dict(call.arguments))
        except (ValidationError, TypeError, ValueError) as error:
            return ToolResult(call, error="invalid-input", message=_what_is_wrong(error))
        if call.name in ACTING:
            return self._act(call, wanted)
        return _LOOK_UPS[call.name](self, call, wanted)

    @property
    def _customer_id(self) -> int:
        """The customer that the caller is: never None, which the rules read as everybody.

        Raises:
            carts.NoCustomer: the caller is none.
        """
        if self._caller.customer_id is None:
            raise carts.NoCustomer("This account is not linked to a customer: it has no orders and no cart.")
        return self._caller.customer_id

    # --- acting --------------------------------------------------------------------------------------------------

    def _act(self, call: ToolCall, wanted: BaseModel) -> ToolResult:
        customer_id, asked = self._customer_id, _written(call.name, wanted)
        if self._agreed is not None and _call_of(self._agreed) == asked and not self.acted:
            try:
                result = run(lambda connection: self._once(connection, call, wanted, customer_id), writes=True)
            except PriceChanged:
                pass  # the yes was to another price: it is asked for anew
            else:
                self.acted = True
                return result
        result = run(lambda connection: _check(connection, call, wanted, customer_id), writes=False)
        if result.error is None:
            if self.pending is not None and _call_of(self.pending) != asked:
                message = "Another change waits for the person's yes; ask for one at a time."
                return ToolResult(call, error="one-at-a-time", message=message)
            self.pending = {**asked, "price_cents": _price_of(result), "at": clock.now().isoformat()}
            self.proposed = result
        return result

    def _once(self, connection: Connection, call: ToolCall, wanted: BaseModel, customer_id: int) -> ToolResult:
        """Do what was agreed to, unless an earlier try of this turn did."""
        done = self._acts.done(connection)
        if done is None:
            price_cents = None if self._agreed is None else self._agreed["price_cents"]
            done = _do(connection, wanted, self._caller, customer_id, price_cents)
            self._acts.keep(connection, done)
        return _after(connection, call, wanted, customer_id, done)

    # --- looking up ----------------------------------------------------------------------------------------------

    def _search(self, call: ToolCall, wanted: Any) -> ToolResult:
        return _read(lambda connection: tools_catalogue.search_products(connection, call, wanted, self.vocabulary))

    def _recommend(self, call: ToolCall, wanted: Any) -> ToolResult:
        customer_id = self._caller.customer_id
        return _read(lambda connection: tools_catalogue.recommend_products(connection, call, wanted, customer_id))

    def _similar(self, call: ToolCall, wanted: Any) -> ToolResult:
        return _read(lambda connection: tools_catalogue.similar_products(connection, call, wanted))

    def _product(self, call: ToolCall, wanted: Any) -> ToolResult:
        return _read(lambda connection: tools_catalogue.get_product(connection, call, wanted))

    def _orders(self, call: ToolCall, wanted: Any) -> ToolResult:
        customer_id = self._customer_id
        return _read(lambda connection: tools_orders.list_orders(connection, call, wanted, customer_id))

    def _order(self, call: ToolCall, wanted: Any) -> ToolResult:
        customer_id = self._customer_id
        return _read(lambda connection: tools_orders.get_order(connection, call, wanted, customer_id))

    def _cart(self, call: ToolCall, _wanted: Any) -> ToolResult:
        customer_id = self._customer_id
        return _read(lambda connection: tools_cart.show_cart(connection, call, customer_id))

    def _policies(self, call: ToolCall, wanted: Any) -> ToolResult:
        return ToolResult(call, policies=policies.find_sections(wanted.question, wanted.topic, self._language))

    def _human(self, call: ToolCall, _wanted: Any) -> ToolResult:
        # The answer says that a person was asked for (`Reply.wants_human`); the use case does it once it is stored.
        return ToolResult(call)


_LOOK_UPS: Mapping[ToolName, Callable[[Toolbox, ToolCall, Any], ToolResult]] = {
    "search_products": Toolbox._search,
    "recommend_products": Toolbox._recommend,
    "similar_products": Toolbox._similar,
    "get_product": Toolbox._product,
    "list_orders": Toolbox._orders,
    "get_order": Toolbox._order,
    "show_cart": Toolbox._cart,
    "read_policies": Toolbox._policies,
    "request_human": Toolbox._human,
}


def _read(work: Callable[[Connection], ToolResult]) -> ToolResult:
    return run(work, writes=False)


def _written(name: ToolName, wanted: BaseModel) -> Pending:
    """Return a call as it is compared and kept: JSON values, every default in its place."""
    arguments = wanted.model_dump(mode="json")
    if isinstance(wanted, StartReturn):
        arguments["item_ids"] = sorted(set(wanted.item_ids))
    return {"name": name, "arguments": arguments}


def _agreed_to(pending: Pending | None, text: str) -> Pending | None:
    """Return what waits for a yes, where the text is one and comes while people still know what they were asked."""
    if pending is None or "at" not in pending or not is_yes(text, pending["name"]):
        return None
    return pending if clock.now() - datetime.fromisoformat(pending["at"]) <= _LONGEST_WAIT else None


def _call_of(pending: Pending) -> Pending:
    return {"name": pending["name"], "arguments": pending["arguments"]}


def _price_of(result: ToolResult) -> int | None:
    return result.products[0].price_cents if result.products else None


def _check(connection: Connection, call: ToolCall, wanted: BaseModel, customer_id: int) -> ToolResult:
    """Return what a change would be about, or why it cannot be made now."""
    if isinstance(wanted, AddToCart):
        return tools_cart.check_add(connection, call, wanted, customer_id)
    return tools_orders.check_return(connection, call, cast(StartReturn, wanted), customer_id)


def _do(
    connection: Connection, wanted: BaseModel, caller: Caller, customer_id: int, price_cents: int | None
) -> Mapping[str, Any]:
    if isinstance(wanted, AddToCart):
        tools_cart.add_to_cart(connection, wanted, caller, price_cents=price_cents)
        return {}
    return {"return_id": tools_orders.start_return(connection, cast(StartReturn, wanted), customer_id, caller.actor)}


def _after(
    connection: Connection, call: ToolCall, wanted: BaseModel, customer_id: int, done: Mapping[str, Any]
) -> ToolResult:
    """Return how things stand once it is done."""
    if isinstance(wanted, AddToCart):
        return tools_cart.after_adding(connection, call, wanted, customer_id)
    order = tools_orders.read_order(connection, cast(StartReturn, wanted).order_id, customer_id)
    return ToolResult(call, orders=[order], return_id=done["return_id"])


def _what_is_wrong(error: Exception) -> str:
    """Return which arguments are wrong, without their values."""
    if not isinstance(error, ValidationError):
        return "The arguments must be a JSON object."
    found = error.errors(include_url=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'arguments'}: {each['msg']}" for each in found[:5])
