"""Searching one's own messages over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import Engine

from chalicelib.conversations.history import messages, sessions
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import transaction
from tests.client import Client
from tests.factories import (
    client_of,
    counted_statements,
    make_account_row,
    make_message,
    make_session,
    make_token,
)


@pytest.fixture
def robin(shop: Engine) -> int:
    return make_account_row(Role.CUSTOMER)


@pytest.fixture
def mine(client: Client, robin: int) -> Client:
    return Client(make_token(robin))


def search(client: Client, q: str, **filters: Any) -> Any:
    more = "".join(f"&{name}={quote(str(value))}" for name, value in filters.items())
    return client.get(f"/api/messages/search/?q={quote(q)}{more}")


def found(client: Client, q: str, **filters: Any) -> list[str]:
    answer = search(client, q, **filters)
    assert answer.status == 200, answer.text
    return [each["id"] for each in answer.json["results"]]


def test_a_hit_says_where_it_stands_and_shows_the_words(mine: Client, robin: int) -> None:
    session = make_session(robin, title="Trousers")
    make_message(session.public_id, "Hello")
    message = make_message(session.public_id, "Do you have Blue jeans 🎉 in size M?")
    for q in ("blue jean", "JEANS blue", "m", "🎉", "size"):
        assert found(mine, q) == [message.public_id], q
    hit = search(mine, "blue jean").json["results"][0]
    assert (hit["session"], hit["session_title"], hit["sequence_number"]) == (session.public_id, "Trousers", 2)
    assert (hit["message_type"], hit["origin"]) == ("user", "client")
    assert hit["snippet"] == "Do you have Blue jeans 🎉 in size M?"
    assert [hit["snippet"][start:end] for start, end in hit["highlights"]] == ["Blue", "jeans"]


def test_nobody_finds_the_words_of_another(mine: Client, robin: int) -> None:
    make_message(make_session(robin).public_id, "secret words")
    assert found(client_of(Role.CUSTOMER), "secret") == []
    assert found(client_of(Role.STAFF), "secret") == [], "all sessions are searched at the help desk"
    assert len(found(mine, "secret")) == 1
    assert Client().get("/api/messages/search?q=secret").status == 401
    assert mine.get("/api/conversations/messages/search?q=secret").json["count"] == 1


def test_filters_narrow_the_search(mine: Client, robin: int) -> None:
    one, two = make_session(robin), make_session(robin)
    first = make_message(one.public_id, "jeans one")
    second = make_message(two.public_id, "jeans two", message_type="ai")
    both = [second.public_id, first.public_id]
    assert found(mine, "jeans") == both, "the newest first"
    assert found(mine, "jeans", session=one.public_id.upper()) == [first.public_id]
    assert found(mine, "jeans", message_type="ai") == [second.public_id]
    today = clock.now().date()
    assert found(mine, "jeans", date_from=today, date_to=today) == both
    assert found(mine, "jeans", date_from=today + timedelta(days=1)) == []
    assert found(mine, "jeans", date_to=today - timedelta(days=1)) == []
    assert found(mine, "jeans", date_to=first.timestamp.isoformat()) == [first.public_id]
    assert found(mine, "jeans", date_from=second.timestamp.isoformat()) == [second.public_id]
    assert found(mine, "jeans", date_to="9999-12-31") == both


def test_pages_follow_each_other_in_few_statements(shop: Engine, mine: Client, robin: int) -> None:
    session = make_session(robin)
    made = [make_message(session.public_id, f"jeans {number}").public_id for number in range(5)]
    with counted_statements(shop) as statements:
        page = search(mine, "jeans", page_size=2).json
    assert len(statements) <= 3
    seen = [each["id"] for each in page["results"]]
    while page["next"]:
        page = mine.get(page["next"]).json
        seen += [each["id"] for each in page["results"]]
    assert (page["count"], seen) == (5, made[::-1])


def test_what_is_changed_or_deleted_is_found_no_longer(mine: Client, robin: int) -> None:
    session, other = make_session(robin), make_session(robin)
    changed, gone = (make_message(session.public_id, f"marker {name}").public_id for name in ("one", "two"))
    make_message(other.public_id, "marker three")
    assert len(found(mine, "marker")) == 3
    with transaction() as connection:
        messages.change_message(connection, changed, {"content": "something else"}, account_id=robin)
        messages.delete_message(connection, gone, account_id=robin)
        locked = sessions.lock_session(connection, other.public_id, account_id=robin)
        sessions.delete_session(connection, locked)
    assert found(mine, "marker") == []
    assert found(mine, "something") == [changed]


@pytest.mark.parametrize("query", ["", "q=", f"q={'x' * 201}", "q=a&page=0", "q=a&message_type=x", "q=a&date_from=x"])
def test_what_is_no_search_is_refused(mine: Client, query: str) -> None:
    assert mine.get(f"/api/messages/search?{query}").status == 422


@pytest.mark.parametrize("q", ["???", '* + - ( ) "', "' OR 1=1 --", "%", "\\", "x " * 100])
def test_signs_are_no_operators(mine: Client, robin: int, q: str) -> None:
    make_message(make_session(robin).public_id, "Nothing of that")
    assert found(mine, q) == []
