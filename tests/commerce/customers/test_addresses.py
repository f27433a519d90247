"""Addresses of customers: one default at most, fifty at most, and nobody else's."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, select

from chalicelib.commerce.tables import addresses
from chalicelib.core.auth import Role
from tests.client import Client
from tests.factories import client_of, make_address, make_customer

PLACE = {
    "name": "Robin Doe",
    "street_address": "1 rue de l'Exemple",
    "postal_code": "069001",
    "city": "Lyon",
    "country": "France",
}
REST: dict[str, Any] = {"state": None, "phone": None, "latitude": None, "longitude": None}


@pytest.fixture
def me(shop: Engine) -> int:
    return make_customer()


@pytest.fixture
def mine(client: Client, me: int) -> Client:
    return client_of(Role.CUSTOMER, customer_id=me)


def defaults(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.scalars(select(addresses.c.id).where(addresses.c.is_default)))


def at_once(work: Callable[[int], int], threads: int) -> Counter[int]:
    gate = threading.Barrier(threads)

    def wait_and_work(at: int) -> int:
        gate.wait(10)
        return work(at)

    with ThreadPoolExecutor(threads) as pool:
        return Counter(pool.map(wait_and_work, range(threads)))


def test_an_address_is_kept_as_it_was_given_and_the_first_is_the_default(mine: Client, me: int) -> None:
    made = mine.post(f"/users/{me}/addresses", PLACE)
    address_id = made.json["id"]
    assert (made.status, made.headers["Location"]) == (201, f"/users/{me}/addresses/{address_id}")
    times = {name: made.json[name] for name in ("created_at", "updated_at")}
    whole = PLACE | REST | times | {"id": address_id, "customer_id": me, "is_default": True, "version": 1}
    assert made.json == whole
    assert mine.get(f"/users/{me}/addresses/{address_id}").json == whole
    second = mine.post(f"/users/{me}/addresses", PLACE | {"phone": "+33 4", "latitude": 45.75}).json
    assert (second["is_default"], second["phone"], second["latitude"]) == (False, "+33 4", 45.75)
    assert mine.get(f"/users/{me}/addresses").json == [whole, second]
    assert mine.get(f"/users/{me}/addresses?skip=1&limit=1").json == [second]


@pytest.mark.parametrize(
    "given",
    [{"name": ""}, {"city": None}, {"country": "F" * 256}, {"latitude": 91}, {"is_default": 1}, {"customer_id": 1}],
)
def test_a_bad_address_is_refused(mine: Client, me: int, given: dict[str, Any]) -> None:
    assert mine.post(f"/users/{me}/addresses", PLACE | given).status == 422
    assert mine.get(f"/users/{me}/addresses").json == []


def test_a_new_default_takes_the_place_of_the_old_one(shop: Engine, mine: Client, me: int) -> None:
    first = mine.post(f"/users/{me}/addresses", PLACE).json["id"]
    others = make_address(make_customer(), is_default=True)
    second = mine.post(f"/users/{me}/addresses", PLACE | {"is_default": True}).json["id"]
    assert defaults(shop) == [others, second]
    stale = mine.get(f"/users/{me}/addresses/{first}")
    assert (stale.json["is_default"], stale.json["version"]) == (False, 2)
    changed = mine.patch(f"/users/{me}/addresses/{first}", {"is_default": True}, if_match=stale.headers["ETag"])
    assert (changed.status, changed.json["is_default"], changed.json["version"]) == (200, True, 3)
    assert defaults(shop) == [first, others]


def test_a_change_changes_what_it_names_and_names_its_version(mine: Client, me: int) -> None:
    made = mine.post(f"/users/{me}/addresses", PLACE | {"phone": "+33 4"})
    target = made.headers["Location"]
    changed = mine.patch(target, {"city": "Nice", "phone": None}, if_match=made.headers["ETag"])
    more = {"city": "Nice", "phone": None, "version": 2, "updated_at": changed.json["updated_at"]}
    assert changed.json == made.json | more
    assert mine.patch(target, {"city": "Paris"}, if_match=made.headers["ETag"]).status == 412
    assert mine.patch(target, {"city": "Paris"}).status == 428
    assert mine.patch(target, {"city": None}, if_match="*").status == 422
    assert mine.patch(target, {}, if_match="*").status == 422
    assert mine.delete(target, if_match=made.headers["ETag"]).status == 412
    assert mine.get(target).json == changed.json


def test_a_deleted_address_is_gone(mine: Client, me: int) -> None:
    made = mine.post(f"/users/{me}/addresses", PLACE)
    target = made.headers["Location"]
    assert mine.delete(target, if_match=made.headers["ETag"]).status == 204
    assert mine.get(target).status == 404
    assert mine.delete(target, if_match="*").status == 404


def test_a_customer_has_fifty_addresses_at_most_also_when_many_are_added_at_once(mine: Client, me: int) -> None:
    kept = [make_address(me) for _ in range(45)]
    assert at_once(lambda _: mine.post(f"/users/{me}/addresses", PLACE).status, 10) == {201: 5, 409: 5}
    assert mine.delete(f"/users/{me}/addresses/{kept[0]}", if_match="*").status == 204
    assert mine.post(f"/users/{me}/addresses", PLACE).status == 201


def test_of_many_that_become_the_default_at_once_one_is(shop: Engine, mine: Client, me: int) -> None:
    ids = [make_address(me, is_default=at == 0) for at in range(8)]

    def work(at: int) -> int:
        return mine.patch(f"/users/{me}/addresses/{ids[at]}", {"is_default": True}, if_match="*").status

    assert at_once(work, 8) == {200: 8}
    assert len(defaults(shop)) == 1


def test_nobody_reaches_another_customers_addresses(client: Client, mine: Client, me: int) -> None:
    other = make_customer()
    theirs = make_address(other)
    for target in (f"/users/{other}/addresses/{theirs}", f"/users/{me}/addresses/{theirs}"):
        assert mine.get(target).status == 404
        assert mine.patch(target, {"city": "Nice"}, if_match="*").status == 404
        assert mine.delete(target, if_match="*").status == 404
    assert mine.get(f"/users/{other}/addresses").status == 404
    assert mine.post(f"/users/{other}/addresses", PLACE).status == 404
    staff = client_of(Role.STAFF)
    assert [row["id"] for row in staff.get(f"/users/{other}/addresses").json] == [theirs]
    assert staff.get(f"/users/{me}/addresses/{theirs}").status == 404, "it is not that customer's"
    assert staff.get("/users/999999/addresses").status == 404
    assert staff.get(f"/users/{other}/addresses/{theirs}").json["city"] == "Lyon"
