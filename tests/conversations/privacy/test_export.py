"""Exports: all of what was said, each message once, in parts that fit into an answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from chalicelib.conversations.privacy import export
from chalicelib.core.auth import Role
from chalicelib.core.database import read
from tests.client import Client
from tests.conftest import empty
from tests.conversations.makers import make_said
from tests.conversations.makers import put_session as make_bare
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
    return make_account_row(Role.CUSTOMER, username="robin")


@pytest.fixture
def mine(client: Client, robin: int) -> Client:
    return Client(make_token(robin))


def all_parts(client: Client, target: str) -> list[dict[str, Any]]:
    parts = []
    following: str | None = target
    while following:
        answer = client.get(following)
        assert answer.status == 200, answer.text
        parts.append(answer.json)
        following = answer.json["next"]
        assert len(parts) < 100
    return parts


def test_a_session_is_taken_along_by_its_owner_and_by_staff_only(mine: Client, robin: int) -> None:
    session = make_session(robin, title="Gifts", session_context={"a": 1})
    said = [make_message(session.public_id, f"text {number}").public_id for number in range(3)]
    path = f"/api/sessions/{session.public_id}/export/"
    found = mine.get(path).json
    assert (found["user"]["username"], found["next"], len(found["sessions"])) == ("robin", None, 1)
    exported = found["sessions"][0]
    assert [each["id"] for each in exported["messages"]] == said
    assert (exported["title"], exported["session_context"], exported["continued"]) == ("Gifts", {"a": 1}, False)
    assert client_of(Role.STAFF).get(path).json["user"]["username"] == "robin"
    assert client_of(Role.CUSTOMER).get(path).status == 404
    assert Client().get(path).status == 401
    text = mine.get(f"{path}?format=markdown")
    assert text.headers["Content-Type"].startswith("text/markdown")
    assert "## Gifts\n" in text.text
    assert "> text 2" in text.text
    assert mine.get(f"{path}?format=pdf").status == 422
    assert mine.get(f"{path}?after=zz").status == 422
    last = ("7" + "f" * 15) * 2
    assert mine.get(f"{path}?after={last}").json["sessions"] == []
    assert mine.get(f"/api/conversations/sessions/{session.public_id}/export").json["sessions"] == found["sessions"]


def test_all_of_ones_own_and_nobody_elses_is_taken_along(mine: Client, robin: int) -> None:
    make_message(make_session(make_account_row(Role.CUSTOMER)).public_id, "of another")
    assert mine.get("/api/export/").json["sessions"] == []
    own = [make_session(robin).public_id for _ in range(3)]
    make_message(own[1], "mine")
    found = mine.get("/api/export/").json
    assert [each["id"] for each in found["sessions"]] == own
    assert [each["content"] for each in found["sessions"][1]["messages"]] == ["mine"]
    assert "of another" not in mine.get("/api/conversations/export/?format=markdown").text


def test_thousands_of_messages_come_in_parts_that_fit_into_an_answer(mine: Client, robin: int) -> None:
    content = '"\u00e4' * 5_000
    session = make_bare(robin)
    made = [make_said(session, content=content).public_id for _ in range(130)]
    make_bare(robin)
    parts = all_parts(mine, "/api/export")
    seen = [message["id"] for part in parts for each in part["sessions"] for message in each["messages"]]
    assert seen == made
    assert len(parts) > 1
    assert [each["continued"] for part in parts for each in part["sessions"] if each["id"] == session.public_id] == [
        False,
        *[True] * (len(parts) - 1),
    ]
    one = all_parts(mine, f"/api/sessions/{session.public_id}/export")
    assert [message["id"] for part in one for each in part["sessions"] for message in each["messages"]] == made
    answer = mine.get("/api/export?format=markdown")
    assert len(answer.text.encode()) < 3_000_000
    following = answer.headers["Link"].removeprefix("<").partition(">")[0]
    assert "(continued)" in mine.get(following).text


@settings(max_examples=25)
@given(
    st.lists(st.lists(st.integers(0, 60), max_size=7), max_size=6),
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(1, 100),
)
def test_the_parts_together_are_everything_once(
    shop: Engine, sessions: list[list[int]], most_sessions: int, most_messages: int, most_characters: int
) -> None:
    empty(shop)
    account_id = make_account_row(Role.CUSTOMER)
    expected: list[tuple[int, list[int]]] = []
    for lengths in sessions:
        session = make_bare(account_id)
        expected.append((session.id, [make_said(session, content="x" * each).id for each in lengths]))
    with pytest.MonkeyPatch.context() as patch, read() as connection:
        patch.setattr(export, "MOST_SESSIONS", most_sessions)
        patch.setattr(export, "MOST_MESSAGES", most_messages)
        patch.setattr(export, "MOST_CHARACTERS", most_characters)
        key: tuple[int, int] | None = (0, 0)
        seen: dict[int, list[int]] = {}
        begun: list[int] = []
        for _ in range(200):
            assert key is not None
            part = export.export_all(connection, account_id, key)
            for portion in part.portions:
                begun += [] if portion.continued else [portion.session.id]
                seen.setdefault(portion.session.id, []).extend(row.id for row in portion.messages)
            key = part.next_key
            if key is None:
                break
    assert key is None
    assert begun == [session_id for session_id, _ in expected]
    assert list(seen.items()) == expected


def test_a_part_takes_few_statements(shop: Engine, mine: Client, robin: int) -> None:
    for _ in range(5):
        make_message(make_session(robin).public_id)
    with counted_statements(shop) as statements:
        assert len(mine.get("/api/export").json["sessions"]) == 5
    assert len(statements) <= 6
