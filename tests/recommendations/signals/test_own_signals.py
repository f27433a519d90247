"""What is kept of a customer: it can be read by the customer, and is gone when the customer is forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from chalicelib.core.auth import Role
from chalicelib.core.database import read
from chalicelib.recommendations.signals import own_signals
from chalicelib.recommendations.signals.signal_tables import behaviour_events, visitors
from tests.client import Client
from tests.commerce.races import at_once
from tests.factories import NOON, client_of, make_behaviour, make_customer, make_product, make_visitor

HERE = "a-browser-of-somebody"
NOON_TEXT = "2026-03-01T12:00:00Z"


def left() -> tuple[list[Any], set[str]]:
    with read() as connection:
        events = connection.scalars(select(behaviour_events.c.id).order_by(behaviour_events.c.id))
        return list(events), set(connection.scalars(select(visitors.c.public_id)))


def forget(customer_id: int) -> int:
    return client_of(Role.ADMIN).post(f"/users/{customer_id}/erase", if_match="*").status


def test_a_customer_reads_what_it_did_newest_first_and_nobody_elses(client: Client) -> None:
    robin, sam, product = make_customer(), make_customer(), make_product()
    visitor = make_visitor(HERE, customer_id=robin)
    make_behaviour(product, visitor_id=make_visitor("another-browser-there"))
    make_behaviour(product, customer_id=sam)
    make_behaviour(product, customer_id=robin, at=NOON - timedelta(hours=1))
    place = {"request_id": "rec_1.-.0a", "position": 2, "surface": "home"}
    make_behaviour(product, "click", customer_id=robin, visitor_id=visitor, **place)
    mine = client_of(Role.CUSTOMER, customer_id=robin)
    shown = {"product_id": product, "received_at": NOON_TEXT}
    nowhere = dict.fromkeys(("request_id", "position", "surface", "visitor_id"))
    expected = [
        {**shown, **place, "kind": "click", "at": NOON_TEXT, "visitor_id": HERE},
        {**shown, **nowhere, "kind": "view", "at": "2026-03-01T11:00:00Z"},
    ]
    assert mine.get(f"/users/{robin}/behaviour").json == expected
    by_offset = mine.get(f"/users/{robin}/behaviour?limit=1")
    assert (by_offset.json, by_offset.headers["X-Total-Count"]) == (expected[:1], "2")
    first = mine.get(f"/users/{robin}/behaviour?limit=1&after=")
    assert first.json == expected[:1]
    rest = mine.get(f"/users/{robin}/behaviour?limit=1&after={first.headers['X-Next-Cursor']}")
    assert rest.json == expected[1:]
    assert mine.get(f"/users/{sam}/behaviour").status == 404
    assert client.get(f"/users/{robin}/behaviour").status == 401
    assert len(client_of(Role.STAFF).get(f"/users/{sam}/behaviour").json) == 1


def test_an_export_holds_visitors_and_the_latest_of_what_was_done(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_signals, "MAX_LIMIT", 2)
    robin, product = make_customer(), make_product()
    visitor = make_visitor(HERE, customer_id=robin)
    make_visitor("of-somebody-else-here", customer_id=make_customer())
    for kind in ("view", "cart", "impression"):
        make_behaviour(product, kind, visitor_id=visitor, customer_id=robin)
    found = client_of(Role.CUSTOMER, customer_id=robin).get(f"/users/{robin}/export").json
    assert found["visitors"] == [{"visitor_id": HERE, "created_at": NOON_TEXT, "last_seen_at": NOON_TEXT}]
    assert [each["kind"] for each in found["behaviour"]] == ["impression", "cart"]


def test_nothing_is_left_of_what_a_forgotten_customer_did_and_all_of_others(client: Client) -> None:
    robin, sam, product = make_customer(), make_customer(), make_product()
    own = make_visitor(HERE, customer_id=robin)
    make_behaviour(product, customer_id=robin)
    make_behaviour(product, visitor_id=own, customer_id=robin)
    make_behaviour(product, visitor_id=own)  # what was done before and never claimed
    other = make_visitor("another-browser-there", customer_id=sam)
    nobody = make_visitor("a-browser-of-nobody-yet")
    kept = [
        make_behaviour(product, customer_id=sam, visitor_id=other),
        make_behaviour(product, customer_id=sam),
        make_behaviour(product, visitor_id=nobody),
    ]
    assert forget(robin) == 200
    assert left() == (kept, {"another-browser-there", "a-browser-of-nobody-yet"})
    assert forget(robin) == 200, "twice is once"


def test_a_browser_of_a_forgotten_customer_is_a_new_one_afterwards(client: Client) -> None:
    robin, sam, product = make_customer(), make_customer(), make_product()
    event = {"id": "1", "kind": "view", "product_id": product}
    body = {"visitor_id": HERE, "events": [event]}
    assert client_of(Role.CUSTOMER, customer_id=robin).post("/events", body).status == 200
    assert forget(robin) == 200
    assert client_of(Role.CUSTOMER, customer_id=sam).post("/events", body).json["accepted"] == 1
    with read() as connection:
        assert connection.execute(select(visitors.c.customer_id)).scalar_one() == sam


@pytest.mark.parametrize("signed_in", [False, True])
def test_who_is_forgotten_while_its_browser_goes_on_sending_leaves_nothing_behind(
    client: Client, shop: Engine, signed_in: bool
) -> None:
    robin, product = make_customer(), make_product()
    make_visitor(HERE, customer_id=robin)
    # Staff stay signed in when the customer that they shop as is forgotten.
    sender = client_of(Role.STAFF, customer_id=robin) if signed_in else client

    def send(number: int) -> int:
        event = {"id": str(number), "kind": "view", "product_id": product}
        body = {"visitor_id": HERE if number % 3 else f"a-new-browser-no-{number}", "events": [event]}
        return sender.post("/events", body).status

    senders = [lambda number=number: send(number) for number in range(12)]
    assert at_once(*senders[:6], lambda: forget(robin), *senders[6:]) == [200] * 13
    with read() as connection:
        assert set(connection.scalars(select(behaviour_events.c.customer_id))) <= {None}
        assert set(connection.scalars(select(visitors.c.customer_id))) <= {None}
