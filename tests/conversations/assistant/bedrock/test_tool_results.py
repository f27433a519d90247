"""Results of tools as a model reads them: what is in them, what is not, and how long they may be."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.conversations.assistant.bedrock.tool_results import MAX_BYTES, read_call, result_json
from chalicelib.conversations.assistant.turns import (
    CartFact,
    CartLineFact,
    OrderFact,
    OrderLineFact,
    PolicyFact,
    ProductFact,
    ToolCall,
    ToolResult,
)
from tests.conversations.assistant.bedrock.fakes import NOW, SLIM, found, use


def test_an_order_is_told_with_its_items() -> None:
    line = OrderLineFact(1, 7, "Slim Jeans", 4999, "shipped", can_return=True)
    order = OrderFact(3, "shipped", NOW, 1, 5499, shipped_at=NOW, carrier="DHL", tracking_number="X1", lines=[line])
    assert result_json(ToolResult(ToolCall("get_order"), orders=[order]), "eur")["orders"] == [
        {
            "id": 3,
            "status": "shipped",
            "ordered": "2026-11-27",
            "units": 1,
            "total": "54.99 EUR",
            "shipped": "2026-11-27",
            "carrier": "DHL",
            "tracking_number": "X1",
            "items": [
                {
                    "item_id": 1,
                    "product_id": 7,
                    "name": "Slim Jeans",
                    "price": "49.99 EUR",
                    "status": "shipped",
                    "can_return": True,
                }
            ],
        }
    ]


def test_cart_policies_and_hints_are_told() -> None:
    cart = CartFact([CartLineFact(7, "Slim Jeans", 2, 4999)], 2, 9998)
    shown = result_json(ToolResult(ToolCall("show_cart"), cart=cart, did_you_mean="jeans"), "usd")
    assert shown["cart"] == {
        "lines": [{"product_id": 7, "name": "Slim Jeans", "quantity": 2, "price_each": "49.99 USD"}],
        "units": 2,
        "items_total": "99.98 USD",
    }
    assert shown["did_you_mean"] == "jeans"
    policy = PolicyFact("returns", "Returns", "30 days.", "en")
    read = result_json(ToolResult(ToolCall("read_policies"), policies=[policy]), "usd")
    assert read["policies"] == [{"topic": "returns", "title": "Returns", "text": "30 days."}]


def test_that_nothing_was_found_is_told() -> None:
    assert result_json(found(), "usd")["products"] == []
    assert result_json(ToolResult(ToolCall("list_orders")), "usd")["orders"] == []
    assert result_json(ToolResult(ToolCall("read_policies")), "usd")["policies"] == []


def test_what_needs_a_yes_is_told_to_be_not_done() -> None:
    asked = result_json(ToolResult(ToolCall("start_return"), needs_yes=True), "usd")
    done = result_json(ToolResult(ToolCall("start_return"), return_id=4), "usd")
    refused = result_json(ToolResult(ToolCall("start_return"), error="return-too-late", message="Too late."), "usd")
    assert (asked["needs_yes"], asked["done"]) == (True, False)
    assert (done["done"], done["return_id"], "needs_yes" in done) == (True, 4, False)
    assert refused == {"error": "return-too-late", "message": "Too late."}


def test_a_long_result_loses_its_end_and_says_so() -> None:
    many = found(*[replace(SLIM, id=number, name="ü" * 900, brand="b" * 900) for number in range(1, 40)])
    shown = result_json(many, "usd")
    assert len(json.dumps(shown, ensure_ascii=False).encode()) <= MAX_BYTES
    assert shown["more"] is True
    assert [each["id"] for each in shown["products"]] == list(range(1, len(shown["products"]) + 1))


TEXT = st.text(max_size=3_000)
PRODUCTS = st.builds(
    ProductFact,
    st.integers(1, 9),
    TEXT,
    TEXT | st.none(),
    TEXT,
    TEXT | st.none(),
    st.integers(0, 9),
    st.integers(0, 9),
)
LINES = st.builds(OrderLineFact, st.integers(1, 9), st.integers(1, 9), TEXT, st.integers(0, 9), TEXT)
ORDERS = st.builds(
    OrderFact,
    st.integers(1, 9),
    st.text(max_size=10),
    st.just(NOW),
    st.integers(1, 9),
    lines=st.lists(LINES, max_size=40),
)
POLICIES = st.builds(PolicyFact, TEXT, TEXT, TEXT, st.just("en"))


@given(st.lists(PRODUCTS, max_size=15), st.lists(ORDERS, max_size=6), st.lists(POLICIES, max_size=6))
def test_no_result_is_longer_than_its_bound(
    products: list[ProductFact], orders: list[OrderFact], policies: list[PolicyFact]
) -> None:
    result = ToolResult(ToolCall("show_cart"), products=products, orders=orders, policies=policies)
    assert len(json.dumps(result_json(result, "usd"), ensure_ascii=False).encode("utf-8", "replace")) <= MAX_BYTES


def test_a_call_is_read_or_refused() -> None:
    assert read_call(use("show_cart", {})["toolUse"]) == ToolCall("show_cart", {})
    assert isinstance(read_call(use("drop_table", {})["toolUse"]), str)
    assert isinstance(read_call({"toolUseId": "x", "name": "show_cart"}), str)
