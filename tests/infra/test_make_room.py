"""A sample shop goes when real data comes, unless somebody has used it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, func, insert, select, text, update

from chalicelib.accounts.tables import accounts
from chalicelib.commerce.sale_tables import cart_items, carts, promotions, shipping_rules, tax_rules
from chalicelib.commerce.tables import orders, products, stock_levels, stock_movements, users
from chalicelib.core import config
from chalicelib.core.config import Settings
from infra import demo, import_csv
from tests.commerce.stock_checks import assert_stock_adds_up
from tests.csv_import.csv_files import Row, write_files
from tests.factories import NOON, make_order, make_promotion, make_shipping_rule, make_tax_rule


@pytest.fixture
def real_folder(tmp_path: Path, shop: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one customer; the sample shop and the demo accounts are in the database."""
    monkeypatch.setattr(config, "load", lambda _environment: settings)
    assert demo.add_sample_data(0.001)
    assert demo.add_demo_accounts()
    row: Row = {"id": "900001", "email": "real@example.com", "created_at": "2026-01-01 00:00:00 UTC"}
    return write_files(tmp_path / "real", users=[row])


def count(shop: Engine, table: object) -> int:
    with shop.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[arg-type]


def test_an_untouched_sample_shop_makes_room(shop: Engine, real_folder: Path) -> None:
    assert import_csv.main([str(real_folder)]) == 0
    assert (count(shop, users), count(shop, products), count(shop, orders)) == (1, 0, 0)
    with shop.connect() as connection:
        assert connection.scalar(select(accounts.c.customer_id).where(accounts.c.username == "customer")) is None


def test_its_promotion_and_its_rules_of_tax_and_shipping_go_with_it(shop: Engine, real_folder: Path) -> None:
    assert all(count(shop, table) for table in (promotions, tax_rules, shipping_rules))
    import_csv.main([str(real_folder)])
    assert (count(shop, promotions), count(shop, tax_rules), count(shop, shipping_rules)) == (0, 0, 0)


def test_rules_that_somebody_has_made_or_changed_stay(shop: Engine, real_folder: Path) -> None:
    make_promotion(code="MINE")
    make_tax_rule(50_000, "Canada")
    make_shipping_rule(2000, country="New Zealand")
    with shop.connect() as connection:
        for table in (promotions, tax_rules, shipping_rules):
            changed = connection.scalar(select(func.min(table.c.id)))
            connection.execute(update(table).where(table.c.id == changed).values(version=2))
    assert import_csv.main([str(real_folder)]) == 0
    assert (count(shop, promotions), count(shop, tax_rules), count(shop, shipping_rules)) == (2, 2, 2)


def test_a_sample_shop_that_was_used_keeps_its_rules(shop: Engine, real_folder: Path) -> None:
    make_order(None)
    import_csv.main([str(real_folder)])
    assert count(shop, promotions) == 1


def test_a_sample_shop_that_was_used_stays(shop: Engine, real_folder: Path) -> None:
    before = count(shop, users)
    make_order(None)
    assert import_csv.main([str(real_folder)]) == 0
    assert count(shop, users) == before + 1
    assert count(shop, products) > 0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE products SET version = version + 1",
        "UPDATE inventory_items SET reserved_at = created_at WHERE sold_at IS NULL",
        "UPDATE stock_movements SET kind = 'received'",
    ],
)
def test_a_sample_shop_that_was_changed_stays(shop: Engine, real_folder: Path, change: str) -> None:
    with shop.connect() as connection:
        assert connection.execute(text(change)).rowcount > 0
    assert import_csv.main([str(real_folder)]) == 0
    assert count(shop, products) > 0


def test_the_stock_of_a_sample_shop_goes_with_it(shop: Engine, real_folder: Path) -> None:
    assert count(shop, stock_levels) > 0
    assert_stock_adds_up()
    assert import_csv.main([str(real_folder)]) == 0
    assert (count(shop, stock_levels), count(shop, stock_movements)) == (0, 0)


def test_a_cart_keeps_the_sample_shop(shop: Engine, real_folder: Path) -> None:
    with shop.connect() as connection:
        moment = {"created_at": NOON, "updated_at": NOON}
        cart_id = connection.execute(insert(carts).values(public_id="c", **moment)).inserted_primary_key
        assert cart_id is not None
        product_id = connection.scalar(select(products.c.id).limit(1))
        values = {"cart_id": cart_id[0], "product_id": product_id, "quantity": 1, "added_at": NOON}
        connection.execute(insert(cart_items).values(**values))
    levels = count(shop, stock_levels)
    assert import_csv.main([str(real_folder)]) == 0
    assert count(shop, stock_levels) == levels


def test_real_data_makes_no_room_for_other_data(shop: Engine, real_folder: Path, tmp_path: Path) -> None:
    import_csv.main([str(real_folder)])
    row: Row = {"id": "900002", "email": "other@example.com", "created_at": "2026-01-01 00:00:00 UTC"}
    import_csv.main([str(write_files(tmp_path / "other", users=[row]))])
    assert count(shop, users) == 2


def test_a_folder_without_files_costs_no_sample(shop: Engine, real_folder: Path, tmp_path: Path) -> None:
    before = count(shop, users)
    assert import_csv.main([str(tmp_path)]) == 1
    assert count(shop, users) == before
