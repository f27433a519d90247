"""Checkouts that came to nothing are forgotten after a month."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update

import app
from chalicelib.commerce.sale_tables import checkout_items, checkouts
from chalicelib.commerce.sales import left_checkouts
from chalicelib.core import clock
from chalicelib.core.database import transaction
from tests.client import Client
from tests.commerce.purchases import cart_with, check_out, goods, pay

CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)


def age(public_id: str, days: float) -> None:
    """Let a checkout have run out so many days ago."""
    then = {"expires_at": clock.now() - timedelta(days=days)}
    with transaction() as connection:
        connection.execute(update(checkouts).where(checkouts.c.public_id == public_id).values(**then))


def begun(client: Client, product: int) -> str:
    """Begin a checkout of one unit."""
    return str(check_out(client, cart_with(client, (product, 1))).json["id"])


def rows(shop: Engine) -> dict[str, Any]:
    """Return the checkouts that are there by their id."""
    with shop.connect() as connection:
        return {row.public_id: row for row in connection.execute(select(checkouts))}


@pytest.fixture
def product(client: Client) -> int:
    return goods(units=20)


def test_who_never_tried_to_pay_is_gone_after_a_month(client: Client, shop: Engine, product: int) -> None:
    old, young = begun(client, product), begun(client, product)
    for checkout, days in ((old, 30.1), (young, 29.9)):
        client.post(f"/checkouts/{checkout}/cancel")
        age(checkout, days)
    names = ("version", "account", "region", "detail", "detail-type", "source", "time", "id", "resources")
    app.app.handler_map["forget_checkouts"]({**dict.fromkeys(names, ""), "detail": {}, "resources": []}, CONTEXT)
    assert list(rows(shop)) == [young]
    with shop.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(checkout_items)) == 1


def test_of_who_was_declined_the_row_stays_and_the_person_goes(client: Client, shop: Engine, product: int) -> None:
    checkout = begun(client, product)
    assert pay(client, checkout, "pm_test_declined").status == 409
    client.post(f"/checkouts/{checkout}/cancel")
    age(checkout, 31)
    assert left_checkouts.forget(time_left_ms=lambda: 60_000) == 1
    left = rows(shop)[checkout]
    assert (left.email, left.email_key, left.address, left.client_key) == ("", "", "{}", None)
    assert left_checkouts.forget(time_left_ms=lambda: 60_000) == 0


def test_open_and_paid_checkouts_stay_as_they_are(client: Client, shop: Engine, product: int) -> None:
    paid, waiting = begun(client, product), begun(client, product)
    assert pay(client, paid).json["state"] == "paid"
    for checkout in (paid, waiting):
        age(checkout, 365)
    left_checkouts.forget(time_left_ms=lambda: 60_000)
    assert {row.email for row in rows(shop).values()} == {"robin@example.com"}
    assert set(rows(shop)) == {paid, waiting}


def test_a_run_without_time_leaves_all_to_the_next(client: Client, shop: Engine, product: int) -> None:
    checkout = begun(client, product)
    client.post(f"/checkouts/{checkout}/cancel")
    age(checkout, 31)
    assert left_checkouts.forget(time_left_ms=lambda: 10_000) == 0
    assert list(rows(shop)) == [checkout]


def test_there_are_as_many_batches_as_it_takes(
    client: Client, shop: Engine, product: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(left_checkouts, "_BATCH", 2)
    for _ in range(5):
        checkout = begun(client, product)
        client.post(f"/checkouts/{checkout}/cancel")
        age(checkout, 31)
    assert left_checkouts.forget(time_left_ms=lambda: 60_000) == 5
    assert rows(shop) == {}
