"""Taking in what people do: who may say it, what is kept of it, and that it is kept once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import read
from chalicelib.recommendations.signals import bounds, signals
from chalicelib.recommendations.signals.signal_tables import behaviour_events, event_counts, visitors
from tests.client import Answer, Client
from tests.commerce.races import at_once, later
from tests.factories import (
    client_of,
    counted_statements,
    make_behaviour,
    make_customer,
    make_product,
    make_visitor,
)

HERE = "a-browser-of-somebody"
THERE = "another-browser-there"


def view(event_id: str, product_id: int, **given: Any) -> dict[str, Any]:
    return {"id": event_id, "kind": "view", "product_id": product_id, **given}


def send(client: Client, *events: dict[str, Any], visitor: str | None = HERE) -> Answer:
    return client.post("/events", {"events": list(events)} | ({"visitor_id": visitor} if visitor else {}))


def taken(answer: Answer) -> tuple[int, int, list[tuple[str, str]]]:
    assert answer.status == 200, answer.text
    found = answer.json
    return found["accepted"], found["duplicates"], [(each["id"], each["reason"]) for each in found["rejected"]]


def kept() -> list[Any]:
    """What is kept, each with the visitor's own id."""
    with read() as connection:
        rows = select(behaviour_events, visitors.c.public_id.label("visitor"))
        return list(connection.execute(rows.outerjoin(visitors).order_by(behaviour_events.c.id)))


def links() -> dict[str, int | None]:
    with read() as connection:
        return {row.public_id: row.customer_id for row in connection.execute(select(visitors))}


@pytest.fixture
def product(shop: Engine) -> int:
    return make_product()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """A moment at which time stands still."""
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment)
    return moment


# --- what is kept -------------------------------------------------------------------------------------------------


def test_every_kind_is_kept_as_it_was_sent(client: Client, product: int, now: datetime) -> None:
    at = now - timedelta(days=6, hours=23)
    place = {"request_id": "rec_1.-.0a", "position": 3, "surface": "home"}
    sent = [
        view("1", product, at=at.isoformat()),
        {"id": "2", "kind": "cart", "product_id": product, "request_id": "rec_1.-.0a"},
        {"id": "3", "kind": "impression", "product_id": product, **place},
        {"id": "4", "kind": "click", "product_id": product, **place, "position": 0.0},
    ]
    assert taken(send(client, *sent)) == (4, 0, [])
    found = [(row.kind, row.request_id, row.position, row.surface, row.at, row.interest) for row in kept()]
    assert found == [
        ("view", None, None, None, at, 1),
        ("cart", "rec_1.-.0a", None, None, now, 1),
        ("impression", "rec_1.-.0a", 3, "home", now, 0),
        ("click", "rec_1.-.0a", 0, "home", now, 1),
    ]
    assert {(row.visitor, row.customer_id, row.product_id, row.received_at) for row in kept()} == {
        (HERE, None, product, now)
    }


def test_a_bad_event_does_not_keep_the_others_out_and_is_told_with_its_reason(
    client: Client, product: int, now: datetime
) -> None:
    draft, archived = make_product(status="draft"), make_product(status="archived")
    week, skew = timedelta(days=7), timedelta(minutes=5)
    moment = timedelta(microseconds=1)
    answer = send(
        client,
        view("good", product),
        view("nothing", product + 1_000_000),
        view("draft", draft),
        view("archived", archived),
        view("oldest", product, at=(now - week).isoformat()),
        view("older", product, at=(now - week - moment).isoformat()),
        view("fast clock", product, at=(now + skew).isoformat()) | {"id": "fast-clock"},
        view("future", product, at=(now + skew + moment).isoformat()),
    )
    assert taken(answer) == (
        3,
        0,
        [
            ("nothing", "unknown-product"),
            ("draft", "unknown-product"),
            ("archived", "unknown-product"),
            ("older", "too-old"),
            ("future", "in-the-future"),
        ],
    )
    assert [row.at for row in kept()] == [now, now - week, now], "a clock that is ahead is put right"


# --- who ----------------------------------------------------------------------------------------------------------


def test_nobody_in_particular_does_nothing(client: Client, product: int) -> None:
    callers = (client, client_of(Role.CUSTOMER), client_of(Role.STAFF), client_of(Role.SERVICE))
    assert [send(each, view("1", product), visitor=None).status for each in callers] == [401, 403, 403, 403]
    assert kept() == []


def test_a_bad_token_is_refused_not_taken_for_a_guest(client: Client, product: int) -> None:
    assert send(client.as_token("shk_garbage"), view("1", product)).status == 401
    assert kept() == []


def test_a_customer_needs_no_visitor_and_programs_speak_for_visitors(client: Client, product: int) -> None:
    robin = make_customer()
    assert taken(send(client_of(Role.CUSTOMER, customer_id=robin), view("1", product), visitor=None))[0] == 1
    assert taken(send(client_of(Role.SERVICE), view("1", product)))[0] == 1
    assert [(row.customer_id, row.visitor) for row in kept()] == [(robin, None), (None, HERE)]


def test_staff_whose_customer_is_put_away_speak_for_visitors_only(client: Client, product: int) -> None:
    gone = client_of(Role.STAFF, customer_id=make_customer(archived_at=clock.now()))
    assert taken(send(gone, view("1", product)))[0] == 1
    assert [(row.customer_id, row.visitor) for row in kept()] == [(None, HERE)]
    assert send(gone, view("2", product), visitor=None).status == 403


def test_who_signs_in_takes_along_what_was_done_before(client: Client, product: int) -> None:
    robin = make_customer()
    send(client, view("1", product))
    send(client, view("1", product), visitor=THERE)
    mine = client_of(Role.CUSTOMER, customer_id=robin)
    assert taken(send(mine, view("1", product), view("2", product))) == (1, 1, []), "sent again after signing in"
    send(client, view("3", product))
    assert links() == {HERE: robin, THERE: None}
    assert [(row.customer_id, row.visitor) for row in kept()] == [
        (robin, HERE),
        (None, THERE),
        (robin, HERE),
        (robin, HERE),
    ]


def test_of_what_was_done_before_only_the_latest_is_taken_along(
    client: Client, product: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signals, "MOST_CLAIMED", 2)
    robin = make_customer()
    send(client, *(view(str(number), product) for number in range(4)))
    send(client_of(Role.CUSTOMER, customer_id=robin), view("mine", product))
    assert [row.customer_id for row in kept()] == [None, None, robin, robin, robin]


def test_who_signs_in_at_somebody_elses_browser_gets_nothing_of_it_and_gives_it_nothing(
    client: Client, product: int
) -> None:
    robin, sam = make_customer(), make_customer()
    send(client_of(Role.CUSTOMER, customer_id=robin), view("1", product))
    # The same id of an event by another person is another event.
    assert taken(send(client_of(Role.CUSTOMER, customer_id=sam), view("1", product))) == (1, 0, [])
    assert links() == {HERE: robin}
    assert [(row.customer_id, row.visitor) for row in kept()] == [(robin, HERE), (sam, None)]


def test_a_visitor_is_linked_once_however_many_sign_in_at_once(client: Client, product: int) -> None:
    callers = [(who, client_of(Role.CUSTOMER, customer_id=who)) for who in (make_customer() for _ in range(6))]
    send(client, view("before", product))
    answers = at_once(*(lambda caller=caller: send(caller, view("1", product)) for _, caller in callers))
    assert [taken(answer) for answer in answers] == [(1, 0, [])] * 6
    linked = links()[HERE]
    assert linked in [who for who, _ in callers]
    found = kept()
    assert [row.customer_id for row in found if row.visitor == HERE] == [linked] * 2
    assert sorted(row.customer_id for row in found if row.visitor is None) == sorted(
        who for who, _ in callers if who != linked
    )


# --- once ---------------------------------------------------------------------------------------------------------


def test_what_is_sent_twice_is_kept_once(client: Client, product: int) -> None:
    batch = [view("1", product), view("2", product), view("1", product, surface="again")]
    assert taken(send(client, *batch)) == (2, 1, [])
    assert taken(send(client, *batch, view("3", product))) == (1, 3, [])
    assert taken(send(client, *batch, visitor=THERE)) == (2, 1, [])
    assert [(row.visitor, row.surface) for row in kept()] == [(HERE, None)] * 3 + [(THERE, None)] * 2


@pytest.mark.parametrize("visitor", [HERE, None])
def test_a_batch_that_is_sent_by_many_at_once_is_kept_once(client: Client, product: int, visitor: str | None) -> None:
    robin = make_customer()
    sender = client if visitor else client_of(Role.CUSTOMER, customer_id=robin)
    batch = [view(str(number), product) for number in range(20)]
    mixed = [batch, batch[::-1], batch[5:], batch[:15]] * 3
    answers = at_once(*(lambda part=part: send(sender, *part, visitor=visitor) for part in mixed))
    found = [taken(answer) for answer in answers]
    assert sum(accepted for accepted, _, _ in found) == len(kept()) == 20
    assert [accepted + duplicates for accepted, duplicates, _ in found] == [len(part) for part in mixed]


# --- how much -----------------------------------------------------------------------------------------------------


def counts() -> int:
    with read() as connection:
        return int(connection.execute(select(func.count()).select_from(event_counts)).scalar_one())


def test_an_hour_of_a_person_has_its_bound(
    client: Client, product: int, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    monkeypatch.setitem(bounds.LIMITS, "person", 5)
    assert taken(send(client, *(view(str(number), product) for number in range(5))))[0] == 5
    refused = send(client, view("6", product))
    assert (refused.status, refused.json["type"]) == (429, "urn:shopkeeper:problem:too-many-events")
    assert refused.headers["Retry-After"] == "3600"
    assert taken(send(client, view("1", product), visitor=THERE))[0] == 1, "others are free to go on"
    with later(timedelta(minutes=59, seconds=59)):
        assert send(client, view("6", product)).headers["Retry-After"] == "1"
    with later(timedelta(hours=1)):
        assert taken(send(client, view("6", product)))[0] == 1, "what was refused prolonged nothing"
        assert send(client, *(view(f"next-{number}", product) for number in range(5))).status == 429
    assert len(kept()) == 7


def test_an_hour_of_a_place_has_its_bound_but_for_the_programs_of_the_shop(
    client: Client, product: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(bounds.LIMITS, "address", 2)
    visitor = (f"visitor-number-{number:03}" for number in range(100))
    assert [send(client, view("1", product), visitor=next(visitor)).status for _ in range(3)] == [200, 200, 429]
    robin = client_of(Role.CUSTOMER, customer_id=make_customer())
    assert send(robin, view("1", product), visitor=None).status == 429
    program = client_of(Role.SERVICE)
    assert [send(program, view("1", product), visitor=next(visitor)).status for _ in range(3)] == [200] * 3
    assert len(kept()) == 5


def test_bursts_do_not_get_past_the_bound(client: Client, product: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(bounds.LIMITS, "person", 7)
    answers = at_once(*(lambda n=n: send(client, view(f"{n}a", product), view(f"{n}b", product)) for n in range(8)))
    assert sorted(answer.status for answer in answers) == [200] * 3 + [429] * 5
    assert len(kept()) == 6
    assert counts() == 2, "of the visitor and of the address"


@pytest.mark.parametrize("events", [1, 100])
def test_a_batch_takes_the_same_few_statements_however_long(shop: Engine, product: int, events: int) -> None:
    robin = client_of(Role.CUSTOMER, customer_id=make_customer())
    make_behaviour(product, visitor_id=make_visitor(HERE))
    batch = [view(str(number), product) for number in range(events)]
    spent = []
    for _ in range(2):
        with counted_statements(shop) as statements:
            assert send(robin, *batch).status == 200
        spent.append(len([each for each in statements if not each.startswith(("BEGIN", "START", "COMMIT"))]))
    # The token, the customer, the visitor (2), the counts (3), the products, known keys; the first time also linking
    # and claiming (3) and the rows.
    assert spent == [13, 9]


# --- bad input ----------------------------------------------------------------------------------------------------

GOOD = {"id": "1", "kind": "view", "product_id": 1}


@pytest.mark.parametrize(
    "events",
    [
        [],
        [GOOD] * 101,
        [GOOD | {"id": ""}],
        [GOOD | {"id": "x" * 65}],
        [GOOD | {"id": "a b"}],
        [GOOD | {"id": 1}],
        [GOOD | {"kind": "purchase"}],
        [GOOD | {"kind": "click"}],
        [GOOD | {"kind": "impression"}],
        [GOOD | {"kind": "impression", "request_id": None}],
        [GOOD | {"request_id": "x" * 65}],
        [GOOD | {"request_id": "rec 1"}],
        [GOOD | {"product_id": 0}],
        [GOOD | {"product_id": "1"}],
        [GOOD | {"product_id": 2**63}],
        [GOOD | {"at": "2026-03-01T12:00:00"}],
        [GOOD | {"at": "yesterday"}],
        [GOOD | {"position": -1}],
        [GOOD | {"position": 10_001}],
        [GOOD | {"surface": "x" * 33}],
        [GOOD | {"surface": "front page"}],
        [GOOD | {"customer_id": 1}],
        [GOOD | {"weight": 100}],
        [{"kind": "view", "product_id": 1}],
        [{"id": "1", "product_id": 1}],
        [GOOD, None],
        {"0": GOOD},
    ],
)
def test_what_cannot_be_meant_is_refused_whole(client: Client, product: int, events: Any) -> None:
    assert client.post("/events", {"visitor_id": HERE, "events": events}).status == 422
    assert kept() == []


@pytest.mark.parametrize(
    "visitor", ["", "fifteen-letters", "x" * 65, "a visitor with spaces", "visitör-of-somewhere", 7]
)
def test_a_visitor_is_known_by_what_nobody_guesses(client: Client, product: int, visitor: Any) -> None:
    assert client.post("/events", {"visitor_id": visitor, "events": [GOOD]}).status == 422
    assert links() == {}


def test_unknown_fields_are_refused(client: Client, product: int) -> None:
    body = {"visitor_id": HERE, "events": [GOOD], "customer_id": 1}
    assert client.post("/events", body).status == 422


def test_a_time_of_no_sense_is_refused_or_rejected(client: Client, product: int) -> None:
    answer = send(
        client, view("1", product, at="0001-01-01T00:00:00Z"), view("2", product, at="9999-12-31T23:59:59Z")
    )
    assert taken(answer) == (0, 0, [("1", "too-old"), ("2", "in-the-future")])
    assert client.post("/events", {"visitor_id": HERE, "events": [GOOD | {"at": 1e300}]}).status == 422
    event = '{"id": "1", "kind": "view", "product_id": 1, "at": NaN}'
    nan = f'{{"visitor_id": "{HERE}", "events": [{event}]}}'
    assert client.post("/events", nan, content_type="application/json").status in (400, 422)
