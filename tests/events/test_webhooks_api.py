"""Webhooks and events over HTTP: who is told, with which secret, what became of it."""

from __future__ import annotations

import io
import json
import logging
import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.core import logging as shop_logging
from chalicelib.core.auth import Role
from chalicelib.core.database import transaction
from chalicelib.events import outbox, retries, sender, webhooks
from chalicelib.events.kinds import KINDS
from chalicelib.events.outbox_sql import list_undispatched
from chalicelib.events.sender import Outcome, UrlRefused
from tests.client import Answer, Client
from tests.events.doubles import BROKEN, OK, Receiver, Time, deliver, hold_time, receive
from tests.events.test_sender import verify
from tests.factories import NOON, client_of, make_delivery, make_event, make_webhook, rolled_back

URL = "https://hooks.example/shop"
NEW = {"url": URL, "kinds": ["order.*", "stock.out"]}
ANY = {"if_match": "*"}


@pytest.fixture
def time(client: Client, monkeypatch: pytest.MonkeyPatch) -> Time:
    return hold_time(monkeypatch)


@pytest.fixture(autouse=True)
def receiver(time: Time, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    monkeypatch.setattr(sender, "resolve", lambda _place: ["93.184.215.14"])
    return receive(monkeypatch)


@pytest.fixture
def admin(time: Time) -> Client:
    return client_of(Role.ADMIN)


def make(admin: Client, **given: Any) -> Answer:
    answer = admin.post("/webhooks", NEW | given)
    assert answer.status == 201
    return answer


# --- making and changing -----------------------------------------------------------------------------------------


def test_a_new_webhook_shows_its_secret_once(admin: Client) -> None:
    answer = make(admin, description="the warehouse")
    secret = answer.json["secret"]
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    location = answer.headers["Location"]
    assert location == f"/webhooks/{answer.json['id']}"
    shown = {name: value for name, value in answer.json.items() if name != "secret"}
    assert shown == {
        "id": answer.json["id"],
        "url": URL,
        "kinds": ["order.*", "stock.out"],
        "description": "the warehouse",
        "active": True,
        "paused_reason": None,
        "failing_since": None,
        "previous_secret_until": None,
        "created_at": "2026-03-01T12:00:00Z",
        "updated_at": "2026-03-01T12:00:00Z",
    }
    assert admin.get(location).json == shown
    assert admin.get("/webhooks").json == [shown]


def test_no_other_answer_and_no_log_line_holds_a_secret(
    admin: Client, receiver: Receiver, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    handler.setFormatter(shop_logging.JsonFormatter())
    monkeypatch.setattr(shop_logging.logger, "handlers", [handler])
    monkeypatch.setattr(shop_logging.logger, "level", logging.DEBUG)
    made = make(admin).json
    target = f"/webhooks/{made['id']}"
    rotated = admin.post(f"{target}/rotate-secret").json
    make_event()
    receiver.answer = lambda _message: BROKEN
    deliver()
    answers = [
        admin.get("/webhooks"),
        admin.get(target),
        admin.patch(target, {"description": "x"}, **ANY),
        admin.post(f"{target}/ping"),
        admin.get(f"{target}/deliveries"),
        admin.get("/webhooks/dead-letters"),
        admin.get("/events"),
        admin.patch(target, {"url": "https://user:x@hooks.example/"}, **ANY),
    ]
    assert "an event was not delivered" in log.getvalue()
    for text in [*(answer.text for answer in answers), log.getvalue()]:
        for secret in (made["secret"], rotated["secret"]):
            assert secret not in text
            assert secret.removeprefix("whsec_")[:20] not in text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": URL},
        {"kinds": ["*"]},
        {"url": URL, "kinds": []},
        {"url": URL, "kinds": ["order"]},
        {"url": URL, "kinds": ["*"] * 21},
        {"url": URL, "kinds": "*"},
        {"url": "ftp://hooks.example/", "kinds": ["*"]},
        {"url": "https://hooks.example/" + "a" * 1000, "kinds": ["*"]},
        {"url": URL, "kinds": ["*"], "description": "x" * 501},
        {"url": URL, "kinds": ["*"], "active": "yes"},
        {"url": URL, "kinds": ["*"], "secret": "whsec_mine"},
    ],
)
def test_a_webhook_of_another_form_is_refused(admin: Client, body: dict[str, Any]) -> None:
    assert admin.post("/webhooks", body).status == 422
    assert admin.get("/webhooks").json == []


@pytest.mark.parametrize(
    "url", ["http://hooks.example/", "https://user:x@hooks.example/", "https://hooks.example:22/", "https://a/#b"]
)
def test_a_url_that_webhooks_do_not_go_to_is_refused_with_a_reason(admin: Client, url: str) -> None:
    answer = admin.post("/webhooks", NEW | {"url": url})
    assert (answer.status, answer.json["type"]) == (409, "urn:shopkeeper:problem:url-refused")
    target = make(admin).headers["Location"]
    assert admin.patch(target, {"url": url}, **ANY).status == 409
    assert admin.get(target).json["url"] == URL


def test_a_host_inside_is_refused_when_it_is_registered(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(place: sender.Place) -> list[str]:
        raise UrlRefused(f"The host {place.host} has an address that is not public.")

    monkeypatch.setattr(sender, "resolve", refuse)
    answer = admin.post("/webhooks", NEW)
    assert answer.status == 409
    assert "not public" in answer.json["detail"]


def test_the_name_server_is_asked_outside_of_any_transaction(
    admin: Client, shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_ones: list[int] = []

    def look(_place: sender.Place) -> list[str]:
        open_ones.append(shop.pool.checkedout())
        return ["93.184.215.14"]

    monkeypatch.setattr(sender, "resolve", look)
    target = make(admin).headers["Location"]
    admin.patch(target, {"url": "https://other.example/"}, **ANY)
    assert open_ones == [0, 0]


def test_a_change_names_its_version_and_leaves_the_rest(admin: Client) -> None:
    made = make(admin)
    target, tag = made.headers["Location"], made.headers["ETag"]
    assert admin.patch(target, {"kinds": ["*"]}).status == 428
    changed = admin.patch(target, {"kinds": ["*"]}, if_match=tag)
    assert (changed.status, changed.json["kinds"], changed.json["url"]) == (200, ["*"], URL)
    assert admin.patch(target, {"kinds": ["order.paid"]}, if_match=tag).status == 412
    assert admin.patch(target, {"active": False}, if_match=changed.headers["ETag"]).status == 200
    assert admin.delete(target, if_match=changed.headers["ETag"]).status == 412
    assert admin.delete(target, if_match=admin.get(target).headers["ETag"]).status == 204
    assert admin.patch(target, {}, **ANY).status == 422


def test_the_dispatchers_notes_are_no_change_of_version(admin: Client, receiver: Receiver) -> None:
    made = make(admin)
    make_event()
    receiver.answer = lambda _message: BROKEN
    deliver()
    target = made.headers["Location"]
    assert admin.get(target).json["failing_since"] == "2026-03-01T12:00:00Z"
    assert admin.patch(target, {"description": "x"}, if_match=made.headers["ETag"]).status == 200


def test_a_deleted_webhook_is_gone_and_told_nothing_more(admin: Client, receiver: Receiver) -> None:
    made = make(admin)
    make_event()
    outbox.dispatch_some()
    target = made.headers["Location"]
    assert admin.delete(target, **ANY).status == 204
    make_event()
    deliver()
    assert receiver.sent == []
    assert admin.get("/webhooks").json == []
    for answer in (
        admin.get(target),
        admin.delete(target, **ANY),
        admin.patch(target, {"active": True}, **ANY),
        admin.post(f"{target}/ping"),
        admin.post(f"{target}/rotate-secret"),
        admin.post(f"{target}/redeliver"),
        admin.get(f"{target}/deliveries"),
    ):
        assert answer.status == 404


def test_there_is_an_end_to_webhooks(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MOST_WEBHOOKS", 2)
    first, _ = make(admin), make(admin)
    answer = admin.post("/webhooks", NEW)
    assert (answer.status, answer.json["type"]) == (409, "urn:shopkeeper:problem:too-many-webhooks")
    admin.delete(first.headers["Location"], **ANY)
    make(admin)


# --- switching off and on ----------------------------------------------------------------------------------------


def test_a_paused_webhook_says_why_and_goes_on_where_it_stopped(
    admin: Client, receiver: Receiver, time: Time
) -> None:
    target = make(admin).headers["Location"]
    uid = make_event()
    receiver.answer = lambda _message: Outcome(410, "The answer was 410.", "", 1)
    deliver()
    paused = admin.get(target).json
    assert (paused["active"], "410" in paused["paused_reason"]) == (False, True)
    make_event(aggregate="order:2")  # while it is off
    deliver()
    receiver.answer = lambda _message: OK
    resumed = admin.patch(target, {"active": True}, **ANY).json
    assert (resumed["active"], resumed["paused_reason"], resumed["failing_since"]) == (True, None, None)
    time.pass_(minutes=1)
    deliver()
    assert receiver.ids == [uid, uid]


def test_a_new_url_begins_with_a_clean_slate(admin: Client, receiver: Receiver, time: Time) -> None:
    target = make(admin).headers["Location"]
    for number in range(9):
        make_event(aggregate=f"order:{number}")
    receiver.answer = lambda _message: BROKEN
    deliver()
    assert len(receiver.sent) == 5, "now it rests"
    receiver.answer = lambda _message: OK
    admin.patch(target, {"url": "https://better.example/"}, **ANY)
    deliver()
    assert [message.url for message in receiver.sent[5:]] == ["https://better.example/"] * 4


# --- signatures --------------------------------------------------------------------------------------------------


def headers_of(receiver: Receiver, at: int) -> Any:
    return receiver.sent[at].headers


def signed_by(receiver: Receiver, at: int, secret: str) -> bool:
    message = receiver.sent[at]
    body = json.dumps(message.body, separators=(",", ":"), ensure_ascii=False).encode()
    return verify(message.headers, body, secret)  # type: ignore[arg-type]


def test_after_a_rotation_both_secrets_sign_for_a_day(admin: Client, receiver: Receiver, time: Time) -> None:
    made = make(admin)
    old, target = made.json["secret"], made.headers["Location"]
    make_event()
    deliver()
    rotated = admin.post(f"{target}/rotate-secret")
    new = rotated.json["secret"]
    assert new != old
    assert rotated.json["previous_secret_until"] == "2026-03-02T12:00:00Z"
    time.pass_(hours=24, seconds=-1)
    make_event()
    deliver()
    time.pass_(seconds=1)
    make_event()
    deliver()
    assert [signed_by(receiver, at, old) for at in range(3)] == [True, True, False]
    assert [signed_by(receiver, at, new) for at in range(3)] == [False, True, True]
    assert headers_of(receiver, 1)["webhook-timestamp"] == str(int((time.now - timedelta(seconds=1)).timestamp()))


def test_a_ping_is_sent_at_once_signed_and_leaves_no_trace(admin: Client, receiver: Receiver) -> None:
    made = make(admin, active=False)
    target = made.headers["Location"]
    receiver.answer = lambda _message: Outcome(204, None, "", 7)
    answer = admin.post(f"{target}/ping")
    assert answer.json == {"delivered": True, "status": 204, "error": None, "response": "", "duration_ms": 7}
    (message,) = receiver.sent
    assert (message.body["type"], message.body["data"]) == ("webhook.ping", {})
    assert signed_by(receiver, 0, made.json["secret"])
    receiver.answer = lambda _message: BROKEN
    answer = admin.post(f"{target}/ping")
    assert (answer.status, answer.json["delivered"], answer.json["response"]) == (200, False, "oh no")
    assert admin.get("/events").json == []
    assert admin.get(f"{target}/deliveries").json == []
    assert admin.get(target).json["failing_since"] is None


# --- what became of it -------------------------------------------------------------------------------------------


def test_the_timeline_shows_the_newest_first_and_filters(client: Client, time: Time) -> None:
    staff = client_of(Role.STAFF)
    placed = make_event("order.placed", "order:1", total=10)
    time.pass_(seconds=1)
    paid = make_event("order.paid", "order:1")
    other = make_event("order.placed", "order:2")

    def ids(query: str = "") -> list[str]:
        return [each["id"] for each in staff.get(f"/events{query}").json]

    assert ids() == [other, paid, placed]
    assert ids("?kind=order.placed") == [other, placed]
    assert ids("?aggregate=order:1") == [paid, placed]
    assert ids("?aggregate=order:1&kind=order.placed") == [placed]
    assert ids("?kind=nothing") == []
    first = staff.get("/events?after=&limit=2")
    assert ids(f"?limit=2&after={first.headers['X-Next-Cursor']}") == [placed]
    assert staff.get("/events").json[2] == {
        "type": "order.placed",
        "timestamp": "2026-03-01T12:00:00Z",
        "data": {"total": 10},
        "id": placed,
        "aggregate": "order:1",
    }


def test_deliveries_tell_how_the_last_attempt_went(admin: Client, receiver: Receiver, time: Time) -> None:
    target = make(admin, kinds=["*"]).headers["Location"]
    bad = make_event("order.placed", "order:1")
    receiver.answer = lambda message: BROKEN if message.id == bad else OK
    deliver()
    good = make_event("order.paid", "order:2")
    deliver()
    first, second = admin.get(f"{target}/deliveries").json
    assert (first["event_id"], second["event_id"]) == (good, bad)
    assert (first["state"], first["attempts"], first["last_status"], first["delivered_at"]) == (
        "delivered",
        1,
        200,
        "2026-03-01T12:00:00Z",
    )
    assert first["next_attempt_at"] is None
    assert (second["state"], second["last_status"], second["last_error"]) == ("waiting", 500, "The answer was 500.")
    assert (second["last_response"], second["duration_ms"]) == ("oh no", 4)
    next_attempt = datetime.fromisoformat(second["next_attempt_at"])
    assert NOON + timedelta(seconds=4) <= next_attempt <= NOON + timedelta(seconds=6)
    waiting = admin.get(f"{target}/deliveries?state=waiting").json
    assert [each["event_id"] for each in waiting] == [bad]
    assert admin.get(f"{target}/deliveries?state=lost").status == 422


def test_a_dead_letter_is_listed_and_delivered_again_by_hand(
    admin: Client, receiver: Receiver, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "MOST_ATTEMPTS", 1)
    make(admin, kinds=["*"])
    uid = make_event()
    receiver.answer = lambda _message: BROKEN
    deliver()
    (dead,) = admin.get("/webhooks/dead-letters").json
    assert (dead["event_id"], dead["state"], dead["attempts"]) == (uid, "dead", 1)
    receiver.answer = lambda _message: OK
    deliver()
    assert len(receiver.sent) == 1
    answer = admin.post(f"/deliveries/{dead['id']}/redeliver")
    assert (answer.status, answer.json["state"], answer.json["attempts"]) == (202, "waiting", 0)
    assert admin.get("/webhooks/dead-letters").json == []
    deliver()
    assert receiver.ids == [uid, uid]
    delivered = admin.post(f"/deliveries/{dead['id']}/redeliver")
    assert delivered.status == 202, "also what was delivered, when a receiver lost it"
    deliver()
    assert receiver.ids == [uid, uid, uid]


def test_what_waits_is_delivered_at_once_by_hand_and_what_waits_behind_it_too(
    admin: Client, receiver: Receiver
) -> None:
    target = make(admin, kinds=["*"]).headers["Location"]
    first, second = make_event("order.placed"), make_event("order.paid")
    receiver.answer = lambda _message: BROKEN
    deliver()
    receiver.answer = lambda _message: OK
    delivery = admin.get(f"{target}/deliveries").json[1]
    assert delivery["event_id"] == first
    admin.post(f"/deliveries/{delivery['id']}/redeliver")
    deliver()
    assert receiver.ids == [first, first, second]


def test_all_dead_letters_of_a_webhook_are_delivered_again_in_order_and_no_others(
    admin: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "MOST_ATTEMPTS", 1)
    mine = make(admin, kinds=["*"], url="https://mine.example/").headers["Location"]
    make(admin, kinds=["*"], url="https://other.example/")
    uids = [make_event(kind) for kind in ("order.placed", "order.paid", "order.shipped")]
    receiver.answer = lambda _message: BROKEN
    deliver()
    receiver.sent.clear()
    receiver.answer = lambda _message: OK
    assert admin.post(f"{mine}/redeliver").json == {"redelivered": 3}
    assert admin.post(f"{mine}/redeliver").json == {"redelivered": 0}
    deliver()
    assert [(message.url, message.id) for message in receiver.sent] == [
        ("https://mine.example/", uid) for uid in uids
    ]
    assert len(admin.get("/webhooks/dead-letters").json) == 3


def test_dead_letters_of_the_bus_are_listed_and_those_of_deleted_webhooks_are_not(admin: Client) -> None:
    on_bus = make_delivery(target="bus")
    webhook_id = make_webhook()
    hidden = make_delivery(target=f"webhook:{webhook_id}")
    assert [each["id"] for each in admin.get("/webhooks/dead-letters").json] == [hidden, on_bus]
    admin.delete(f"/webhooks/{webhook_id}", **ANY)
    (left,) = admin.get("/webhooks/dead-letters").json
    assert (left["id"], left["target"], left["webhook_id"]) == (on_bus, "bus", None)
    assert admin.post(f"/deliveries/{hidden}/redeliver").status == 404
    assert admin.post(f"/deliveries/{on_bus}/redeliver").status == 202
    assert admin.post("/deliveries/999999/redeliver").status == 404


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_recorded_is_undone_with_its_transaction(kind: str) -> None:
    with rolled_back() as connection:
        outbox.record(connection, kind, "order:1", {})
        assert [each.kind for each in list_undispatched(connection, 10)] == [kind]
    with transaction() as connection:
        assert list_undispatched(connection, 10) == []
