"""The rules of checkouts: what they hold, for how long, at which price, and what giving them up frees."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from chalicelib.commerce import carts, checkouts, sale_tables
from chalicelib.commerce.checkouts import Address, AddressNeeded, EmailNeeded, Wish
from chalicelib.commerce.stock import OutOfStock
from chalicelib.commerce.tables import inventory_items, stock_movements
from chalicelib.core import clock
from chalicelib.core.auth import Caller, Role
from chalicelib.core.database import read, transaction
from chalicelib.core.errors import NotFound
from tests.commerce.purchases import available, goods, move_clock
from tests.commerce.stock_checks import assert_stock_adds_up
from tests.factories import make_address, make_center, make_customer, make_product, make_stock

MEMPHIS, CHICAGO = (35.1174, -89.9711), (41.8369, -87.6847)
HOME = Address("Robin Doe", "1 Main Street", "38103", "Memphis", "United States")
WISH = Wish(HOME, "robin@example.com")


def customer(customer_id: int) -> Caller:
    return Caller(1, "robin@example.com", Role.CUSTOMER, customer_id, 1)


def filled(who: Caller | None, *items: tuple[int, int]) -> str:
    with transaction() as connection:
        cart = carts.open_cart(connection, who)
        for product_id, quantity in items:
            carts.add(connection, cart, product_id, quantity)
        return str(cart.public_id)


def centers_of(checkout_id: str) -> list[int]:
    units, items, heads = inventory_items.c, sale_tables.checkout_items.c, sale_tables.checkouts.c
    statement = (
        select(units.product_distribution_center_id)
        .join(sale_tables.checkout_items, items.inventory_item_id == units.id)
        .join(sale_tables.checkouts, items.checkout_id == heads.id)
        .where(heads.public_id == checkout_id)
    )
    with read() as connection:
        return sorted(connection.scalars(statement))


def test_a_checkout_holds_units_for_a_quarter_of_an_hour(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    product_id = goods(units=5)
    begun_at = clock.now()
    monkeypatch.setattr(clock, "now", lambda: begun_at)
    checkout_id = checkouts.begin(filled(None, (product_id, 3)), None, WISH, None)
    assert available(product_id) == 2
    with read() as connection:
        row = checkouts.get_checkout(connection, checkout_id, None)
        assert row.expires_at - begun_at == timedelta(minutes=15)
    move_clock(monkeypatch, minutes=15, seconds=-1)
    assert not checkouts.expire(row.id)
    with read() as connection:
        assert checkouts.list_overdue(connection, 0, 10) == []
    move_clock(monkeypatch, seconds=1)
    with read() as connection:
        assert checkouts.list_overdue(connection, 0, 10) == [row.id]
        assert checkouts.list_overdue(connection, row.id, 10) == []
    assert [checkouts.expire(row.id), checkouts.expire(row.id)] == [True, False]
    assert available(product_id) == 5
    assert_stock_adds_up()


def test_nothing_is_held_of_a_cart_of_which_one_product_is_short(shop: Engine) -> None:
    enough, short = goods(units=9), goods(units=1)
    cart_id = filled(None, (enough, 4), (short, 2))
    with pytest.raises(OutOfStock) as refused:
        checkouts.begin(cart_id, None, WISH, None)
    assert [error.message for error in refused.value.errors] == [f"product {short}: 2 wanted, 1 free"]
    assert (available(enough), available(short)) == (9, 1)
    assert_stock_adds_up()


def test_a_checkout_that_fails_leaves_the_one_before_it_as_it_was(shop: Engine) -> None:
    product_id = goods(units=3)
    cart_id = filled(None, (product_id, 2))
    first = checkouts.begin(cart_id, None, WISH, None)
    with transaction() as connection:
        carts.add(connection, carts.get_cart(connection, cart_id, None), product_id, 2)
    with pytest.raises(OutOfStock):
        checkouts.begin(cart_id, None, WISH, None)
    with read() as connection:
        assert checkouts.get_checkout(connection, first, None).state == "open"
    assert available(product_id) == 1


def test_goods_come_from_the_center_nearest_to_the_address(shop: Engine) -> None:
    memphis, chicago = (make_center(latitude=lat, longitude=lon) for lat, lon in (MEMPHIS, CHICAGO))
    product_id = make_product(distribution_center_id=memphis)
    make_stock(product_id, 5, center_id=memphis)
    make_stock(product_id, 5, center_id=chicago)
    milwaukee = replace(HOME, latitude=43.0389, longitude=-87.9065)
    for address, center in ((milwaukee, chicago), (HOME, memphis)):
        made = checkouts.begin(filled(None, (product_id, 2)), None, replace(WISH, address=address), None)
        assert centers_of(made) == [center, center]


def test_where_an_address_has_no_coordinates_those_of_the_customer_count(shop: Engine) -> None:
    memphis, chicago = (make_center(latitude=lat, longitude=lon) for lat, lon in (MEMPHIS, CHICAGO))
    product_id = make_product(distribution_center_id=memphis)
    make_stock(product_id, 5, center_id=memphis)
    make_stock(product_id, 5, center_id=chicago)
    who = customer(make_customer(latitude=43.0389, longitude=-87.9065))
    assert centers_of(checkouts.begin(filled(who, (product_id, 1)), who, WISH, None)) == [chicago]


def test_the_same_request_finds_the_checkout_that_it_made(shop: Engine) -> None:
    product_id = goods(units=5)
    cart_id = filled(None, (product_id, 2))
    first = checkouts.begin(cart_id, None, WISH, "a" * 64)
    assert checkouts.begin(cart_id, None, WISH, "a" * 64) == first
    assert checkouts.begin(cart_id, None, WISH, "b" * 64) != first
    assert available(product_id) == 3


def test_a_guest_says_where_the_confirmation_goes_and_a_customer_need_not(shop: Engine) -> None:
    product_id = goods()
    with pytest.raises(EmailNeeded):
        checkouts.begin(filled(None, (product_id, 1)), None, Wish(HOME), None)
    customer_id = make_customer(email="Own@Example.com")
    who = customer(customer_id)
    checkout_id = checkouts.begin(filled(who, (product_id, 1)), who, Wish(HOME), None)
    with read() as connection:
        row = checkouts.get_checkout(connection, checkout_id, who)
        assert (row.email, row.email_key) == ("Own@Example.com", "own@example.com")


def test_things_go_to_the_saved_address_that_is_named_or_else_to_the_default(shop: Engine) -> None:
    product_id, customer_id = goods(), make_customer()
    who = customer(customer_id)
    cart_id = filled(who, (product_id, 1))
    with pytest.raises(AddressNeeded):
        checkouts.begin(cart_id, who, Wish(), None)
    make_address(customer_id, city="Lyon", is_default=True)
    second = make_address(customer_id, city="Paris")
    for wish, city in ((Wish(), "Lyon"), (Wish(address_id=second), "Paris"), (Wish(HOME), "Memphis")):
        made = checkouts.begin(cart_id, who, wish, None)
        with read() as connection:
            assert f'"city": "{city}"' in checkouts.get_checkout(connection, made, who).address


def test_nobody_sends_things_to_the_address_of_somebody_else(shop: Engine) -> None:
    product_id, who = goods(), customer(make_customer())
    theirs = make_address(make_customer(), is_default=True)
    with pytest.raises(NotFound):
        checkouts.begin(filled(who, (product_id, 1)), who, Wish(address_id=theirs), None)
    with pytest.raises(AddressNeeded):
        checkouts.begin(filled(None, (product_id, 1)), None, Wish(None, "a@example.com", address_id=theirs), None)
    with pytest.raises(AddressNeeded):
        checkouts.begin(filled(who, (product_id, 1)), who, replace(WISH, address_id=theirs), None)
    assert available(product_id) == 5


def test_the_books_name_customers_by_number_since_their_user_names_are_e_mail_addresses(shop: Engine) -> None:
    product_id, customer_id = goods(), make_customer()
    who = customer(customer_id)
    checkout_id = checkouts.begin(filled(who, (product_id, 1)), who, WISH, None)
    with transaction() as connection:
        checkouts.cancel(connection, checkout_id, who)
    with read() as connection:
        written = connection.execute(select(stock_movements.c.kind, stock_movements.c.actor)).all()
    assert [tuple(row) for row in written if row.kind != "received"] == [
        ("reserved", f"customer {customer_id}"),
        ("released", f"customer {customer_id}"),
    ]
    assert checkouts.actor_of(None) == "guest"
    assert checkouts.actor_of(Caller(2, "sam", Role.STAFF, customer_id, 1)) == "sam"
