"""Which sections fit a question: written by hand over the texts that come with the software."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.conversations.assistant.turns import Language
from chalicelib.conversations.policies import policy_facts
from chalicelib.conversations.policies.policies import _default_text
from chalicelib.conversations.policies.policy_ranking import (
    MAX_TEXT,
    MOST,
    Index,
    beginning,
    build_index,
    rank,
    stem,
    words_of,
)
from chalicelib.conversations.policies.policy_texts import LANGUAGES, TOPICS, read_policy
from chalicelib.core.config import Settings


@cache
def texts(language: Language) -> Index:
    facts = policy_facts.facts(Settings(), language)
    policies = [
        read_policy(topic, language, _default_text(topic, language) or "", facts, own=False) for topic in TOPICS
    ]
    return build_index(policies, language)


QUESTIONS: list[tuple[Language, str, str]] = [
    ("en", "how long do I have to return something?", "Returns: How long you can send something back"),
    ("en", "return policy", "Returns: How long you can send something back"),
    ("en", "when do I get my money back", "Returns: Getting your money back"),
    ("en", "can I exchange shoes", "Returns: Exchanging something"),
    ("en", "my jeans arrived broken", "Returns: Damaged or wrong goods"),
    ("en", "how much is shipping to France", "Shipping: What shipping costs"),
    ("en", "shiping costs", "Shipping: What shipping costs"),
    ("en", "what does delivery cost", "Shipping: What shipping costs"),
    ("en", "where is my parcel", "Shipping: Tracking a parcel"),
    ("en", "Can I CANCEL my order?", "Shipping: Changing or cancelling an order"),
    ("en", "can i pay with paypal", "Payment: How you can pay"),
    ("en", "is my cart reserved", "Payment: How long goods are held for you"),
    ("en", "do you store my data", "Privacy: What is stored about you"),
    ("en", "how can I delete my account", "Privacy: Seeing and deleting your data"),
    ("en", "what's your phone number?", "Contact: Address, e-mail and telephone"),
    ("en", "can I talk to a human", "Contact: Talking to a person"),
    ("en", "which size should I take", "Sizes: Finding your size"),
    ("en", "I have a voucher", "Promotions and discounts: Using a promotion code"),
    ("de", "Wie lange kann ich etwas zurückgeben?", "Rückgabe: Wie lange Sie etwas zurückgeben können"),
    ("de", "Rueckgabefrist", "Rückgabe: Wie lange Sie etwas zurückgeben können"),
    ("de", "wann bekomme ich mein Geld zurück", "Rückgabe: Wie Sie Ihr Geld zurückbekommen"),
    ("de", "Umtausch von Schuhen", "Rückgabe: Umtausch"),
    ("de", "meine jeans ist kaputt angekommen", "Rückgabe: Beschädigte oder falsche Ware"),
    ("de", "was kostet der versand nach österreich", "Versand: Was der Versand kostet"),
    ("de", "versandkostn", "Versand: Was der Versand kostet"),
    ("de", "Sendungsverfolgung", "Versand: Sendung verfolgen"),
    ("de", "wie lange dauert die lieferung", "Versand: Wie lange die Lieferung dauert"),
    ("de", "kann ich meine bestellung stornieren", "Versand: Bestellung ändern oder stornieren"),
    ("de", "kann ich mit paypal zahlen", "Bezahlung: Wie Sie bezahlen können"),
    ("de", "ist die ware im warenkorb reserviert", "Bezahlung: Wie lange Ware für Sie reserviert ist"),
    ("de", "speichert ihr meine daten", "Datenschutz: Was über Sie gespeichert wird"),
    ("de", "Telefonnummer", "Kontakt: Adresse, E-Mail und Telefon"),
    ("de", "ich will mit einem menschen sprechen", "Kontakt: Mit einem Menschen sprechen"),
    ("de", "Welche Größe brauche ich?", "Größen: Ihre Größe finden"),
    ("de", "welche groesse brauche ich", "Größen: Ihre Größe finden"),
    ("de", "Gutschein einlösen", "Aktionen und Rabatte: Einen Gutscheincode einlösen"),
]


@pytest.mark.parametrize(("language", "question", "title"), QUESTIONS)
def test_the_section_that_answers_comes_first(language: Language, question: str, title: str) -> None:
    found = rank(texts(language), question)
    assert found[0].title == title
    assert all(each.language == language for each in found)


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "do you have red jeans under 50"),
        ("en", "who won the world cup"),
        ("en", "recommend me a shirt"),
        ("en", "is the eiffel tower tall"),
        ("en", "hello"),
        ("en", ""),
        ("de", "habt ihr rote jeans unter 50 euro"),
        ("de", "wer ist bundeskanzler"),
        ("de", "hallo"),
    ],
)
def test_nothing_is_found_where_nothing_fits(language: Language, question: str) -> None:
    assert rank(texts(language), question) == []


def test_a_topic_narrows_the_search_and_can_be_read_from_its_beginning() -> None:
    assert {each.topic for each in rank(texts("en"), "how long", topic="shipping")} == {"shipping"}
    assert rank(texts("en"), "", topic="sizing") == []
    assert [each.title for each in beginning(texts("en"), "sizing")] == [
        "Sizes: Finding your size",
        "Sizes: If something does not fit",
    ]
    assert beginning(texts("en"), "gift-cards") == []


def test_a_shops_own_text_is_found_by_other_words_for_the_same() -> None:
    own = read_policy(
        "shipping", "en", "# Postage\n\n## When\n\nIt is delivered in 3 days.\n\n## Who\n\nBy mule.", {}, own=True
    )
    found = rank(build_index([own], "en"), "how long does shipping take")
    assert found[0].text == "It is delivered in 3 days."


def test_a_long_section_is_cut_between_words() -> None:
    own = read_policy("care", "en", "# Care\n\n" + "wash coldly " * 1000, {}, own=True)
    (fact,) = rank(build_index([own], "en"), "how to wash care")
    assert len(fact.text) <= MAX_TEXT
    assert fact.text.endswith((" wash…", " coldly…"))


@pytest.mark.parametrize(
    ("language", "words", "one"),
    [
        ("en", ["return", "returns", "returned", "returning"], "return"),
        ("en", ["ship", "ships", "shipped", "shipping"], "ship"),
        ("en", ["exchange", "exchanges", "exchanging"], "exchang"),
        ("de", ["rucksendung", "rucksendungen"], "rucksendung"),
        ("de", ["karte", "karten"], "kart"),
    ],
)
def test_forms_of_a_word_have_one_stem(language: Language, words: list[str], one: str) -> None:
    assert {stem(word, language) for word in words} == {one}


def test_words_that_say_nothing_are_left_out() -> None:
    assert words_of("What is the price of it?", "en") == ["pric"]
    assert words_of("Was für eine Größe hätten Sie?", "de") == ["gross", "hatt"]


@given(st.sampled_from(LANGUAGES), st.text(max_size=300))
def test_any_question_is_taken(language: Language, question: str) -> None:
    assert len(rank(texts(language), question)) <= MOST


def test_a_shop_without_texts_has_no_answers() -> None:
    assert rank(build_index([], "en"), "can I return what is damaged") == []
    other = read_policy("care", "en", "# Care\n\nWash cold.", {}, own=True)
    assert rank(build_index([other], "en"), "can I return what is damaged") == []
