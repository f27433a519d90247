"""Who sees which arm and is written down for it; the life of an experiment."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, select

from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.config import Settings
from chalicelib.core.database import read, run, transaction
from chalicelib.recommendations.measuring import experiments
from chalicelib.recommendations.measuring.assignment import arm_of, variant_name
from chalicelib.recommendations.measuring.experiment_tables import experiment_exposures
from chalicelib.recommendations.measuring.experiments import AS_EVERYBODY, Overrides, Variant
from tests.client import Client
from tests.conftest import set_settings
from tests.factories import (
    NOON,
    client_of,
    counted_statements,
    make_account_row,
    make_customer,
    make_experiment,
    make_exposure,
    make_product,
    make_token,
)
from tests.recommendations.measuring import happenings
from tests.recommendations.measuring.happenings import DAY, request_of

ARMS = [{"name": "control", "share": 50}, {"name": "new", "share": 30, "overrides": {"algorithm": "popularity"}}]
SHOWN_ARMS = [
    {"name": "control", "share": 50, "overrides": {"diversity": None, "algorithm": None}},
    {"name": "new", "share": 30, "overrides": {"diversity": None, "algorithm": "popularity"}},
]


@pytest.fixture(autouse=True)
def another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiments, "_exposed", set())


def served(person: str) -> Variant:
    return run(lambda connection: experiments.variant_for(connection, person), writes=False)


def exposures() -> list[tuple[int | None, int | None, str, Any]]:
    with read() as connection:
        seen = experiment_exposures.c
        rows = connection.execute(
            select(seen.customer_id, seen.visitor_id, seen.arm, seen.first_at).order_by(seen.id)
        )
        return [tuple(row) for row in rows]


# --- who sees what -----------------------------------------------------------------------------------------------


def test_without_an_experiment_everybody_is_served_alike(shop: Engine) -> None:
    make_experiment("draft")
    make_experiment("stopped")
    assert served("c:1") == served("v:somebody") == AS_EVERYBODY
    assert exposures() == []


def test_a_customer_is_served_its_arm_always_and_written_down_once(
    shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    robin = make_customer()
    experiment = make_experiment(salt="salt")
    arms = {"control": Overrides(), "diverse": Overrides(diversity=0.5)}
    monkeypatch.setattr(clock, "now", lambda: NOON)
    first = served(f"c:{robin}")
    arm = first.name.partition("-")[2]
    assert first == Variant(variant_name(experiment, arm), experiment, arms[arm])
    monkeypatch.setattr(clock, "now", lambda: NOON + DAY)
    assert {served(f"c:{robin}") for _ in range(3)} == {first}
    experiments._exposed.clear()  # another process
    assert served(f"c:{robin}") == first
    assert exposures() == [(robin, None, arm, NOON)]


def test_who_takes_no_part_is_served_as_everybody_and_not_written_down(shop: Engine) -> None:
    arms = [{"name": "control", "share": 1, "overrides": {}}, {"name": "new", "share": 1, "overrides": {}}]
    make_experiment(arms=arms, salt="salt")
    customers = [make_customer() for _ in range(30)]
    found = Counter(served(f"c:{customer}").name for customer in customers)
    assert found["-"] >= 25
    assert len(exposures()) == 30 - found["-"]


def test_a_visitor_is_served_an_arm_and_fills_no_table(shop: Engine) -> None:
    """Anybody may ask, under any id."""
    make_experiment()
    names = {served(f"v:visitor-{number}").name.partition("-")[2] for number in range(50)}
    assert names == {"control", "diverse"}
    assert exposures() == []


def test_requests_at_once_write_a_customer_down_once(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiments, "_exposed", _Forgetful())
    robin = make_customer()
    make_experiment()
    barrier = Barrier(8)

    def ask() -> Variant:
        barrier.wait()
        return served(f"c:{robin}")

    with ThreadPoolExecutor(8) as pool:
        found = [each.result() for each in [pool.submit(ask) for _ in range(8)]]
    assert len(set(found)) == 1
    assert len(exposures()) == 1


class _Forgetful(set[tuple[str, int]]):
    """As many processes, none of which knows of the others."""

    def __contains__(self, _key: object) -> bool:
        return False


def test_what_a_process_knows_spares_it_statements(
    shop: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_settings(monkeypatch, replace(settings, model_ttl_s=60))
    monkeypatch.setattr(experiments, "_memory", experiments._Memory())
    robin = make_customer()
    make_experiment()
    with counted_statements(shop) as statements:
        first = served(f"c:{robin}")
    assert len(statements) == 2  # what runs, and the note
    with counted_statements(shop) as statements:
        assert served(f"c:{robin}") == first
    assert statements == []


def test_a_process_forgets_whom_it_has_written_down_before_it_remembers_too_many(
    shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experiments, "_MOST_REMEMBERED", 3)
    monkeypatch.setattr(experiments, "_exposed", set())
    make_experiment()
    for _ in range(10):
        served(f"c:{make_customer()}")
        assert len(experiments._exposed) <= 3
    assert len(exposures()) == 10


def test_an_experiment_that_is_stopped_is_served_no_more(shop: Engine) -> None:
    experiment = make_experiment()
    robin = make_customer()
    assert served(f"c:{robin}") != AS_EVERYBODY
    assert client_of(Role.STAFF).post(f"/ai/experiments/{experiment}/stop").status == 200
    assert served(f"c:{robin}") == AS_EVERYBODY


# --- visitors ----------------------------------------------------------------------------------------------------


def shown_to(public_id: str, experiment: int, arm: str, at: Any = NOON, **given: Any) -> int:
    visitor = happenings.make_visitor(public_id, **given)
    request = request_of(variant=variant_name(experiment, arm))
    happenings.make_event("impression", make_product(), at, visitor_id=visitor, request_id=request)
    return visitor


def arm_for(public_id: str) -> str:
    return served(f"v:{public_id}").name.partition("-")[2]


def test_visitors_are_written_down_when_they_tell_what_they_were_shown(shop: Engine) -> None:
    experiment = make_experiment(started_at=NOON - DAY)
    arm = arm_for("visitor-of-the-shop")
    visitor = shown_to("visitor-of-the-shop", experiment, arm)
    assert experiments.note_shown(since=None) == 1
    experiments.note_shown(since=None)
    assert exposures() == [(None, visitor, arm, NOON)]


def test_nobody_gets_into_another_arm_by_what_it_sends(shop: Engine) -> None:
    experiment = make_experiment(started_at=NOON - DAY)
    other = {"control": "diverse", "diverse": "control"}[arm_for("visitor-of-the-shop")]
    shown_to("visitor-of-the-shop", experiment, other)
    shown_to("visitor-with-a-number", 10 * experiment, "control")
    shown_to("visitor-like-a-pattern", experiment, "%")
    assert experiments.note_shown(since=None) == 0
    assert exposures() == []


def test_what_was_shown_before_the_start_or_after_the_stop_is_none_of_it(shop: Engine) -> None:
    experiment = make_experiment("stopped", started_at=NOON, stopped_at=NOON + DAY, salt="salt")
    arms = run(
        lambda connection: experiments.arms_of(experiments.get_experiment(connection, experiment).arms), writes=False
    )
    seen = []
    for number, moment in enumerate((NOON - timedelta(seconds=1), NOON, NOON + DAY)):
        public_id = f"visitor-{number}-of-the-shop"
        arm = arm_of(f"v:{public_id}", "salt", arms)
        assert arm is not None
        seen.append((None, shown_to(public_id, experiment, arm.name, moment), arm.name, moment))
    experiments.note_shown(since=NOON - DAY)
    assert exposures() == seen[1:2]


def test_visitors_are_noted_page_by_page(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiments, "_PAGE", 2)
    experiment = make_experiment(started_at=NOON - DAY)
    for number in range(9):
        name = f"visitor-{number}-of-the-shop"
        # Every third one lies, so that a page holds some who are not taken.
        arm = arm_for(name) if number % 3 else {"control": "diverse", "diverse": "control"}[arm_for(name)]
        shown_to(name, experiment, arm)
    assert experiments.note_shown(since=None) == 6
    assert len(exposures()) == 6


def test_a_visitor_that_is_forgotten_takes_along_what_it_saw(shop: Engine) -> None:
    experiment = make_experiment()
    visitor = happenings.make_visitor()
    make_exposure(experiment, "control", visitor_id=visitor)
    with transaction() as connection:
        connection.exec_driver_sql(f"DELETE FROM visitors WHERE id = {visitor}")
    assert exposures() == []


# --- privacy -----------------------------------------------------------------------------------------------------


def test_a_customer_reads_what_it_saw_and_it_goes_with_the_customer(shop: Engine) -> None:
    robin, sam = make_customer(), make_customer()
    experiment = make_experiment(name="more-diverse")
    browser = happenings.make_visitor(customer_id=robin)
    make_exposure(experiment, "control", customer_id=robin)
    make_exposure(experiment, "diverse", NOON + DAY, visitor_id=browser)
    make_exposure(experiment, "control", customer_id=sam)
    told = client_of(Role.CUSTOMER, customer_id=robin).get(f"/users/{robin}/export").json["experiments"]
    assert told == [
        {"experiment": "more-diverse", "arm": "control", "first_at": "2026-03-01T12:00:00Z"},
        {"experiment": "more-diverse", "arm": "diverse", "first_at": "2026-03-02T12:00:00Z"},
    ]
    assert client_of(Role.ADMIN).post(f"/users/{robin}/erase", If_Match="*").status == 200
    assert exposures() == [(sam, None, "control", NOON)]


# --- the life of an experiment -----------------------------------------------------------------------------------


@pytest.fixture
def staff(client: Client) -> Client:
    return client.as_token(make_token(make_account_row(Role.STAFF, username="robin")))


@pytest.fixture
def admin(client: Client) -> Client:
    return client_of(Role.ADMIN)


def draft(staff: Client, **given: Any) -> Any:
    answer = staff.post("/ai/experiments", {"name": "more-popular", "arms": ARMS, **given})
    assert answer.status == 201, answer.text
    return answer.json


def test_staff_drafts_an_experiment(staff: Client) -> None:
    made = draft(staff, planned_people=4000)
    shown = {name: made[name] for name in ("name", "state", "arms", "planned_people", "created_by", "version")}
    assert shown == {
        "name": "more-popular",
        "state": "draft",
        "arms": SHOWN_ARMS,
        "planned_people": 4000,
        "created_by": "robin",
        "version": 1,
    }
    assert staff.get(f"/ai/experiments/{made['id']}").json == made
    assert "salt" not in made


def test_a_name_is_had_once(staff: Client) -> None:
    draft(staff)
    answer = staff.post("/ai/experiments", {"name": "more-popular", "arms": ARMS})
    assert (answer.status, answer.json["type"]) == (409, "urn:shopkeeper:problem:experiment-name-taken")


def arm(name: str = "a", share: Any = 50, **overrides: Any) -> dict[str, Any]:
    return {"name": name, "share": share, "overrides": overrides}


@pytest.mark.parametrize(
    "arms",
    [
        [],
        [arm()],
        [arm("a"), arm("a")],
        [arm("a", 60), arm("b", 41)],
        [arm("a", 0), arm("b")],
        [arm("a", 1.5), arm("b")],
        [arm("A"), arm("b")],
        [arm("a.b"), arm("b")],
        [arm("a" * 13), arm("b")],
        [arm(name, 10) for name in "abcdef"],
        [arm("a"), arm("b", diversity=1.1)],
        [arm("a"), arm("b", algorithm="magic")],
        [arm("a"), arm("b", limit=3)],
        [arm("a"), {**arm("b"), "salt": "x"}],
    ],
)
def test_arms_that_do_not_go_together_are_refused(staff: Client, arms: Any) -> None:
    answer = staff.post("/ai/experiments", {"name": "bad", "arms": arms})
    assert answer.status == 422
    assert all(each["location"].startswith("body.arms") for each in answer.json["errors"])
    assert staff.get("/ai/experiments").json == []


def test_a_draft_is_changed_and_deleted_and_what_has_begun_is_not(staff: Client, admin: Client) -> None:
    made = draft(staff, planned_people=10)
    path = f"/ai/experiments/{made['id']}"
    changed = staff.patch(path, {"arms": [arm("x", 10), arm("y", 20)], "planned_people": None}, If_Match='"v1"')
    assert [(each["name"], each["share"]) for each in changed.json["arms"]] == [("x", 10), ("y", 20)]
    assert (changed.json["planned_people"], changed.json["version"]) == (None, 2)
    assert staff.patch(path, {"name": "late"}, If_Match='"v1"').status == 412
    assert staff.patch(path, {}, If_Match="*").status == 422
    assert staff.patch(path, {"arms": [arm("x", 99), arm("y", 99)]}, If_Match="*").status == 422
    assert admin.post(f"{path}/start", If_Match='"v2"').json["state"] == "running"
    for answer in (staff.patch(path, {"name": "late"}, If_Match="*"), staff.delete(path, If_Match="*")):
        assert (answer.status, answer.json["type"]) == (409, "urn:shopkeeper:problem:experiment-not-draft")
    other = draft(staff, name="other")
    assert staff.delete(f"/ai/experiments/{other['id']}", If_Match='"v1"').status == 204
    assert staff.get(f"/ai/experiments/{other['id']}").status == 404


def test_one_experiment_runs_at_a_time_and_what_was_stopped_stays_so(staff: Client, admin: Client) -> None:
    first, second = (f"/ai/experiments/{draft(staff, name=name)['id']}" for name in ("first", "second"))
    assert staff.post(f"{first}/start", If_Match="*").status == 403
    assert admin.post(f"{first}/start", If_Match="*").json["started_at"] is not None
    answer = admin.post(f"{second}/start", If_Match="*")
    assert (answer.status, answer.json["type"]) == (409, "urn:shopkeeper:problem:another-experiment-runs")
    stopped = staff.post(f"{first}/stop").json
    assert stopped["state"] == "stopped"
    assert stopped["stopped_at"] is not None
    assert staff.post(f"{first}/stop").status == 409
    assert admin.post(f"{first}/start", If_Match="*").status == 409
    assert admin.post(f"{second}/start", If_Match="*").status == 200
    listed = staff.get("/ai/experiments?state=running").json
    assert [each["name"] for each in listed] == ["second"]
    assert [each["name"] for each in staff.get("/ai/experiments").json] == ["second", "first"]


def test_of_two_that_are_started_at_once_one_runs(shop: Engine) -> None:
    ids = [make_experiment("draft") for _ in range(4)]
    barrier = Barrier(4)

    def start(experiment_id: int) -> bool:
        barrier.wait()

        def work(connection: Any) -> None:
            experiments.start_experiment(connection, experiment_id, expected_version=None, by="robin")

        try:
            run(work, writes=True)
        except experiments.AnotherRuns:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(start, ids)) == [False, False, False, True]


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_what_is_not_there_is_not_found(staff: Client, method: str) -> None:
    body = {"name": "x"} if method == "patch" else None
    assert staff.request(method.upper(), "/ai/experiments/99", body, {"If-Match": "*"}).status == 404
