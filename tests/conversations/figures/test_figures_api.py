"""GET /analytics/conversations: sums, shares, changes, steps, and the same as a file."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from chalicelib.conversations.figures import figures, measure
from chalicelib.core import clock
from chalicelib.core.auth import Role
from tests.client import Client
from tests.conversations.makers import make_answer, make_reaction, make_said, put_session
from tests.factories import NOON, client_of, counted_statements, make_account_row

DAY = timedelta(days=1)
URL = "/analytics/conversations"


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON)


@pytest.fixture
def staff(client: Client) -> Client:
    return client_of(Role.STAFF)


def talk(at: datetime, *outcomes: str, rating: int | None = None, intent: str = "search") -> None:
    owner = make_account_row(Role.CUSTOMER)
    session = put_session(owner, created_at=at, session_rating=rating)
    for outcome in outcomes:
        make_said(session, timestamp=at)
        answer = make_answer(
            session, outcome, intent, timestamp=at, response_time_ms=100, tokens_used=7, cost_micros=1250
        )
        make_reaction(answer, "like" if outcome == "answered" else "not_helpful", owner)


def count() -> None:
    measure.measure_conversations(time_left_ms=lambda: 900_000)


def test_before_the_first_run_there_is_nothing_and_it_says_so(staff: Client) -> None:
    answer = staff.get(URL).json
    assert answer["as_of"] is None
    assert (answer["totals"]["from"], answer["totals"]["to"]) == ("2026-01-31", "2026-03-01")
    assert (answer["totals"]["conversations"], answer["totals"]["answer_rate"]) == (0, None)
    assert len(answer["series"]) == 30
    assert answer["top_intents"] == []


def test_totals_stand_beside_those_of_as_many_days_before(staff: Client) -> None:
    talk(NOON - DAY, "answered", "answered", rating=4)
    talk(NOON, "answered", "unanswered", rating=1, intent="policy")
    talk(NOON - 2 * DAY, "answered")
    talk(NOON - 4 * DAY, "answered")
    count()
    answer = staff.get(f"{URL}?from=2026-02-28&to=2026-03-01").json
    totals, before = answer["totals"], answer["previous"]
    assert answer["as_of"] == "2026-03-01T12:00:00Z"
    assert (totals["conversations"], totals["questions"], totals["answered"]) == (2, 4, 3)
    assert (totals["answer_rate"], totals["resolution_rate"], totals["avg_rating"]) == (0.75, 0.5, 2.5)
    assert (totals["avg_response_ms"], totals["helpful_rate"]) == (100, 0.75)
    assert (totals["tokens"], totals["cost"], totals["avg_wait_s"]) == (28, 0.005, None)
    assert (before["from"], before["to"], before["conversations"]) == ("2026-02-26", "2026-02-27", 1)
    change = answer["change"]
    assert (change["conversations"], change["questions"], change["answer_rate"]) == (1.0, 3.0, -0.25)
    assert change["ratings"] is None
    assert answer["top_intents"] == [
        {"intent": "policy", "questions": 2, "unanswered": 1},
        {"intent": "search", "questions": 2, "unanswered": 0},
    ]


def test_each_figure_is_defined(staff: Client) -> None:
    answer = staff.get(URL).json
    assert set(answer["definitions"]) == set(figures.NAMES) == set(answer["change"])
    assert set(answer["totals"]) == set(figures.NAMES) | {"from", "to"}


def test_days_weeks_and_months_add_up_to_the_totals(staff: Client) -> None:
    for back in range(0, 40, 3):
        talk(NOON - back * DAY, "answered")
    count()
    for granularity in ("day", "week", "month"):
        answer = staff.get(f"{URL}?from=2026-01-20&granularity={granularity}").json
        assert sum(each["questions"] for each in answer["series"]) == answer["totals"]["questions"] == 14


def test_weeks_begin_on_monday_and_months_on_their_first_and_both_are_cut_off_at_the_ends() -> None:
    first, last = date(2026, 1, 28), date(2026, 3, 1)
    assert figures.spans(first, last, "month") == [
        (first, date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 28)),
        (last, last),
    ]
    weeks = figures.spans(first, last, "week")
    assert weeks[0] == (first, date(2026, 2, 1))
    assert weeks[1] == (date(2026, 2, 2), date(2026, 2, 8))
    assert weeks[-1] == (date(2026, 2, 23), last)
    assert len(figures.spans(first, last, "day")) == 33
    assert figures.spans(date(2024, 2, 10), date(2024, 3, 1), "month")[0][1] == date(2024, 2, 29)


def test_the_file_has_a_line_for_each_step(staff: Client) -> None:
    talk(NOON, "answered", "refused")
    count()
    answer = staff.get(f"{URL}.csv?from=2026-02-28")
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert [line["from"] for line in lines] == ["2026-02-28", "2026-03-01"]
    assert (lines[1]["questions"], lines[1]["answer_rate"], lines[0]["answer_rate"]) == ("2", "0.5", "")
    assert lines[1]["cost"] == "0.002500"
    assert "conversations.csv" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    "query", ["from=2026-03-02&to=2026-03-01", "from=2024-01-01&to=2026-03-01", "granularity=year", "from=1772366400"]
)
def test_a_time_that_is_none_is_refused(staff: Client, query: str) -> None:
    assert staff.get(f"{URL}?{query}").status == 422
    assert staff.get(f"{URL}.csv?{query}").status == 422


def test_figures_are_for_staff(client: Client) -> None:
    for target in (URL, f"{URL}.csv"):
        assert client.get(target).status == 401
        assert client_of(Role.CUSTOMER).get(target).status == 403


def test_they_are_read_in_a_few_statements_however_long_the_time(shop: Engine, staff: Client) -> None:
    talk(NOON, "answered")
    count()
    with counted_statements(shop) as statements:
        staff.get(f"{URL}?from=2025-06-01")
    assert len([each for each in statements if "auth_tokens" not in each]) <= 3
