"""The help desk's list of conversations, and one with all that stands around it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from chalicelib.conversations.desk import handoffs
from chalicelib.conversations.history import messages, sessions
from chalicelib.conversations.history.messages import NewMessage
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import transaction
from tests.client import Client
from tests.conversations.makers import make_reaction, make_said, put_session, session_row
from tests.factories import (
    NOON,
    client_of,
    counted_statements,
    make_account_row,
    make_customer,
    make_order,
    make_product,
    make_token,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def staff(client: Client) -> Client:
    return client_of(Role.STAFF)


@pytest.fixture
def owner(shop: Engine) -> int:
    return make_account_row(Role.CUSTOMER, username="robin")


def ids(answer: Any) -> list[str]:
    assert answer.status == 200, answer.text
    return [row["id"] for row in answer.json]


def ask(session: Any, reason: str = "asked") -> None:
    with transaction() as connection:
        handoffs.request(connection, session_row(session.id), requested_by="customer", reason=reason)  # type: ignore[arg-type]


def take(session: Any, account_id: int) -> None:
    with transaction() as connection:
        handoffs.take_over(connection, session_row(session.id), assignee_id=account_id)


def say(owner: int, *contents: str) -> str:
    with transaction() as connection:
        session = sessions.create_session(connection, owner, sessions.NewSession())
        for content in contents:
            session = messages.append(connection, session, NewMessage(content)).session
    return str(session.public_id)


def test_all_conversations_are_listed_the_last_active_first(staff: Client, owner: int) -> None:
    other = make_account_row(Role.CUSTOMER)
    made = [put_session(each, created_at=NOON + n * HOUR).public_id for n, each in enumerate((owner, other, owner))]
    assert ids(staff.get("/conversations")) == made[::-1]
    first = staff.get("/conversations?after=&limit=2")
    assert ids(first) == made[:0:-1]
    rest = staff.get(f"/conversations?limit=2&after={first.headers['X-Next-Cursor']}")
    assert ids(rest) == made[:1]
    assert staff.get("/conversations?limit=1&skip=1").headers["X-Total-Count"] == "3"


def test_the_list_is_narrowed(staff: Client) -> None:
    customer = make_customer()
    owner, me = make_account_row(Role.CUSTOMER, customer_id=customer), make_account_row(Role.STAFF)
    plain = put_session(make_account_row(Role.CUSTOMER), status="paused")
    rated = put_session(owner, session_rating=2, tags='["gifts", "jeans"]', last_activity_at=NOON + timedelta(days=1))
    waiting, taken = put_session(owner), put_session(owner)
    ask(waiting)
    take(taken, me)
    narrowed = {
        "status=paused": [plain],
        "handoff=none&status=active": [rated],
        "handoff=requested": [waiting],
        "handoff=taken": [taken],
        f"assignee_id={me}": [taken],
        "assignee_id=me": [],
        f"account_id={plain.account_id}": [plain],
        f"customer_id={customer}&handoff=none": [rated],
        f"customer_id={customer}&account_id={plain.account_id}": [],
        "customer_id=999999": [],
        "min_rating=2": [rated],
        "min_rating=3": [],
        "max_rating=2": [rated],
        "max_rating=1": [],
        "tag=jeans": [rated],
        "tag=jean": [],
        "tag=%25": [],
        "date_from=2026-03-02&date_to=2026-03-02": [rated],
        "date_to=2026-03-01": [plain],
        "date_from=2026-03-03&handoff=none": [],
    }
    for query, expected in narrowed.items():
        assert ids(staff.get(f"/conversations?{query}")) == [each.public_id for each in expected], query
    mine = Client(make_token(me))
    assert ids(mine.get("/conversations?assignee_id=me")) == [taken.public_id]


def test_those_that_wait_stand_in_the_order_in_which_they_asked(
    staff: Client, owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    early, late, archived, taken = (put_session(owner) for _ in range(4))
    start = clock.now()
    for minutes, session in ((0, archived), (1, early), (5, late)):
        monkeypatch.setattr(clock, "now", lambda minutes=minutes: start + timedelta(minutes=minutes))
        ask(session)
    take(taken, make_account_row(Role.STAFF))
    with transaction() as connection:
        sessions.update_session(connection, session_row(archived.id), {"status": "archived"})
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(minutes=6))
    answer = staff.get("/conversations?sort=waiting")
    assert ids(answer) == [early.public_id, late.public_id]
    assert [row["waiting_s"] for row in answer.json] == [300, 60]
    first = staff.get("/conversations?sort=waiting&limit=1&after=")
    second = staff.get(f"/conversations?sort=waiting&limit=1&after={first.headers['X-Next-Cursor']}")
    assert ids(first) + ids(second) == ids(answer)
    assert staff.get("/conversations?sort=waiting&handoff=taken").status == 422


def test_words_are_looked_for_in_all_messages_and_shown_where_they_stand(staff: Client, owner: int) -> None:
    found = say(owner, "Do you have a red scarf?", "Or a green SCARF, of wool?", "Thanks")
    other = say(make_account_row(Role.CUSTOMER), "Where are my scarves?")
    say(owner, "Hello")
    answer = staff.get("/conversations?q=scarf")
    assert set(ids(answer)) == {found, other} or ids(answer) == [found]
    [row] = [row for row in answer.json if row["id"] == found]
    assert row["found"]["sequence_number"] == 2
    [(start, end)] = row["found"]["highlights"]
    assert row["found"]["snippet"][start:end] == "SCARF"
    assert ids(staff.get("/conversations?q=wool%20gree")) == [found]
    assert ids(staff.get("/conversations?q=wool%20hello")) == []
    assert ids(staff.get("/conversations?q=!!")) == []


def test_a_page_takes_four_statements_at_most(shop: Engine, staff: Client, owner: int) -> None:
    for _ in range(5):
        say(owner, "A scarf")
        ask(put_session(owner))
    counts = []
    for query in ("", "limit=2", "after=&limit=2", "sort=waiting", "q=scarf&limit=2"):
        with counted_statements(shop) as statements:
            assert staff.get(f"/conversations?{query}").status == 200
        counts.append(len([each for each in statements if "auth_tokens" not in each]))
    assert max(counts) <= 4


# --- one of them -------------------------------------------------------------------------------------------------


def test_a_conversation_is_shown_with_its_customer_and_all_around_it(staff: Client) -> None:
    customer, jeans = make_customer(first_name="Robin"), make_product()
    owner = make_account_row(Role.CUSTOMER, customer_id=customer, username="robin@example.com")
    made = [make_order(customer, (jeans, 1000), (jeans, 500), created_at=NOON + n * HOUR) for n in range(6)]
    make_order(customer, (jeans, 9900), status="cancelled", created_at=NOON - HOUR)
    buyer = Client(make_token(owner))
    cart = buyer.post("/carts").json["id"]
    buyer.put(f"/carts/{cart}/items/{jeans}", {"quantity": 3})
    session = put_session(owner, title="My jeans")
    said = make_said(session)
    answer = make_said(session, "ai")
    make_reaction(answer, "dislike", owner, comment="Wrong size")
    ask(session, "order")
    colleague = make_account_row(Role.STAFF, username="kim", first_name="Kim", last_name="Lee")
    kim = Client(make_token(colleague))
    kim.post(f"/conversations/{session.public_id}/notes", {"content": "A regular"})
    kim.post(f"/conversations/{session.public_id}/take-over", {})
    kim.post(f"/conversations/{session.public_id}/reply", {"content": "Hello Robin"})
    view = staff.get(f"/conversations/{session.public_id}").json
    who = {"id": colleague, "username": "kim", "name": "Kim Lee", "customer_id": None}
    assert (view["title"], view["handoff"], view["assignee"]) == ("My jeans", "taken", who)
    assert view["account"]["customer_id"] == customer
    assert [row["id"] for row in view["messages"]][:2] == [said.public_id, answer.public_id]
    assert [row["author"] for row in view["messages"]] == [None, None, who]
    [reaction] = view["reactions"]
    assert (reaction["reaction_type"], reaction["comment"], reaction["sequence_number"]) == (
        "dislike",
        "Wrong size",
        2,
    )
    [note] = view["notes"]
    assert (note["content"], note["author"]) == ("A regular", who)
    [handoff] = view["handoffs"]
    assert (handoff["requested_by"], handoff["reason"], handoff["assignee"]) == ("customer", "order", who)
    context = view["context"]
    assert (context["customer"]["id"], context["customer"]["first_name"]) == (customer, "Robin")
    assert (context["orders_count"], context["total_spent"], context["cart_units"]) == (6, 90.0, 3)
    assert [order["id"] for order in context["latest_orders"]] == made[:0:-1]


def test_an_account_without_a_customer_has_no_context(staff: Client, owner: int) -> None:
    view = staff.get(f"/conversations/{put_session(owner).public_id}").json
    assert (view["context"], view["messages"], view["assignee"]) == (None, [], None)


def test_what_is_not_there_is_not_found(staff: Client) -> None:
    for target in ("/conversations/0", "/conversations/01940d2c-4c7a-7d10-9a55-2f6f0f8f4b11"):
        assert staff.get(target).status == 404


def test_a_conversation_is_read_in_as_many_statements_however_much_was_said(shop: Engine, staff: Client) -> None:
    customer = make_customer()
    owner = make_account_row(Role.CUSTOMER, customer_id=customer)
    session = put_session(owner)
    counts = []
    for _ in range(2):
        for _ in range(4):
            message = make_said(session, "ai")
            make_reaction(message, "like", owner)
            staff.post(f"/conversations/{session.public_id}/notes", {"content": "A note"})
            make_order(customer, (make_product(), 1000))
        with counted_statements(shop) as statements:
            assert staff.get(f"/conversations/{session.public_id}").status == 200
        counts.append(len([each for each in statements if "auth_tokens" not in each]))
    assert counts[0] == counts[1] <= 10
