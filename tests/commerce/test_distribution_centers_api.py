"""Distribution centers, which anybody may see."""

from __future__ import annotations

from tests.client import Client
from tests.factories import make_center


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
