"""The search stays true: through changes, imports, kills and refreshes."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from chalice.local import LambdaContext
from sqlalchemy import Engine, func, insert, select, text, update

from chalicelib.commerce import tables
from chalicelib.commerce.catalogue import search, search_index, search_sql
from chalicelib.commerce.catalogue.search_words import grams, words_in
from chalicelib.commerce.search_tables import product_search, search_grams, search_words
from chalicelib.core.database import read, transaction
from infra.migrate import migrate
from tests.client import Client
from tests.commerce.catalogue.test_search_api import ask, facets, names
from tests.commerce.searched_goods import Item, stock
from tests.csv_import.csv_files import import_files, item, order, product, write_files, write_shop
from tests.factories import counted_statements, make_order, rolled_back


def change(product_id: int, **values: Any) -> None:
    """Change a product and let the search know, in one transaction."""
    with transaction() as connection:
        connection.execute(update(tables.products).where(tables.products.c.id == product_id).values(**values))
        search.index_products(connection, [product_id])


def assert_true() -> None:
    """Check the words and their letters against the rows of the search."""
    with read() as connection:
        rows = connection.execute(select(product_search)).all()
        published = select(tables.products.c.id).where(tables.products.c.status == "published")
        assert {row.product_id for row in rows} == set(connection.scalars(published))
        counted: Counter[tuple[str, str]] = Counter()
        for row in rows:
            counted["", "in_products"] += 1
            for word, fields in words_in(row.words).items():
                counted[word, "in_products"] += 1
                for field, name in zip("nbcd", ("names", "brands", "categories", "departments"), strict=True):
                    counted[word, f"in_{name}"] += field in fields
        kept = {
            (row.word, name): getattr(row, name)
            for row in connection.execute(select(search_words))
            for name in (column.name for column in search_words.c)
            if name not in ("word", "mark")
        }
        assert {key: count for key, count in kept.items() if count} == {k: c for k, c in counted.items() if c}
        assert all(count > 0 for (_, name), count in kept.items() if name == "in_products")
        known = {word for word, _ in counted if word}
        letters = {(row.gram, row.word) for row in connection.execute(select(search_grams))}
        assert {(gram, word) for word in known for gram in grams(word)} <= letters


def test_what_changes_is_found_by_its_new_words_and_no_more_by_its_old_ones(client: Client) -> None:
    first, second = stock([Item("Slim Jeans", "Levi"), Item("Wide Jeans", "Levi")])
    change(first, name="Tight Skirt", category="Skirts", category_key="skirts", retail_price_cents=100)
    assert (names(client, "skirt"), names(client, "slim")) == (["Tight Skirt"], [])
    assert names(client, max_price=1) == ["Tight Skirt"]
    assert [entry["value"] for entry in facets(client)["category"]["values"]] == ["Jeans", "Skirts"]
    change(second, status="archived")
    assert names(client) == ["Tight Skirt"]
    assert_true()
    change(second, status="published")
    assert names(client, "wide") == ["Wide Jeans"]
    assert_true()


def test_a_change_that_is_undone_leaves_the_search_as_it_was(client: Client) -> None:
    [product_id] = stock([Item("Slim Jeans")])

    with rolled_back() as connection:
        connection.execute(update(tables.products).values(name="Skirt"))
        search.index_products(connection, [product_id])
    assert (names(client, "slim"), names(client, "skirt")) == (["Slim Jeans"], [])
    assert_true()


def test_indexing_again_changes_nothing_and_ids_of_no_product_do_no_harm(client: Client) -> None:
    ids = stock([Item("Slim Jeans"), Item("Wide Jeans")])
    with transaction() as connection:
        search.index_products(connection, [*ids, *ids, 999_999])
        search.index_products(connection, [])
    assert names(client, "jeans") == ["Slim Jeans", "Wide Jeans"]
    assert_true()


def test_a_product_that_is_gone_is_forgotten(client: Client) -> None:
    [product_id] = stock([Item("Slim Jeans")])
    with transaction() as connection:
        connection.execute(tables.products.delete())
        search.index_products(connection, [product_id])
    assert names(client) == []
    assert_true()


def test_the_counts_stay_true_through_many_changes(shop: Engine) -> None:
    chance = random.Random(5)
    pool = ["slim", "jeans", "jean", "red", "dresses", "xl", "café", "джинсы"]
    ids = stock([Item(" ".join(chance.sample(pool, 3))) for _ in range(12)])
    for _ in range(25):
        chosen = chance.sample(ids, 3)
        with transaction() as connection:
            for product_id in chosen:
                values = {
                    "name": " ".join(chance.sample(pool, chance.randint(0, 3))) or "-",
                    "brand": chance.choice([None, *pool]),
                    "status": chance.choice(["published", "draft", "archived"]),
                }
                statement = update(tables.products).where(tables.products.c.id == product_id)
                connection.execute(statement.values(**values))
            search.index_products(connection, chosen)
    assert_true()


def test_many_products_are_indexed_like_few(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "_SLICE", 250)
    ids = stock([Item("Slim Jeans")])
    with transaction() as connection:
        row = connection.execute(select(tables.products)).one()._asdict()
        copies = [row | {"id": ids[0] + at, "sku": f"copy {at}", "name": f"Café\t№ {at}\\"} for at in range(1, 601)]
        connection.execute(insert(tables.products), copies)
        search.index_products(connection, [each["id"] for each in copies])
    client = Client()
    assert names(client, "cafe 600") == ["Café\t№ 600\\"]
    assert facets(client, "cafe")["total"] == 600
    assert_true()


def test_two_who_change_different_products_at_once_both_end_well(shop: Engine) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from chalicelib.core.database import run

    ids = stock([Item(f"Slim Jeans {number}") for number in range(8)])

    def rename(product_id: int) -> None:
        for turn in range(3):

            def work(connection: Any, turn: int = turn) -> None:
                name = f"Red {turn} Wide{turn} Skirt{product_id}"
                connection.execute(
                    update(tables.products).where(tables.products.c.id == product_id).values(name=name)
                )
                search.index_products(connection, [product_id])

            run(work, writes=True)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(rename, ids))
    assert_true()


# --- imports, refreshes, older shops -----------------------------------------------------------------------------


def test_an_import_is_found_at_once_and_a_second_one_with_its_changes(client: Client, tmp_path: Path) -> None:
    import_files(write_shop(tmp_path / "first", 5), batch_rows=2)
    assert len(names(client, "slim")) == 5
    assert_true()
    changed = [product(2, name="Red Skirt"), product(3), product(6, name="Hat")]
    import_files(write_files(tmp_path / "second", products=changed), batch_rows=2)
    assert (names(client, "skirt"), names(client, "hat")) == (["Red Skirt"], ["Hat"])
    assert len(names(client, "slim")) == 4
    assert_true()


def test_a_strict_import_that_is_undone_leaves_no_trace(client: Client, tmp_path: Path) -> None:
    folder = write_shop(tmp_path / "csv", 3, products=[product(1), product(2), product(3, cost="much")])
    import_files(folder, strict=True)
    assert names(client) == []
    assert_true()
    import_files(write_shop(tmp_path / "good", 3), strict=True)
    assert len(names(client, "slim")) == 3
    assert_true()


def test_what_was_bought_is_known_behind_an_import_of_orders(client: Client, tmp_path: Path) -> None:
    bought = [item(number, order_id=1, user_id=1, product_id=3, inventory_item_id="") for number in (1, 2)]
    import_files(write_shop(tmp_path / "csv", 3, orders=[order(1)], order_items=bought))
    assert names(client, "slim") == ["Slim 3", "Slim 1", "Slim 2"]


def test_a_refresh_counts_what_was_bought_in_slices(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "_REFRESHED", 2)
    ids = stock([Item(f"Jeans {number}") for number in range(5)])
    make_order(None, (ids[4], 100), (ids[4], 100), (ids[2], 100))
    assert names(client)[0] == "Jeans 0"
    search.refresh_all()
    search.refresh_all()
    assert names(client) == ["Jeans 4", "Jeans 2", "Jeans 0", "Jeans 1", "Jeans 3"]


def test_the_job_refreshes(client: Client) -> None:
    import app

    ids = stock([Item("Jeans 0"), Item("Jeans 1")])
    make_order(None, (ids[1], 100))
    names_of_event = ("version", "account", "region", "detail", "detail-type", "source", "time", "id", "resources")
    app.app.handler_map["refresh_search"](dict.fromkeys(names_of_event, ""), LambdaContext("refresh_search", 128))
    assert names(client) == ["Jeans 1", "Jeans 0"]


def test_products_of_an_older_shop_are_found_after_migrating(client: Client, engine: Engine) -> None:
    stock([Item("Slim Jeans"), Item("Secret", status="draft")])
    with transaction() as connection:
        search.clear(connection)
    assert names(client, "slim") == []
    migrate(engine)
    assert names(client, "slim") == ["Slim Jeans"]
    migrate(engine)
    assert_true()


def test_the_text_index_of_sqlite_agrees_with_its_table(shop: Engine) -> None:
    ids = stock([Item("Slim Jeans"), Item("Wide Jeans")])
    change(ids[0], name="Skirt")
    if shop.dialect.name == "sqlite":
        with transaction() as connection:
            # Raises where an entry is missing or left over.
            check = "INSERT INTO product_search_full_text (product_search_full_text) VALUES ('integrity-check')"
            connection.execute(text(check))
    assert ask(Client(), "skirt").json[0]["id"] == ids[0]


def test_facets_are_kept_for_as_long_as_the_settings_say(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from chalicelib.commerce.catalogue import search as rules
    from tests.conftest import set_settings

    clock = [100.0]
    monkeypatch.setattr(rules._Memory, "kept", None)
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    set_settings(monkeypatch, replace(settings, facets_ttl_s=10))
    ids = stock([Item("Slim Jeans")])
    assert facets(client)["total"] == 1
    change(ids[0], status="archived")
    clock[0] = 109.0
    assert facets(client)["total"] == 1
    clock[0] = 110.0
    assert facets(client)["total"] == 0


def test_facets_see_each_change_of_products_and_of_stock(client: Client) -> None:
    [product_id] = stock([Item("Slim Jeans", cents=500, free=(1,))])
    assert facets(client)["stock"] == {"in_stock": 1, "out_of_stock": 0}
    with transaction() as connection:
        connection.execute(update(tables.stock_levels).values(free=0, sold=1))
    assert facets(client)["stock"] == {"in_stock": 0, "out_of_stock": 1}
    change(product_id, retail_price_cents=6000)  # the words stay
    assert [band["min_price"] for band in facets(client)["price"]] == [50.0]
    change(product_id, name="Skirt")
    assert (facets(client, "skirt")["total"], facets(client, "slim")["total"]) == (1, 0)


def test_a_catalogue_that_stays_is_read_once(client: Client, shop: Engine) -> None:
    stock([Item("Slim Jeans")])
    facets(client)
    for query, statements in (("", 2), ("jeans", 3)):
        with counted_statements(shop) as seen:
            facets(client, query)
        assert len(seen) == statements
        assert not any("product_search" in str(each) for each in seen)


def test_a_search_that_is_made_anew_has_another_mark(client: Client) -> None:
    stock([Item("Slim Jeans")])
    marks = set()
    for _ in range(3):
        with transaction() as connection:
            marks.add(search_sql.read_mark(connection))
            search.clear(connection)
            search.fill(connection)
    assert len(marks) == 3


def test_a_product_with_units_in_many_centers_is_counted_once(client: Client) -> None:
    stock([Item("Slim", free=(3, 4)), Item("Wide", free=(0, 0))])
    with read() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.stock_levels)) == 4
    assert facets(client)["stock"] == {"in_stock": 1, "out_of_stock": 1}
