"""What a customer bought, in one statement: the same as the statements that it stands for."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from chalicelib.commerce.sales import sales
from chalicelib.commerce.sales.bought import Bought, bought_by
from chalicelib.commerce.sales.sales import Preference, Purchase
from chalicelib.core.database import Connection, run
from tests.factories import NOON, counted_statements, make_customer, make_item, make_order, make_product

DAY = timedelta(days=1)


def ask(customer_id: int, *, preferences: int = 20, at_once: int = 1_000) -> Bought:
    def look(connection: Connection) -> Bought:
        return bought_by(connection, customer_id, preferences=preferences, at_once=at_once)

    return run(look, writes=False)


def test_purchases_likes_and_products_come_from_one_statement(shop: Engine) -> None:
    robin, sam = make_customer(), make_customer()
    jeans, hat, gone, back = (make_product(category=name) for name in ("Jeans", "Hats", "Gone", "Back"))
    make_order(robin, (hat, 300), created_at=NOON)
    make_order(robin, (jeans, 100), (jeans, 50), created_at=NOON - DAY)
    make_order(robin, (gone, 1), status="cancelled")
    make_item(make_order(robin), back, 1, status="returned", user_id=robin)
    make_order(sam, (gone, 1))
    with counted_statements(shop) as statements:
        found = ask(robin)
    assert len(statements) == 1
    assert found.purchases == [Purchase(jeans, 2, NOON - DAY), Purchase(hat, 1, NOON)]
    assert found.preferences == [Preference("Jeans", "Levi", 2, 150), Preference("Hats", "Levi", 1, 300)]
    assert found.product_ids == {jeans, hat, back}, "what was sent back one knows, what was cancelled one never had"
    assert ask(make_customer()) == Bought([], [], frozenset())


def test_who_bought_very_much_is_told_no_less(shop: Engine) -> None:
    robin = make_customer()
    products = [make_product(category=f"c{at}") for at in range(6)]
    for at, product_id in enumerate(products):
        make_order(robin, (product_id, 100), created_at=NOON + at * DAY)
    few = ask(robin, at_once=3)
    assert few.purchases == [Purchase(products[at], 1, NOON + at * DAY) for at in (3, 4, 5)]
    assert few.preferences == ask(robin).preferences
    assert few.product_ids == set(products)


SPELLINGS = [("Jeans", "Levi"), ("JEANS", "levi"), ("Jeans", None), ("Hats", "Lee"), ("Éclair", "x"), ("éclair", "X")]


@settings(max_examples=15)
@given(
    units=st.lists(
        st.tuples(st.integers(0, 5), st.integers(1, 3), st.sampled_from(["complete", "returned", "cancelled"])),
        max_size=12,
    ),
    limit=st.integers(1, 6),
)
def test_likes_are_those_of_the_database(shop: Engine, units: list[tuple[int, int, str]], limit: int) -> None:
    robin = make_customer()
    products = [make_product(category=category, brand=brand) for category, brand in SPELLINGS]
    for at, cents, status in units:
        make_order(robin, (products[at], cents), status=status)
    expected = run(lambda connection: sales.preferences_of(connection, robin, limit), writes=False)
    assert list(ask(robin, preferences=limit).preferences) == expected
