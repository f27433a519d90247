"""The demo: only an empty shop is filled, only a database without accounts gets those with public passwords."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, func, select

from chalicelib.accounts import sign_in
from chalicelib.accounts.tables import accounts
from chalicelib.commerce.tables import order_items, orders
from chalicelib.core import auth
from chalicelib.core.auth import Role
from chalicelib.core.database import metadata
from infra import demo
from infra.sample_shop.places import COUNTRIES
from tests.client import Client
from tests.factories import (
    client_of,
    make_account_row,
    make_center,
    make_customer,
    make_order,
    make_product,
    make_promotion,
)

SCALE = 0.0005
TABLES = ("distribution_centers", "users", "products", "inventory_items", "orders", "order_items", "accounts")

Counts = dict[str, int]


def counts(engine: Engine) -> Counts:
    with engine.connect() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(metadata.tables[name])) or 0 for name in TABLES
        }


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "hash_password", lambda password: f"hash of {password}")


def test_an_empty_shop_is_filled_once(shop: Engine) -> None:
    assert demo.add_sample_data(SCALE) is True
    first = counts(shop)
    assert all(first[name] for name in TABLES if name != "accounts"), first
    assert demo.add_sample_data(SCALE) is False
    assert counts(shop) == first


def test_a_sample_shop_ships_taxes_and_welcomes(client: Client) -> None:
    demo.add_sample_data(SCALE)
    staff = client_of(Role.STAFF)
    options = client.get("/shipping-options?country=Japan").json
    assert [(each["method"], each["price"], each["free_from"]) for each in options] == [
        ("standard", 4.95, 50),
        ("express", 12.95, None),
    ]
    taxes = {
        (rule["country"], rule["state"]): (rule["rate"], rule["included"]) for rule in staff.get("/tax-rules").json
    }
    assert taxes["Germany", None] == (19, True)
    assert taxes["United States", "California"] == (7.25, False)
    [welcome] = staff.get("/promotions").json
    assert (welcome["code"], welcome["kind"], welcome["value"]) == ("WELCOME10", "percentage", 10)
    assert {country for country, _ in taxes} <= {country.name for country in COUNTRIES}


def test_a_code_that_is_there_before_the_sample_stays(client: Client) -> None:
    make_promotion(code="welcome10", value=1)
    assert demo.add_sample_data(SCALE) is True
    [welcome] = client_of(Role.STAFF).get("/promotions").json
    assert (welcome["code"], welcome["value"]) == ("welcome10", 0.01)
    assert len(client.get("/shipping-options").json) == 2


@pytest.mark.parametrize(
    "begin",
    [make_center, make_customer, make_product, lambda: make_order(None)],
    ids=["center", "customer", "product", "order"],
)
def test_a_shop_that_somebody_has_begun_is_left_alone(shop: Engine, begin: Callable[[], int]) -> None:
    begin()
    before = counts(shop)
    assert demo.add_sample_data(SCALE) is False
    assert counts(shop) == before


def test_the_demo_accounts_can_sign_in_as_what_they_are(client: Client) -> None:
    customer_id = make_customer()
    make_order(customer_id, (make_product(), 1000))
    assert demo.add_demo_accounts() is True
    seen = {}
    for each in demo.DEMO_ACCOUNTS:
        mine = client.as_token(sign_in.sign_in(each.username, each.password, "192.0.2.1"))
        account = mine.get("/api/auth/me").json
        seen[account["username"]] = (account["role"], account["customer_id"])
    assert seen == {
        "admin": ("admin", None),
        "staff": ("staff", None),
        "customer": ("customer", customer_id),
        "service": ("service", None),
    }


def test_the_demo_customer_is_one_who_bought_and_kept_most(shop: Engine, quick_passwords: None) -> None:
    product_id = make_product()
    returns, keeps, others, guest = make_customer(), make_customer(), make_customer(), None
    make_order(returns, *[(product_id, 100)] * 4, status="returned")
    make_order(returns, (product_id, 100), status="cancelled")
    make_order(keeps, *[(product_id, 100)] * 3)
    make_order(others, *[(product_id, 100)] * 2)
    make_order(guest, *[(product_id, 100)] * 9)
    demo.add_demo_accounts()
    assert linked_customer(shop) == keeps


def test_the_demo_customer_of_the_sample_shop_has_orders(shop: Engine, quick_passwords: None) -> None:
    demo.add_sample_data(SCALE)
    demo.add_demo_accounts()
    customer_id = linked_customer(shop)
    assert customer_id is not None
    with shop.connect() as connection:
        bought = select(func.count()).select_from(orders).where(orders.c.user_id == customer_id)
        items = select(func.count()).select_from(order_items).where(order_items.c.user_id == customer_id)
        assert connection.scalar(bought)
        assert connection.scalar(items)


def test_in_a_shop_without_orders_the_demo_customer_is_linked_to_nobody(shop: Engine, quick_passwords: None) -> None:
    make_customer()
    assert demo.add_demo_accounts() is True
    assert linked_customer(shop) is None


def linked_customer(engine: Engine) -> int | None:
    with engine.connect() as connection:
        found: int | None = connection.scalar(select(accounts.c.customer_id).where(accounts.c.username == "customer"))
        return found


def test_a_second_start_changes_nothing(shop: Engine, quick_passwords: None) -> None:
    demo.add_sample_data(SCALE)
    demo.add_demo_accounts()
    with shop.connect() as connection:
        before = connection.execute(select(accounts).order_by(accounts.c.id)).all()
    rows = counts(shop)
    assert demo.add_sample_data(SCALE) is False
    assert demo.add_demo_accounts() is True
    with shop.connect() as connection:
        assert connection.execute(select(accounts).order_by(accounts.c.id)).all() == before
    assert counts(shop) == rows


@pytest.mark.parametrize("username", ["robin", "admin"])
def test_a_database_with_accounts_gets_none_with_a_public_password(
    shop: Engine, quick_passwords: None, username: str
) -> None:
    make_account_row(Role.ADMIN, username=username)
    assert demo.add_demo_accounts() is False
    assert counts(shop)["accounts"] == 1


def test_accounts_beside_those_of_the_demo_do_not_hide_them(shop: Engine, quick_passwords: None) -> None:
    demo.add_demo_accounts()
    for _ in range(5):
        make_account_row(Role.STAFF)
    assert demo.add_demo_accounts() is True
    assert counts(shop)["accounts"] == 9
