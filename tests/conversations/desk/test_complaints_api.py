"""What went wrong: answers found bad, low ratings, questions without an answer; and what staff has looked at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from chalicelib.conversations.history import messages
from chalicelib.core.auth import Role
from chalicelib.core.database import transaction
from tests.client import Client
from tests.conversations.makers import make_answer, make_reaction, make_said, put_session
from tests.factories import NOON, client_of, counted_statements, make_account_row

HOUR = timedelta(hours=1)
LOW, OPEN = "/conversations/low-rated", "/conversations/unanswered"


@pytest.fixture
def staff(client: Client) -> Client:
    return client_of(Role.STAFF)


@pytest.fixture
def owner(client: Client) -> int:
    return make_account_row(Role.CUSTOMER)


def talk(owner: int, outcome: str = "answered", **given: Any) -> tuple[Any, Any]:
    session = put_session(owner, **given)
    at = given.get("created_at", NOON)
    make_said(session, content="An older question", timestamp=at)
    make_said(session, content="Where is my order?", timestamp=at)
    answer = make_answer(session, outcome, "order_status", content="It is on its way.", timestamp=at)
    make_said(session, content="A later one", timestamp=at)
    return session, answer


def test_bad_answers_stand_beside_their_questions_newest_first(staff: Client, owner: int) -> None:
    session, answer = talk(owner)
    make_reaction(answer, "dislike", owner, created_at=NOON, comment="It is not")
    make_reaction(answer, "inaccurate", owner, created_at=NOON + HOUR)
    make_reaction(answer, "like", owner)
    rated, last = talk(owner, session_rating=1, rated_at=NOON + 2 * HOUR)
    talk(owner, session_rating=3, rated_at=NOON)
    rows = staff.get(LOW).json
    assert [(row["kind"], row["reaction_type"], row["sequence_number"]) for row in rows] == [
        ("rating", None, 0),
        ("reaction", "inaccurate", 3),
        ("reaction", "dislike", 3),
    ]
    assert rows[2]["comment"] == "It is not"
    assert rows[2]["session"]["id"] == session.public_id
    assert (rows[2]["question"]["content"], rows[2]["answer"]["content"]) == (
        "Where is my order?",
        "It is on its way.",
    )
    assert (rows[2]["answer"]["intent"], rows[2]["answer"]["outcome"]) == ("order_status", "answered")
    assert (rows[0]["session"]["id"], rows[0]["session"]["session_rating"]) == (rated.public_id, 1)
    assert (rows[0]["question"], rows[0]["answer"]["sequence_number"]) == (None, last.sequence_number)
    assert len(staff.get(f"{LOW}?kind=rating").json) == 1
    assert len(staff.get(f"{LOW}?kind=reaction&intent=order_status").json) == 2
    assert staff.get(f"{LOW}?intent=search").json == []
    assert staff.get(f"{LOW}?date_from=2026-03-02").json == []


def test_questions_without_an_answer_are_listed_by_what_became_of_them(staff: Client, owner: int) -> None:
    made = {}
    for hours, outcome in enumerate(("answered", "asked_back", "unanswered", "failed", "refused")):
        made[outcome], _ = talk(owner, outcome, created_at=NOON + hours * HOUR)
    rows = staff.get(OPEN).json
    assert [row["outcome"] for row in rows] == ["refused", "failed", "unanswered"]
    assert [row["session"]["id"] for row in rows] == [made[row["outcome"]].public_id for row in rows]
    assert rows[0]["question"]["content"] == "Where is my order?"
    assert rows[0]["intent"] == "order_status"
    assert [row["outcome"] for row in staff.get(f"{OPEN}?outcome=failed").json] == ["failed"]


def test_the_lists_go_on_behind_a_cursor_also_where_things_happened_at_once(staff: Client, owner: int) -> None:
    for number in range(4):
        _, answer = talk(owner, ("failed", "refused")[number % 2], session_rating=1, rated_at=NOON)
        make_reaction(answer, "dislike", owner)
    for target, total in ((LOW, 8), (OPEN, 4)):
        whole = [(row["session"]["id"], row["sequence_number"]) for row in staff.get(target).json]
        assert len(set(whole)) == total
        for limit in (1, 3):
            seen, after = [], ""
            while True:
                page = staff.get(f"{target}?limit={limit}&after={after}")
                seen += [(row["session"]["id"], row["sequence_number"]) for row in page.json]
                if "X-Next-Cursor" not in page.headers:
                    break
                after = page.headers["X-Next-Cursor"]
            assert seen == whole


def test_what_is_reviewed_says_by_whom_and_leaves_the_work_list(staff: Client, owner: int) -> None:
    session, answer = talk(owner, "failed", session_rating=2, rated_at=NOON)
    make_reaction(answer, "not_helpful", owner)
    reviews = f"/conversations/{session.public_id}/reviews"
    review = f"/conversations/{session.public_id}/review"
    assert staff.put(f"{reviews}/3").status == 204
    assert staff.get(f"{OPEN}?reviewed=false").json == []
    [row] = staff.get(f"{OPEN}?reviewed=true").json
    assert row["review"]["by"]["username"].startswith("staff")
    assert [row["kind"] for row in staff.get(f"{LOW}?reviewed=false").json] == ["rating"]
    assert staff.put(f"{review}").status == 204
    assert staff.get(f"{LOW}?reviewed=false").json == []
    assert client_of(Role.ADMIN).put(f"{review}").status == 204
    assert staff.delete(f"{review}").status == 204
    assert len(staff.get(f"{LOW}?reviewed=false").json) == 1
    assert staff.put(f"{reviews}/99").status == 404


def test_what_is_deleted_is_gone_from_the_lists(staff: Client, owner: int) -> None:
    session, answer = talk(owner, "failed")
    make_reaction(answer, "dislike", owner)
    question = staff.get(OPEN).json[0]["question"]["sequence_number"]
    with transaction() as connection:
        said = messages.list_recent(connection, session.id, 10)
        [asked] = [row.public_id for row in said if row.sequence_number == question]
        messages.delete_message(connection, asked, account_id=owner)
    assert staff.get(OPEN).json[0]["question"]["content"] == "An older question"
    with transaction() as connection:
        messages.delete_message(connection, answer.public_id, account_id=owner)
    assert (staff.get(OPEN).json, staff.get(LOW).json) == ([], [])


def test_a_list_takes_as_many_statements_however_long_it_is(shop: Engine, staff: Client, owner: int) -> None:
    for target, most in ((LOW, 4), (OPEN, 5)):
        counts = []
        for _ in range(2):
            for _ in range(3):
                _, answer = talk(owner, "failed", session_rating=1, rated_at=NOON)
                make_reaction(answer, "dislike", owner)
            with counted_statements(shop) as statements:
                staff.get(target)
            counts.append(len([each for each in statements if "auth_tokens" not in each]))
        assert counts[0] == counts[1] <= most
