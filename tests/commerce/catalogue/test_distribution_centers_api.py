"""Distribution centers: which anybody may see, and which staff makes, changes and retires."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine

from chalicelib.commerce.tables import stock_levels
from chalicelib.core.auth import Role
from chalicelib.core.database import transaction
from tests.client import Answer, Client
from tests.factories import client_of, make_center, make_product


@pytest.fixture
def staff(client: Client) -> Client:
    return client_of(Role.STAFF)


def code(answer: Answer) -> str:
    return str(answer.json["type"]).rpartition(":")[2]


def test_a_center_has_the_fields_of_the_contract(client: Client) -> None:
    center_id = make_center(name="Memphis TN", latitude=35.1174, longitude=-89.9711)
    whole = {
        "id": center_id,
        "name": "Memphis TN",
        "latitude": 35.1174,
        "longitude": -89.9711,
        "created_at": "2026-03-01T12:00:00Z",
        "updated_at": "2026-03-01T12:00:00Z",
    }
    assert client.get(f"/distribution-centers/{center_id}").json == whole
    assert client.get(f"/distribution-centers/{center_id}/").json == whole
    assert client.get("/distribution-centers").json == [whole]
    assert client.get("/distribution-centers/").json == [whole]


def test_centers_are_paged_by_id(client: Client) -> None:
    ids = [make_center() for _ in range(3)]
    assert [row["id"] for row in client.get("/distribution-centers?skip=1&limit=1").json] == [ids[1]]
    assert [row["id"] for row in client.get("/distribution-centers?skip=1").json] == ids[1:]
    assert client.get("/distribution-centers?skip=3").json == []


def test_an_empty_shop_has_no_centers(client: Client) -> None:
    assert client.get("/distribution-centers").json == []
    assert client.get("/distribution-centers/1").status == 404


def test_odd_ids_and_pages_are_refused(client: Client) -> None:
    assert client.get("/distribution-centers/first").status == 422
    assert client.get("/distribution-centers?limit=501").status == 422
    assert client.get("/distribution-centers?skip=-1").status == 422
    assert client.get("/distribution-centers?name=Memphis").status == 422


# --- by staff ----------------------------------------------------------------------------------------------------

MOBILE = {"name": "Mobile AL", "latitude": 30.6944, "longitude": -88.0431}


def test_a_center_is_made_and_anybody_sees_it(client: Client, staff: Client) -> None:
    made = staff.post("/distribution-centers", MOBILE)
    assert made.status == 201
    assert made.headers["Location"] == f"/distribution-centers/{made.json['id']}"
    assert made.headers["ETag"] == '"v1"'
    shown = client.get(f"/distribution-centers/{made.json['id']}").json
    assert {name: shown[name] for name in MOBILE} == MOBILE
    assert made.json == shown | {"version": 1, "archived_at": None}


@pytest.mark.parametrize(
    "wrong",
    [{"name": " "}, {"name": "x" * 256}, {"latitude": 90.1}, {"longitude": -180.5}, {"latitude": "1"}, {"id": 5}],
)
def test_what_is_no_place_is_refused_by_field(staff: Client, wrong: dict[str, Any]) -> None:
    answer = staff.post("/distribution-centers", MOBILE | wrong)
    assert answer.status == 422
    assert answer.json["errors"][0]["location"] == f"body.{next(iter(wrong))}"


def test_a_change_must_name_the_present_version(client: Client, staff: Client) -> None:
    target = f"/distribution-centers/{make_center()}"
    tag = staff.get(target).headers["ETag"]
    assert staff.patch(target, {"name": "First"}).status == 428
    first = staff.patch(target, {"name": "First"}, if_match=tag)
    assert (first.status, first.json["name"], first.json["version"]) == (200, "First", 2)
    assert staff.patch(target, {"name": "Second"}, if_match=tag).status == 412
    for step in ("archive", "restore"):
        assert staff.post(f"{target}/{step}").status == 428
        assert staff.post(f"{target}/{step}", if_match=tag).status == 412
    shown = client.get(target).json
    assert (shown["name"], shown["latitude"]) == ("First", 35.1174)
    assert shown["updated_at"] > shown["created_at"]
    assert staff.patch(target, {"name": "First"}, if_match='"v2"').json["version"] == 2
    assert staff.patch("/distribution-centers/999999", {"name": "x"}, if_match="*").status == 404


def test_an_archived_center_is_for_staff_alone_until_it_is_restored(client: Client, staff: Client) -> None:
    kept, gone = make_center(), make_center()
    target = f"/distribution-centers/{gone}"
    for _ in range(2):
        archived = staff.post(f"{target}/archive", if_match="*")
        assert (archived.status, archived.json["version"]) == (200, 2)
    assert archived.json["archived_at"] is not None
    for viewer in (client, client_of(Role.CUSTOMER)):
        assert viewer.get(target).status == 404
        for query in ("", "?after="):
            assert [row["id"] for row in viewer.get(f"/distribution-centers{query}").json] == [kept]
    assert [row["id"] for row in staff.get("/distribution-centers").json] == [kept, gone]
    for _ in range(2):
        assert staff.post(f"{target}/restore", if_match="*").json["archived_at"] is None
    assert client.get(target).status == 200


@pytest.mark.parametrize(("state", "status"), [("free", 409), ("reserved", 409), ("sold", 200)])
def test_a_center_that_holds_units_is_not_archived(staff: Client, state: str, status: int) -> None:
    center_id, units = make_center(), {"free": 0, "reserved": 0, "sold": 0} | {state: 2}
    row = {"product_id": make_product(), "distribution_center_id": center_id, "transferred": 0, "written_off": 0}
    with transaction() as connection:
        connection.execute(stock_levels.insert().values(**row, **units, received=2))
    answer = staff.post(f"/distribution-centers/{center_id}/archive", if_match="*")
    assert answer.status == status
    if status == 409:
        assert code(answer) == "distribution-center-in-use"
        assert "2 free or reserved units" in answer.json["detail"]


@pytest.mark.parametrize(("status", "answered"), [("published", 409), ("draft", 409), ("archived", 200)])
def test_the_home_of_a_product_is_not_archived(staff: Client, status: str, answered: int) -> None:
    center_id = make_center()
    make_product(distribution_center_id=center_id, status=status)
    answer = staff.post(f"/distribution-centers/{center_id}/archive", if_match="*")
    assert answer.status == answered


def test_a_product_comes_back_only_to_a_center_that_is_open(staff: Client) -> None:
    center_id = make_center()
    product_id = make_product(distribution_center_id=center_id, status="archived")
    assert staff.post(f"/distribution-centers/{center_id}/archive", if_match="*").status == 200
    refused = staff.post(f"/products/{product_id}/restore", if_match="*")
    assert (refused.status, code(refused)) == (409, "distribution-center-unavailable")
    elsewhere = {"distribution_center_id": make_center()}
    assert staff.patch(f"/products/{product_id}", elsewhere, if_match="*").status == 200
    assert staff.post(f"/products/{product_id}/restore", if_match="*").status == 200


def test_no_product_slips_into_a_center_while_it_is_archived(shop: Engine, staff: Client) -> None:
    for turn in range(5):
        center_id = make_center()
        start = Barrier(2)

        def archive(center_id: int = center_id, start: Barrier = start) -> int:
            start.wait()
            return staff.post(f"/distribution-centers/{center_id}/archive", if_match="*").status

        def move_in(center_id: int = center_id, start: Barrier = start, turn: int = turn) -> int:
            body = {"name": "Scarf", "category": "Scarves", "sku": f"S{turn}", "distribution_center_id": center_id}
            start.wait()
            return staff.post("/products", body).status

        with ThreadPoolExecutor(2) as pool:
            archived, made = pool.submit(archive), pool.submit(move_in)
        assert (archived.result(), made.result()) in {(200, 409), (409, 201)}
