"""The tools: what they find, whose it is, and that nothing is done without a yes to exactly it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from chalicelib.commerce import sale_tables, tables
from chalicelib.conversations.assistant.tool_arguments import ARGUMENTS, tool_specs
from chalicelib.conversations.assistant.toolbox import MOST_CALLS, ActsInMemory, Toolbox
from chalicelib.conversations.assistant.turns import ToolCall, ToolResult, Vocabulary
from chalicelib.core import clock
from chalicelib.core.auth import Caller, Role
from chalicelib.core.database import read, transaction
from tests.commerce.searched_goods import Item, stock
from tests.factories import counted_statements, make_customer, make_item, make_order, make_product

pytestmark = pytest.mark.usefixtures("shop")


def caller_of(customer_id: int | None = None, role: Role = Role.CUSTOMER) -> Caller:
    """Return a caller that shops as a customer, or as nobody."""
    return Caller(account_id=7, username="robin", role=role, customer_id=customer_id, token_id=1)


def toolbox(customer_id: int | None = None, text: str = "", state: Mapping[str, Any] | None = None) -> Toolbox:
    return Toolbox(caller_of(customer_id), state or {}, text)


def ask(box: Toolbox, name: Any, **arguments: Any) -> ToolResult:
    return box(ToolCall(name, arguments))


def names(result: ToolResult) -> list[str]:
    return [product.name for product in result.products]


GOODS = [
    Item("Blue Slim Jeans", cents=4950, free=(2, 1), sold=3),
    Item("Black Slim Jeans", cents=5950, free=(), sold=2),
    Item("Bluebird Jeans", cents=1000, free=(4, 0)),
    Item("Navy Shirt", category="Shirts", cents=2000, free=(1, 0), department="Men"),
    Item("Secret Blue Jeans", status="draft", free=(9, 9)),
]


# --- looking up --------------------------------------------------------------------------------------------------


def test_a_search_answers_what_a_shopper_sees_now() -> None:
    ids = stock(GOODS, image_key="images/products/1/a.webp")
    (found,) = ask(toolbox(), "search_products", words="blue slim jeans").products
    assert (found.id, found.name, found.brand, found.category, found.department) == (
        ids[0], "Blue Slim Jeans", "Levi", "Jeans", "Women",
    )  # fmt: skip
    assert (found.price_cents, found.available, found.image_url) == (4950, 3, "/images/products/1/a.webp")


def test_a_colour_is_a_whole_word_of_the_name() -> None:
    stock(GOODS)
    box = toolbox()
    assert names(ask(box, "search_products", words="jeans", colours=["blue"])) == ["Blue Slim Jeans"]
    found = ask(box, "search_products", colours=["navy", "blue"], sort="price_desc")
    assert names(found) == ["Blue Slim Jeans", "Navy Shirt"]
    assert names(ask(box, "search_products", words="jeans", colours=["purple"])) == []


def test_filters_and_pages_narrow_what_is_found() -> None:
    stock(GOODS)
    box = toolbox()
    assert names(ask(box, "search_products", category="jeans", max_price_cents=1000)) == ["Bluebird Jeans"]
    assert names(ask(box, "search_products", words="slim", in_stock=True)) == ["Blue Slim Jeans"]
    assert names(ask(box, "search_products", department="Men")) == ["Navy Shirt"]
    first = ask(box, "search_products", sort="price_asc", limit=2)
    second = ask(box, "search_products", sort="price_asc", limit=2, skip=2)
    assert (names(first), first.more) == (["Bluebird Jeans", "Navy Shirt"], True)
    assert (names(second), second.more) == (["Blue Slim Jeans", "Black Slim Jeans"], False)


def test_a_category_that_the_shop_does_not_have_counts_as_words() -> None:
    stock(GOODS)
    box = Toolbox(caller_of(), {}, "", vocabulary=Vocabulary(categories=["Jeans", "Shirts"]))
    assert names(ask(box, "search_products", category="shirt")) == ["Navy Shirt"]
    assert names(ask(box, "search_products", category="Shirts")) == ["Navy Shirt"]


def test_a_slip_is_put_right_and_said() -> None:
    stock(GOODS)
    found = ask(toolbox(), "search_products", words="blakc jeans")
    assert (names(found), found.did_you_mean) == (["Black Slim Jeans"], "black jeans")


def test_a_draft_is_nobodys_to_see() -> None:
    ids = stock(GOODS)
    staff = Toolbox(caller_of(role=Role.ADMIN), {}, "")
    assert ask(staff, "get_product", product_id=ids[4]).error == "not-found"
    assert ask(staff, "similar_products", product_id=ids[4]).error == "not-found"
    assert "Secret Blue Jeans" not in names(ask(staff, "search_products", words="secret blue jeans"))


def test_what_is_like_a_product_and_what_suits_say_why() -> None:
    ids = stock(GOODS)
    customer_id = make_customer()
    like = ask(toolbox(), "similar_products", product_id=ids[0], max_price_cents=5000)
    assert names(like) == ["Bluebird Jeans"]
    assert like.products[0].reason == "Similar to Blue Slim Jeans"
    for box in (toolbox(), toolbox(customer_id)):
        suits = ask(box, "recommend_products", category="Jeans", limit=2)
        assert len(suits.products) == 2
        assert all(each.reason for each in suits.products)


def test_a_search_takes_the_same_statements_however_much_it_finds(shop: Engine) -> None:
    stock([Item(f"Plain Jeans {number}", free=(1, 1)) for number in range(12)])
    counts = []
    for limit in (1, 10):
        with counted_statements(shop) as statements:
            ask(toolbox(), "search_products", words="plain jeans", limit=limit)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 4


# --- orders ------------------------------------------------------------------------------------------------------


def test_a_customer_sees_its_own_orders_only() -> None:
    product_id = make_product(name="Jeans")
    robin, kim = make_customer(), make_customer()
    own = make_order(robin, (product_id, 4000), status="shipped", total_cents=4500, currency="usd")
    other = make_order(kim, (product_id, 4000))
    box = toolbox(robin)
    assert [(order.id, order.total_cents, order.units) for order in ask(box, "list_orders").orders] == [
        (own, 4500, 1)
    ]
    (order,) = ask(box, "get_order", order_id=own).orders
    assert (order.status, [(line.name, line.price_cents) for line in order.lines]) == ("shipped", [("Jeans", 4000)])
    assert ask(box, "get_order", order_id=other).error == "not-found"
    assert ask(box, "get_order", order_id=999_999).error == "not-found"
    item = _item_of(other)
    assert ask(box, "start_return", order_id=other, item_ids=[item], reason="other").error == "not-found"


@pytest.mark.parametrize("role", list(Role))
def test_who_is_no_customer_has_no_orders_and_no_cart_whatever_its_role(role: Role) -> None:
    product_id = make_product()
    order_id = make_order(make_customer(), (product_id, 4000))
    box = Toolbox(caller_of(role=role), {}, "")
    for name, arguments in (
        ("list_orders", {}),
        ("get_order", {"order_id": order_id}),
        ("start_return", {"order_id": order_id, "item_ids": [_item_of(order_id)], "reason": "other"}),
        ("show_cart", {}),
        ("add_to_cart", {"product_id": product_id}),
    ):
        result = ask(box, name, **arguments)
        assert (result.error, result.orders, result.cart) == ("no-customer", (), None)


def test_staff_that_shops_sees_what_it_bought_itself() -> None:
    robin, kim = make_customer(), make_customer()
    own, other = (make_order(each, (make_product(), 4000)) for each in (robin, kim))
    box = Toolbox(caller_of(robin, Role.ADMIN), {}, "")
    assert [order.id for order in ask(box, "list_orders").orders] == [own]
    assert ask(box, "get_order", order_id=other).error == "not-found"


def test_an_order_tells_what_may_be_sent_back() -> None:
    robin, product_id, now = make_customer(), make_product(), clock.now()
    order_id = make_order(robin)
    fresh = make_item(order_id, product_id, 100, user_id=robin, delivered_at=now - timedelta(days=29))
    old = make_item(order_id, product_id, 100, user_id=robin, delivered_at=now - timedelta(days=31))
    waiting = make_item(order_id, product_id, 100, user_id=robin, status="processing")
    (order,) = ask(toolbox(robin), "get_order", order_id=order_id).orders
    assert {line.id: line.can_return for line in order.lines} == {fresh: True, old: False, waiting: False}


def _item_of(order_id: int) -> int:
    items = tables.order_items.c
    with read() as connection:
        return int(connection.scalar(select(items.id).where(items.order_id == order_id)) or 0)


def test_policies_are_read_in_the_language_of_the_person() -> None:
    questions = {"en": "How long can I send things back?", "de": "Wie lange kann ich etwas zurückgeben?"}
    for language, question in questions.items():
        box = Toolbox(caller_of(), {}, question, language=language)  # type: ignore[arg-type]
        found = ask(box, "read_policies", question=question, topic="returns").policies
        assert found
        assert {each.language for each in found} == {language}


# --- bad calls ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("search_products", {"limit": 11}),
        ("search_products", {"sort": "by luck"}),
        ("search_products", {"price": 3}),
        ("search_products", {"words": "a\0b"}),
        ("get_product", {}),
        ("get_product", {"product_id": "1 OR 1=1"}),
        ("get_order", {"order_id": -1}),
        ("add_to_cart", {"product_id": 1, "quantity": 0}),
        ("add_to_cart", {"product_id": 1, "quantity": 100}),
        ("start_return", {"order_id": 1, "item_ids": [], "reason": "other"}),
        ("start_return", {"order_id": 1, "item_ids": [1], "reason": "because"}),
        ("list_orders", {"user_id": 1}),
        ("drop_tables", {}),
    ],
)
def test_a_wrong_call_is_an_error_of_the_result(name: Any, arguments: dict[str, Any]) -> None:
    result = ask(toolbox(1), name, **arguments)
    assert result.error == "invalid-input"
    assert result.message


def test_an_engine_that_goes_round_in_circles_is_stopped() -> None:
    box = toolbox()
    errors = [ask(box, "get_product", product_id=1).error for _ in range(MOST_CALLS + 1)]
    assert errors == ["not-found"] * MOST_CALLS + ["too-many-calls"]


def test_the_results_of_a_turn_are_kept_in_order_with_the_time_they_took() -> None:
    box = toolbox()
    made = [ask(box, "search_products", words="x"), ask(box, "get_product", product_id=1)]
    assert box.results == made
    assert all(result.elapsed_ms > 0 for result in made)


def test_each_tool_is_described_by_a_plain_schema() -> None:
    specs = tool_specs()
    assert [spec.name for spec in specs] == list(ARGUMENTS)
    for spec in specs:
        assert spec.description
        assert spec.schema["type"] == "object"
        assert spec.schema["additionalProperties"] is False
        assert "$ref" not in json.dumps(spec.schema)


# --- acting ------------------------------------------------------------------------------------------------------


def in_cart() -> dict[int, int]:
    """Return what is in all carts."""
    items = sale_tables.cart_items.c
    with read() as connection:
        return {row.product_id: row.quantity for row in connection.execute(select(items.product_id, items.quantity))}


def asked_first(customer_id: int, name: Any, **arguments: Any) -> Mapping[str, Any]:
    """Let a turn ask for a change, and return what is kept of it for the next."""
    box = toolbox(customer_id, "please do")
    result = ask(box, name, **arguments)
    assert (result.needs_yes, result.error) == (True, None)
    assert in_cart() == {}
    return {"pending": json.loads(json.dumps(box.pending))}


def test_goods_go_into_the_cart_after_a_yes() -> None:
    (product_id,) = stock([Item("Jeans", cents=1500, free=(3,))])
    robin = make_customer()
    state = asked_first(robin, "add_to_cart", product_id=product_id, quantity=2)
    box = toolbox(robin, "yes please", state)
    result = ask(box, "add_to_cart", product_id=product_id, quantity=2)
    assert (result.needs_yes, result.error, box.acted, box.pending) == (False, None, True, None)
    assert result.cart is not None
    assert (result.cart.units, result.cart.items_cents) == (2, 3000)
    assert in_cart() == {product_id: 2}
    shown = ask(toolbox(robin), "show_cart").cart
    assert shown == result.cart


@pytest.mark.parametrize("text", ["no", "nein", "yes, but what does it cost?", "", "not yes", "maybe"])
def test_without_a_yes_nothing_is_done(text: str) -> None:
    (product_id,) = stock([Item("Jeans", free=(3,))])
    robin = make_customer()
    state = asked_first(robin, "add_to_cart", product_id=product_id)
    assert ask(toolbox(robin, text, state), "add_to_cart", product_id=product_id).needs_yes
    assert in_cart() == {}


def test_a_yes_counts_for_the_very_call_only() -> None:
    one, two = stock([Item("Jeans", free=(3,)), Item("Shirt", free=(3,))])
    robin = make_customer()
    state = asked_first(robin, "add_to_cart", product_id=one)
    assert ask(toolbox(robin, "yes", state), "add_to_cart", product_id=two).needs_yes
    assert ask(toolbox(robin, "yes", state), "add_to_cart", product_id=one, quantity=2).needs_yes
    assert ask(toolbox(robin, "yes"), "add_to_cart", product_id=one).needs_yes
    assert in_cart() == {}


def test_a_yes_to_another_price_is_none() -> None:
    (product_id,) = stock([Item("Jeans", cents=1500, free=(9,))])
    robin = make_customer()
    state = asked_first(robin, "add_to_cart", product_id=product_id)
    with transaction() as connection:
        connection.execute(tables.products.update().values(retail_price_cents=150_000))
    box = toolbox(robin, "yes", state)
    result = ask(box, "add_to_cart", product_id=product_id)
    assert (result.needs_yes, result.products[0].price_cents, in_cart()) == (True, 150_000, {})
    again = toolbox(robin, "yes", {"pending": box.pending})
    assert ask(again, "add_to_cart", product_id=product_id).needs_yes is False
    assert in_cart() == {product_id: 1}


def test_a_yes_that_comes_late_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    (product_id,) = stock([Item("Jeans", free=(9,))])
    robin = make_customer()
    state = asked_first(robin, "add_to_cart", product_id=product_id)
    later = clock.now() + timedelta(minutes=61)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert ask(toolbox(robin, "yes", state), "add_to_cart", product_id=product_id).needs_yes
    assert in_cart() == {}


def test_words_for_another_deed_are_no_yes() -> None:
    (product_id,) = stock([Item("Jeans", free=(9,))])
    robin = make_customer()
    state = asked_first(robin, "add_to_cart", product_id=product_id)
    assert ask(toolbox(robin, "send it back", state), "add_to_cart", product_id=product_id).needs_yes
    assert in_cart() == {}
    assert ask(toolbox(robin, "add it", state), "add_to_cart", product_id=product_id).needs_yes is False


def test_a_turn_acts_once() -> None:
    (product_id,) = stock([Item("Jeans", free=(9,))])
    robin = make_customer()
    box = toolbox(robin, "yes", asked_first(robin, "add_to_cart", product_id=product_id))
    results = [ask(box, "add_to_cart", product_id=product_id) for _ in range(3)]
    assert [result.needs_yes for result in results] == [False, True, True]
    assert in_cart() == {product_id: 1}


def test_a_turn_asks_for_one_change_only() -> None:
    one, two = stock([Item("Jeans", free=(3,)), Item("Shirt", free=(3,))])
    box = toolbox(make_customer(), "both please")
    assert ask(box, "add_to_cart", product_id=one).needs_yes
    assert ask(box, "add_to_cart", product_id=two).error == "one-at-a-time"
    assert box.pending is not None
    assert (box.pending["name"], box.pending["arguments"]) == ("add_to_cart", {"product_id": one, "quantity": 1})


def test_a_turn_that_is_tried_again_does_nothing_twice() -> None:
    (product_id,) = stock([Item("Jeans", free=(9,))])
    robin, acts = make_customer(), ActsInMemory()
    state = asked_first(robin, "add_to_cart", product_id=product_id)
    for _ in range(2):
        box = Toolbox(caller_of(robin), state, "yes", acts=acts)
        result = ask(box, "add_to_cart", product_id=product_id)
        assert result.error is None
        assert result.cart is not None
        assert result.cart.units == 1
    assert in_cart() == {product_id: 1}


def test_what_cannot_be_had_is_told_before_anybody_says_yes() -> None:
    few, gone = stock([Item("Jeans", free=(2,)), Item("Shirt", free=())])
    box = toolbox(make_customer())
    result = ask(box, "add_to_cart", product_id=few, quantity=3)
    assert (result.error, [each.available for each in result.products]) == ("out-of-stock", [2])
    assert ask(box, "add_to_cart", product_id=gone).error == "out-of-stock"
    assert ask(box, "add_to_cart", product_id=999_999).error == "not-found"
    assert box.pending is None


def test_what_was_sold_meanwhile_is_not_put_into_the_cart() -> None:
    (product_id,) = stock([Item("Jeans", free=(2,))])
    robin = make_customer()
    state = asked_first(robin, "add_to_cart", product_id=product_id)
    with transaction() as connection:
        connection.execute(tables.stock_levels.update().values(free=0, sold=2))
    result = ask(toolbox(robin, "yes", state), "add_to_cart", product_id=product_id)
    assert (result.error, in_cart()) == ("out-of-stock", {})


def test_a_return_is_asked_for_after_a_yes_and_only_once() -> None:
    robin, acts = make_customer(), ActsInMemory()
    order_id = make_order(robin, (make_product(), 4000), (make_product(), 2000), status="complete")
    item = _item_of(order_id)
    asked: dict[str, Any] = {"order_id": order_id, "item_ids": [item], "reason": "wrong_size"}
    state = asked_first(robin, "start_return", **asked)
    for _ in range(2):
        result = ask(Toolbox(caller_of(robin), state, "Ja, bitte", acts=acts), "start_return", **asked)
        assert (result.error, result.return_id is not None) == (None, True)
        assert [line.can_return for line in result.orders[0].lines] == [False, True]
    with read() as connection:
        (row,) = connection.execute(select(sale_tables.order_returns)).all()
    assert (row.order_id, row.reason, row.requested_by) == (order_id, "wrong_size", f"customer {robin}")
    again = ask(toolbox(robin), "start_return", **asked)
    assert again.error == "illegal-move"


def test_a_return_that_is_too_late_is_refused_before_anybody_says_yes() -> None:
    robin = make_customer()
    order_id = make_order(robin)
    item = make_item(order_id, make_product(), 100, user_id=robin, delivered_at=clock.now() - timedelta(days=40))
    box = toolbox(robin)
    assert ask(box, "start_return", order_id=order_id, item_ids=[item], reason="other").error == "return-too-late"
    assert box.pending is None
