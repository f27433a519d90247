"""Searching messages by their rules: one's own and everybody's find alike; what is gone is not found."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, delete, update

from chalicelib.conversations.history.history_tables import conversation_messages, conversation_sessions
from chalicelib.conversations.history.message_search import Hit, Wanted, search_messages
from chalicelib.conversations.history.message_words import coded_words
from chalicelib.core.auth import Role
from chalicelib.core.database import read, transaction
from chalicelib.core.paging import NumberedPage, NumberedQuery
from tests.conversations.makers import make_said, put_session
from tests.factories import counted_statements, make_account_row

CONTENTS = [
    "I look for blue jeans",
    "Habt ihr große Größen?",
    "Schöne Straße, 100% sicher",
    "Thanks 🎉",
    "I am a_b and a%b",
    "Ich suche ein Café, 한국어",
    "Do you have it in M or L?",
]
QUERIES = [
    "jean", "BLUE jeans", "grosse", "größe", "strasse", "🎉", "i", "a", "b", "a_b", "a%b", "100", "cafe", "한국",
    "m l", "m_jean", "%", "_", "the", "blue red", "* +blue -jeans \"", "schone", "ein cafe", "👍",
]  # fmt: skip


def say(session: Any, content: str, **given: Any) -> Any:
    return make_said(session, content=content, words=coded_words(content), **given)


def search(words: str, *, account_id: int | None, page_size: int = 20, **filters: Any) -> NumberedPage[Hit]:
    with read() as connection:
        page = NumberedQuery(page_size=page_size)
        return search_messages(connection, Wanted(words, **filters), page, account_id=account_id)


def contents(found: NumberedPage[Hit]) -> list[str]:
    return [hit.row.content for hit in found.items]


@pytest.fixture
def robin(shop: Engine) -> int:
    return make_account_row(Role.CUSTOMER)


@pytest.mark.parametrize("query", QUERIES)
def test_one_accounts_own_words_are_found_as_those_of_all(robin: int, query: str) -> None:
    """One way reads the account's messages through, the other one looks into the text index."""
    session = put_session(robin)
    for content in CONTENTS:
        say(session, content)
    own, all_of_them = search(query, account_id=robin), search(query, account_id=None)
    assert contents(own) == contents(all_of_them)
    assert own.count == all_of_them.count == len(own.items)
    assert all(hit.snippet.highlights for hit in own.items)


def test_words_of_others_are_for_the_help_desk_alone(robin: int) -> None:
    sam = make_account_row(Role.CUSTOMER)
    say(put_session(robin), "jeans of robin")
    say(put_session(sam), "jeans of sam")
    assert contents(search("jeans", account_id=robin)) == ["jeans of robin"]
    assert sorted(contents(search("jeans", account_id=None))) == ["jeans of robin", "jeans of sam"]


@pytest.mark.parametrize("everybody", [False, True])
def test_what_is_changed_or_deleted_is_found_no_longer(robin: int, everybody: bool) -> None:
    who = None if everybody else robin
    session, other = put_session(robin), put_session(robin)
    changed, gone, stays = (say(session, f"marker {name}") for name in ("changed", "gone", "stays"))
    say(other, "marker elsewhere")
    assert search("marker", account_id=who).count == 4
    with transaction() as connection:
        messages = conversation_messages
        connection.execute(
            update(messages)
            .where(messages.c.id == changed.id)
            .values(content="other words", words=coded_words("other words"))
        )
        connection.execute(delete(messages).where(messages.c.id == gone.id))
        connection.execute(delete(conversation_sessions).where(conversation_sessions.c.id == other.id))
    assert [hit.row.public_id for hit in search("marker", account_id=who).items] == [stays.public_id]
    assert contents(search("other", account_id=who)) == ["other words"]


def test_a_page_takes_one_statement_and_the_newest_come_first(shop: Engine, robin: int) -> None:
    session = put_session(robin)
    made = [say(session, f"jeans {number}") for number in range(5)]
    with counted_statements(shop) as statements:
        found = search("jeans", account_id=robin, page_size=2)
    assert len(statements) == 1
    assert (found.count, contents(found)) == (5, ["jeans 4", "jeans 3"])
    assert found.items[0].row.sequence_number == made[-1].sequence_number
    with counted_statements(shop) as statements:
        assert search("!?", account_id=robin).count == 0
    assert statements == []
