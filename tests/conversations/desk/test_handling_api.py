"""What staff does with a conversation: taking over, handing back, answering, noting; and asking for a person."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from app import routes
from chalicelib.conversations.history import messages, sessions
from chalicelib.conversations.history.message_answers import present_message
from chalicelib.core.auth import Role
from chalicelib.core.database import transaction
from tests.client import Client
from tests.conversations.makers import put_session, session_row
from tests.factories import make_account_row, make_token

STAFF_ROUTES: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/conversations", None),
    ("GET", "/conversations/low-rated", None),
    ("GET", "/conversations/unanswered", None),
    ("GET", "/conversations/{id}", None),
    ("PATCH", "/conversations/{id}", {"assignee_id": 1}),
    ("POST", "/conversations/{id}/take-over", {}),
    ("POST", "/conversations/{id}/hand-back", {}),
    ("POST", "/conversations/{id}/request-handoff", None),
    ("POST", "/conversations/{id}/reply", {"content": "Hi"}),
    ("GET", "/conversations/{id}/notes", None),
    ("POST", "/conversations/{id}/notes", {"content": "Hi"}),
    ("DELETE", "/conversations/{id}/notes/1", None),
    ("PUT", "/conversations/{id}/reviews/1", None),
    ("DELETE", "/conversations/{id}/reviews/1", None),
    ("PUT", "/conversations/{id}/review", None),
    ("DELETE", "/conversations/{id}/review", None),
)


@pytest.fixture
def owner(client: Client) -> int:
    return make_account_row(Role.CUSTOMER)


@pytest.fixture
def session(owner: int) -> Any:
    return put_session(owner)


@pytest.fixture
def kim(client: Client) -> Client:
    return Client(make_token(make_account_row(Role.STAFF, first_name="Kim", last_name="Lee", username="kim@shop")))


def seen_by_the_owner(session: Any) -> list[dict[str, Any]]:
    with transaction() as connection:
        return [present_message(row) for row in messages.list_recent(connection, session.id, 10)]


def url(session: Any, action: str = "") -> str:
    return f"/conversations/{session.public_id}{action}"


@pytest.mark.parametrize(("method", "path", "body"), STAFF_ROUTES)
def test_the_help_desk_is_for_staff(session: Any, owner: int, method: str, path: str, body: Any) -> None:
    target = path.replace("{id}", session.public_id)
    assert Client().request(method, target, body).status == 401
    assert Client(make_token(owner)).request(method, target, body).status == 403


def test_the_owner_asks_for_a_person_and_sees_that_one_answers(session: Any, owner: int, kim: Client) -> None:
    robin = Client(make_token(owner))
    for prefix in ("/api/sessions", "/api/conversations/sessions"):
        answer = robin.post(f"{prefix}/{session.public_id}/request_human/", {"reason": "order"})
        assert (answer.status, answer.json["state"]) == (200, "requested")
    kim.post(url(session, "/take-over"), {})
    assert kim.post(url(session, "/reply"), {"content": "Here I am"}).status == 201
    assert robin.post(f"/api/sessions/{session.public_id}/request_human", {}).json["state"] == "taken"


def test_nobody_asks_for_a_person_in_anothers_conversation(session: Any, kim: Client) -> None:
    target = f"/api/sessions/{session.public_id}/request_human"
    assert Client().post(target, {}).status == 401
    other = Client(make_token(make_account_row(Role.CUSTOMER)))
    assert (other.post(target, {}).status, kim.post(target, {}).status) == (404, 404)
    assert session_row(session.id).handoff is None


def test_taking_over_and_handing_back(session: Any, kim: Client) -> None:
    lee = Client(make_token(make_account_row(Role.ADMIN)))
    taken = kim.post(url(session, "/take-over"), {}).json
    assert (taken["handoff"], taken["assignee"]["name"], taken["waiting_s"]) == ("taken", "Kim Lee", None)
    refused = lee.post(url(session, "/take-over"), {})
    assert (refused.status, refused.json["type"].rpartition(":")[2]) == (409, "taken-by-another")
    assert lee.post(url(session, "/hand-back"), {}).status == 409
    assert lee.post(url(session, "/take-over"), {"force": True}).json["assignee"]["name"] == ""
    assert lee.post(url(session, "/hand-back"), {}).json["handoff"] is None


def test_a_conversation_is_given_to_a_colleague(session: Any, owner: int, kim: Client) -> None:
    lee = make_account_row(Role.STAFF, username="lee")
    assert kim.post(url(session, "/take-over"), {"assignee_id": lee}).json["assignee"]["username"] == "lee"
    assert kim.post(url(session, "/reply"), {"content": "Hi"}).status == 409
    sam = make_account_row(Role.ADMIN, username="sam")
    assert kim.patch(url(session), {"assignee_id": sam}).json["assignee"]["username"] == "sam"
    assert kim.patch(url(session), {"assignee_id": owner}).status == 422


def test_staff_puts_a_conversation_among_those_that_wait(session: Any, kim: Client) -> None:
    assert kim.post(url(session, "/request-handoff")).json["handoff"] == "requested"
    assert [row["id"] for row in kim.get("/conversations?sort=waiting").json] == [session.public_id]


def test_an_answer_of_the_shop_carries_a_first_name_and_never_who_it_is_inside(
    session: Any, owner: int, kim: Client
) -> None:
    assert kim.post(url(session, "/reply"), {"content": "Hi"}).status == 409
    said = kim.post(url(session, "/reply"), {"content": " Your parcel leaves tomorrow. ", "force": True})
    assert said.status == 201
    assert (said.json["content"], said.json["message_type"], said.json["origin"]) == (
        "Your parcel leaves tomorrow.",
        "system",
        "staff",
    )
    [seen] = seen_by_the_owner(session)
    assert seen["metadata"] == {"author": "Kim"}
    assert "kim@shop" not in str(seen)
    nameless = Client(make_token(make_account_row(Role.STAFF)))
    again = nameless.post(url(session, "/reply"), {"content": "Hi", "force": True})
    assert again.json["metadata"] == {"author": "the shop"}


@pytest.mark.parametrize("content", ["", "   ", "a\x00b", "x" * 10_001])
def test_an_answer_says_something_within_its_bounds(session: Any, kim: Client, content: str) -> None:
    assert kim.post(url(session, "/reply"), {"content": content, "force": True}).status == 422
    assert kim.post(url(session, "/notes"), {"content": content}).status == 422


def test_notes_are_for_staff_and_deleted_by_who_wrote_them(session: Any, owner: int, kim: Client) -> None:
    lee = Client(make_token(make_account_row(Role.ADMIN)))
    note = kim.post(url(session, "/notes"), {"content": "Ask the warehouse"}).json
    lee.post(url(session, "/notes"), {"content": "Done"})
    assert [row["content"] for row in lee.get(url(session, "/notes")).json] == ["Ask the warehouse", "Done"]
    assert lee.delete(url(session, f"/notes/{note['id']}")).status == 403
    assert kim.delete(f"/conversations/{put_session(owner).public_id}/notes/{note['id']}").status == 404
    assert kim.delete(url(session, f"/notes/{note['id']}")).status == 204
    assert [row["content"] for row in kim.get(url(session, "/notes")).json] == ["Done"]


def test_no_route_of_the_customer_tells_of_notes_or_of_who_has_the_conversation(
    session: Any, owner: int, kim: Client
) -> None:
    kim.post(url(session, "/notes"), {"content": "Marked as difficult"})
    kim.post(url(session, "/reply"), {"content": "Hello", "force": True})
    robin = Client(make_token(owner))
    told = [
        robin.get(route.path.format(session_id=session.public_id)).text
        for route in routes
        if route.method == "GET" and route.path.startswith("/api/") and set(route.path_types) <= {"session_id"}
    ]
    assert told
    assert [text for text in told if "Marked" in text or "kim@shop" in text or "Lee" in text] == []


def test_deleting_a_conversation_takes_all_of_the_help_desk_with_it(
    shop: Engine, session: Any, owner: int, kim: Client
) -> None:
    kim.post(url(session, "/notes"), {"content": "A note"})
    kim.post(url(session, "/reply"), {"content": "Hi", "force": True})
    kim.put(url(session, "/reviews/1"))
    with transaction() as connection:
        sessions.delete_session(connection, session_row(session.id))
    assert kim.get(url(session)).status == 404
