"""A model's last message, taken apart: its text, its last line, the cards, and what it means."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.conversations.assistant.bedrock import answers
from chalicelib.conversations.assistant.bedrock.answers import Answer, read_answer
from chalicelib.conversations.assistant.turns import OrderFact, PolicyFact, ToolCall, ToolName, ToolResult
from tests.conversations.assistant.bedrock.fakes import NOW, SLIM, SLIM_BLACK, found


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Hello.", Answer("Hello.")),
        (
            "Two jeans.\n\n[[intent=search outcome=answered products=7, #8,7 orders=3]]",
            Answer("Two jeans.", "search", "answered", [7, 8], [3]),
        ),
        (
            "Yes.\n[[ outcome = refused intent=out_of_scope products= orders=]]\n",
            Answer("Yes.", "out_of_scope", "refused"),
        ),
        ("A.\n[[intent=nonsense outcome=perfect products=x orders=]]", Answer("A.")),
        ("A.\n[[intent=search outcome=failed]]", Answer("A.", "search")),
        ("A.\n[intent=search products=7]", Answer("A.", "search", None, [7])),
        ("A.\n[[intent=search products=7", Answer("A.", "search", None, [7])),
        ("[[intent=help outcome=answered]]\nA.", Answer("A.", "help", "answered")),
        ("<thinking>They want jeans.\n[[intent=help]]</thinking>\nA.", Answer("A.")),
        ("<thinking>never closed", Answer("")),
        ("A.\x00\x1b[0m\r\n\r\n\r\n\r\nB.", Answer("A.  [0m\n\nB.")),
        ("", Answer("")),
    ],
)
def test_a_message_is_taken_apart(text: str, answer: Answer) -> None:
    read = read_answer(text)
    assert (read.text, read.intent, read.outcome) == (answer.text, answer.intent, answer.outcome)
    assert (list(read.products), list(read.orders)) == (list(answer.products), list(answer.orders))


@given(st.text(max_size=200), st.text(max_size=50))
def test_people_never_see_the_last_line(text: str, inner: str) -> None:
    shown = read_answer(f"{text}\n[[intent=search outcome=answered products={inner}]]").text
    assert "[[intent=" not in shown or "[" in inner or "]" in inner or "\n" in inner


def test_a_text_without_end_is_cut() -> None:
    assert len(read_answer("word " * 5_000).text) <= answers.MAX_TEXT


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("We have jeans. They cost 4", "We have jeans. …"),
        ("- Slim Jeans\n- Wide", "- Slim Jeans …"),
        ("They cost 4.99 and", ""),
        ("Nothing", ""),
        ("Ok! [[intent=search products=1. ", "Ok! …"),
    ],
)
def test_of_a_message_that_was_cut_off_whole_sentences_are_left(text: str, whole: str) -> None:
    assert answers.cut_short(text) == whole


# --- cards -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told", "shown"),
    [
        ("See.", [8, 7, 99], [8, 7]),
        ("See.", [99], []),
        ("We have **slim  jeans** at 49.99.", [], [7]),
        ("The Slim Jeans Black are sold out.", [], [8]),
        ("Slim Jeans Black, or Slim Jeans.", [], [8, 7]),
        ("Slim Jeansy and Xslim Jeans.", [], []),
        ("Nothing.", [], []),
    ],
)
def test_cards_are_what_the_model_names_and_a_tool_returned(text: str, told: list[int], shown: list[int]) -> None:
    results = [found(SLIM), found(SLIM_BLACK), found(replace(SLIM, id=99, name="Other"), error="failed")]
    assert answers.products_to_show(Answer(text, products=told), results) == shown


def test_there_are_six_cards_at_most() -> None:
    many = found(*[replace(SLIM, id=number, name=f"Jeans {number}") for number in range(1, 12)])
    assert len(answers.products_to_show(Answer("", products=range(1, 12)), [many])) == 6
    assert answers.products_to_show(Answer("Jeans 3, Jeans 11 and Jeans 1"), [many]) == [3, 11, 1]


def test_orders_are_shown_by_id_or_number() -> None:
    result = ToolResult(
        ToolCall("list_orders"), orders=[OrderFact(3, "shipped", NOW, 1), OrderFact(12, "pending", NOW, 2)]
    )
    assert answers.orders_to_show(Answer("Order 12 waits.", orders=[3, 4]), [result]) == [3]
    assert answers.orders_to_show(Answer("Order 12 waits, 2 items."), [result]) == [12]
    assert answers.orders_to_show(Answer("None."), [result]) == []


# --- meaning -----------------------------------------------------------------------------------------------------


def result(name: ToolName, **given: object) -> ToolResult:
    return replace(ToolResult(ToolCall(name)), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "used", "intent"),
    [
        (None, [], "unclear"),
        ("greeting", [], "greeting"),
        ("greeting", ["search_products"], "search"),
        ("product", ["search_products", "get_product"], "product"),
        (None, ["search_products", "similar_products"], "similar"),
        ("order_status", ["list_orders"], "order_status"),
        ("thanks", ["list_orders"], "order_history"),
        (None, ["get_order", "start_return"], "start_return"),
        (None, ["search_products", "request_human"], "human"),
        (None, ["read_policies"], "policy"),
    ],
)
def test_what_a_question_was_about_is_told_by_the_tools(told: str | None, used: list[ToolName], intent: str) -> None:
    answer = read_answer(f"A.\n[[intent={told}]]")
    assert answers.intent_of(answer, [result(name) for name in used]) == intent


POLICY = PolicyFact("returns", "Returns", "30 days.", "en")


@pytest.mark.parametrize(
    ("text", "results", "outcome", "confidence"),
    [
        ("A.", [], "answered", 0.7),
        ("Which size?", [], "asked_back", 0.5),
        ("A.\n[[outcome=refused]]", [], "refused", 0.7),
        ("A.", [found(SLIM)], "answered", 0.9),
        ("A.\n[[outcome=asked_back]]", [found(SLIM)], "asked_back", 0.5),
        ("A.", [result("read_policies", policies=[POLICY])], "answered", 0.9),
        ("A.", [found()], "unanswered", 0.3),
        ("A.\n[[outcome=answered]]", [found()], "answered", 0.7),
        ("A.", [result("get_order", error="not-found")], "unanswered", 0.3),
        ("A.", [result("start_return", error="return-too-late")], "refused", 0.5),
        ("A.", [result("add_to_cart", products=[SLIM], needs_yes=True)], "asked_back", 0.5),
        ("A.", [result("request_human")], "answered", 0.9),
    ],
)
def test_what_became_of_a_question(text: str, results: list[ToolResult], outcome: str, confidence: float) -> None:
    made = answers.outcome_of(read_answer(text), results)
    assert (made, answers.confidence_of(made, results, is_whole=True)) == (outcome, confidence)


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (("Ihre Bestellung ist unterwegs.", "where is it"), "de"),
        (("The order is on its way.", "wo ist sie"), "en"),
        (("OK", "Größe?"), "de"),
        (("", ""), "en"),
    ],
)
def test_the_language_is_that_of_the_answer_else_of_the_question(texts: tuple[str, str], language: str) -> None:
    assert answers.language_of(*texts) == language
