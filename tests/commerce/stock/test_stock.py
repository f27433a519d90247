"""Taking, releasing, selling and taking back units: what they leave behind, and how often they ask the database."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text

from chalicelib.commerce.stock import stock, stock_sql
from chalicelib.commerce.stock.ledger import Entry, Place, State
from chalicelib.commerce.stock.nearest import Point
from chalicelib.commerce.stock.stock import Contended, OutOfStock, Unit, UnitStateError
from chalicelib.core.config import Settings
from chalicelib.core.database import Connection, read, run, transaction
from chalicelib.core.errors import FieldError
from tests.commerce.stock_checks import assert_stock_adds_up, levels
from tests.conftest import set_settings
from tests.factories import NOON, counted_statements, make_center, make_product, make_stock, rolled_back

SAID = {"reference": "checkout:17", "actor": "robin"}
PARIS = Point(48.8566, 2.3522)


def take(wanted: dict[int, int], near: Point | None = None) -> list[Unit]:
    return run(lambda connection: stock.take_units(connection, wanted, near=near, **SAID), writes=True)


def do(work: Callable[..., Any], units: Sequence[int], **given: Any) -> None:
    run(lambda connection: work(connection, units, **(SAID | given)), writes=True)


def ids(units: Sequence[Unit]) -> list[int]:
    return [unit.id for unit in units]


def sold(product_id: int, units: int = 1) -> list[int]:
    """Sell units of a product."""
    made = ids(take({product_id: units}))
    do(stock.sell_units, made, at=NOON)
    return made


def unit(unit_id: int) -> dict[str, Any]:
    with read() as connection:
        found = connection.execute(text("SELECT * FROM inventory_items WHERE id = :id"), {"id": unit_id})
        return dict(found.mappings().one())


def movements() -> list[tuple[Any, ...]]:
    statement = "SELECT kind, from_state, to_state, units, reference, actor, reason FROM stock_movements ORDER BY id"
    with read() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def events() -> list[tuple[str, str, Any]]:
    with read() as connection:
        rows = connection.execute(text("SELECT kind, aggregate, payload FROM outbox_events ORDER BY id"))
        return [(row.kind, row.aggregate, json.loads(row.payload)) for row in rows]


def test_taken_units_are_reserved_and_stand_in_the_ledger(shop: Engine) -> None:
    product_id = make_product()
    made = make_stock(product_id, 3)
    taken = take({product_id: 2})
    assert ids(taken) == made[:2], "the oldest first"
    assert [unit(made[at])["state"] for at in range(3)] == ["reserved", "reserved", "free"]
    assert movements()[1:] == [("reserved", "free", "reserved", 2, "checkout:17", "robin", None)]
    assert_stock_adds_up()


def test_released_units_are_free_again(shop: Engine) -> None:
    product_id = make_product()
    made = make_stock(product_id, 1)
    do(stock.release_units, ids(take({product_id: 1})))
    assert unit(made[0])["state"] == "free"
    assert ids(take({product_id: 1})) == made
    assert movements()[2][:4] == ("released", "reserved", "free", 1)
    assert_stock_adds_up()


def test_sold_units_have_the_time_of_the_sale(shop: Engine) -> None:
    product_id = make_product()
    made = make_stock(product_id, 1)
    sold(product_id)
    row = unit(made[0])
    assert datetime.fromisoformat(str(row["sold_at"])) == NOON.replace(tzinfo=None)
    assert (row["state"], row["reserved_at"]) == ("sold", None)
    assert movements()[2][:4] == ("sold", "reserved", "sold", 1)
    assert_stock_adds_up()


@pytest.mark.parametrize(("resellable", "state"), [(True, "free"), (False, "written_off")])
def test_units_that_come_back_are_free_or_written_off(shop: Engine, resellable: bool, state: str) -> None:
    product_id = make_product()
    made = make_stock(product_id, 1)
    do(stock.take_back_units, sold(product_id), resellable=resellable, reason="worn", reference="return:4")
    assert (unit(made[0])["state"], unit(made[0])["sold_at"]) == (state, None)
    assert movements()[3] == ("returned", "sold", state, 1, "return:4", "robin", "worn")
    assert_stock_adds_up()


@pytest.mark.parametrize("resellable", [True, False])
def test_units_can_come_back_to_a_center_that_never_had_the_product(shop: Engine, resellable: bool) -> None:
    own, other = make_center(), make_center()
    product_id = make_product(distribution_center_id=own)
    made = make_stock(product_id, 2)
    do(stock.take_back_units, sold(product_id, 2), resellable=resellable, center_id=other)
    assert {unit(unit_id)["product_distribution_center_id"] for unit_id in made} == {other}
    assert [levels()[product_id, center]["transferred"] for center in (own, other)] == [-2, 2]
    assert_stock_adds_up()


def test_a_shortage_names_every_product_that_lacks_units_and_changes_nothing(shop: Engine) -> None:
    few, plenty, none = make_product(), make_product(), make_product()
    make_stock(few, 1)
    make_stock(plenty, 5)
    before = levels()
    with pytest.raises(OutOfStock) as caught:
        take({none: 1, plenty: 5, few: 2})
    assert caught.value.code == "out-of-stock"
    assert caught.value.errors == (
        FieldError("body.items", f"product {few}: 2 wanted, 1 free"),
        FieldError("body.items", f"product {none}: 1 wanted, 0 free"),
    )
    assert levels() == before


def test_units_come_from_the_nearest_center_that_has_them_all(shop: Engine) -> None:
    lyon = make_center(latitude=45.764, longitude=4.8357)
    london = make_center(latitude=51.5, longitude=-0.1276)
    memphis = make_center()
    product_id = make_product(distribution_center_id=memphis)
    for center_id, units in ((memphis, 5), (lyon, 2), (london, 1)):
        make_stock(product_id, units, center_id=center_id)
    assert [unit.center_id for unit in take({product_id: 2}, PARIS)] == [lyon, lyon]
    assert [unit.center_id for unit in take({product_id: 1}, PARIS)] == [london]
    assert [unit.center_id for unit in take({product_id: 1})] == [memphis], "its own, when no place is known"
    make_stock(product_id, 1, center_id=lyon)
    assert [unit.center_id for unit in take({product_id: 5}, PARIS)] == [lyon, *[memphis] * 4]
    assert_stock_adds_up()


def test_taking_asks_the_database_once_for_each_thing(shop: Engine) -> None:
    one, two = make_product(), make_product()
    make_stock(one, 20)
    make_stock(two, 20)
    with counted_statements(shop) as statements, transaction() as connection:
        stock.take_units(connection, {two: 3, one: 2}, near=PARIS, **SAID)
    verbs = [re.match(r"(BEGIN|START|COMMIT)|(SELECT|UPDATE|INSERT INTO) (\w+)", said) for said in statements]
    assert [found.expand(r"\1\2 \3").strip() for found in verbs if found] == [
        "BEGIN" if shop.dialect.name == "sqlite" else "START",
        "SELECT stock_levels",  # where all of it is free
        *["SELECT inventory_items"] * 2,  # the units of each product
        "UPDATE inventory_items",  # all units
        "INSERT INTO stock_movements",  # all entries
        "SELECT stock_levels",  # locks the counters
        "UPDATE stock_levels",  # for all counters
        "COMMIT",
    ]


@pytest.mark.parametrize("work", [stock.release_units, stock.sell_units, stock.take_back_units])
def test_a_unit_in_another_state_undoes_all(shop: Engine, work: Callable[..., Any]) -> None:
    given: dict[Any, dict[str, Any]] = {stock.sell_units: {"at": NOON}, stock.take_back_units: {"resellable": True}}
    more = given.get(work, {})
    product_id = make_product()
    free = make_stock(product_id, 3)[2]
    good = sold(product_id)[0] if work is stock.take_back_units else take({product_id: 1})[0].id
    before = levels()
    for wrong in ([good, free], [good, good], [good, 10**15]):
        with pytest.raises(UnitStateError):
            do(work, wrong, **more)
    assert levels() == before
    do(work, [good], **more)
    with pytest.raises(UnitStateError):
        do(work, [good], **more)
    assert_stock_adds_up()


def test_nothing_is_asked_of_the_database_for_no_units(shop: Engine) -> None:
    with counted_statements(shop) as statements:
        assert take({}) == []
        do(stock.release_units, [])
    assert len(statements) == 4, "two transactions, and nothing in them"


def test_getting_low_and_running_out_are_told_once_a_crossing(shop: Engine) -> None:
    one, other = make_center(), make_center()
    product_id = make_product(distribution_center_id=one, low_stock_level=2)
    make_stock(product_id, 2, center_id=one)
    make_stock(product_id, 2, center_id=other)
    about = f"product:{product_id}"
    low, out = ("stock.low", about, {"product_id": product_id, "free": 2}), ("stock.out", about)
    take({product_id: 1})
    assert events() == [], "three are left in both centers together"
    units = take({product_id: 1})
    assert events() == [low]
    take({product_id: 1})
    assert events() == [low], "it was low already"
    take({product_id: 1})
    assert events() == [low, (*out, {"product_id": product_id, "free": 0})]
    make_stock(product_id, 1)
    do(stock.release_units, ids(units))
    assert len(events()) == 2, "on the way up nothing is told"
    take({product_id: 2})
    assert [kind for kind, *_ in events()[2:]] == ["stock.out"]


def test_a_product_without_a_threshold_takes_the_shops_own(
    shop: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_settings(monkeypatch, replace(settings, low_stock_level=4))
    product_id, unasked = make_product(), make_product(low_stock_level=0)
    make_stock(product_id, 6)
    make_stock(unasked, 6)
    take({product_id: 1, unasked: 1})
    assert events() == []
    take({product_id: 1, unasked: 1})
    assert events() == [("stock.low", f"product:{product_id}", {"product_id": product_id, "free": 4})]


def test_a_rollback_takes_the_event_back_too(shop: Engine) -> None:
    product_id = make_product()
    make_stock(product_id, 1)
    with rolled_back() as connection:
        stock.take_units(connection, {product_id: 1}, near=None, **SAID)
    assert events() == []
    assert_stock_adds_up()


def test_patience_runs_the_work_again_while_others_hold_the_units(
    shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    product_id = make_product()
    make_stock(product_id, 1)
    tries: list[int] = []

    def work(connection: Connection) -> list[Unit]:
        taken = stock.take_units(connection, {product_id: 1}, near=None, **SAID)
        tries.append(len(taken))
        if len(tries) < 3:
            raise Contended({product_id: 1})
        return taken

    assert len(stock.patiently(work)) == 1
    assert tries == [1, 1, 1]
    assert_stock_adds_up()


@pytest.mark.parametrize(
    ("free", "said"), [(1, "2 wanted, 1 free"), (2, "2 wanted, others are buying the last ones")]
)
def test_patience_ends_with_what_the_counters_say(
    shop: Engine, monkeypatch: pytest.MonkeyPatch, free: int, said: str
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    product_id = make_product()
    make_stock(product_id, free)

    def work(_connection: Connection) -> None:
        raise Contended({product_id: 2})

    with pytest.raises(OutOfStock) as caught:
        stock.patiently(work)
    assert caught.value.errors == (FieldError("body.items", f"product {product_id}: {said}"),)
    assert len(pauses) == 7
    assert sum(pauses) < 2, "a request does not wait long"


@pytest.mark.parametrize("database_url", ["mysql"], indirect=True)
def test_units_that_another_transaction_holds_are_passed_over_and_not_waited_for(shop: Engine) -> None:
    product_id = make_product()
    made = make_stock(product_id, 2)
    with transaction() as mine:
        assert ids(stock.take_units(mine, {product_id: 1}, near=None, **SAID)) == made[:1]
        with pytest.raises(Contended), transaction() as theirs:
            stock.take_units(theirs, {product_id: 2}, near=None, **SAID)


@pytest.mark.parametrize("database_url", ["mysql"], indirect=True)
def test_the_units_are_found_by_the_index_and_no_other_is_locked(shop: Engine) -> None:
    product_id = make_product()
    made = make_stock(product_id, 4)
    make_stock(make_product(), 40)
    place = Place(product_id, int(unit(made[0])["product_distribution_center_id"]))
    with transaction() as mine:
        assert stock_sql.lock_free_units(mine, place, 2) == made[:2]
        with transaction() as theirs:
            assert stock_sql.lock_free_units(theirs, place, 4) == made[2:]
    with read() as connection:
        plan = connection.execute(
            text(
                "EXPLAIN SELECT id FROM inventory_items WHERE product_id = :product AND state = 'free' "
                "AND product_distribution_center_id = :center ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED"
            ),
            {"product": product_id, "center": place.center_id},
        ).one()
    assert plan.key == "ix_inventory_items_stock"
    assert "filesort" not in plan.Extra


@pytest.mark.parametrize("database_url", ["mysql"], indirect=True)
def test_takers_of_one_product_wait_for_nobody_before_the_counters(shop: Engine) -> None:
    """Sixteen transactions are open at once; a lock that one had to wait for would end this thread's test."""
    product_id = make_product()
    made = make_stock(product_id, 16)
    place = Place(product_id, int(unit(made[0])["product_distribution_center_id"]))
    entry = Entry(place, State.FREE, State.RESERVED, 1)
    found: list[int] = []
    with ExitStack() as opened:
        for _ in range(16):
            connection = opened.enter_context(transaction())
            connection.exec_driver_sql("SET innodb_lock_wait_timeout = 1")
            mine = stock_sql.lock_free_units(connection, place, 1)
            assert stock_sql.change_units(connection, mine, State.FREE, {"reserved_at": NOON}) == 1
            stock_sql.insert_movements(connection, [entry], {"kind": "reserved", "actor": "robin"}, NOON)
            connection.exec_driver_sql("SET innodb_lock_wait_timeout = 5")
            found += mine
    assert found == made
