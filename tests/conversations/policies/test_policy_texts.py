"""Texts of policies: title, sections, facts, and what is refused."""

from __future__ import annotations

import pytest

from chalicelib.conversations.assistant.turns import Language
from chalicelib.conversations.policies import policy_facts
from chalicelib.conversations.policies.policies import _default_text
from chalicelib.conversations.policies.policy_texts import (
    FACTS,
    LANGUAGES,
    TOPICS,
    Section,
    objection,
    read_policy,
    tidy,
)
from chalicelib.core.config import Bedrock, Settings


def test_a_text_is_split_at_its_headings_and_facts_are_filled_in() -> None:
    lines = [
        "\ufeff# Returns #",
        "",
        "In short.",
        "## How long",
        "{return_days} days, {unknown}.",
        "### Detail",
        "## Empty",
    ]
    text = "\r\n".join(lines)
    read = read_policy("returns", "en", text, {"return_days": "14"}, own=True)
    assert read.title == "Returns"
    assert read.sections == (Section(None, "In short."), Section("How long", "14 days, {unknown}.\n### Detail"))
    assert read.text.startswith("# Returns #\n\nIn short.\n")


def test_a_text_that_somebody_put_there_by_hand_is_read_whatever_it_is() -> None:
    read = read_policy("gift-cards", "en", "None yet.", {}, own=True)
    assert (read.title, read.sections) == ("Gift cards", (Section(None, "None yet."),))
    assert read_policy("x", "en", "", {}, own=True).sections == ()
    assert len(read_policy("x", "en", "# T\n" + "x" * 30_000, {}, own=True).text) <= 20_001


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Returns\n\nWithin a month.", "must begin with a line that is its title"),
        ("## Returns\n\nWithin a month.", "must begin with a line that is its title"),
        ("#Returns\n\nWithin a month.", "must begin with a line that is its title"),
        ("# " + "x" * 201 + "\n\nText.", "title of more than 200"),
        ("# Returns\n\n## How long\n", "says nothing"),
        ("# Returns\n\nWithin {retrun_days} days.", "{retrun_days}"),
        ("# Returns\n\n" + "x" * 20_000, "longer than 20000"),
        ("# Returns\n\na\0b", "characters"),
    ],
)
def test_a_text_that_is_no_policy_is_refused(text: str, complaint: str) -> None:
    assert complaint in (objection(tidy(text)) or "")


def test_a_text_with_every_fact_is_taken() -> None:
    assert objection(tidy("# Returns\n\n" + " ".join(f"{{{name}}}" for name in FACTS) + " { not a fact }")) is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", TOPICS)
def test_each_text_of_the_software_is_one_that_a_shop_may_write(topic: str, language: Language) -> None:
    text = _default_text(topic, language)
    assert text is not None
    assert tidy(text) == text
    assert objection(text) is None
    read = read_policy(topic, language, text, policy_facts.facts(Settings(), language), own=False)
    assert "{" not in read.text
    assert read.sections
    assert all(section.title for section in read.sections)
    other = read_policy(topic, "en", _default_text(topic, "en") or "", {}, own=False)
    assert len(read.sections) == len(other.sections)


def test_facts_are_those_of_the_settings() -> None:
    settings = Settings(
        return_days=14, currency="eur", reservation_ttl_s=600, shop_name="Roe", payment_provider="stripe"
    )
    facts = policy_facts.facts(settings, "en")
    assert set(facts) == set(FACTS)
    assert (facts["return_days"], facts["currency"], facts["hold_minutes"], facts["shop_name"]) == (
        "14",
        "EUR",
        "10",
        "Roe",
    )
    assert "Stripe" in facts["payment_note"]
    assert policy_facts.facts(Settings(), "de")["shop_name"] == "der Shop"


def test_what_is_said_of_payments_and_of_the_model_is_what_is_so() -> None:
    for language in LANGUAGES:
        assert "Stripe" not in policy_facts.facts(Settings(payment_provider="test"), language)["payment_note"]
        assert "Stripe" not in policy_facts.facts(Settings(payment_provider=None), language)["payment_note"]
        assert "Bedrock" not in policy_facts.facts(Settings(), language)["assistant_note"]
        beyond = Settings(bedrock=Bedrock("amazon.nova-lite-v1:0"))
        assert "Bedrock" in policy_facts.facts(beyond, language)["assistant_note"]
