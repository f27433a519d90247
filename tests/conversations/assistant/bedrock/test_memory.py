"""What the engine remembers between turns, also where somebody else has written there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.conversations.assistant.bedrock import memory
from chalicelib.conversations.assistant.bedrock.memory import Memory
from chalicelib.conversations.assistant.turns import OrderFact, ToolCall, ToolResult
from tests.conversations.assistant.bedrock.fakes import NOW, SLIM, SLIM_BLACK, found


def test_what_was_shown_comes_first_and_what_was_only_found_after_it() -> None:
    made = memory.after(Memory(), [found(SLIM, SLIM_BLACK)], [8])
    assert made.products == [(8, "Slim Jeans Black"), (7, "Slim Jeans")]


def test_a_turn_without_look_ups_forgets_nothing_but_what_waited() -> None:
    before = Memory([(7, "Slim Jeans")], [3], {"tool": "add_to_cart", "arguments": {}})
    assert memory.after(before, [], []) == Memory([(7, "Slim Jeans")], [3], None)
    other = ToolResult(ToolCall("get_order"), orders=[OrderFact(9, "pending", NOW, 1)])
    assert memory.after(before, [other], []) == Memory([(7, "Slim Jeans")], [9], None)


def test_only_what_can_be_done_waits() -> None:
    arguments = {"product_id": 7}
    waits = ToolResult(ToolCall("add_to_cart", arguments), needs_yes=True)
    refused = ToolResult(ToolCall("add_to_cart", arguments), needs_yes=True, error="out-of-stock")
    assert memory.after(Memory(), [waits], []).waiting == {"tool": "add_to_cart", "arguments": arguments}
    assert memory.after(Memory(), [refused], []).waiting is None


def test_it_comes_back_from_json_as_it_was() -> None:
    made = Memory([(7, "Slim Jeans")], [3], {"tool": "add_to_cart", "arguments": {"product_id": 7}})
    assert memory.read(json.loads(json.dumps(memory.as_state(made, "de")))) == made


@pytest.mark.parametrize(
    "kept",
    [None, [], "x", {"products": "x", "orders": {}, "waiting": 3}, {"products": [[1], 2, ["a", "b"], [True, "x"]]}],
)
def test_what_is_not_its_own_is_passed_over(kept: Any) -> None:
    read = memory.read({"bedrock": kept})
    assert (list(read.products), list(read.orders), read.waiting) == ([], [], None)
