"""Kinds of events and the patterns that choose among them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chalicelib.events.kinds import KINDS, PATTERN, PING, chosen, matches


@pytest.mark.parametrize("kind", [*KINDS, PING])
def test_each_kind_is_also_a_pattern_that_chooses_it_alone(kind: str) -> None:
    assert re.fullmatch(PATTERN, kind)
    assert [each for each in (*KINDS, PING) if matches(kind, each)] == [kind]
    assert matches("*", kind)


def test_a_noun_with_a_star_chooses_its_kinds_and_no_others() -> None:
    assert [kind for kind in KINDS if matches("stock.*", kind)] == ["stock.low", "stock.out"]
    assert not matches("order.*", "orders.paid")
    assert not matches("order.*", "order")


@pytest.mark.parametrize(
    "text", ["", "order", "order.", ".paid", "*.paid", "order.p*", "**", "order.*.x", "Order.paid", "a b.c"]
)
def test_what_is_no_pattern_is_none(text: str) -> None:
    assert not re.fullmatch(PATTERN, text)


def test_any_of_the_patterns_chooses() -> None:
    assert chosen(["order.paid", "stock.*"], "stock.out")
    assert not chosen(["order.paid", "stock.*"], "order.placed")
    assert not chosen([], "order.paid")


def test_the_manual_tells_of_each_kind_and_of_no_other() -> None:
    manual = (Path(__file__).resolve().parents[2] / "docs" / "events.md").read_text()
    table = manual.partition("## Kinds")[2].partition("`webhook.ping`")[0]
    assert re.findall(r"^\| `([a-z_.]+)` \|", table, re.MULTILINE) == list(KINDS)
