"""Templates: for everybody to use, for authors and staff to change; each use is counted once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, select

from chalicelib.conversations.history.history_tables import conversation_profiles, conversation_sessions
from chalicelib.core.auth import Role
from tests.client import Client
from tests.factories import client_of, counted_statements, make_account_row, make_template, make_token

GIFT = {
    "name": "Find a gift",
    "description": "For presents.",
    "category": "shopping",
    "template_data": {"occasion": "birthday", "steps": [1, 2]},
}


@pytest.fixture
def author(client: Client) -> Client:
    return Client(make_token(make_account_row(Role.CUSTOMER, first_name="Robin")))


@pytest.fixture
def other(client: Client) -> Client:
    return client_of(Role.CUSTOMER)


@pytest.fixture
def staff(client: Client) -> Client:
    return client_of(Role.STAFF)


def make(client: Client, **given: Any) -> dict[str, Any]:
    answer = client.post("/api/templates/", GIFT | given)
    assert answer.status == 201, answer.text
    made: dict[str, Any] = answer.json
    return made


def names(client: Client, query: str = "") -> list[str]:
    return [each["name"] for each in client.get(f"/api/templates/?{query}").json["results"]]


def test_what_is_made_is_read_by_everybody(author: Client, other: Client) -> None:
    made = make(author)
    assert {name: made[name] for name in GIFT} == GIFT
    assert (made["is_active"], made["usage_count"], made["created_by"]["first_name"]) == (True, 0, "Robin")
    seen = {**made, "created_by": {**made["created_by"], "first_name": ""}}
    assert other.get(f"/api/templates/{made['id']}/").json == seen
    assert other.get(f"/api/conversations/templates/{made['id']}").json == seen
    assert other.get("/api/templates/").json == {"count": 1, "next": None, "previous": None, "results": [seen]}
    assert Client().get("/api/templates/").status == 401


def test_a_name_is_of_one_template_whatever_its_case(author: Client, other: Client) -> None:
    make(author)
    second = make(other, name="Another")
    taken = other.post("/api/templates", {"name": "FIND a Gift "})
    assert (taken.status, taken.json["type"]) == (409, "urn:shopkeeper:problem:template-name-taken")
    assert other.patch(f"/api/templates/{second['id']}", {"name": "find a gift"}).status == 409
    assert other.patch(f"/api/templates/{second['id']}", {"name": "ANOTHER"}).json["name"] == "ANOTHER"


def test_the_author_and_staff_change_it_and_nobody_else(author: Client, other: Client, staff: Client) -> None:
    path = f"/api/templates/{make(author)['id']}"
    assert author.patch(path, {"category": "gifts"}).json["category"] == "gifts"
    replaced = staff.put(path, {"name": "Presents"}).json
    assert (replaced["name"], replaced["category"], replaced["template_data"]) == ("Presents", "", {})
    assert replaced["created_by"]["first_name"] == "Robin"
    for answer in (other.patch(path, {"category": "x"}), other.put(path, {"name": "x"}), other.delete(path)):
        assert answer.status == 403
    assert author.delete(path).status == 204
    assert [each.status for each in (author.get(path), author.delete(path), staff.patch(path, GIFT))] == [404] * 3


def test_one_that_is_switched_off_is_there_for_author_and_staff_only(
    author: Client, other: Client, staff: Client
) -> None:
    path = f"/api/templates/{make(author, is_active=False)['id']}"
    assert [each.get(path).status for each in (author, staff, other)] == [200, 200, 404]
    assert [len(names(each)) for each in (author, staff, other)] == [1, 1, 0]
    assert [each.post(f"{path}/use_template").status for each in (author, staff, other)] == [409, 409, 404]
    assert other.patch(path, {"category": "x"}).status == 404


def test_lists_are_filtered_and_paged(author: Client, other: Client) -> None:
    make(author, name="Größen 100%", category="help", description="")
    make(author, name="Gifts", description="Presents of ALL kinds")
    make(author, name="Hidden", is_active=False)
    assert names(author, "category=help") == ["Größen 100%"]
    assert names(author, "search=present") == ["Gifts", "Hidden"]
    assert names(author, "search=GR%C3%96SSEN") == names(author, "search=0%25") == ["Größen 100%"]
    assert names(author, "search=_") == []
    assert names(author, "is_active=false") == ["Hidden"]
    assert names(other, "is_active=false") == []
    page = author.get("/api/templates?page=2&page_size=2").json
    assert (page["count"], len(page["results"]), page["next"]) == (3, 1, None)
    for number in range(20):
        make(author, name=f"More {number}")
    assert len(names(author)) == 20


def test_a_list_takes_three_statements_however_many_authors(shop: Engine, author: Client) -> None:
    for _ in range(5):
        make_template(make_account_row(Role.CUSTOMER))
    make_template(None)
    with counted_statements(shop) as statements:
        found = author.get("/api/templates").json["results"]
    assert len(statements) == 3
    assert found[-1]["created_by"] is None


def test_a_session_begins_with_a_template(shop: Engine, author: Client, other: Client) -> None:
    made = make(author)
    answer = other.post(f"/api/templates/{made['id']}/use_template/")
    session = answer.json
    assert answer.status == 201
    assert answer.headers["Location"].endswith(f"/api/sessions/{session['id']}")
    assert (session["title"], session["session_context"]) == ("Find a gift", GIFT["template_data"])
    assert (session["tags"], session["status"], session["messages"]) == (["shopping"], "active", [])
    bare = make(author, name="Bare", category="")
    assert other.post(f"/api/templates/{bare['id']}/use_template").json["tags"] == []
    assert author.get(f"/api/templates/{made['id']}").json["usage_count"] == 1
    with shop.connect() as connection:
        assert connection.execute(select(conversation_profiles)).one().total_conversations == 2


def test_uses_at_once_are_all_counted(shop: Engine, author: Client) -> None:
    template_id = make(author)["id"]
    clients = [client_of(Role.CUSTOMER) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda each: each.post(f"/api/templates/{template_id}/use_template").status, clients * 2)
        )
    assert answers == [201] * 16
    assert author.get(f"/api/templates/{template_id}").json["usage_count"] == 16
    with shop.connect() as connection:
        assert len(connection.execute(select(conversation_sessions)).all()) == 16


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"name": "two\nlines"},
        {"name": "\ufdfa" * 100},
        {"category": "x" * 101},
        {"template_data": []},
        {"template_data": {"x": "y" * 50_000}},
        {"usage_count": 7},
        {"created_by": 1},
    ],
)
def test_what_is_no_template_is_refused(author: Client, change: dict[str, Any]) -> None:
    template_id = make(author)["id"]
    assert author.post("/api/templates", GIFT | {"name": "New"} | change).status == 422
    assert author.patch(f"/api/templates/{template_id}", change).status == 422


@pytest.mark.usefixtures("shop")
def test_other_customers_do_not_learn_who_the_author_is_beyond_the_user_name() -> None:
    author = make_account_row(Role.CUSTOMER, email="robin@example.com", first_name="Robin", last_name="Field")
    made = Client(make_token(author)).post("/api/templates/", {"name": "Gifts"}).json
    assert made["created_by"]["email"] == "robin@example.com"
    other = client_of(Role.CUSTOMER)
    listed = other.get("/api/templates/").json["results"][0]
    for seen in (listed, other.get(f"/api/templates/{made['id']}/").json):
        person = seen["created_by"]
        assert person["username"] == made["created_by"]["username"]
        assert [person[name] for name in ("email", "first_name", "last_name")] == ["", "", ""]
    assert client_of(Role.STAFF).get(f"/api/templates/{made['id']}/").json["created_by"]["last_name"] == "Field"
