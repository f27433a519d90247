"""The rules of carts: how much goes in, whose they are, and what becomes of a guest's cart at sign-in."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from chalicelib.commerce import carts, carts_sql
from chalicelib.commerce.carts import CartFull, NotForSale
from chalicelib.core.auth import Caller, Role
from chalicelib.core.database import Connection, transaction
from chalicelib.core.errors import NotFound
from tests.commerce.purchases import goods, move_clock
from tests.factories import make_customer, make_promotion


def caller(customer_id: int | None, role: Role = Role.CUSTOMER) -> Caller:
    return Caller(1, "robin@example.com", role, customer_id, 1)


def held(connection: Connection, public_id: str) -> dict[int, int]:
    found = carts_sql.find_cart(connection, public_id)
    assert found is not None
    return carts_sql.list_quantities(connection, found.id)


def opened(customer_id: int | None = None) -> str:
    """Open a cart, for a guest when no customer is named."""
    with transaction() as connection:
        cart = carts.open_cart(connection, None if customer_id is None else caller(customer_id))
        return str(cart.public_id)


def fill(public_id: str, quantities: dict[int, int]) -> None:
    with transaction() as connection:
        cart = carts_sql.find_cart(connection, public_id)
        assert cart is not None
        for product_id, quantity in quantities.items():
            carts.set_quantity(connection, cart, product_id, quantity)


def test_a_customer_has_one_cart_and_a_guest_a_new_one_each_time(shop: Engine) -> None:
    customer_id = make_customer()
    assert opened(customer_id) == opened(customer_id)
    assert opened(customer_id) != opened(make_customer())
    assert opened() != opened()


def test_the_id_of_a_cart_cannot_be_guessed(shop: Engine) -> None:
    first, second = opened(), opened()
    assert len(first) == len(second) == 32
    assert int(first, 16) ^ int(second, 16) > 2**64


def test_a_cart_holds_99_units_of_a_product_and_keeps_them_when_more_are_refused(shop: Engine) -> None:
    product_id, public_id = goods(units=0), opened()
    fill(public_id, {product_id: 98})
    with transaction() as connection:
        cart = carts_sql.find_cart(connection, public_id)
        carts.add(connection, cart, product_id, 1)
        with pytest.raises(CartFull, match="it has 99 of this one"):
            carts.add(connection, cart, product_id, 1)
        assert held(connection, public_id) == {product_id: 99}


def test_a_cart_holds_50_products_and_not_one_more(shop: Engine) -> None:
    products = [goods(units=0) for _ in range(51)]
    public_id = opened()
    fill(public_id, dict.fromkeys(products[:50], 1))
    with pytest.raises(CartFull, match="50 products"):
        fill(public_id, {products[50]: 1})
    fill(public_id, {products[0]: 2})  # what is in it already may change
    fill(public_id, {products[0]: 0, products[50]: 1})


def test_a_cart_holds_500_units_and_not_one_more(shop: Engine) -> None:
    products = [goods(units=0) for _ in range(6)]
    public_id = opened()
    fill(public_id, dict.fromkeys(products[:5], 99) | {products[5]: 5})
    with pytest.raises(CartFull, match="500 units"):
        fill(public_id, {products[5]: 6})
    fill(public_id, {products[5]: 4})


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_what_is_not_sold_cannot_be_put_in(shop: Engine, status: str) -> None:
    public_id = opened()
    with pytest.raises(NotForSale):
        fill(public_id, {goods(status=status): 1})
    with pytest.raises(NotForSale):
        fill(public_id, {999_999: 1})


def test_taking_over_adds_the_guests_units_to_the_customers_and_ends_the_guests_cart(shop: Engine) -> None:
    both, guests, customers = goods(), goods(), goods()
    customer_id = make_customer()
    own, guest = opened(customer_id), opened()
    fill(own, {both: 2, customers: 1})
    fill(guest, {both: 3, guests: 4})
    with transaction() as connection:
        taken = carts.take_over(connection, guest, customer_id)
        assert taken.public_id == own
        assert held(connection, own) == {both: 5, customers: 1, guests: 4}
        assert carts_sql.find_cart(connection, guest) is None


def test_taking_over_without_a_cart_of_ones_own_gives_one(shop: Engine) -> None:
    product_id, customer_id, guest = goods(), make_customer(), opened()
    fill(guest, {product_id: 3})
    with transaction() as connection:
        taken = carts.take_over(connection, guest, customer_id)
        assert (taken.customer_id, taken.public_id != guest) == (customer_id, True)
        assert held(connection, taken.public_id) == {product_id: 3}


def test_taking_over_stops_at_what_a_cart_holds(shop: Engine) -> None:
    products = [goods(units=0) for _ in range(7)]
    customer_id = make_customer()
    own, guest = opened(customer_id), opened()
    fill(own, {products[0]: 60, **dict.fromkeys(products[1:5], 99)})  # 456 units
    fill(guest, {products[0]: 50, products[5]: 10, products[6]: 1})
    with transaction() as connection:
        carts.take_over(connection, guest, customer_id)
        # 39 more of the first are the most of one product; 5 of the 10 are the most of a cart; nothing of the last.
        assert held(connection, own) == {products[0]: 99, **dict.fromkeys(products[1:5], 99), products[5]: 5}


def test_taking_over_leaves_out_products_beyond_the_fiftieth(shop: Engine) -> None:
    products = [goods(units=0) for _ in range(51)]
    customer_id = make_customer()
    own, guest = opened(customer_id), opened()
    fill(own, dict.fromkeys(products[:50], 1))
    fill(guest, {products[0]: 1, products[50]: 1})
    with transaction() as connection:
        carts.take_over(connection, guest, customer_id)
        assert held(connection, own) == dict.fromkeys(products[:50], 1) | {products[0]: 2}


@pytest.mark.parametrize(("guests", "left"), [("GUEST", "GUEST"), (None, "OWN")])
def test_the_code_of_the_guest_counts_where_there_is_one(shop: Engine, guests: str | None, left: str) -> None:
    make_promotion(code="OWN")
    make_promotion(code="GUEST")
    customer_id = make_customer()
    own, guest = opened(customer_id), opened()
    with transaction() as connection:
        carts.set_promotion(connection, carts_sql.find_cart(connection, own), "own")
        carts.set_promotion(connection, carts_sql.find_cart(connection, guest), guests)
        assert carts.take_over(connection, guest, customer_id).promotion_code == left


def test_taking_over_twice_finds_nothing_and_changes_nothing(shop: Engine) -> None:
    product_id, customer_id, guest = goods(), make_customer(), opened()
    fill(guest, {product_id: 3})
    with transaction() as connection:
        own = carts.take_over(connection, guest, customer_id).public_id
    with transaction() as connection:
        with pytest.raises(NotFound):
            carts.take_over(connection, guest, customer_id)
        assert carts.take_over(connection, own, customer_id).public_id == own
        assert held(connection, own) == {product_id: 3}


def test_the_cart_of_another_customer_is_not_taken_over(shop: Engine) -> None:
    product_id, theirs = goods(), opened(make_customer())
    fill(theirs, {product_id: 1})
    other = make_customer()
    with transaction() as connection:
        with pytest.raises(NotFound):
            carts.take_over(connection, theirs, other)
        assert held(connection, theirs) == {product_id: 1}


def test_carts_that_guests_left_60_days_ago_are_forgotten_and_customers_stay(
    shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer_id = make_customer()
    left, own = opened(), opened(customer_id)
    fill(left, {goods(): 1})
    move_clock(monkeypatch, days=60, seconds=-5)
    with transaction() as connection:
        assert carts.delete_left(connection, 50) == 0
    fresh = opened()
    move_clock(monkeypatch, seconds=10)
    with transaction() as connection:
        assert carts.delete_left(connection, 50) == 1
        assert carts_sql.find_cart(connection, left) is None
        assert carts_sql.find_cart(connection, own) is not None
        assert carts_sql.find_cart(connection, fresh) is not None


def test_no_more_carts_are_forgotten_at_once_than_is_said(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        opened()
    move_clock(monkeypatch, days=61)
    with transaction() as connection:
        assert [carts.delete_left(connection, 2) for _ in range(3)] == [2, 1, 0]
