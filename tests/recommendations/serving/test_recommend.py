"""What is recommended: bought categories and brands first, then what all buy, never what one has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert

from chalicelib.commerce import tables
from chalicelib.commerce.catalogue.choices import ProductFilter
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import NotFound
from chalicelib.core.text import fold
from chalicelib.recommendations.serving import recommend
from chalicelib.recommendations.serving.wishes import Found, Wish
from tests.factories import NOON, make_customer, make_item, make_order, make_product, rolled_back

ANYTHING = ProductFilter()


def ask(customer_id: int, wanted: ProductFilter = ANYTHING, *, owner_id: int | None = None, limit: int = 5) -> Found:
    def look(connection: Connection) -> Found:
        return recommend.to_customer(connection, customer_id, Wish(wanted, limit), owner_id=owner_id)

    return run(look, writes=False)


def ids(found: Found) -> list[int]:
    return [item.row.id for item in found.items]


def scores(found: Found) -> dict[int, float]:
    return {item.row.id: item.preference for item in found.items}


def test_a_product_scores_what_share_of_ones_purchases_was_of_its_kind(shop: Engine) -> None:
    bought_levi, levi = make_product(brand="Levi"), make_product(brand="Levi")
    bought_sock, sock = make_product(category="Socks", brand="Foot"), make_product(category="Socks", brand="Foot")
    lee, hat = make_product(brand="Lee"), make_product(category="Hats")
    robin = make_customer()
    make_order(robin, *[(bought_levi, 100)] * 3, (bought_sock, 100))
    found = ask(robin)
    # Levi 3 of 4; Lee half of the best of its category, 3/8; socks 1 of 4; of hats nothing is known.
    assert ids(found) == [levi, lee, sock, hat]
    assert scores(found) == pytest.approx({levi: 0.75, lee: 0.375, sock: 0.25, hat: 0})


def test_a_brand_that_one_buys_is_never_behind_a_strange_one_of_the_same_category(shop: Engine) -> None:
    often, seldom = make_product(brand="Levi"), make_product(brand="Lee")
    strange = make_product(brand="Strange")
    known = make_product(brand="Lee")
    robin = make_customer()
    make_order(robin, *[(often, 100)] * 9, (seldom, 100))
    found = scores(ask(robin))
    assert found[known] >= found[strange]


def test_who_buys_one_kind_alone_gets_the_full_score(shop: Engine) -> None:
    bought, other = make_product(), make_product()
    robin = make_customer()
    make_order(robin, (bought, 100))
    assert scores(ask(robin)) == {other: 1.0}


def test_what_one_has_is_not_recommended_even_if_it_was_sent_back(shop: Engine) -> None:
    kept, returned, other = make_product(), make_product(), make_product()
    robin, sam = make_customer(), make_customer()
    make_order(robin, (kept, 100))
    make_order(robin, (returned, 100), status="returned")
    make_order(sam, (kept, 100), (other, 100))
    assert ids(ask(robin)) == [other]
    assert ids(ask(sam)) == [returned]


def test_a_newcomer_gets_what_others_buy_and_keep_most(shop: Engine) -> None:
    never, once, twice, returned, cancelled = (make_product() for _ in range(5))
    sam = make_customer()
    make_order(sam, (twice, 100), (once, 100))
    make_order(None, (twice, 100))
    make_order(sam, *[(returned, 100)] * 5, status="returned")
    make_order(None, *[(cancelled, 100)] * 5, status="cancelled")
    found = ask(make_customer())
    assert ids(found) == [twice, once, never, returned, cancelled]
    assert set(scores(found).values()) == {0.0}
    assert found.preferences == []
    assert found.algorithm == "popularity"


def test_purchases_that_were_not_kept_speak_for_nothing(shop: Engine) -> None:
    cancelled, returned, partly = (make_product(category=name) for name in ("Jeans", "Socks", "Hats"))
    for name in ("Jeans", "Socks", "Hats"):
        make_product(category=name)
    robin = make_customer()
    make_order(robin, (cancelled, 100), status="cancelled")
    make_order(robin, (returned, 100), status="returned")
    make_item(make_order(robin), partly, 100, status="returned", user_id=robin)
    found = ask(robin)
    assert found.preferences == []
    assert set(scores(found).values()) == {0.0}


def test_the_rest_is_filled_up_without_repeating_anything(shop: Engine) -> None:
    bought, match = make_product(), make_product()
    popular, rest = make_product(category="Socks"), make_product(category="Hats")
    robin = make_customer()
    make_order(robin, (bought, 100))
    make_order(None, (popular, 100), (match, 100))
    found = ask(robin)
    assert ids(found) == [match, popular, rest]
    assert found.algorithm == "preferences+popularity"
    assert [len(ask(robin, limit=limit).items) for limit in range(5)] == [0, 1, 2, 3, 3]


def test_an_empty_catalogue_has_nothing_to_recommend(shop: Engine) -> None:
    assert ids(ask(make_customer())) == []


def test_nobody_is_recommended_to_who_is_not_there_or_not_the_caller(shop: Engine) -> None:
    me, other = make_customer(), make_customer()
    make_product()
    with pytest.raises(NotFound) as missing:
        ask(999_999)
    with pytest.raises(NotFound) as unseen:
        ask(other, owner_id=me)
    assert missing.value.message.replace("999999", "") == unseen.value.message.replace(str(other), "")
    assert len(ask(me, owner_id=me).items) == 1


# --- whatever the shop ---------------------------------------------------------------------------------------------

CATEGORIES, BRANDS = ("Jeans", "JEANS", "Jumpers", "100%", "a_b"), ("Levi", "levi's", "Lee", None)
STATUSES = ("complete", "shipped", "pending", "cancelled", "returned")


@dataclass(frozen=True)
class Shelf:
    """A small shop: products as (category, brand, price), purchases as (customer, product, status)."""

    products: list[tuple[str, str | None, int]]
    purchases: list[tuple[int, int, str]]


@st.composite
def shelves(draw: st.DrawFn) -> Shelf:
    product = st.tuples(st.sampled_from(CATEGORIES), st.sampled_from(BRANDS), st.integers(0, 2000))
    products = draw(st.lists(product, min_size=1, max_size=12))
    purchase = st.tuples(st.integers(1, 3), st.integers(1, len(products)), st.sampled_from(STATUSES))
    return Shelf(products, draw(st.lists(purchase, max_size=25)))


def put(connection: Connection, shelf: Shelf) -> None:
    stamps = {"created_at": NOON, "updated_at": NOON}
    center = {"id": 1, "name": "x", "latitude": 0, "longitude": 0} | stamps
    _insert(connection, tables.distribution_centers, [center])
    _insert(
        connection,
        tables.users,
        [{"id": at, "email": f"{at}@x.yz", "email_key": f"{at}@x.yz"} | stamps for at in (1, 2, 3)],
    )
    _insert(
        connection,
        tables.products,
        [
            {
                "id": at,
                "category": category,
                "category_key": fold(category),
                "brand": brand,
                "brand_key": None if brand is None else fold(brand),
                "name": f"product {at}",
                "sku": str(at),
                "cost_cents": 0,
                "retail_price_cents": cents,
                "distribution_center_id": 1,
            }
            | stamps
            for at, (category, brand, cents) in enumerate(shelf.products, 1)
        ],
    )
    orders = [{"id": at, "user_id": at, "status": "complete", "num_of_item": 0} | stamps for at in (1, 2, 3)]
    _insert(connection, tables.orders, orders)
    items = [
        {"order_id": who, "user_id": who, "product_id": what, "status": status, "sale_price_cents": 1}
        for who, what, status in shelf.purchases
    ]
    _insert(connection, tables.order_items, [item | {"created_at": NOON} for item in items])


def _insert(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


@settings(max_examples=60)
@given(
    shelf=shelves(),
    customer_id=st.integers(1, 3),
    category=st.sampled_from([None, "", "je", "JEANS", "ump", "%", "_", "0%", "none"]),
    max_cents=st.none() | st.integers(0, 2000),
    limit=st.integers(0, 14),
)
def test_whatever_the_shop_the_filters_hold_and_the_list_is_full(
    shop: Engine, shelf: Shelf, customer_id: int, category: str | None, max_cents: int | None, limit: int
) -> None:
    wanted = ProductFilter(category=category, max_price_cents=max_cents)

    with rolled_back() as connection:
        put(connection, shelf)
        found = recommend.to_customer(connection, customer_id, Wish(wanted, limit), owner_id=None)
    bought = {what for who, what, status in shelf.purchases if who == customer_id and status != "cancelled"}
    eligible = {
        at
        for at, (of, _, cents) in enumerate(shelf.products, 1)
        if at not in bought and (category or "").lower() in of.lower() and (max_cents is None or cents <= max_cents)
    }
    assert set(ids(found)) <= eligible
    assert len(ids(found)) == len(set(ids(found))) == min(limit, len(eligible))
    ranked = [item.preference for item in found.items]
    assert ranked == sorted(ranked, reverse=True)
    assert all(0 <= score <= 1 for score in ranked)
    kept = [what for who, what, status in shelf.purchases if who == customer_id and status not in STATUSES[3:]]
    assert sum(entry.units for entry in found.preferences) == len(kept)
    liked = {shelf.products[what - 1][0] for what in kept}
    liked_keys = {category.lower() for category in liked}
    assert {item.row.category.lower() for item in found.items if item.preference > 0} <= liked_keys
