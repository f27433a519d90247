"""What people did, as it is read back: the stream of everybody's, and one person's history."""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from chalicelib.core.database import read, run
from chalicelib.recommendations.signals import interactions, weights
from chalicelib.recommendations.signals.interactions import Signal
from tests.conftest import empty
from tests.factories import (
    NOON,
    counted_statements,
    make_behaviour,
    make_customer,
    make_item,
    make_order,
    make_product,
    make_visitor,
)

HERE = "a-browser-of-somebody"
LATER = NOON + timedelta(days=1)
DAY = timedelta(days=1)
NOON_S = 1772366400  # of 1 March 2026, 12:00 UTC

Row = tuple[int, int, int, float]


def streamed(page: int = 1000, now: datetime = LATER) -> list[Row]:
    rows: list[Row] = []
    for batch in interactions.stream(now=now, page=page):
        assert len(batch) > 0
        assert [str(part.dtype) for part in (batch.people, batch.products, batch.times)] == ["int64"] * 3
        assert str(batch.weights.dtype) == "float32"
        parts = (batch.people, batch.products, batch.times, batch.weights)
        rows += zip(*(part.tolist() for part in parts), strict=True)
    return rows


def history(customer_id: int | None = None, visitor: str | None = None, limit: int = 100) -> list[Signal]:
    return run(
        lambda connection: interactions.history_of(connection, customer_id=customer_id, visitor=visitor, limit=limit),
        writes=False,
    )


def told(signals: list[Signal]) -> list[tuple[int, str]]:
    return [(signal.product_id, signal.kind) for signal in signals]


# --- the stream ---------------------------------------------------------------------------------------------------


def test_nothing_has_no_batches(shop: Engine) -> None:
    assert streamed() == []


def test_units_of_an_order_are_one_purchase_and_events_weigh_by_their_kind(shop: Engine) -> None:
    robin, jeans, socks = make_customer(), make_product(), make_product()
    order = make_order(robin, (socks, 500), (jeans, 4000), (socks, 500), created_at=NOON)
    make_item(order, socks, 500, user_id=robin, created_at=NOON + timedelta(seconds=9.7))
    make_order(robin, (socks, 500), created_at=NOON + timedelta(hours=2))
    make_behaviour(jeans, "view", customer_id=robin, at=NOON - timedelta(microseconds=1))
    make_behaviour(jeans, "cart", customer_id=robin)
    make_behaviour(jeans, "click", customer_id=robin)
    make_behaviour(jeans, "impression", customer_id=robin)
    expected = [
        (robin, jeans, NOON_S, 1.0),
        (robin, socks, NOON_S, pytest.approx(1 + math.log(3))),
        (robin, socks, NOON_S + 7200, 1.0),
        (robin, jeans, NOON_S - 1, pytest.approx(weights.weight_of("view"))),
        (robin, jeans, NOON_S, pytest.approx(weights.weight_of("cart"))),
        (robin, jeans, NOON_S, pytest.approx(weights.weight_of("click"))),
    ]
    assert streamed() == expected


def test_a_visitor_counts_as_itself_until_somebody_signs_in(shop: Engine) -> None:
    robin, product = make_customer(), make_product()
    visitor = make_visitor(HERE)
    make_behaviour(product, visitor_id=visitor)
    make_behaviour(product, visitor_id=visitor, customer_id=robin)
    assert [row[0] for row in streamed()] == [-visitor, robin]


def test_what_happens_after_the_moment_that_is_asked_for_is_left_out(shop: Engine) -> None:
    robin, product = make_customer(), make_product()
    for at in (NOON, NOON + timedelta(seconds=1)):
        make_order(robin, (product, 1), created_at=at)
        make_behaviour(product, customer_id=robin, at=at)
    assert [row[2] for row in streamed(now=NOON)] == [NOON_S] * 2
    assert [row[2] for row in streamed(now=NOON + timedelta(seconds=1))] == [NOON_S, NOON_S + 1] * 2


STATUSES = st.sampled_from(["complete", "shipped", "pending", "cancelled", "returned"])
ORDERS = st.lists(
    st.tuples(
        st.integers(0, 2),  # the customer; 0: a guest
        st.integers(0, 5_000_000),  # s before noon
        st.lists(st.tuples(st.integers(0, 2), STATUSES), min_size=1, max_size=6),
    ),
    max_size=6,
)
EVENTS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.integers(0, 1),
        st.integers(0, 2),
        st.sampled_from(weights.KINDS),
        st.integers(0, 5_000_000),
    ),
    max_size=10,
)


@hypothesis_settings(max_examples=25)
@given(orders=ORDERS, events=EVENTS, page=st.integers(1, 7))
def test_the_stream_is_what_the_tables_say_whatever_the_page(
    shop: Engine, orders: list[Any], events: list[Any], page: int
) -> None:
    empty(shop)
    customers = [None, make_customer(), make_customer()]
    products = [make_product() for _ in range(3)]
    visitor = make_visitor(HERE)
    expected: list[Row] = []
    for who, before, items in orders:
        at = NOON - timedelta(seconds=before)
        order = make_order(customers[who], created_at=at)
        units: Counter[int] = Counter()
        for which, status in items:
            make_item(order, products[which], 1, user_id=customers[who], status=status, created_at=at)
            if status not in ("cancelled", "returned"):
                units[products[which]] += 1
        if (customer := customers[who]) is not None:
            expected += [(customer, each, NOON_S - before, 1 + math.log(n)) for each, n in units.items()]
    for signed_in, seen, which, kind, before in events:
        customer = customers[1] if signed_in else None
        make_behaviour(
            products[which],
            kind,
            customer_id=customer,
            visitor_id=visitor if seen or not signed_in else None,
            at=NOON - timedelta(seconds=before),
        )
        if kind != "impression":
            person = -visitor if customer is None else customer
            expected.append((person, products[which], NOON_S - before, weights.weight_of(kind)))
    found = streamed(page)
    assert sorted(row[:3] for row in found) == sorted(row[:3] for row in expected)
    assert sorted(round(row[3], 5) for row in found) == sorted(round(row[3], 5) for row in expected)


def test_items_of_an_order_that_were_put_in_between_others_are_still_one_purchase(shop: Engine) -> None:
    robin, sam, product = make_customer(), make_customer(), make_product()
    first, second = make_order(robin), make_order(sam)
    for order, who in ((second, sam), (first, robin)) * 3:
        make_item(order, product, 1, user_id=who)
    assert [(who, round(weight, 4)) for who, _, _, weight in streamed(page=2)] == [(robin, 2.0986), (sam, 2.0986)]


def test_each_page_is_a_read_of_its_own(shop: Engine) -> None:
    """Nothing is held between pages: what is written meanwhile is not kept waiting, and may be in."""
    robin, product = make_customer(), make_product()
    for _ in range(4):
        make_behaviour(product, customer_id=robin)
    found = interactions.stream(now=LATER, page=2)
    assert len(next(found)) == 2
    make_behaviour(product, customer_id=robin)
    assert sum(map(len, found)) == 3


# --- one person ---------------------------------------------------------------------------------------------------


def test_purchases_and_events_are_one_history_newest_last(shop: Engine) -> None:
    robin, product, other = make_customer(), make_product(), make_product()
    make_behaviour(product, "view", customer_id=robin, at=NOON)
    make_behaviour(product, "cart", customer_id=robin, at=NOON + timedelta(minutes=1))
    make_order(robin, (product, 1), (product, 1), created_at=NOON + timedelta(minutes=2))
    make_behaviour(other, "click", customer_id=robin, at=NOON + timedelta(minutes=3))
    make_behaviour(other, "impression", customer_id=robin, at=NOON + timedelta(minutes=4))
    found = history(robin)
    assert found == [
        Signal(product, "view", NOON, weights.weight_of("view")),
        Signal(product, "cart", NOON + timedelta(minutes=1), weights.weight_of("cart")),
        Signal(product, "purchase", NOON + timedelta(minutes=2), 1 + math.log(2)),
        Signal(other, "click", NOON + timedelta(minutes=3), weights.weight_of("click")),
    ]
    for limit in range(1, 5):
        assert history(robin, limit=limit)[-1] == found[-1]
    assert history(robin, limit=2) == found[-2:]
    assert history(robin, limit=0) == history() == []


def test_what_was_cancelled_or_sent_back_is_in_no_history(shop: Engine) -> None:
    robin, kept, other = make_customer(), make_product(), make_product()
    order = make_order(robin, (kept, 1))
    make_item(order, other, 1, user_id=robin, status="returned")
    make_order(robin, (other, 1), status="cancelled")
    assert told(history(robin)) == [(kept, "purchase")]


def test_the_latest_count_whatever_their_ids_and_what_was_shown_takes_no_place(shop: Engine) -> None:
    robin = make_customer()
    products = [make_product() for _ in range(4)]
    for age, product in enumerate(products):
        make_behaviour(product, customer_id=robin, at=NOON - age * DAY)
        make_order(robin, (product, 1), created_at=NOON - (age + 0.5) * DAY)
        for _ in range(5):
            make_behaviour(product, "impression", customer_id=robin, at=NOON)
    newest = [(products[1], "purchase"), (products[1], "view"), (products[0], "purchase"), (products[0], "view")]
    assert told(history(robin, limit=4)) == newest


def test_at_one_moment_the_order_is_that_in_which_it_was_sent(shop: Engine) -> None:
    robin = make_customer()
    products = [make_product() for _ in range(5)]
    for product in products[::-1]:
        make_behaviour(product, customer_id=robin)
    assert [signal.product_id for signal in history(robin)] == products[::-1]


def test_what_is_somebody_elses_is_in_no_history(shop: Engine) -> None:
    robin, sam = make_customer(), make_customer()
    nobodys, robins, sams, elsewhere, bought = (make_product() for _ in range(5))
    visitor, other = make_visitor(HERE), make_visitor("another-browser-there")
    make_behaviour(nobodys, visitor_id=visitor, at=NOON)
    make_behaviour(robins, visitor_id=visitor, customer_id=robin, at=NOON + timedelta(seconds=1))
    make_behaviour(sams, customer_id=sam, at=NOON + timedelta(seconds=2))
    make_behaviour(elsewhere, visitor_id=other, at=NOON + timedelta(seconds=3))
    make_order(sam, (bought, 1), created_at=NOON + timedelta(seconds=4))

    def products(customer_id: int | None, seen: str | None) -> list[int]:
        return [signal.product_id for signal in history(customer_id, seen)]

    assert products(robin, HERE) == [nobodys, robins]
    assert products(robin, None) == [robins]
    assert products(sam, HERE) == [nobodys, sams, bought], "what nobody has claimed is of who shops there now"
    assert products(None, HERE) == [nobodys, robins]
    assert products(None, "nobody-is-known-as-this") == []
    assert products(make_customer(), "nobody-is-known-as-this") == []


def test_a_history_takes_two_statements_at_most(shop: Engine) -> None:
    robin, product = make_customer(), make_product()
    make_behaviour(product, visitor_id=make_visitor(HERE))
    for customer, visitor, most in ((robin, HERE, 2), (robin, None, 2), (None, HERE, 1)):
        with counted_statements(shop) as statements:
            history(customer, visitor)
        assert len(statements) == most


def test_a_history_is_read_by_an_index_and_no_further_than_asked(shop: Engine) -> None:
    """However long somebody has been looking around: the database may read little more than what is asked for."""
    if shop.dialect.name == "sqlite":
        pytest.skip("counts of rows that were read are MariaDB's")
    robin, product = make_customer(), make_product()
    visitor = make_visitor(HERE)
    for number in range(150):
        kind = "impression" if number % 3 else "view"
        make_behaviour(product, kind, visitor_id=visitor, customer_id=robin, at=NOON + timedelta(seconds=number))
        make_behaviour(product, kind, visitor_id=visitor, at=NOON + timedelta(seconds=number))

    def reads(connection: Any) -> int:
        rows = connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Handler_read%%'").all()
        return sum(int(row[1]) for row in rows if "rnd" not in row[0])

    for customer, seen in ((robin, None), (None, HERE), (robin, HERE)):
        with read() as connection:
            before = reads(connection)
            found = interactions.history_of(connection, customer_id=customer, visitor=seen, limit=5)
            assert len(found) == 5
            assert reads(connection) - before < 40
