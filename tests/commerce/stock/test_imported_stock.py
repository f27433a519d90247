"""Units that were written past the counters, as imports do: counters and ledger follow, also beside buyers."""

from __future__ import annotations

import gzip
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from chalicelib.commerce.stock import imported_stock
from chalicelib.commerce.stock.ledger import recount
from chalicelib.commerce.stock.stock import Unit
from chalicelib.core.database import read, run, transaction
from chalicelib.csv_import import imports
from chalicelib.csv_import.steps import Progress
from tests.commerce.stock.test_stock import movements, take
from tests.commerce.stock.test_stock_races import at_once, no_unit_twice
from tests.commerce.stock.test_stock_races import take as take_patiently
from tests.commerce.stock_checks import assert_stock_adds_up, levels
from tests.csv_import.csv_files import begin, center, import_files, outcome, product, unit, write_files, write_shop
from tests.factories import NOON, counted_statements, make_center, make_product, make_stock, make_unit


def book() -> int:
    return imported_stock.book_imported(partial(run, writes=True), reference="import:1", actor="robin")


def execute(statement: str, **values: Any) -> None:
    with transaction() as connection:
        connection.execute(text(statement), values)


def imported(since: int = 0) -> list[tuple[str, str, int]]:
    rows = [row for row in movements() if row[0] == "imported"]
    return [(source, target, units) for _, source, target, units, *_ in rows[since:]]


def test_new_units_come_from_outside(shop: Engine) -> None:
    home, other = make_center(), make_center()
    product_id = make_product(distribution_center_id=home)
    make_unit(product_id, product_distribution_center_id=other)
    make_unit(product_id, product_distribution_center_id=other, sold_at=NOON)
    make_unit(product_id)
    assert book() == 3
    assert {place[1]: (counters["free"], counters["sold"]) for place, counters in levels().items()} == {
        other: (1, 1),
        home: (1, 0),
    }, "a unit in no center lies in that of its product"
    assert sorted(imported()) == [("outside", "free", 1), ("outside", "free", 1), ("outside", "sold", 1)]
    assert_stock_adds_up()


def test_what_is_in_step_is_left_alone(shop: Engine) -> None:
    product_id = make_product()
    make_stock(product_id, 3)
    take({product_id: 1})
    assert book() == 0
    make_unit(product_id, product_distribution_center_id=next(iter(levels()))[1])
    assert (book(), book()) == (1, 0)
    assert_stock_adds_up()


def test_changed_and_vanished_units_are_booked_as_what_became_of_them(shop: Engine) -> None:
    product_id = make_product()
    first, second, third = make_stock(product_id, 3)
    execute("UPDATE inventory_items SET sold_at = created_at WHERE id = :id", id=first)
    execute("DELETE FROM inventory_items WHERE id = :id", id=second)
    book()
    assert sorted(imported()) == [("free", "outside", 1), ("free", "sold", 1)]
    execute("DELETE FROM inventory_items WHERE id IN (:first, :third)", first=first, third=third)
    book()
    assert levels() == {}
    assert_stock_adds_up()


def test_a_unit_that_changes_its_center_or_its_product(shop: Engine) -> None:
    here, there = make_center(), make_center()
    one, other = make_product(), make_product()
    moved, renamed = make_stock(one, 2, center_id=here)
    execute(
        "UPDATE inventory_items SET product_distribution_center_id = :there WHERE id = :id", there=there, id=moved
    )
    execute("UPDATE inventory_items SET product_id = :other WHERE id = :id", other=other, id=renamed)
    book()
    assert {place: counters["received"] for place, counters in levels().items()} == {
        (one, there): 1,
        (other, here): 1,
    }
    assert_stock_adds_up()


def test_transfers_are_forgotten_where_what_they_brought_is_gone() -> None:
    def counters(received: int, transferred: int, free: int) -> dict[str, int]:
        zero = {"reserved": 0, "sold": 0, "written_off": 0}
        return {"received": received, "transferred": transferred, "free": free, **zero}

    held = {1: counters(3, -2, 1), 2: counters(0, 2, 2)}
    assert recount(held, {1: {"free": 1}, 2: {"free": 2}}) == held
    assert recount(held, {1: {"free": 5}, 2: {"free": 4}}) == {1: counters(7, -2, 5), 2: counters(2, 2, 4)}
    assert recount(held, {1: {"free": 1}, 2: {"free": 1}}) == {1: counters(1, 0, 1), 2: counters(1, 0, 1)}


def test_every_slice_of_products_is_counted(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imported_stock, "SLICE_PRODUCTS", 2)
    for _ in range(5):
        make_unit(make_product())
    transactions = []

    def transact(work: Any) -> Any:
        transactions.append(1)
        return run(work, writes=True)

    assert imported_stock.book_imported(transact, reference="import:1", actor="robin") == 5
    assert len(transactions) == 3
    assert_stock_adds_up()


def test_a_slice_takes_few_statements_however_many_products_it_has(shop: Engine) -> None:
    def statements(products: int) -> int:
        for _ in range(products):
            make_unit(make_product())
        with counted_statements(shop) as found:
            book()
        return len(found)

    assert statements(2) == statements(30)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_buyers_beside_an_import_neither_lose_nor_double_units(shop: Engine, seed: int) -> None:
    """Half of the threads buy while the others write units past the counters and count them."""
    products = [make_product() for _ in range(3)]
    for product_id in products:
        make_stock(product_id, 10)
    homes = dict(levels().keys())

    def work(number: int) -> list[Unit]:
        taken: list[Unit] = []
        for turn in range(6):
            if number % 2:
                taken += take_patiently({products[(number + turn) % 3]: 1, products[(number + turn + seed) % 3]: 1})
            else:
                product_id = products[(number + turn) % 3]
                make_unit(product_id, product_distribution_center_id=homes[product_id])
                book()
        return taken

    found = [each for taken in at_once(work, 8) for each in taken]
    ids = no_unit_twice(found)
    assert sum(counters["reserved"] for counters in levels().values()) == len(ids)
    assert sum(counters["received"] for counters in levels().values()) == 30 + 4 * 6
    assert_stock_adds_up()


@pytest.mark.parametrize("strict", [False, True])
def test_an_import_of_units_is_counted(shop: Engine, tmp_path: Path, strict: bool) -> None:
    units = [unit(n, product_id=1 + n % 2, sold_at="2024-05-06 00:00:00 UTC" if n > 6 else "") for n in range(1, 10)]
    write_shop(tmp_path, 9, inventory_items=units)
    done = import_files(tmp_path, strict=strict)
    # Odd numbers are of product 2: 1, 3, 5 are free, 7 and 9 sold.
    assert {place: (each["free"], each["sold"]) for place, each in levels().items()} == {
        (1, 1): (3, 1),
        (2, 1): (3, 2),
    }
    assert {row[4:6] for row in movements()} == {(f"import:{done.row.id}", "tests")}
    assert_stock_adds_up()


def test_a_strict_import_that_is_undone_leaves_no_stock(shop: Engine, tmp_path: Path) -> None:
    write_shop(tmp_path, 3, inventory_items=[unit(1), unit(2, cost="nothing")])
    import_files(tmp_path, strict=True)
    assert (levels(), movements()) == ({}, [])


def test_importing_again_changes_counters_only_where_units_changed(shop: Engine, tmp_path: Path) -> None:
    head = {"product_distribution_center_id": ""}
    first = [unit(n, product_id=1, **head) for n in (1, 2, 3)]
    parents = {"distribution_centers": [center(1), center(2)], "products": [product(1, distribution_center_id=2)]}
    import_files(write_files(tmp_path / "first", **parents, inventory_items=first))
    assert {place: each["free"] for place, each in levels().items()} == {(1, 2): 3}, "the center of the product"
    before = movements()
    again = import_files(write_files(tmp_path / "again", inventory_items=first))
    assert again.counts("inventory_items") == (0, 0, 3, 0)
    assert movements() == before
    sale = [unit(1, product_id=1, sold_at="2024-05-06 00:00:00 UTC")]
    import_files(write_files(tmp_path / "sale", inventory_items=sale))
    assert imported(len(before)) == [("free", "sold", 1)]
    assert_stock_adds_up()


def test_rows_before_a_broken_end_of_the_file_are_counted(shop: Engine, tmp_path: Path) -> None:
    write_shop(tmp_path, 3)
    plain = tmp_path / "inventory_items.csv"
    (tmp_path / "inventory_items.csv.gz").write_bytes(gzip.compress(plain.read_bytes())[:-8])
    plain.unlink()
    done = import_files(tmp_path, batch_rows=1)
    assert done.row.state == "failed"
    assert len(levels()) == 3
    assert_stock_adds_up()


def test_a_part_of_an_import_is_counted_before_the_next_part(shop: Engine, tmp_path: Path) -> None:
    write_shop(tmp_path, 6)
    import_id, store = begin(tmp_path)

    def time_left_ms() -> int:
        with read() as connection:
            statement = "SELECT records_done FROM import_files WHERE table_name = 'inventory_items'"
            return 0 if connection.scalar(text(statement)) else 900_000

    imports.work_on(import_id, store, time_left_ms=time_left_ms, batch_rows=2)
    assert outcome(import_id).files["inventory_items"].state == "running"
    assert 0 < sum(each["free"] for each in levels().values()) < 6
    assert_stock_adds_up()
    imports.work_on(import_id, store, batch_rows=2)
    assert sum(each["free"] for each in levels().values()) == 6
    assert_stock_adds_up()


def test_what_an_import_that_is_given_up_has_brought_is_counted(shop: Engine, tmp_path: Path) -> None:
    write_shop(tmp_path, 4)
    import_id, store = begin(tmp_path)

    def stop(progress: Progress) -> None:
        if progress.file == "inventory_items.csv":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        imports.work_on(import_id, store, batch_rows=2, on_progress=stop)
    assert levels() == {}, "it is to be continued"
    imports.give_up_unfinished(outcome(import_id).row.source)
    assert outcome(import_id).row.state == "failed"
    assert sum(each["free"] for each in levels().values()) > 0
    assert_stock_adds_up()


def test_an_error_in_the_middle_leaves_stock_in_order(
    shop: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_shop(tmp_path, 4)
    import_id, store = begin(tmp_path)

    def fail(progress: Progress) -> None:
        if progress.file == "inventory_items.csv":
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        imports.work_on(import_id, store, batch_rows=2, on_progress=fail)
    assert outcome(import_id).row.state == "failed"
    assert sum(each["free"] for each in levels().values()) > 0
    assert_stock_adds_up()
