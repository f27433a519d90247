"""What people did is not kept for ever, and nothing else goes with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from chalicelib.core.config import Settings
from chalicelib.core.database import read
from chalicelib.recommendations.signals import ageing, visitors_sql
from chalicelib.recommendations.signals.signal_tables import behaviour_events, event_counts, visitors
from tests.client import Client
from tests.conftest import set_settings
from tests.events.doubles import Time, hold_time
from tests.factories import NOON, make_behaviour, make_customer, make_order, make_product, make_visitor

OLD = NOON - timedelta(days=180, microseconds=1)
YOUNG = NOON - timedelta(days=180)
HERE = "a-browser-of-somebody"


@pytest.fixture(autouse=True)
def time(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> Time:
    return hold_time(monkeypatch)


def purge(time_left_ms: Callable[[], int] = lambda: 300_000) -> int:
    return ageing.purge_behaviour_events(time_left_ms=time_left_ms)


def left() -> list[int]:
    with read() as connection:
        return list(connection.scalars(select(behaviour_events.c.id).order_by(behaviour_events.c.id)))


def known() -> set[str]:
    with read() as connection:
        return set(connection.scalars(select(visitors.c.public_id)))


def test_what_was_received_180_days_ago_goes_and_not_before() -> None:
    robin, product = make_customer(), make_product()
    make_order(robin, (product, 1), created_at=OLD)
    make_behaviour(product, customer_id=robin, received_at=OLD)
    # When it is said to have happened does not count: only the shop's own clock does.
    young = make_behaviour(product, customer_id=robin, received_at=YOUNG, at=OLD)
    assert purge() == 1
    assert left() == [young]
    assert purge() == 0


def test_how_long_is_a_setting(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    set_settings(monkeypatch, Settings(database_url=settings.database_url, behaviour_keep_days=7))
    robin, product = make_customer(), make_product()
    make_behaviour(product, customer_id=robin, received_at=NOON - timedelta(days=8))
    young = make_behaviour(product, customer_id=robin, received_at=NOON - timedelta(days=6))
    assert purge() == 1
    assert left() == [young]


def test_visitors_that_nobody_saw_since_go_with_what_they_did() -> None:
    product = make_product()
    gone = make_visitor("who-never-came-again", last_seen_at=OLD)
    make_behaviour(product, visitor_id=gone, received_at=OLD)
    make_visitor("who-was-here-just-now", last_seen_at=YOUNG)
    make_visitor("a-customer-gone-quiet", last_seen_at=OLD, customer_id=make_customer())
    assert purge() == 1
    assert known() == {"who-was-here-just-now"}


def test_a_visitor_that_comes_back_while_it_is_taken_away_stays(client: Client) -> None:
    visitor = make_visitor(HERE, last_seen_at=OLD)
    event = {"id": "1", "kind": "view", "product_id": make_product()}
    before = NOON - timedelta(days=180)
    with read() as connection:
        assert visitors_sql.list_unseen(connection, before, 10) == [visitor]
        assert client.post("/events", {"visitor_id": HERE, "events": [event]}).json["accepted"] == 1
        assert visitors_sql.delete_unseen(connection, [visitor], before) == 0
    assert known() == {HERE}


def test_counts_of_hours_that_are_over_are_forgotten(client: Client, time: Time) -> None:
    event = {"id": "1", "kind": "view", "product_id": make_product()}

    def counted() -> int:
        with read() as connection:
            return int(connection.execute(select(func.count()).select_from(event_counts)).scalar_one())

    client.post("/events", {"visitor_id": HERE, "events": [event]})
    time.pass_(minutes=59)
    purge()
    assert counted() == 2
    time.pass_(minutes=1)
    purge()
    assert counted() == 0


def test_a_long_purge_is_done_in_parts_that_fit_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ageing, "_BATCH", 2)
    product, visitor = make_product(), make_visitor(HERE, last_seen_at=OLD)
    for _ in range(5):
        make_behaviour(product, visitor_id=visitor, received_at=OLD)
    rest = iter([60_000, 60_000])
    assert purge(lambda: next(rest, 9_000)) == 4
    assert (len(left()), known()) == (1, {HERE}), "who has events left is not taken away"
    assert purge() == 1
    assert (left(), known()) == ([], set())
