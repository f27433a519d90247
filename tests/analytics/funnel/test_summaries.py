"""The sales funnel day by day: counted again where something changed, and what counting by hand gives."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, select

from chalicelib.analytics.funnel import summaries
from chalicelib.analytics.funnel.funnel_tables import funnel_carts, funnel_days
from chalicelib.commerce.sale_tables import cart_items, carts, checkouts
from chalicelib.core import clock
from chalicelib.core.database import insert_row, read, transaction
from tests.conftest import empty, set_settings
from tests.factories import NOON, make_behaviour, make_customer, make_order, make_product, make_visitor

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TODAY = NOON.date()
STEPS = ("viewed", "carted", "checked_out", "ordered")


@pytest.fixture(autouse=True)
def six_hours_later(monkeypatch: pytest.MonkeyPatch) -> None:
    set_now(monkeypatch, NOON + 6 * HOUR)


def set_now(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)


def summarize(time_left_ms: int = 900_000) -> tuple[int, int]:
    done = summaries.summarize_funnel(lambda: time_left_ms)
    return done.rows, done.left


def kept(segment: str = "kind") -> dict[tuple[date, str], tuple[int, ...]]:
    with read() as connection:
        rows = connection.execute(select(funnel_days).where(funnel_days.c.segment == segment)).mappings().all()
    return {(row["day"], row["name"]): tuple(row[step] for step in STEPS) for row in rows}


def fill_cart(product_id: int, at: datetime = NOON, customer_id: int | None = None) -> int:
    values = {"public_id": f"cart{at.timestamp()}{customer_id}{product_id}"[:32], "customer_id": customer_id}
    with transaction() as connection:
        cart_id = insert_row(connection, carts, {**values, "created_at": at, "updated_at": at})
        item = {"cart_id": cart_id, "product_id": product_id, "quantity": 1, "added_at": at}
        connection.execute(insert(cart_items), [item])
    return cart_id


_FIELDS = {
    "email": "a@example.com",
    "state": "open",
    "currency": "usd",
    "shipping_method": "standard",
    "address": "{}",
}
_CENTS = ("items_cents", "discount_cents", "shipping_cents", "tax_cents", "total_cents")


def begin_checkout(at: datetime = NOON, *, email: str = "a@example.com", **given: Any) -> int:
    values = {**_FIELDS, **dict.fromkeys(_CENTS, 0), "email_key": email, "expires_at": at + HOUR}
    with transaction() as connection:
        count = len(connection.execute(select(checkouts.c.id)).all())
        values |= {"public_id": f"checkout{count}", "created_at": at, "updated_at": at, **given}
        return insert_row(connection, checkouts, values)


def order(product_id: int, at: datetime = NOON, customer_id: int | None = None, **given: Any) -> None:
    order_id = make_order(customer_id, (product_id, 1000), created_at=at, updated_at=at)
    begin_checkout(given.pop("begun_at", at), order_id=order_id, customer_id=customer_id, state="paid", **given)


def test_a_day_is_counted_by_what_customers_and_guests_did(shop: Engine) -> None:
    jeans = make_product()
    looker, carter, buyer = (make_customer(traffic_source=source) for source in ("Search", "Search", "Email"))
    browser = make_visitor("v" * 20)
    make_behaviour(jeans, customer_id=looker)
    make_behaviour(jeans, "click", visitor_id=browser, surface="home")
    make_behaviour(jeans, "cart", visitor_id=browser)
    make_behaviour(jeans, "impression", visitor_id=make_visitor("w" * 20))
    fill_cart(jeans, customer_id=carter)
    order(jeans, customer_id=buyer, begun_at=NOON - DAY)
    order(jeans, email="guest@example.com")
    # Nobody came to these orders through the shop.
    make_order(make_customer(), (jeans, 1000))
    summarize()
    assert kept() == {
        (TODAY - DAY, "customers"): (1, 1, 1, 0),
        (TODAY, "customers"): (3, 2, 1, 1),
        (TODAY, "guests"): (1, 1, 1, 1),
    }
    assert kept("source") == {
        (TODAY - DAY, "Email"): (1, 1, 1, 0),
        (TODAY, "Search"): (2, 1, 0, 0),
        (TODAY, "Email"): (1, 1, 1, 1),
    }
    assert kept("surface") == {(TODAY, "home"): (1, 1, 0, 0)}


def test_a_cart_counts_though_it_was_emptied_since(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    customer = make_customer()
    fill_cart(make_product(), customer_id=customer)
    summarize()
    with transaction() as connection:
        connection.execute(delete(cart_items))
    set_now(monkeypatch, NOON + DAY)
    summarize()
    assert kept() == {(TODAY, "customers"): (1, 1, 0, 0)}


def test_a_guests_cart_that_was_taken_over_is_the_customers_alone(shop: Engine) -> None:
    jeans, customer = make_product(), make_customer()
    cart_id = fill_cart(jeans)
    summarize()
    assert kept() == {(TODAY, "guests"): (1, 1, 0, 0)}
    with transaction() as connection:
        connection.execute(delete(carts).where(carts.c.id == cart_id))
    fill_cart(jeans, NOON + 6 * HOUR, customer)
    summarize()
    assert kept() == {(TODAY, "customers"): (1, 1, 0, 0)}


def test_a_late_event_has_its_day_counted_again(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    customer, jeans = make_customer(), make_product()
    set_now(monkeypatch, NOON + 5 * DAY)
    summarize()
    set_now(monkeypatch, NOON + 5 * DAY + HOUR)
    make_behaviour(jeans, customer_id=customer, at=NOON, received_at=NOON + 5 * DAY + HOUR)
    summarize()
    assert kept() == {(TODAY, "customers"): (1, 0, 0, 0)}


def test_days_of_which_not_all_is_kept_stay_as_they_are(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    customer = make_customer()
    begin_checkout(customer_id=customer)
    fill_cart(make_product(), customer_id=customer)
    summarize()
    with transaction() as connection:
        connection.execute(delete(checkouts))
    set_now(monkeypatch, NOON + 40 * DAY)
    summarize()
    assert kept() == {(TODAY, "customers"): (1, 1, 1, 0)}
    with read() as connection:
        assert connection.execute(select(funnel_carts)).all() == []


def test_days_are_those_of_the_shop(shop: Engine, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    set_settings(monkeypatch, replace(settings, time_zone="America/New_York"))
    order(make_product(), NOON.replace(hour=3), make_customer())
    summarize()
    assert list(kept()) == [(TODAY - DAY, "customers")]


def test_a_run_without_time_leaves_all_days_and_the_next_goes_on(shop: Engine) -> None:
    make_behaviour(make_product(), customer_id=make_customer())
    rows, left = summarize(time_left_ms=5_000)
    assert rows == 0
    assert left > 0
    assert kept() == {}
    assert summarize()[1] == 0
    assert kept() == {(TODAY, "customers"): (1, 0, 0, 0)}


def test_forgetting_a_customer_forgets_whose_cart_it_was(shop: Engine) -> None:
    customer, other = make_customer(), make_customer()
    for each in (customer, other):
        fill_cart(make_product(), customer_id=each)
    summarize()
    with transaction() as connection:
        summaries.forget(connection, customer)
    with read() as connection:
        assert list(connection.scalars(select(funnel_carts.c.customer_id))) == [other]


deeds = st.lists(
    st.tuples(
        st.sampled_from(["view", "click", "cart", "fill", "checkout", "order", "run"]),
        st.integers(0, 3),  # two customers, two guests
        st.integers(0, 9),  # hours since the deed before
        st.integers(0, 30),  # hours until it is told of
    ),
    max_size=12,
)


@settings(max_examples=20)
@given(deeds)
def test_incremental_runs_give_what_counting_by_hand_gives(
    shop: Engine, monkeypatch: pytest.MonkeyPatch, done: list[tuple[str, int, int, int]]
) -> None:
    empty(shop)
    now = NOON
    jeans = make_product()
    customers = [make_customer(traffic_source="Search"), make_customer(traffic_source=None)]
    visitors = [make_visitor("v" * 20), make_visitor("w" * 20)]
    seen: dict[date, dict[str, set[Any]]] = defaultdict(lambda: defaultdict(set))
    filled: set[int] = set()
    for kind, who, passed, late in done:
        now += passed * HOUR
        set_now(monkeypatch, now)
        at = now - late * HOUR if kind in ("view", "click", "cart") else now
        customer = customers[who] if who < 2 else None
        today = seen[at.date()]
        if kind == "run":
            summarize()
        elif kind in ("view", "click", "cart"):
            person = {"customer_id": customer} if who < 2 else {"visitor_id": visitors[who - 2]}
            # Told of later than it happened.
            make_behaviour(jeans, kind, at=at, received_at=now, **person)
            today["viewed"].add(("b", who))
            today["carted"] |= {("b", who)} if kind == "cart" else set()
        elif kind == "fill" and who not in filled:
            filled.add(who)
            fill_cart(jeans, at, customer) if who < 2 else fill_cart(make_product(), at)
            today["carted"].add(("b" if who < 2 else "k", who))
        elif kind == "checkout":
            begin_checkout(at, customer_id=customer, email=f"p{who}@example.com")
            today["checked_out"].add(("b" if who < 2 else "e", who))
        elif kind == "order":
            order(jeans, at, customer, email=f"p{who}@example.com")
            today["ordered"].add(("b" if who < 2 else "e", who))
    summarize()
    expected = {}
    for day, at_step in seen.items():
        last, of_customers, of_guests = set[Any](), [], []
        fewest = 0
        for step in reversed(STEPS):
            last |= {each for each in at_step[step] if each[1] < 2}
            of_customers.append(len(last))
            guests = [each for each in at_step[step] if each[1] >= 2]
            if step == "checked_out":
                guests = list(set(guests) | {each for each in at_step["ordered"] if each[1] >= 2})
            if step == "viewed":
                guests = list(set(guests) | {each for each in at_step["carted"] if each[1] >= 2 and each[0] == "b"})
            fewest = max([fewest, *(sum(each[0] == key for each in guests) for key in "bke")])
            of_guests.append(fewest)
        expected[day, "customers"] = tuple(reversed(of_customers))
        expected[day, "guests"] = tuple(reversed(of_guests))
    assert kept() == {key: counts for key, counts in expected.items() if counts[0]}
