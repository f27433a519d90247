"""What is said has both languages, the same facts in both, and what is offered is understood when it is said back."""

from __future__ import annotations

from string import Formatter

import pytest

from chalicelib.conversations.assistant.local import phrases
from chalicelib.conversations.assistant.local.memory import Memory
from chalicelib.conversations.assistant.turns import Language
from tests.conversations.assistant.local.fakes import JEANS, Talk

_OFFERED = {
    "cheaper": "refine", "more": "refine", "first_similar": "similar", "add_first": "add_to_cart",
    "add_it": "add_to_cart", "similar": "similar", "no_limit": "refine", "recommend": "recommend",
    "my_orders": "order_history", "where": "order_status", "return": "start_return", "return_policy": "policy",
    "shipping": "policy", "human": "human", "yes": "confirm", "no": "decline", "cart": "show_cart",
}  # fmt: skip


def _facts(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("name", phrases._EN_DE)
def test_a_phrase_has_the_same_facts_in_both_languages(name: str) -> None:
    english, german = phrases._EN_DE[name]
    assert english
    assert german
    assert _facts(english) == _facts(german)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("name", [name for name in phrases._SUGGESTIONS if name != "everything"])
def test_a_suggestion_said_back_is_understood_as_what_it_offers(name: str, language: Language) -> None:
    talk = Talk(language=language)
    talk.say({"en": "jeans under $200", "de": "Jeans unter 200 Euro"}[language])
    if name in ("similar", "add_it"):
        talk.state = {**talk.state, "focus": JEANS.id}
    [text] = phrases.suggest(language, name)
    reply = talk.say(text)
    assert (reply.intent, reply.language) == (_OFFERED[name], language)


@pytest.mark.parametrize("language", ["en", "de"])
def test_everything_sends_all_items_back(language: Language) -> None:
    talk = Talk(language=language)
    talk.say(
        {
            "en": "I want to return something from order 901",
            "de": "Ich möchte etwas aus Bestellung 901 zurückschicken",
        }[language]
    )
    talk.say(*phrases.suggest(language, "everything"))
    [proposed] = talk.tools.named("start_return")
    assert proposed["item_ids"] == [71, 72]


@pytest.mark.parametrize("state", [{"shown": 5}, {"shown": [{"no": 1}]}, {"shown": [7]}, {"other": 1}])
def test_a_state_of_another_shape_is_forgotten(state: dict[str, object]) -> None:
    assert Memory.read(state) == Memory()


def test_what_is_remembered_comes_back_and_is_bounded() -> None:
    memory = Memory(language="de", missed=1)
    memory.show([JEANS] * 50)
    memory.show_orders(range(1, 99))
    assert (len(memory.shown), len(memory.orders)) == (10, 10)
    assert Memory.read(memory.state()) == memory
