"""What a model is told: who speaks when, the bounds, and that no text can pose as another."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.conversations.assistant.bedrock import prompts
from chalicelib.conversations.assistant.bedrock.memory import Memory
from chalicelib.conversations.assistant.tool_arguments import tool_specs
from chalicelib.conversations.assistant.turns import Said, Vocabulary
from tests.conversations.assistant.bedrock.fakes import asks

SPEAKERS = st.sampled_from(["user", "assistant", "staff"])


def texts(messages: list[dict[str, Any]]) -> list[str]:
    return [block["text"] for each in messages for block in each["content"]]


@given(st.lists(st.builds(Said, SPEAKERS, st.text(max_size=60)), max_size=30), st.text(max_size=60))
def test_persons_and_assistant_take_turns_and_persons_begin_and_end(said: list[Said], question: str) -> None:
    made = prompts.messages(asks(question, said=said), Memory())
    assert [each["role"] for each in made] == ["user", "assistant"] * (len(made) // 2) + ["user"]
    assert all(block["text"].strip() for each in made for block in each["content"])
    for text in texts(made):
        # Tags are those that were written here, at the ends of a text.
        inner = re.sub(r"^<(customer_message|shop_context)>\n|\n</(customer_message|shop_context)>$", "", text)
        assert "<" not in inner
        assert ">" not in inner


def test_what_was_said_long_ago_or_at_length_is_left_out() -> None:
    said = [Said("user", f"number {number} {'x' * 400}") for number in range(40)]
    made = texts(prompts.messages(asks("q", said=said), Memory()))
    assert len(made) == prompts.MAX_SAID + 2
    assert "number 39" in made[-3]
    long = [Said("user", f"{number} {'y' * 3_000}") for number in range(12)]
    made = texts(prompts.messages(asks("q", said=long), Memory()))
    assert len(made) == prompts.MAX_SAID_TEXTS // prompts.MAX_SAID_TEXT + 2
    assert all(len(each) < prompts.MAX_SAID_TEXT + 60 for each in made)
    assert made[0].endswith("…\n</customer_message>")


def test_the_whole_request_is_bounded() -> None:
    names = [f"{'v' * 300}{number}" for number in range(500)]
    vocabulary = Vocabulary(names, names, names)
    said = [Said("user", "s" * 10_000)] * 50
    memory = Memory([(number, "n" * 5_000) for number in range(10)], range(5), {"tool": "add_to_cart"})
    made = prompts.messages(asks("q" * 10_000, said=said, vocabulary=vocabulary), memory)
    assert len(json.dumps(made)) < 30_000
    context = next(text for text in texts(made) if text.startswith("<shop_context>"))
    assert context.count("v" * 59) == 60 + 80 + 10


def test_staff_and_assistant_are_told_apart() -> None:
    said = [Said("user", "help"), Said("staff", "I look <at> it."), Said("assistant", "Fine.")]
    made = prompts.messages(asks("thanks", said=said), Memory())
    assert [block["text"] for block in made[1]["content"]] == [
        "(A member of staff answered:) I look &lt;at&gt; it.",
        "Fine.",
    ]


def test_the_rules_name_the_shop_and_the_language() -> None:
    rules = prompts.system_prompt("Roe & Co", "de")
    assert "assistant of Roe & Co, an online shop" in rules
    assert "Answer in German." in rules
    assert "{" not in rules
    assert "assistant of the shop, an online shop" in prompts.system_prompt(None, None)
    assert "else in English" in prompts.system_prompt(None, None)
    assert len(rules) < 4_000


@pytest.mark.parametrize(
    ("text", "most", "made"),
    [
        ("  a\x00b\u202ec\r\n ", 10, "a b c"),
        ("abcdef", 4, "abc…"),
        ("ab cdef", 4, "ab…"),
        ("tab\tstays", 20, "tab\tstays"),
    ],
)
def test_characters_that_steer_are_taken_out(text: str, most: int, made: str) -> None:
    assert prompts.plain(text, most) == made


def test_an_estimate_is_more_than_the_tokens_of_usual_texts() -> None:
    request = {"system": [{"text": "a" * 3_000}], "messages": [], "modelId": "x" * 9_000}
    assert 1_000 < prompts.estimate_tokens(request) < 1_050
    assert prompts.estimate_tokens({"messages": ["ü" * 300]}) > 200


def test_schemas_are_told_in_a_form_that_all_models_take() -> None:
    told = {each.name: prompts.simple_schema(each.schema) for each in tool_specs()}
    assert all(set(schema) <= {"type", "properties", "required"} for schema in told.values())
    search = told["search_products"]["properties"]
    assert search["category"] == {
        "type": "string", "minLength": 1, "maxLength": 255, "description": "A category of the shop, such as Jeans."
    }  # fmt: skip
    assert search["sort"]["enum"] == ["relevance", "price_asc", "price_desc", "newest", "name"]
    assert told["start_return"]["required"] == ["order_id", "item_ids", "reason"]
    assert told["start_return"]["properties"]["item_ids"]["items"]["type"] == "integer"
    assert "anyOf" not in json.dumps(told)
