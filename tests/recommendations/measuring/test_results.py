"""What an experiment shows: counted by hand, whatever people do before, after, and as whom."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from chalicelib.commerce.tables import order_items
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import read, transaction
from chalicelib.recommendations.measuring import measure, results, statistics
from chalicelib.recommendations.measuring.assignment import Arm, Overrides, arm_of
from chalicelib.recommendations.measuring.experiment_tables import experiment_exposures, recommendation_experiments
from tests.client import Client
from tests.factories import (
    NOON,
    counted_statements,
    make_account_row,
    make_customer,
    make_experiment,
    make_exposure,
    make_item,
    make_order,
    make_product,
    make_token,
)
from tests.recommendations.measuring.happenings import DAY, make_event, make_visitor

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def ten_days_later(monkeypatch: pytest.MonkeyPatch) -> None:
    set_now(monkeypatch, NOON + 10 * DAY)


def set_now(monkeypatch: pytest.MonkeyPatch, now: Any) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)


@pytest.fixture
def staff(client: Client) -> Client:
    return client.as_token(make_token(make_account_row(Role.STAFF), expires_at=NOON + 400 * DAY))


def ask(staff: Client, experiment: int, query: str = "") -> Any:
    answer = staff.get(f"/ai/experiments/{experiment}/results{query}")
    assert answer.status == 200, answer.text
    return answer.json


def figures(staff: Client, experiment: int) -> list[tuple[int, int, int, int, float]]:
    """Return people, clicks, buyers, orders and revenue of each arm."""
    names = ("people", "clicks", "buyers", "orders", "revenue")
    return [tuple(arm[name] for name in names) for arm in ask(staff, experiment)["arms"]]


def customer_in(experiment: int, arm: str, at: Any = NOON) -> int:
    made = make_customer()
    make_exposure(experiment, arm, at, customer_id=made)
    return made


def buy(customer: int, cents: int, at: Any) -> int:
    return make_order(customer, (make_product(), cents), created_at=at, updated_at=at)


def test_what_people_did_after_they_first_saw_their_arm_counts(staff: Client) -> None:
    experiment = make_experiment()
    robin, sam = customer_in(experiment, "control"), customer_in(experiment, "diverse", NOON + DAY)
    customer_in(experiment, "control")
    for at in (NOON - MINUTE, NOON, NOON + HOUR):
        buy(robin, 1000, at)
        make_event("click", 1, at, customer_id=robin)
    for at in (NOON + HOUR, NOON + DAY + HOUR):
        buy(sam, 300, at)
        make_event("click", 1, at, customer_id=sam)
    order = buy(sam, 50, NOON + DAY + HOUR)
    make_item(order, make_product(), 9999, user_id=sam, status="returned")
    make_event("view", 1, NOON + 2 * DAY, customer_id=sam)
    make_event("impression", 1, NOON + 2 * DAY, customer_id=sam)
    assert figures(staff, experiment) == [(2, 2, 1, 2, 20.0), (1, 1, 1, 2, 3.5)]


def test_what_was_done_after_the_stop_is_none_of_it(staff: Client) -> None:
    experiment = make_experiment("stopped", stopped_at=NOON + DAY)
    robin = customer_in(experiment, "control")
    customer_in(experiment, "diverse", NOON + 2 * DAY)  # from a process that had not heard
    for at in (NOON + HOUR, NOON + DAY, NOON + 2 * DAY):
        buy(robin, 1000, at)
        make_event("click", 1, at, customer_id=robin)
    assert figures(staff, experiment) == [(1, 1, 1, 1, 10.0), (0, 0, 0, 0, 0.0)]


def test_others_who_take_no_part_and_other_experiments_count_for_nothing(staff: Client) -> None:
    experiment, other = make_experiment(), make_experiment("stopped")
    robin, sam = customer_in(experiment, "control"), customer_in(other, "control")
    for customer in (robin, sam, make_customer()):
        buy(customer, 1000, NOON + HOUR)
        make_event("click", 1, NOON + HOUR, customer_id=customer)
    assert figures(staff, experiment) == [(1, 1, 1, 1, 10.0), (0, 0, 0, 0, 0.0)]


def test_visitors_click_and_buy_as_soon_as_it_is_known_who_they_are(staff: Client) -> None:
    experiment = make_experiment()
    stranger = make_visitor()
    make_exposure(experiment, "diverse", visitor_id=stranger)
    for at in (NOON - HOUR, NOON + HOUR, NOON + 2 * HOUR):
        make_event("click", 1, at, visitor_id=stranger)
    robin = make_customer()
    browser = make_visitor(customer_id=robin)
    make_exposure(experiment, "diverse", visitor_id=browser)
    make_event("click", 1, NOON + HOUR, visitor_id=browser, customer_id=robin)
    buy(robin, 700, NOON + HOUR)
    assert figures(staff, experiment) == [(0, 0, 0, 0, 0.0), (2, 3, 1, 1, 7.0)]


def test_who_is_seen_twice_in_one_arm_is_one_person_from_the_first_time_on(staff: Client) -> None:
    experiment = make_experiment()
    robin = customer_in(experiment, "control", NOON + DAY)
    for first_at in (NOON, NOON + 2 * DAY):
        make_exposure(experiment, "control", first_at, visitor_id=make_visitor(customer_id=robin))
    buy(robin, 1000, NOON + HOUR)
    found = ask(staff, experiment)
    assert figures(staff, experiment) == [(1, 0, 1, 1, 10.0), (0, 0, 0, 0, 0.0)]
    assert found["crossed_people"] == 0


def test_who_saw_two_arms_is_in_none(staff: Client) -> None:
    experiment = make_experiment()
    robin, sam = customer_in(experiment, "control"), make_customer()
    make_exposure(experiment, "diverse", visitor_id=make_visitor(customer_id=robin))
    for arm in ("control", "diverse"):
        make_exposure(experiment, arm, visitor_id=make_visitor(customer_id=sam))
    customer_in(experiment, "diverse")
    for customer in (robin, sam):
        buy(customer, 1000, NOON + HOUR)
        make_event("click", 1, NOON + HOUR, customer_id=customer)
    assert figures(staff, experiment) == [(0, 0, 0, 0, 0.0), (1, 0, 0, 0, 0.0)]
    assert ask(staff, experiment)["crossed_people"] == 2


def test_many_people_are_counted_page_by_page(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "_PAGE", 2)
    experiment = make_experiment()
    for number in range(5):
        buy(customer_in(experiment, "control"), 100 + number, NOON + HOUR)
    for number in range(5):
        customer = make_customer()
        make_exposure(experiment, "diverse", visitor_id=make_visitor(customer_id=customer))
        buy(customer, 200 + number, NOON + HOUR)
    assert figures(staff, experiment) == [(5, 0, 5, 5, 5.10), (5, 0, 5, 5, 10.10)]


def fill(experiment: int, arm: str, people: int, buyers: int, cents: int = 1000) -> None:
    for number in range(people):
        customer = customer_in(experiment, arm)
        if number < buyers:
            buy(customer, cents + 10 * number, NOON + HOUR)
            make_event("click", 1, NOON + HOUR, customer_id=customer)


def test_the_uplift_is_that_of_the_statistics(staff: Client) -> None:
    experiment = make_experiment(planned_people=30)
    fill(experiment, "control", 30, 3)
    fill(experiment, "diverse", 30, 6, 2000)
    control, diverse = ask(staff, experiment)["arms"]
    assert control["uplift"] is None
    assert (diverse["conversion"], diverse["clicks_per_person"]) == (0.2, 0.2)
    assert diverse["revenue_per_person"] == pytest.approx(sum(2000 + 10 * n for n in range(6)) / 100 / 30)
    spent = [
        statistics.sample_of(30, sum(bought), sum(cents**2 for cents in bought))
        for bought in ([2000 + 10 * n for n in range(6)], [1000 + 10 * n for n in range(3)])
    ]
    expected = {
        "conversion": (statistics.rate_uplift(6, 30, 3, 30), 1),
        "clicks_per_person": (
            statistics.mean_uplift(statistics.sample_of(30, 6, 6), statistics.sample_of(30, 3, 3)),
            1,
        ),
        "revenue_per_person": (statistics.mean_uplift(*spent), 100),
    }
    for name, (uplift, scale) in expected.items():
        told = diverse["uplift"][name]
        assert uplift.interval is not None
        assert uplift.ratio_interval is not None
        assert told["difference"] == pytest.approx(uplift.difference / scale)
        assert (told["low"], told["high"]) == pytest.approx(
            (uplift.interval.low / scale, uplift.interval.high / scale)
        )
        assert told["ratio"] == pytest.approx(uplift.ratio)
        assert (told["ratio_low"], told["ratio_high"]) == pytest.approx(
            (uplift.ratio_interval.low, uplift.ratio_interval.high)
        )
        assert told["significant"] is (told["low"] > 0)


def test_how_many_people_are_needed_follows_from_the_control(staff: Client) -> None:
    experiment = make_experiment()
    fill(experiment, "control", 10, 1)
    assert ask(staff, experiment, "?uplift=0.2")["people_needed"] == statistics.people_needed(0.1, 0.2)
    assert ask(staff, experiment)["people_needed"] == statistics.people_needed(0.1, 0.1)
    assert ask(staff, make_experiment("stopped"))["people_needed"] is None
    assert staff.get(f"/ai/experiments/{experiment}/results?uplift=0").status == 422


def test_few_people_are_warned_of(staff: Client) -> None:
    experiment = make_experiment(planned_people=50)
    customer_in(experiment, "control")
    warnings = ask(staff, experiment)["warnings"]
    assert "People in control: 1; below 100 nothing can be said." in warnings
    assert "People in diverse: 0; 50 were planned." in warnings


def test_arms_that_do_not_have_their_shares_are_a_mismatch(staff: Client) -> None:
    experiment = make_experiment(arms=[_arm("control", 50), _arm("diverse", 25)])
    for number in range(60):
        customer_in(experiment, "control" if number % 3 else "diverse")
    fair = ask(staff, experiment)
    assert fair["sample_ratio"] == {"p": 1.0, "mismatch": False}
    for _ in range(30):
        customer_in(experiment, "diverse")
    found = ask(staff, experiment)
    assert found["sample_ratio"]["mismatch"] is True
    assert found["sample_ratio"]["p"] == pytest.approx(statistics.chi_square_p([40, 50], [2, 1]))
    assert "shares" in found["warnings"][0]


def _arm(name: str, share: int) -> dict[str, Any]:
    return {"name": name, "share": share, "overrides": {}}


def test_people_who_are_served_come_to_the_arms_by_their_shares(staff: Client) -> None:
    experiment = make_experiment(arms=[_arm("control", 60), _arm("diverse", 40)], salt="a salt")
    arms = [
        Arm("control", 60, Overrides()),
        Arm("x", 40, Overrides()),
    ]
    for _ in range(300):
        customer = make_customer()
        arm = arm_of(f"c:{customer}", "a salt", arms)
        make_exposure(experiment, "control" if arm is arms[0] else "diverse", customer_id=customer)
    assert not ask(staff, experiment)["sample_ratio"]["mismatch"]


# --- kept results ------------------------------------------------------------------------------------------------


def run_job() -> None:
    measure.measure_recommendations(time_left_ms=lambda: 900_000)


def test_a_draft_has_no_results(staff: Client) -> None:
    answer = staff.get(f"/ai/experiments/{make_experiment('draft')}/results")
    assert (answer.status, answer.json["type"]) == (409, "urn:shopkeeper:problem:no-results-yet")
    assert staff.get("/ai/experiments/99/results").status == 404


def test_of_many_people_the_results_of_the_job_are_answered(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "LIVE_PEOPLE", 2)
    experiment = make_experiment()
    for _ in range(3):
        robin = customer_in(experiment, "control")
    assert staff.get(f"/ai/experiments/{experiment}/results").status == 409
    run_job()
    first = ask(staff, experiment)
    buy(robin, 1000, NOON + HOUR)
    set_now(monkeypatch, NOON + 11 * DAY)
    assert ask(staff, experiment) == first
    assert first["arms"][0]["buyers"] == 0
    run_job()
    assert ask(staff, experiment)["arms"][0]["buyers"] == 1


def test_when_all_may_have_been_sent_back_results_are_final_and_who_saw_what_is_forgotten(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "_FORGOTTEN_AT_ONCE", 2)
    experiment = make_experiment("stopped", stopped_at=NOON + DAY)
    running = make_experiment()
    robin = customer_in(experiment, "control")
    for _ in range(4):
        customer_in(experiment, "diverse")
    sam = customer_in(running, "control")
    buy(robin, 1234, NOON + HOUR)
    last = NOON + DAY + timedelta(days=30 + 14)
    set_now(monkeypatch, last - MINUTE)
    run_job()
    assert ask(staff, experiment)["final"] is False
    set_now(monkeypatch, last)
    run_job()
    final = ask(staff, experiment)
    assert final["final"] is True
    assert final["arms"][0]["revenue"] == 12.34
    with read() as connection:
        assert connection.scalars(select(experiment_exposures.c.customer_id)).all() == [sam]
    # What is sent back now is too late.
    with transaction() as connection:
        connection.execute(update(order_items).values(status="returned"))
    set_now(monkeypatch, last + DAY)
    run_job()
    assert ask(staff, experiment) == final


def test_keeping_results_is_no_change_of_the_experiment(staff: Client) -> None:
    experiment = make_experiment()
    run_job()
    assert staff.get(f"/ai/experiments/{experiment}").json["version"] == 1
    with read() as connection:
        assert connection.scalar(select(recommendation_experiments.c.results)) is not None


def test_the_statements_do_not_grow_with_the_people(staff: Client, shop: Engine) -> None:
    experiment = make_experiment()
    customer_in(experiment, "control")
    ask(staff, experiment)
    with counted_statements(shop) as few:
        ask(staff, experiment)
    for _ in range(40):
        buy(customer_in(experiment, random.choice(["control", "diverse"])), 100, NOON + HOUR)
    with counted_statements(shop) as many:
        ask(staff, experiment)
    assert len(many) == len(few) <= 12
