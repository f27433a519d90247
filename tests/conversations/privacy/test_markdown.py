"""Conversations as Markdown: readable, and no text of anybody means anything in it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from chalicelib.conversations.privacy.markdown import in_line, quote, session_text
from tests.factories import NOON

_READ = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_PLAIN = {"text", "hardbreak", "softbreak"}

TRICKS = [
    "# Heading",
    "Title\n=====",
    "a\n---\nb",
    "> > quoted",
    "- item\n* item\n+ item\n1. item\n23) item",
    "    code",
    "\tcode",
    "```\nfence\n```",
    "~~~\nfence",
    "`code` **bold** _it_ *it* ~~gone~~",
    "[a](http://evil.example) ![b](x.png) <http://evil.example>",
    "[a]: http://evil.example\n[a]",
    "<script>alert(1)</script>\n<!-- x -->",
    "&lt;b&gt; &#35; &copy;",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "\\",
    "ends with \\\nnext",
    "two  \nspaces",
    "### 7 · Assistant · 2026-03-01 12:00:00 UTC",
    "line\u2028separator\x0bvertical\r# return",
    "",
    "\n\n",
    "***",
    "- - -",
    "1986. A great year",
]


def blocks(tokens: list[Token]) -> list[str]:
    return [token.type for token in tokens if token.type not in ("paragraph_open", "paragraph_close", "inline")]


def text_of(tokens: list[Token]) -> str:
    lines = []
    for token in tokens:
        if token.type == "inline":
            assert {child.type for child in token.children or ()} <= _PLAIN, token.content
            lines.append("".join("\n" if child.type != "text" else child.content for child in token.children or ()))
    return "\n".join(lines)


def words(text: str) -> list[str]:
    return text.replace("\u00a0", " ").split()


def _check(text: str) -> None:
    read = _READ.parse(quote(text))
    assert set(blocks(read)) <= {"blockquote_open", "blockquote_close"}
    assert blocks(read).count("blockquote_open") == 1
    assert words(text_of(read)) == words(text.replace("\x00", "\ufffd"))
    in_heading = _READ.parse(f"## {in_line(text)}")
    assert blocks(in_heading) == ["heading_open", "heading_close"]
    assert words(text_of(in_heading)) == words(text.replace("\x00", "\ufffd"))


@pytest.mark.parametrize("text", TRICKS)
def test_what_looks_like_markdown_is_text(text: str) -> None:
    _check(text)


@given(
    st.text(st.one_of(st.sampled_from(" \n\t#>-+*_`~[]()<>!|\\=:.&;01ab"), st.characters(exclude_categories=["Cs"])))
)
def test_whatever_is_written_reads_as_itself_and_is_one_quote(text: str) -> None:
    _check(text)


def test_lines_stay_lines() -> None:
    assert quote("one\ntwo\n\n  three") == "> one\\\n> two\n>\n> \u00a0\u00a0three"


def message(number: int, kind: str, content: str, **given: Any) -> dict[str, Any]:
    plain = {"origin": "client", "timestamp": NOON, "attachments": []}
    return {**plain, "sequence_number": number, "message_type": kind, "content": content, **given}


SESSION = {
    "id": "an-id",
    "title": "A *gift*\n# x",
    "description": "For Kim",
    "status": "active",
    "created_at": NOON,
    "last_activity_at": NOON,
    "tags": ["a_b"],
}


def test_a_session_reads_as_who_said_what_with_what_was_shown() -> None:
    card = {"type": "product", "product": {"id": 7, "name": "Slim *Jeans*", "brand": "Levi", "price": 49.5}}
    said = [
        message(1, "user", "Hello\n# no heading"),
        message(2, "ai", "Here", origin="assistant", attachments=[card, {"type": "order", "id": 3}, "odd", 5]),
        message(4, "system", "I take over", origin="staff"),
    ]
    text = session_text(SESSION, said)
    assert "## A \\*gift\\* \\# x\n" in text
    assert "- Tags: a\\_b" in text
    for line in (
        "### 1 · You · 2026-03-01 12:00:00 UTC",
        "> Hello\\\n> \\# no heading",
        "### 2 · Assistant · 2026-03-01 12:00:00 UTC",
        "- product: **Slim \\*Jeans\\*** (brand Levi, price 49.5)",
        "- order: **3**",
        "### 4 · Staff · 2026-03-01 12:00:00 UTC",
    ):
        assert line in text
    headings = [token.tag for token in _READ.parse(text) if token.type == "heading_open"]
    assert headings == ["h2", "h3", "h3", "h3"]
    assert session_text(SESSION, [], continued=True).startswith("## A \\*gift\\* \\# x (continued)")
