"""Building a model: what is read, what is refused, what becomes live, and that two never build at once."""

from __future__ import annotations

import dataclasses
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, select

from chalicelib.core import clock, config, leases
from chalicelib.core.database import run, transaction
from chalicelib.core.errors import Unavailable
from chalicelib.core.leases import Busy, LeaseLost
from chalicelib.events import outbox
from chalicelib.events.tables import outbox_events
from chalicelib.recommendations.models import artefacts, builds, rebuild, versions
from chalicelib.recommendations.models.checks import MIN_PEOPLE, NotSound
from chalicelib.recommendations.models.model_tables import recommendation_builds
from tests.conftest import set_settings
from tests.factories import make_center, make_customer, make_order, make_product
from tests.recommendations.models.conftest import ModelShop
from tests.recommendations.models.fakes import BASE, Trainer, batch


def plenty() -> int:
    return 900_000


def rows(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(recommendation_builds).order_by(recommendation_builds.c.id)))


def events(engine: Engine) -> list[tuple[str, str, dict[str, Any]]]:
    with engine.connect() as connection:
        found = connection.execute(select(outbox_events).order_by(outbox_events.c.id))
        return [(row.kind, row.aggregate, json.loads(row.payload)) for row in found if row.kind.startswith("model.")]


def on(monkeypatch: pytest.MonkeyPatch, after: timedelta) -> None:
    """Let time pass."""
    moment = clock.now() + after
    monkeypatch.setattr(clock, "now", lambda: moment)


def change(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    set_settings(monkeypatch, dataclasses.replace(config.settings(), **changed))


def build(**given: Any) -> Any:
    return rebuild.build(requested_by="robin", **given)


# --- what is built -----------------------------------------------------------------------------------------------


def test_a_build_makes_a_model_of_all_that_was_read_live(model_shop: ModelShop, shop: Engine) -> None:
    done = build()
    assert (done.state, done.progress, done.rows_read, done.message) == ("done", 100, 3, None)
    assert (done.requested_by, done.step) == ("robin", None)
    assert versions.live_version(model_shop.store) == done.version
    manifest = versions.check_whole(model_shop.store, done.version)
    assert manifest.sizes.model_dump(exclude={"bytes"}) == {"people": 3, "items": 3, "interactions": 3}
    assert manifest.window.first == datetime.fromtimestamp(BASE, UTC)
    assert manifest.window.last == datetime.fromtimestamp(BASE + 100, UTC)
    assert manifest.parameters == {"kind": "counting", "weights": [1, 2.5]}
    assert manifest.metrics == {"ndcg10": 0.2, "recall20": 0.3, "people": 100_000}
    assert manifest.rejected is None
    assert events(shop) == [
        (
            "model.published",
            "model:recommendations",
            {"version": done.version, "build_id": done.id, "ndcg10": 0.2},
        )
    ]


def test_the_trainer_is_given_codes_in_the_order_of_product_ids(model_shop: ModelShop) -> None:
    build()
    ((interactions, catalogue, budget),) = model_shop.trainer.calls
    assert interactions.items.tolist() == [1, 0, 0]  # the visitor, below 0, comes first
    assert interactions.weights.tolist() == [0.25, 1.0, 1.0]
    assert (interactions.times - BASE).tolist() == [100, 0, 50]
    assert (interactions.n_people, interactions.n_items) == (3, 3)
    assert interactions.people.tolist() == [0, 1, 2]
    assert len(catalogue.names) == len(catalogue.categories) == len(catalogue.brands) == 3
    assert set(catalogue.categories) == {"jeans"}  # folded, as they are compared
    assert budget.memory_bytes == config.settings().model_memory_bytes


def test_prices_are_those_of_the_catalogue(model_shop: ModelShop) -> None:
    make_product(retail_price_cents=1999)
    make_product(retail_price_cents=0, status="archived", brand=None, department=None)
    build()
    catalogue = model_shop.trainer.calls[0][1]
    assert catalogue.prices is not None
    assert catalogue.prices[-2] == np.float32(19.99)
    assert np.isnan(catalogue.prices[-1])
    assert (catalogue.brands[-1], catalogue.departments[-1]) == ("", "")


def test_archived_products_are_learned_from_and_drafts_are_not(model_shop: ModelShop) -> None:
    archived, draft = make_product(status="archived"), make_product(status="draft")
    model_shop.stream.batches = [batch((1, archived, 0, 1.0), (1, draft, 1, 1.0), (2, 10**12, 2, 1.0))]
    done = build()
    interactions = model_shop.trainer.calls[0][0]
    assert done.rows_read == 3
    assert (len(interactions), interactions.n_people, interactions.items.tolist()) == (1, 1, [3])


def test_a_shop_that_nobody_visited_has_a_model_of_its_catalogue(model_shop: ModelShop) -> None:
    model_shop.stream.batches = []
    done = build()
    manifest = versions.read_manifest(model_shop.store, done.version)
    assert (done.state, manifest.sizes.items, manifest.sizes.interactions) == ("done", 3, 0)
    assert (manifest.window.first, manifest.window.last) == (None, None)


@pytest.mark.usefixtures("shop", "store", "stream")
def test_a_shop_without_products_has_nothing_to_learn(trainer: Trainer) -> None:
    done = build()
    assert (done.state, done.version, done.message) == ("done", None, "There are no products to recommend.")
    assert trainer.calls == []


def test_orders_are_what_is_learned_from(
    shop: Engine, store: Any, trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    center, customer = make_center(), make_customer()
    bought, returned = (make_product(distribution_center_id=center) for _ in range(2))
    make_order(customer, (bought, 1000), (bought, 1000))
    make_order(customer, (returned, 1000), status="returned")
    build()
    interactions = trainer.calls[0][0]
    assert interactions.items.tolist() == [0]
    assert interactions.weights.tolist() == pytest.approx([1 + np.log(2)])


def test_the_version_holds_the_product_of_each_code(model_shop: ModelShop, tmp_path: Any) -> None:
    done = build()
    found = artefacts.load(model_shop.store, done.version, tmp_path / "cache")
    assert found.item_ids.tolist() == sorted(model_shop.products)
    assert found.arrays["popularity"].tolist() == [2.0, 0.25, 0.0]


# --- progress ----------------------------------------------------------------------------------------------------


def test_progress_grows_from_step_to_step_and_ends_whole(model_shop: ModelShop) -> None:
    told: list[tuple[str, float, int]] = []
    build(on_progress=lambda *progress: told.append(progress))
    steps, shares, read = zip(*told, strict=True)
    assert list(dict.fromkeys(steps)) == [
        "reading",
        "choosing",
        "fitting",
        "evaluating",
        "checking",
        "publishing",
        "done",
    ]
    assert list(shares) == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert list(read) == sorted(read)
    assert read[-1] == 3


def test_the_row_of_a_build_tells_how_far_it_is(model_shop: ModelShop, shop: Engine) -> None:
    seen: list[Any] = []
    model_shop.trainer.during = lambda: seen.extend(rows(shop))
    build()
    (row,) = seen
    assert (row.state, row.step, row.rows_read) == ("running", "choosing", 3)
    assert 0 < row.progress < 100
    assert row.started_at <= row.updated_at


# --- what is refused ---------------------------------------------------------------------------------------------


def spoilt_nan(arrays: dict[str, Any]) -> None:
    arrays["popularity"][1] = np.nan


def spoilt_size(arrays: dict[str, Any]) -> None:
    arrays["popularity"] = arrays["popularity"][:-1]


def spoilt_infinite(arrays: dict[str, Any]) -> None:
    arrays["more"] = np.full((2, 3), np.inf, dtype=np.float32, order="F")


def spoilt_objects(arrays: dict[str, Any]) -> None:
    arrays["names"] = np.array([None], dtype=object)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoilt_nan, "popularity"),
        (spoilt_infinite, "more"),
        (spoilt_size, "2 items"),
        (spoilt_objects, "names"),
        (lambda arrays: arrays.clear(), "no arrays"),
    ],
)
def test_a_model_that_cannot_be_right_is_not_kept(model_shop: ModelShop, shop: Engine, spoil: Any, said: str) -> None:
    good = build()
    model_shop.trainer.spoil = spoil
    with pytest.raises(NotSound, match=said):
        build(asked_for=True)
    assert versions.live_version(model_shop.store) == good.version
    assert versions.list_versions(model_shop.store) == [good.version]
    failed = rows(shop)[-1]
    assert failed.state == "failed"
    assert said in failed.message


def test_a_model_that_measures_worse_is_kept_but_not_live(model_shop: ModelShop, shop: Engine) -> None:
    good = build()
    model_shop.trainer.metrics["ndcg10"] = 0.17
    worse = build(asked_for=True)
    assert worse.state == "rejected"
    assert "0.1700" in worse.message
    assert "0.2000" in worse.message
    assert versions.live_version(model_shop.store) == good.version
    assert versions.check_whole(model_shop.store, worse.version).rejected == worse.message
    kind, _, told = events(shop)[-1]
    assert (kind, told["version"], told["reason"]) == ("model.rejected", worse.version, worse.message)


@pytest.mark.parametrize(
    ("figures", "state"),
    [
        # 0.18 less two standard errors of the difference, 2 x sqrt(0.2 x 0.8 / 100,000 + 0.177 x 0.823 / 100,000).
        ({"ndcg10": 0.177}, "done"),
        ({"ndcg10": 0.176}, "rejected"),
        ({"ndcg10": 0.3}, "done"),
        ({"ndcg10": 0.01, "people": MIN_PEOPLE - 1}, "done"),  # they say nothing
        ({"ndcg10": 0.01, "people": MIN_PEOPLE}, "rejected"),
        ({"ndcg10": None}, "done"),
        ({"ndcg10": float("nan")}, "done"),
        ({"ndcg10": np.float32(0.01)}, "rejected"),
    ],
)
def test_the_margin_is_a_share_of_what_the_live_model_measured(
    model_shop: ModelShop, figures: dict[str, Any], state: str
) -> None:
    build()
    model_shop.trainer.metrics |= figures
    assert build(asked_for=True).state == state


@pytest.mark.parametrize(
    ("popular", "people", "state"),
    [(0.225, 100_000, "done"), (0.227, 100_000, "rejected"), (0.9, MIN_PEOPLE - 1, "done")],
)
def test_a_first_model_must_be_as_good_as_plain_popularity(
    model_shop: ModelShop, popular: float, people: int, state: str
) -> None:
    model_shop.trainer.metrics |= {"people": people, "popularity": {"ndcg10": popular}}
    done = build()
    assert done.state == state
    assert (versions.live_version(model_shop.store) is None) is (state == "rejected")


@pytest.mark.parametrize(("figure", "state"), [(0.1, "done"), (0.079, "rejected")])
def test_of_few_people_much_is_chance(model_shop: ModelShop, figure: float, state: str) -> None:
    """0.18 less 2 x sqrt(0.2 x 0.8 / 100 + f x (1 - f) / 100): 0.080 for 0.1, and 0.084 for 0.079."""
    model_shop.trainer.metrics["people"] = 100
    build()
    model_shop.trainer.metrics["ndcg10"] = figure
    assert build(asked_for=True).state == state


@pytest.mark.parametrize(
    ("imported", "rows_", "state"),
    [
        (True, [(person, 0, 0, 1.0) for person in range(1, 20)], "done"),  # many more
        (True, [(1, 0, 10**8, 1.0), (2, 0, 10**8, 1.0), (3, 0, 10**8, 1.0)], "done"),  # of other years
        (True, [(1, 0, 0, 1.0), (2, 0, 50, 1.0), (3, 0, 60, 1.0)], "rejected"),  # the same and some more
        (False, [(person, 0, 0, 1.0) for person in range(1, 20)], "rejected"),
    ],
)
def test_figures_of_other_data_say_nothing(
    model_shop: ModelShop,
    monkeypatch: pytest.MonkeyPatch,
    imported: bool,
    rows_: list[tuple[int, int, int, float]],
    state: str,
) -> None:
    """The sample shop made room for another one, whose people are harder to foresee."""
    build()
    on(monkeypatch, timedelta(minutes=10))
    if imported:
        with transaction() as connection:
            outbox.record(connection, "import.finished", "import:1", {"import_id": 1})
    a = model_shop.products[0]
    model_shop.stream.batches = [batch(*((person, a, at, weight) for person, _, at, weight in rows_))]
    model_shop.trainer.metrics["ndcg10"] = 0.05
    assert build(asked_for=True).state == state


def test_the_margin_is_a_setting(model_shop: ModelShop, monkeypatch: pytest.MonkeyPatch) -> None:
    build()
    change(monkeypatch, model_margin=0.5)
    model_shop.trainer.metrics["ndcg10"] = 0.11
    assert build(asked_for=True).state == "done"


# --- failures ----------------------------------------------------------------------------------------------------


def test_a_failure_is_written_down_and_raised(model_shop: ModelShop, shop: Engine) -> None:
    def fail() -> None:
        raise MemoryError("too many people")

    model_shop.trainer.during = fail
    with pytest.raises(MemoryError):
        build()
    (row,) = rows(shop)
    assert (row.state, row.message) == ("failed", "MemoryError: too many people")
    assert row.finished_at is not None
    model_shop.trainer.during = lambda: None
    assert build().state == "done"


def test_a_secret_in_an_error_is_not_written_down(model_shop: ModelShop, shop: Engine) -> None:
    def fail() -> None:
        raise OSError("cannot reach mysql://shop:geheim@db/shop")

    model_shop.trainer.during = fail
    with pytest.raises(OSError, match="reach"):
        build()
    assert "geheim" not in rows(shop)[0].message


def test_a_version_that_could_not_be_written_leaves_nothing(
    model_shop: ModelShop, shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, calls = type(model_shop.store).put_stream, iter(range(100))

    def break_down(store: Any, key: str, *rest: Any) -> None:
        if next(calls) == 2:
            raise OSError("the bucket is full")
        put(store, key, *rest)

    monkeypatch.setattr(type(model_shop.store), "put_stream", break_down)
    with pytest.raises(OSError, match="full"):
        build()
    assert versions.list_versions(model_shop.store) == []
    assert rows(shop)[0].state == "failed"


def test_a_build_whose_note_failed_is_live_and_noted_by_the_next(
    model_shop: ModelShop, shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patches:
        patches.setattr(builds, "tell", lambda *_given: _raise(Unavailable("the database is away")))
        with pytest.raises(Unavailable):
            build()
    (row,) = rows(shop)
    assert row.state == "running"
    assert versions.live_version(model_shop.store) == row.version
    assert build().message == f"Nothing has changed since build {row.id}: nothing was built."
    assert [each.state for each in rows(shop)] == ["done", "done"]
    assert events(shop)[0][2]["version"] == row.version


def _raise(error: Exception) -> None:
    raise error


def test_old_versions_that_cannot_be_taken_away_do_not_fail_a_build(
    model_shop: ModelShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "prune", lambda *_given, **_named: _raise(OSError("away")))
    assert build().state == "done"


def test_no_time_left_is_a_failure_and_no_bad_model(model_shop: ModelShop) -> None:
    with pytest.raises(rebuild.NotEnoughTime):
        build(time_left_ms=lambda: 30_000)
    assert build(time_left_ms=plenty).state == "done"
    budget = model_shop.trainer.calls[0][2]
    assert 800 < budget.time_s <= 840


# --- when --------------------------------------------------------------------------------------------------------


def schedule() -> None:
    rebuild.rebuild_recommendations(time_left_ms=plenty)


def test_the_schedule_builds_at_first_and_then_every_six_hours(
    model_shop: ModelShop, shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule()
    schedule()
    assert len(rows(shop)) == 1
    on(monkeypatch, timedelta(hours=5, minutes=59))
    schedule()
    assert len(rows(shop)) == 1
    on(monkeypatch, timedelta(minutes=2))
    schedule()
    assert len(rows(shop)) == 2


def test_nothing_is_built_where_nothing_has_changed(
    model_shop: ModelShop, shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule()
    on(monkeypatch, timedelta(hours=7))
    schedule()
    first, second = rows(shop)
    assert (second.state, second.version) == ("done", None)
    assert second.message == f"Nothing has changed since build {first.id}: nothing was built."
    assert len(model_shop.trainer.calls) == 1
    on(monkeypatch, timedelta(hours=7))
    schedule()
    assert len(model_shop.trainer.calls) == 1, "also compared with a build that built nothing"
    assert versions.live_version(model_shop.store) == first.version


@pytest.mark.parametrize("what", ["an interaction", "a product", "a name", "the code", "no model"])
def test_whatever_changes_is_learned(
    model_shop: ModelShop, shop: Engine, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    schedule()
    if what == "an interaction":
        model_shop.stream.batches = [*model_shop.stream.batches, batch((3, model_shop.products[2], 100, 1.0))]
    elif what == "a product":
        make_product()
    elif what == "a name":
        with transaction() as connection:
            connection.exec_driver_sql(f"UPDATE products SET name = 'Red' WHERE id = {model_shop.products[0]}")
    elif what == "the code":
        change(monkeypatch, git_revision="another")
    else:
        model_shop.store.delete("models/recommendations/current.json")
    on(monkeypatch, timedelta(hours=7))
    schedule()
    assert len(model_shop.trainer.calls) == 2
    assert versions.live_version(model_shop.store) == rows(shop)[1].version


def test_who_asks_gets_a_build_also_when_nothing_has_changed(model_shop: ModelShop, shop: Engine) -> None:
    schedule()
    with transaction() as connection:
        asked = builds.request_build(connection, requested_by="kim")
        assert builds.request_build(connection, requested_by="lee").id == asked.id
    schedule()
    schedule()
    assert [(row.requested_by, row.state) for row in rows(shop)] == [("schedule", "done"), ("kim", "done")]
    assert len(model_shop.trainer.calls) == 2


def test_an_import_is_learned_soon(model_shop: ModelShop, shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule()
    model_shop.stream.batches = [*model_shop.stream.batches, batch((3, model_shop.products[2], 100, 1.0))]
    on(monkeypatch, timedelta(minutes=1))
    with transaction() as connection:
        outbox.record(connection, "import.finished", "import:1", {"import_id": 1})
    schedule()
    assert len(rows(shop)) == 1, "several imports may follow each other"
    on(monkeypatch, timedelta(minutes=5))
    schedule()
    schedule()
    assert len(rows(shop)) == 2


def test_a_build_that_failed_is_tried_again_within_the_hour_but_not_at_once(
    model_shop: ModelShop, shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule()
    on(monkeypatch, timedelta(hours=7))
    model_shop.stream.batches = [batch((1, model_shop.products[0], 0, 1.0))]
    model_shop.trainer.during = lambda: _raise(OSError("away"))
    with pytest.raises(OSError, match="away"):
        schedule()
    on(monkeypatch, timedelta(minutes=50))
    schedule()
    assert [row.state for row in rows(shop)] == ["done", "failed"]
    model_shop.trainer.during = lambda: None
    on(monkeypatch, timedelta(minutes=11))
    schedule()
    assert [row.state for row in rows(shop)] == ["done", "failed", "done"]


def test_a_shop_without_a_model_does_not_wait_for_an_hour(
    model_shop: ModelShop, shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_shop.trainer.during = lambda: _raise(OSError("away"))
    with pytest.raises(OSError, match="away"):
        schedule()
    schedule()
    model_shop.trainer.during = lambda: None
    on(monkeypatch, timedelta(minutes=6))
    schedule()
    assert [row.state for row in rows(shop)] == ["failed", "done"]


# --- two at once, and after a kill -------------------------------------------------------------------------------


def test_two_builds_at_once_are_one(model_shop: ModelShop, shop: Engine) -> None:
    building, finish = threading.Event(), threading.Event()

    def wait() -> None:
        building.set()
        assert finish.wait(20)

    model_shop.trainer.during = wait
    with ThreadPoolExecutor() as pool:
        first = pool.submit(build)
        assert building.wait(20)
        with pytest.raises(Busy):
            build()
        with transaction() as connection:
            builds.request_build(connection, requested_by="kim")
        schedule()  # is due, finds another at work, and leaves it to the next run
        finish.set()
        done = first.result()
    assert done.state == "done"
    assert [row.state for row in rows(shop)] == ["done", "queued"]
    assert len(model_shop.trainer.calls) == 1


def test_many_builds_at_once_are_one_and_its_version_is_live(model_shop: ModelShop, shop: Engine) -> None:
    start = threading.Barrier(4)

    def attempt(_number: int) -> bool:
        start.wait()
        try:
            build(asked_for=True)
        except Busy:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        built = sum(pool.map(attempt, range(4)))
    done = rows(shop)
    assert len(done) == built >= 1
    assert versions.live_version(model_shop.store) == done[-1].version
    versions.check_whole(model_shop.store, done[-1].version)


def test_who_was_taken_for_dead_publishes_nothing(
    model_shop: ModelShop, shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a machine that stood still: its lease has run out, another build is through, then it goes on."""
    overtaken: list[str] = []

    def stand_still() -> None:
        model_shop.trainer.during = lambda: None
        on(monkeypatch, leases.LENGTH + timedelta(seconds=1))
        overtaken.append(build().version)

    model_shop.trainer.during = stand_still
    with pytest.raises(LeaseLost):
        build()
    assert versions.live_version(model_shop.store) == overtaken[0]
    assert versions.list_versions(model_shop.store) == overtaken
    assert [row.state for row in rows(shop)] == ["failed", "done"]
    assert rows(shop)[0].message.startswith("It was cut off at ")


def test_a_build_whose_process_is_gone_is_ended_by_the_next_run_of_the_schedule(
    model_shop: ModelShop, shop: Engine
) -> None:
    schedule()
    with transaction() as connection:
        begun, _ = builds.begin(connection, requested_by="kim")
        builds.note_progress(connection, begun, step="choosing", progress=40, rows_read=3)
    schedule()
    assert [(row.state, row.message) for row in rows(shop)] == [
        ("done", None),
        ("failed", "It was cut off at 40 % (choosing)."),
    ]


def test_a_build_that_goes_on_is_not_ended_by_the_schedule(model_shop: ModelShop, shop: Engine) -> None:
    seen: list[str] = []

    def look() -> None:
        model_shop.trainer.during = lambda: None
        schedule()
        seen.extend(row.state for row in rows(shop))

    model_shop.trainer.during = look
    build()
    assert seen == ["running"]


def test_only_so_many_versions_are_kept(model_shop: ModelShop, shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    change(monkeypatch, model_versions_kept=2)
    made = []
    for _ in range(4):
        on(monkeypatch, timedelta(seconds=1))
        made.append(build(asked_for=True).version)
    assert versions.list_versions(model_shop.store) == made[:1:-1]


def test_a_rejected_version_does_not_push_the_live_one_out(
    model_shop: ModelShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(monkeypatch, model_versions_kept=1)
    good = build()
    model_shop.trainer.metrics["ndcg10"] = 0.01
    on(monkeypatch, timedelta(seconds=1))
    worse = build(asked_for=True)
    assert versions.list_versions(model_shop.store) == [worse.version, good.version]


def test_a_build_asked_for_while_one_waits_runs_once(shop: Engine) -> None:
    first = run(lambda connection: builds.request_build(connection, requested_by="kim"), writes=True)
    second = run(lambda connection: builds.request_build(connection, requested_by="lee"), writes=True)
    assert (second.id, second.requested_by) == (first.id, "kim")
