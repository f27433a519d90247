"""Reactions: one of each type for each message and account, by who may see the message."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, select

from chalicelib.conversations.figures.due_days import CONVERSATIONS
from chalicelib.conversations.history.history_tables import message_reactions
from chalicelib.core.auth import Role
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
    return make_account_row(Role.CUSTOMER, first_name="Robin")


@pytest.fixture
def mine(client: Client, robin: int) -> Client:
    return Client(make_token(robin))


@pytest.fixture
def message(robin: int) -> str:
    return str(make_message(make_session(robin).public_id).public_id)


def react(client: Client, message: str, kind: str = "helpful", **body: Any) -> Any:
    return client.post(f"/api/messages/{message}/react/", {"reaction_type": kind, **body})


def test_a_second_reaction_of_a_type_changes_the_comment_of_the_first(mine: Client, message: str) -> None:
    first = react(mine, message, comment="good")
    again = react(mine, message, comment="very good")
    other = react(mine, message, "accurate")
    assert [each.status for each in (first, again, other)] == [201, 200, 201]
    assert (first.json["message"], first.json["user"]["first_name"]) == (message, "Robin")
    assert again.json == first.json | {"comment": "very good", "updated_at": again.json["updated_at"]}
    listed = mine.get(f"/api/messages/{message}/reactions/").json
    assert listed == [again.json, other.json]
    assert mine.get(f"/api/messages/{message}/reactions/?skip=1&limit=1").json == [other.json]
    assert mine.get(f"/api/messages/{message}/reactions/?limit=501").status == 422


def test_staff_react_too_and_others_do_not_even_see_the_message(mine: Client, message: str) -> None:
    staff, other = client_of(Role.STAFF), client_of(Role.CUSTOMER)
    of_staff = react(staff, message, "inaccurate")
    assert (react(mine, message, "inaccurate").status, of_staff.status) == (201, 201)
    assert len(mine.get(f"/api/messages/{message}/reactions").json) == 2
    assert react(other, message).status == 404
    assert other.get(f"/api/messages/{message}/reactions").status == 404
    assert Client().get(f"/api/messages/{message}/reactions").status == 401
    path = f"/api/messages/{message}/reactions/{of_staff.json['id']}"
    assert (mine.delete(path).status, other.delete(path).status) == (404, 404), "only one's own"
    assert (staff.delete(path).status, staff.delete(path).status) == (204, 404)
    assert len(mine.get(f"/api/conversations/messages/{message}/reactions").json) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"reaction_type": "love"},
        {},
        {"reaction_type": "like", "comment": "x" * 1001},
        {"reaction_type": "like", "comment": "a\x00"},
    ],
)
def test_what_is_no_reaction_is_refused(mine: Client, message: str, body: dict[str, Any]) -> None:
    assert mine.post(f"/api/messages/{message}/react", body).status == 422


@pytest.mark.parametrize("unknown", ["7", "00000000-0000-7000-8000-000000000000", "x" * 100])
def test_a_message_that_is_not_there_is_not_found(mine: Client, unknown: str) -> None:
    assert react(mine, unknown).status == 404


def test_figures_of_the_day_are_counted_again_after_a_reaction(mine: Client, shop: Engine, message: str) -> None:
    react(mine, message)
    with shop.connect() as connection:
        assert CONVERSATIONS.list_due(connection)


def test_reacting_and_listing_take_few_statements(shop: Engine, mine: Client, message: str) -> None:
    react(mine, message)
    with counted_statements(shop) as statements:
        assert react(mine, message, "like").status == 201
    assert len([each for each in statements if each not in ("COMMIT", "BEGIN IMMEDIATE", "START TRANSACTION")]) <= 8
    for _ in range(3):
        react(client_of(Role.STAFF), message)
    with counted_statements(shop) as statements:
        assert len(mine.get(f"/api/messages/{message}/reactions").json) == 5
    assert len(statements) <= 4


def test_the_same_reaction_many_times_at_once_is_one(shop: Engine, mine: Client, message: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: react(mine, message), range(8)))
    assert sorted(each.status for each in answers) == [200] * 7 + [201]
    with shop.connect() as connection:
        assert len(connection.execute(select(message_reactions)).all()) == 1


def test_the_owner_learns_of_staff_that_reacts_the_user_name_alone(mine: Client, message: str) -> None:
    staff = make_account_row(Role.STAFF, email="sam@example.com", first_name="Sam", last_name="Staff")
    react(Client(make_token(staff)), message)
    (seen,) = mine.get(f"/api/messages/{message}/reactions/").json
    assert (seen["user"]["id"], seen["user"]["username"]) == (staff, seen["user"]["username"])
    assert [seen["user"][name] for name in ("email", "first_name", "last_name")] == ["", "", ""]
    (by_staff,) = client_of(Role.STAFF).get(f"/api/messages/{message}/reactions/").json
    assert by_staff["user"]["email"] == "sam@example.com"
