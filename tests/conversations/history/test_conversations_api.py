"""The contract of conversations: every endpoint and filter, as owner, another user, staff, nobody, at both paths."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update

from chalicelib.conversations.history import message_answers, sessions_api
from chalicelib.conversations.history.history_tables import conversation_messages, conversation_sessions
from chalicelib.core.auth import Role
from chalicelib.core.database import transaction
from tests.client import Client
from tests.factories import PASSWORD, counted_statements, make_account, make_account_row, make_message, make_session
from tests.factories import make_token as token_of

UNKNOWN = "01940d2c-4c7a-7d10-9a55-2f6f0f8f4b11"


@pytest.fixture(params=["/api", "/api/conversations"])
def at(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def account(shop: Engine) -> int:
    return make_account_row(Role.CUSTOMER, username="robin", first_name="Robin", email="robin@example.com")


@pytest.fixture
def owner(account: int) -> Client:
    return Client(token_of(account))


@pytest.fixture
def other(shop: Engine) -> Client:
    return Client(token_of(make_account_row(Role.CUSTOMER)))


@pytest.fixture
def staff(shop: Engine) -> Client:
    return Client(token_of(make_account_row(Role.STAFF)))


@pytest.fixture
def admin(shop: Engine) -> Client:
    return Client(token_of(make_account_row(Role.ADMIN)))


def ids(answer: Any) -> list[Any]:
    return [row["id"] for row in answer.json["results"]]


def titles(answer: Any) -> list[str]:
    return [row["title"] for row in answer.json["results"]]


# --- the beginning -----------------------------------------------------------------------------------------------


def test_a_token_is_given_and_the_root_tells_where_things_are(client: Client, at: str) -> None:
    name = make_account()
    signed = client.post(f"{at}/auth/token/", {"username": name, "password": PASSWORD})
    root = client.as_token(signed.json["token"]).get(f"{at}/")
    assert root.json["user"] == name
    assert {"message", "version", "endpoints", "documentation", "timestamp"} <= root.json.keys()
    mine = client.as_token(signed.json["token"])
    for name, place in root.json["endpoints"].items():
        if name != "auth":
            assert mine.get(place).status in (200, 201), place
    assert client.get(f"{at}/").status == 401


def test_bearer_is_taken_as_well(owner: Client) -> None:
    assert Client().get("/api/sessions", Authorization=f"Bearer {owner.token}").status == 200


# --- profiles ----------------------------------------------------------------------------------------------------


def test_ones_own_profile_is_made_at_first_use(owner: Client, at: str) -> None:
    first, second = owner.get(f"{at}/profiles/me/"), owner.get(f"{at}/profiles/me/")
    assert (first.status, second.status) == (201, 200)
    assert first.json == second.json
    user = first.json["user"]
    assert (user["username"], user["email"], user["first_name"]) == ("robin", "robin@example.com", "Robin")
    assert (first.json["is_active"], first.json["preferences"], first.json["total_messages"]) == (True, {}, 0)


def test_profiles_are_ones_own_and_an_admins_all(owner: Client, other: Client, staff: Client, admin: Client) -> None:
    made = owner.post("/api/profiles/", {"preferences": {"theme": "dark"}})
    assert made.status == 201
    assert owner.post("/api/profiles/", {}).json["type"].endswith("profile-exists")
    place = f"/api/profiles/{made.json['id']}/"
    assert made.headers["Location"] + "/" == place
    assert [client.get(place).status for client in (owner, other, staff, admin)] == [200, 404, 404, 200]
    for client, seen in ((owner, [made.json["id"]]), (other, []), (staff, []), (admin, [made.json["id"]])):
        assert ids(client.get("/api/profiles/")) == seen
    assert other.patch(place, {"is_active": False}).status == 404
    assert owner.patch(place, {"is_active": False}).json["preferences"] == {"theme": "dark"}
    assert owner.put(place, {}).json["preferences"] == {}
    assert [client.delete(place).status for client in (other, owner, owner)] == [404, 204, 404]


# --- sessions ----------------------------------------------------------------------------------------------------


def test_a_session_is_made_read_changed_replaced_and_deleted(owner: Client, at: str) -> None:
    given = {"title": "Jeans", "description": "For autumn", "tags": ["a", "b", "a"], "session_context": {"x": 1}}
    made = owner.post(f"{at}/sessions/", {**given, "ai_model_version": "own-1"})
    assert made.status == 201
    assert made.json | given == made.json | {"tags": ["a", "b"]} | given
    assert made.json["tags"] == ["a", "b"]
    assert made.json["user"]["username"] == "robin"
    assert (made.json["status"], made.json["message_count"], made.json["messages"]) == ("active", 0, [])
    assert made.json["avg_response_time"] is None
    assert made.json["analytics"]["session"] == made.json["id"]
    place = f"{at}/sessions/{made.json['id']}/"
    assert owner.get(place).json == made.json
    changed = owner.patch(place, {"title": "Skirts"}).json
    assert (changed["title"], changed["description"], changed["ai_model_version"]) == (
        "Skirts",
        "For autumn",
        "own-1",
    )
    replaced = owner.put(place, {"title": "New"}).json
    assert (replaced["title"], replaced["description"], replaced["tags"]) == ("New", "", [])
    assert (replaced["session_context"], replaced["ai_model_version"]) == ({}, None)
    assert [owner.delete(place).status, owner.get(place).status] == [204, 404]


def test_sessions_are_listed_as_the_contract_says_the_latest_first(owner: Client, account: int, at: str) -> None:
    first, second = make_session(account, title="One", tags=["x"]), make_session(account, title="Two")
    make_message(first.public_id)
    page = owner.get(f"{at}/sessions/?page_size=1").json
    assert (page["count"], page["previous"]) == (2, None)
    (row,) = page["results"]
    assert row == {
        "id": first.public_id,
        "user": "robin",
        "title": "One",
        "status": "active",
        "created_at": row["created_at"],
        "last_activity_at": row["last_activity_at"],
        "message_count": 1,
        "tags": ["x"],
    }
    following = owner.get(page["next"])
    assert ids(following) == [second.public_id]
    assert following.json["previous"] is not None


def test_sessions_are_narrowed_by_every_filter(owner: Client, account: int) -> None:
    jeans = make_session(account, title="Blue JEANS", description="100% cotton", tags=["cloth, blue", "x"])
    make_session(account, title="Order", status="archived", tags=["order"])
    with transaction() as connection:
        older = jeans.created_at - timedelta(days=10)
        connection.execute(
            update(conversation_sessions).where(conversation_sessions.c.id == jeans.id).values(created_at=older)
        )
    day = older.date().isoformat()
    for query, found in {
        "status=archived": ["Order"],
        "status=paused": [],
        "search=jean": ["Blue JEANS"],
        "search=100%25": ["Blue JEANS"],
        "search=o_der": [],
        "search=COTTON": ["Blue JEANS"],
        "tag=order": ["Order"],
        "tag=cloth,%20blue": ["Blue JEANS"],
        "tag=cloth": [],
        "tag=,": [],
        f"date_to={day}": ["Blue JEANS"],
        f"date_from={day}&date_to={day}": ["Blue JEANS"],
        f"date_from={older.isoformat().replace('+', '%2B')}&date_to={older.isoformat()}": ["Blue JEANS"],
        f"date_from={(older + timedelta(days=1)).date()}": ["Order"],
        "date_from=9999-12-31": [],
        "date_to=0001-01-01": [],
        "page=9": [],
    }.items():
        assert titles(owner.get(f"/api/sessions?{query}")) == found, query
    for bad in ("status=open", "page=0", "page_size=101", "date_from=soon", "date_from=2026-13-01", "search=", "x=1"):
        assert owner.get(f"/api/sessions?{bad}").status == 422, bad


def test_a_session_is_its_owners_and_read_by_staff(owner: Client, other: Client, staff: Client, account: int) -> None:
    session = make_session(account)
    place = f"/api/sessions/{session.public_id}"
    for route in (place, f"{place}/messages/"):
        answered = [client.get(route).status for client in (owner, other, staff, Client())]
        assert answered == [200, 404, 200, 401]
    for client in (other, staff):
        assert client.get("/api/sessions").json["count"] == 0
        assert client.patch(place, {"title": "x"}).status == 404
        assert client.post(f"{place}/add_message", {"content": "x"}).status == 404
        assert client.delete(place).status == 404
    assert owner.get(f"/api/sessions/{UNKNOWN}").status == 404
    assert owner.get("/api/sessions/no-uuid").status == 404


def test_a_session_is_archived_activated_and_rated(owner: Client, account: int, at: str) -> None:
    place = f"{at}/sessions/{make_session(account).public_id}"
    assert owner.post(f"{place}/archive/").json["status"] == "archived"
    refused = owner.post(f"{place}/add_message/", {"content": "Hello"})
    assert (refused.status, refused.json["type"]) == (409, "urn:shopkeeper:problem:conversation-archived")
    assert owner.post(f"{place}/activate/").json["status"] == "active"
    rated = owner.post(f"{place}/rate/", {"rating": 4, "satisfaction": "satisfied"}).json
    assert (rated["status"], rated["analytics"]["session_rating"]) == ("completed", 4)
    assert rated["analytics"]["user_satisfaction"] == "satisfied"
    for bad in ({"rating": 0}, {"rating": 6}, {"rating": 4.5}, {}, {"rating": 3, "satisfaction": "ok"}):
        assert owner.post(f"{place}/rate/", bad).status == 422


def test_the_statistics_are_of_ones_own(owner: Client, other: Client, account: int, at: str) -> None:
    for status in ("active", "archived"):
        session = make_session(account, status=status)
    make_message(make_session(account).public_id)
    with transaction() as connection:
        long_ago = session.created_at - timedelta(days=8)
        mine = conversation_sessions.c.id == session.id
        connection.execute(update(conversation_sessions).where(mine).values(last_activity_at=long_ago))
    assert owner.get(f"{at}/sessions/stats/").json == {
        "total_sessions": 3,
        "active_sessions": 2,
        "total_messages": 1,
        "avg_messages_per_session": 0.333,
        "recent_activity": 2,
    }
    assert other.get(f"{at}/sessions/stats/").json["avg_messages_per_session"] == 0


# --- messages ----------------------------------------------------------------------------------------------------


def test_messages_are_added_and_paged_in_sequence(owner: Client, account: int, at: str) -> None:
    place = f"{at}/sessions/{make_session(account).public_id}"
    added = owner.post(
        f"{place}/add_message/",
        {"content": "  Is it blue?\n ", "message_type": "user", "metadata": {"a": 10**30}, "attachments": [{"u": 1}]},
    )
    assert added.status == 201
    message = added.json
    assert (message["content"], message["word_count"], message["character_count"]) == ("Is it blue?", 3, 11)
    assert (message["status"], message["sequence_number"], message["origin"]) == ("sent", 1, "client")
    assert (message["metadata"], message["attachments"], message["language"]) == ({"a": 10**30}, [{"u": 1}], None)
    for kind in ("ai", "system"):
        said = {"content": "Yes", "message_type": kind, "ai_model": "own", "confidence_score": 0.87}
        assert owner.post(f"{place}/add_message/", said).json["confidence_score"] == 0.87
    page = owner.get(f"{place}/messages/?page_size=2").json
    assert [row["sequence_number"] for row in page["results"]] == [1, 2]
    assert [row["sequence_number"] for row in owner.get(page["next"]).json["results"]] == [3]
    shown = owner.get(place).json
    assert [row["content"] for row in shown["messages"]] == ["Is it blue?", "Yes", "Yes"]
    assert (shown["message_count"], shown["title"]) == (3, "Is it blue?")


@pytest.mark.parametrize(
    "wrong",
    [
        {"content": " \n "},
        {"content": "x" * 10_001},
        {"content": "a\u0000b"},
        {"content": 5},
        {},
        {"content": "x", "message_type": "robot"},
        {"content": "x", "status": "lost"},
        {"content": "x", "origin": "assistant"},
        {"content": "x", "sequence_number": 9},
        {"content": "x", "word_count": 1},
        {"content": "x", "author_id": 1},
        {"content": "x", "intent": "search"},
        {"content": "x", "confidence_score": 1.1},
        {"content": "x", "response_time_ms": -1},
        {"content": "x", "language": "English"},
        {"content": "x", "client_message_id": "x" * 65},
        {"content": "x", "metadata": []},
        {"content": "x", "metadata": {"a": "x" * 64_000}},
        {"content": "x", "metadata": {"a": float("nan")}},
        {"content": "x", "attachments": [1] * 51},
    ],
)
def test_what_a_message_cannot_be_is_refused(owner: Client, account: int, wrong: dict[str, Any]) -> None:
    place = f"/api/sessions/{make_session(account).public_id}"
    assert owner.post(f"{place}/add_message", wrong).status == 422
    assert owner.get(place).json["message_count"] == 0


def test_a_message_sent_twice_is_stored_once(owner: Client, account: int) -> None:
    place = f"/api/sessions/{make_session(account).public_id}"
    body = {"content": "Hello", "client_message_id": "one"}
    answers = [owner.post(f"{place}/add_message", body) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 200]
    assert answers[0].json == answers[1].json
    assert owner.post(f"{place}/add_message", {**body, "content": "Other"}).status == 409
    keyed = [owner.post(f"{place}/add_message", {"content": "Hi"}, Idempotency_Key="k") for _ in range(2)]
    assert keyed[0].json == keyed[1].json
    assert owner.get(place).json["message_count"] == 2


def test_a_message_is_made_read_changed_replaced_and_deleted_by_its_id(owner: Client, account: int, at: str) -> None:
    session = make_session(account).public_id
    made = owner.post(f"{at}/messages/", {"session": session.upper(), "content": "One", "message_type": "ai"})
    assert (made.status, made.json["session"]) == (201, session)
    place = f"{at}/messages/{made.json['id']}/"
    assert owner.get(place).json == made.json
    changed = owner.patch(place, {"content": "One two", "tokens_used": 5, "status": "read"}).json
    assert (changed["word_count"], changed["tokens_used"], changed["status"]) == (2, 5, "read")
    replaced = owner.put(place, {"session": session, "message_type": "ai", "content": "New"}).json
    assert (replaced["content"], replaced["tokens_used"], replaced["status"]) == ("New", None, "sent")
    assert replaced["sequence_number"] == 1
    for fixed in ({"message_type": "user"}, {"session": UNKNOWN}, {"sequence_number": 2}, {"origin": "staff"}):
        assert owner.patch(place, fixed).status == 422
    assert [owner.delete(place).status, owner.get(place).status] == [204, 404]
    assert owner.post(f"{at}/messages/", {"session": UNKNOWN, "content": "x"}).status == 404
    assert owner.post(f"{at}/messages/", {"session": "x", "content": "x"}).status == 422


def test_messages_are_their_owners_and_read_by_staff(
    owner: Client, other: Client, staff: Client, account: int
) -> None:
    session = make_session(account).public_id
    place = f"/api/messages/{make_message(session).public_id}"
    assert [client.get(place).status for client in (owner, other, staff, Client())] == [200, 404, 200, 401]
    for client in (other, staff):
        assert client.get("/api/messages").json["count"] == 0
        assert client.get(f"/api/messages?session={session}").json["count"] == 0
        assert client.patch(place, {"content": "x"}).status == 404
        assert client.delete(place).status == 404
        assert client.post("/api/messages", {"session": session, "content": "x"}).status == 404


def test_what_the_assistant_wrote_stays_but_may_be_deleted(owner: Client, account: int) -> None:
    message = make_message(make_session(account).public_id, message_type="ai", origin="assistant")
    refused = owner.patch(f"/api/messages/{message.public_id}", {"content": "For free"})
    assert (refused.status, refused.json["type"]) == (409, "urn:shopkeeper:problem:not-your-words")
    assert owner.delete(f"/api/messages/{message.public_id}").status == 204


def test_messages_are_narrowed_by_every_filter(owner: Client, account: int, at: str) -> None:
    one, two = make_session(account).public_id, make_session(account).public_id
    old = make_message(one, "old", message_type="ai", status="failed")
    make_message(one, "user")
    make_message(two, "system", message_type="system")
    with transaction() as connection:
        moment = old.timestamp - timedelta(days=5)
        mine = conversation_messages.c.id == old.id
        connection.execute(update(conversation_messages).where(mine).values(timestamp=moment))
    for query, found in {
        "": ["old", "user", "system"],
        f"session={one}": ["old", "user"],
        "message_type=system": ["system"],
        "status=failed": ["old"],
        f"date_to={moment.date()}": ["old"],
        f"date_from={(moment + timedelta(days=1)).date()}": ["user", "system"],
        f"session={UNKNOWN}": [],
        f"session={one}&status=sent&message_type=user": ["user"],
    }.items():
        assert [row["content"] for row in owner.get(f"{at}/messages?{query}").json["results"]] == found, query
    for bad in ("session=x", "message_type=robot", "status=lost"):
        assert owner.get(f"{at}/messages?{bad}").status == 422


def test_a_session_shows_its_latest_500_messages(owner: Client, account: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(sessions_api, "_SHOWN", 3)
    session = make_session(account).public_id
    for at in range(5):
        make_message(session, str(at) * 10)
    shown = owner.get(f"/api/sessions/{session}").json
    assert ([row["content"][0] for row in shown["messages"]], shown["message_count"]) == (["2", "3", "4"], 5)
    monkeypatch.setattr(message_answers, "_MOST_LETTERS", 30)
    assert [row["content"][0] for row in owner.get(f"/api/sessions/{session}").json["messages"]] == ["3", "4"]
    monkeypatch.setattr(message_answers, "_MOST_LETTERS", 1)
    assert [row["content"][0] for row in owner.get(f"/api/sessions/{session}").json["messages"]] == ["4"]


# --- figures -----------------------------------------------------------------------------------------------------


def test_the_figures_of_sessions_one_by_one_and_together(
    owner: Client, other: Client, staff: Client, account: int, at: str
) -> None:
    session = make_session(account)
    make_message(session.public_id, "one two")
    make_message(session.public_id, "yes", message_type="ai", response_time_ms=100, confidence_score=0.5)
    make_message(session.public_id, "no", message_type="ai", response_time_ms=201, status="failed", tokens_used=9)
    owner.post(f"{at}/sessions/{session.public_id}/rate", {"rating": 3})
    make_session(account)
    page = owner.get(f"{at}/analytics/").json
    assert page["count"] == 2
    (figures,) = [row for row in page["results"] if row["session"] == session.public_id]
    assert figures == owner.get(f"{at}/analytics/{figures['id']}/").json
    assert figures == owner.get(f"{at}/sessions/{session.public_id}/").json["analytics"]
    expected = {
        "avg_ai_response_time": 150.5,
        "avg_user_response_time": None,
        "total_user_words": 2,
        "total_ai_words": 2,
        "total_user_characters": 7,
        "total_ai_characters": 5,
        "user_message_count": 1,
        "ai_message_count": 2,
        "system_message_count": 0,
        "avg_confidence_score": 0.5,
        "failed_message_count": 1,
        "session_rating": 3,
        "user_satisfaction": None,
    }
    assert figures | expected == figures
    place = f"{at}/analytics/{figures['id']}/"
    assert [client.get(place).status for client in (owner, other, staff, Client())] == [200, 404, 200, 401]
    summary = owner.get(f"{at}/analytics/summary/").json
    assert summary.pop("total_duration") == sum(row["total_duration_seconds"] for row in page["results"])
    assert summary == {
        "total_conversations": 2,
        "avg_messages_per_conversation": 1.5,
        "avg_response_time": 150.5,
        "total_words_exchanged": 4,
        "avg_satisfaction": 3,
    }
    nothing = other.get(f"{at}/analytics/summary/").json
    assert (nothing["total_duration"], nothing["avg_satisfaction"], nothing["avg_response_time"]) == (0, None, None)
    assert staff.get(f"{at}/analytics/").json["count"] == 0


# --- statements --------------------------------------------------------------------------------------------------


def test_no_request_takes_a_statement_for_each_row(owner: Client, staff: Client, shop: Engine, account: int) -> None:
    """Who calls is counted in; BEGIN and COMMIT are not, which each request that writes has beside these."""
    for _ in range(20):
        session = make_session(account).public_id
        for _ in range(3):
            make_message(session)
    most = {
        ("GET", "/api/sessions"): 3,
        ("GET", "/api/messages"): 3,
        ("GET", "/api/analytics"): 3,
        ("GET", f"/api/sessions/{session}"): 4,
        ("GET", f"/api/sessions/{session}/messages"): 3,
        ("GET", "/api/sessions/stats"): 2,
        ("POST", f"/api/sessions/{session}/add_message"): 6,
    }
    body = {"content": "Hello there", "client_message_id": "named"}
    for (method, path), allowed in most.items():
        for client in (owner, staff):
            with counted_statements(shop) as statements:
                answer = client.request(method, path, body if method == "POST" else None)
            counted = [each for each in statements if each not in ("BEGIN IMMEDIATE", "START TRANSACTION", "COMMIT")]
            assert len(counted) <= allowed, (path, counted)
            assert answer.status in (200, 201) or (client is staff and method == "POST")


# --- what is forgotten -------------------------------------------------------------------------------------------


def test_a_kept_answer_does_not_outlive_what_it_tells_of(owner: Client, account: int) -> None:
    session = make_session(account).public_id
    body = {"content": "My secret"}
    said = owner.post(f"/api/sessions/{session}/add_message", body, Idempotency_Key="a")
    by_id = {"session": session, **body}
    owner.post("/api/messages", by_id, Idempotency_Key="b")
    assert owner.delete(f"/api/messages/{said.json['id']}").status == 204
    for target, sent, key in ((f"/api/sessions/{session}/add_message", body, "a"), ("/api/messages", by_id, "b")):
        again = owner.post(target, sent, Idempotency_Key=key)
        assert (again.status, "secret" in again.text) == (409, False)
