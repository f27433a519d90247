"""What the people of the sample shop did: believable, the same each time, and gone with the sample."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from chalicelib.commerce.tables import order_items, products
from chalicelib.core import clock
from chalicelib.core.database import read, run
from chalicelib.recommendations.signals import interactions
from chalicelib.recommendations.signals.signal_tables import behaviour_events, visitors
from infra import demo, demo_behaviour
from infra.demo_behaviour import Shelves, make_behaviour
from infra.demo_sql import Did
from infra.make_room import make_room
from tests.factories import NOON

SHELF = [
    SimpleNamespace(id=number, category_key=f"category {number % 5}", brand_key=f"brand {number % 7}")
    for number in range(1, 101)
]


def bought(user_id: int, product_id: int, before: timedelta) -> Any:
    return SimpleNamespace(user_id=user_id, product_id=product_id, created_at=NOON - before)


def made(count: int = 40) -> list[Did]:
    purchases = [bought(n % 9 + 1, n * 7 % 100 + 1, timedelta(days=count - n)) for n in range(count)]
    return make_behaviour(Shelves(SHELF), purchases, NOON)


def test_the_same_shop_and_moment_give_the_same() -> None:
    assert made() == made()


def test_it_ends_now_and_is_in_the_order_of_time() -> None:
    times = [each.at for each in made()]
    assert times == sorted(times)
    assert NOON - timedelta(days=61) < times[0] < times[-1] <= NOON


def test_what_was_bought_was_looked_at_and_put_into_the_cart_shortly_before() -> None:
    [only] = [bought(1, 50, timedelta(days=30))]
    found = [each for each in make_behaviour(Shelves(SHELF), [only], NOON) if each.at < NOON - timedelta(days=20)]
    assert [each.kind for each in found if each.product_id == 50][-2:] == ["view", "cart"]
    assert {each.customer_id for each in found} == {1}
    assert all(only.created_at - timedelta(hours=2) < each.at < only.created_at for each in found)
    alike = {row.id for row in SHELF if row.category_key == "category 0"}
    assert {each.product_id for each in found} <= alike


def test_each_click_is_on_something_that_was_shown() -> None:
    found = made(200)
    shown = {(each.request_id, each.product_id, each.position) for each in found if each.kind == "impression"}
    clicks = [(each.request_id, each.product_id, each.position) for each in found if each.kind == "click"]
    assert clicks
    assert set(clicks) <= shown
    assert len(set(clicks)) == len(clicks)


def test_a_large_shop_gets_no_more_than_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_behaviour, "MOST_EVENTS", 300)
    assert 150 < len(made(500)) <= 300


def test_a_shop_without_purchases_has_no_behaviour() -> None:
    assert make_behaviour(Shelves(SHELF), [], NOON) == []


def test_a_sample_shop_has_behaviour_that_can_be_learnt_from_and_goes_with_it(shop: Engine) -> None:
    assert demo.add_sample_data(0.0005) is True
    with read() as connection:
        events = connection.execute(select(behaviour_events)).all()
        ids = set(connection.scalars(select(products.c.id)))
        buyers = set(connection.scalars(select(order_items.c.user_id)))
    assert 50 < len(events) <= demo_behaviour.MOST_EVENTS
    assert set(Counter(event.kind for event in events)) == {"view", "cart", "click", "impression"}
    assert {event.product_id for event in events} <= ids
    assert {event.customer_id for event in events} - {None} <= buyers
    assert all((event.customer_id is None) is (event.visitor_id is not None) for event in events)
    assert max(event.at for event in events) <= clock.now()
    assert sum(map(len, interactions.stream(now=clock.now()))) > len(events) / 2
    assert run(make_room, writes=True) is True
    with read() as connection:
        for table in (behaviour_events, visitors):
            assert connection.scalar(select(func.count()).select_from(table)) == 0
