"""How staff makes, changes and retires products: who sees what, whose change counts, what is written down."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, select

from chalicelib.commerce.tables import products, stock_levels
from chalicelib.core.auth import Role
from chalicelib.core.database import read, transaction
from chalicelib.events.tables import outbox_events
from tests.client import Answer, Client
from tests.factories import client_of, make_center, make_customer, make_order, make_product


@pytest.fixture
def staff(client: Client) -> Client:
    return client_of(Role.STAFF)


def new_product(center_id: int, **given: Any) -> dict[str, Any]:
    return {"name": "Scarf", "category": "Scarves", "sku": "S1", "distribution_center_id": center_id} | given


def make_level(product_id: int, center_id: int, *, free: int = 0, reserved: int = 0, sold: int = 0) -> None:
    values = {"free": free, "reserved": reserved, "sold": sold, "received": free + reserved + sold}
    with transaction() as connection:
        row = {"product_id": product_id, "distribution_center_id": center_id, "transferred": 0, "written_off": 0}
        connection.execute(stock_levels.insert().values(**row, **values))


def row_of(product_id: int) -> Any:
    with read() as connection:
        return connection.execute(select(products).where(products.c.id == product_id)).one()


def events() -> list[tuple[str, str, dict[str, Any]]]:
    with read() as connection:
        rows = connection.execute(select(outbox_events).order_by(outbox_events.c.id)).all()
    return [(row.kind, row.aggregate, json.loads(row.payload)) for row in rows]


def code(answer: Answer) -> str:
    return str(answer.json["type"]).rpartition(":")[2]


# --- making ------------------------------------------------------------------------------------------------------


def test_a_new_product_is_a_draft_that_staff_alone_sees(client: Client, staff: Client) -> None:
    center_id = make_center()
    made = staff.post(
        "/products", new_product(center_id, brand="LEVI", cost=20.005, retail_price=49.5, low_stock_level=3)
    )
    assert made.status == 201
    product_id = made.json["id"]
    assert made.headers["Location"] == f"/products/{product_id}"
    assert made.headers["ETag"] == '"v1"'
    assert made.json["status"] == "draft"
    assert (made.json["cost"], made.json["retail_price"]) == (20.0, 49.5)  # half a cent goes to the even one
    assert (made.json["low_stock_level"], made.json["version"]) == (3, 1)
    row = row_of(product_id)
    assert (row.brand_key, row.category_key) == ("levi", "scarves")
    assert [found["id"] for found in staff.get("/products").json] == [product_id]
    assert client.get(f"/products/{product_id}").status == 404
    assert client.get("/products").json == []


def test_a_product_can_be_published_at_once(client: Client, staff: Client) -> None:
    made = staff.post("/products", new_product(make_center(), retail_price=1, status="published"))
    assert client.get(f"/products/{made.json['id']}").status == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "   "},
        {"name": "a\nb"},
        {"name": "x" * 501},
        {"category": "x" * 256},
        {"sku": "x" * 65},
        {"brand": ""},
        {"retail_price": -0.01},
        {"retail_price": "1"},
        {"description": "a\x00b"},
        {"description": "x" * 10_001},
        {"low_stock_level": -1},
        {"status": "archived"},
        {"version": 3},
        {"distribution_center_id": 0},
    ],
)
def test_what_a_product_cannot_be_is_refused_by_field(staff: Client, wrong: dict[str, Any]) -> None:
    answer = staff.post("/products", new_product(make_center()) | wrong)
    assert answer.status == 422
    assert answer.json["errors"][0]["location"] == f"body.{next(iter(wrong))}"


def test_a_sku_belongs_to_one_product(staff: Client) -> None:
    center_id = make_center()
    other = make_product(sku="OTHER", distribution_center_id=center_id)
    assert staff.post("/products", new_product(center_id)).status == 201
    again = staff.post("/products", new_product(center_id))
    assert (again.status, code(again)) == (409, "sku-taken")
    changed = staff.patch(f"/products/{other}", {"sku": "S1"}, if_match="*")
    assert (changed.status, code(changed)) == (409, "sku-taken")
    assert row_of(other).sku == "OTHER"


def test_space_around_a_text_is_no_part_of_it(staff: Client) -> None:
    center_id = make_center()
    texts = {"name": " Scarf\u00a0", "brand": " Levi ", "sku": " S1 ", "description": " \r\n "}
    made = staff.post("/products", new_product(center_id) | texts).json
    assert (made["name"], made["brand"], made["sku"], made["description"]) == ("Scarf", "Levi", "S1", None)
    assert code(staff.post("/products", new_product(center_id, sku="S1  "))) == "sku-taken"


def test_a_product_needs_a_center_that_is_open(staff: Client) -> None:
    closed = make_center()
    assert staff.post(f"/distribution-centers/{closed}/archive", if_match="*").status == 200
    for center_id in (closed, 999_999):
        answer = staff.post("/products", new_product(center_id))
        assert (answer.status, code(answer)) == (409, "distribution-center-unavailable")
        moved = staff.patch(f"/products/{make_product()}", {"distribution_center_id": center_id}, if_match="*")
        assert (moved.status, code(moved)) == (409, "distribution-center-unavailable")
    assert events() == [
        ("distribution_center.changed", f"distribution_center:{closed}", {"distribution_center_id": closed})
    ]


# --- changing ----------------------------------------------------------------------------------------------------


def test_a_change_sets_what_is_named_and_nothing_else(staff: Client) -> None:
    product_id = make_product(brand="Levi", description="old", low_stock_level=5, cost_cents=100)
    before = staff.get(f"/products/{product_id}")
    body = {"brand": None, "category": "Jackets & Coats", "retail_price": 12.345, "description": "a\r\nb"}
    after = staff.patch(f"/products/{product_id}", body, if_match=before.headers["ETag"])
    assert after.status == 200
    expected = {"brand": None, "category": "Jackets & Coats", "retail_price": 12.34, "description": "a\nb"}
    stamps = {"version": 2, "updated_at": after.json["updated_at"]}
    assert after.json == before.json | expected | stamps
    assert after.json["updated_at"] > before.json["updated_at"]
    assert after.headers["ETag"] == '"v2"'
    row = row_of(product_id)
    assert (row.brand_key, row.category_key) == (None, "jackets & coats")


def test_what_is_equal_already_is_no_change(staff: Client) -> None:
    product_id = make_product(brand="Levi", retail_price_cents=4950)
    answer = staff.patch(f"/products/{product_id}", {"brand": "Levi", "retail_price": 49.5}, if_match="*")
    assert (answer.status, answer.json["version"]) == (200, 1)
    assert staff.patch(f"/products/{product_id}", {}, if_match="*").json["version"] == 1
    assert events() == []


CHANGES = [
    ("PATCH", "", {"name": "Other"}),
    ("POST", "/publish", None),
    ("POST", "/archive", None),
    ("POST", "/restore", None),
    ("DELETE", "/image", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_every_change_must_name_the_present_version(staff: Client, method: str, path: str, body: Any) -> None:
    product_id = make_product(status="archived" if path == "/restore" else "draft")
    target = f"/products/{product_id}{path}"
    before = row_of(product_id)
    assert staff.request(method, target, body).status == 428
    for stale in ('"v2"', '"v0"', "v1", '"1"', '"abc"', 'W/"v1"'):
        assert staff.request(method, target, body, {"If-Match": stale}).status == 412
    assert row_of(product_id) == before
    assert staff.request(method, target, body, {"If-Match": '"v1"'}).status == 200
    assert staff.request(method, f"/products/999999{path}", body, {"If-Match": '"v1"'}).status == 404


def test_of_two_editors_of_one_version_one_is_told(shop: Engine, staff: Client) -> None:
    product_id = make_product(name="start")
    tag = staff.get(f"/products/{product_id}").headers["ETag"]
    start = Barrier(4)

    def edit(name: str) -> int:
        start.wait()
        return staff.patch(f"/products/{product_id}", {"name": name}, if_match=tag).status

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(edit, ["a", "b", "c", "d"]))
    assert sorted(statuses) == [200, 412, 412, 412]
    assert row_of(product_id).version == 2
    assert row_of(product_id).name == "abcd"[statuses.index(200)]
    assert len(staff.get(f"/products/{product_id}/history").json) == 1


def test_of_two_products_with_one_sku_one_is_made(shop: Engine, staff: Client) -> None:
    center_id = make_center()
    start = Barrier(4)

    def make(_number: int) -> int:
        start.wait()
        return staff.post("/products", new_product(center_id)).status

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(make, range(4))) == [201, 409, 409, 409]


# --- the life of a product ---------------------------------------------------------------------------------------


def test_a_product_is_published_archived_and_restored_as_a_draft(client: Client, staff: Client) -> None:
    product_id = make_product(status="draft")
    steps = [
        ("publish", "published", 200),
        ("archive", "archived", 404),
        ("restore", "draft", 404),
        ("publish", "published", 200),
    ]
    for step, status, public in steps:
        answer = staff.post(f"/products/{product_id}/{step}", if_match="*")
        assert (answer.status, answer.json["status"]) == (200, status)
        assert client.get(f"/products/{product_id}").status == public
    assert row_of(product_id).version == 5


def test_a_step_that_was_taken_already_changes_nothing(staff: Client) -> None:
    product_id = make_product(status="published")
    for step in ("publish", "restore"):
        assert staff.post(f"/products/{product_id}/{step}", if_match='"v1"').json["version"] == 1
    assert staff.post(f"/products/{product_id}/archive", if_match="*").json["version"] == 2
    assert staff.post(f"/products/{product_id}/archive", if_match='"v2"').json["version"] == 2


def test_an_archived_product_is_restored_before_it_is_published(staff: Client) -> None:
    product_id = make_product(status="archived")
    answer = staff.post(f"/products/{product_id}/publish", if_match="*")
    assert (answer.status, code(answer)) == (409, "product-archived")


def test_a_product_without_a_price_is_not_shown_to_shoppers(staff: Client) -> None:
    made = staff.post("/products", new_product(make_center()))
    target = f"/products/{made.json['id']}"
    refused = staff.post(f"{target}/publish", if_match="*")
    assert (refused.status, code(refused)) == (409, "product-not-publishable")
    assert [error["location"] for error in refused.json["errors"]] == ["body.retail_price"]
    assert staff.patch(target, {"retail_price": 0.01}, if_match="*").status == 200
    assert staff.post(f"{target}/publish", if_match="*").status == 200
    assert code(staff.patch(target, {"retail_price": 0}, if_match="*")) == "product-not-publishable"
    assert (
        code(staff.post("/products", new_product(make_center(), sku="S2", status="published")))
        == "product-not-publishable"
    )


def test_a_product_without_a_price_that_was_imported_can_be_described(staff: Client) -> None:
    product_id = make_product(retail_price_cents=0)
    assert staff.patch(f"/products/{product_id}", {"description": "free"}, if_match="*").status == 200


# --- who sees what -----------------------------------------------------------------------------------------------


def everywhere(client: Client) -> set[int]:
    """Return every product that a list shows, whichever way it is asked for."""
    seen: set[int] = set()
    queries = [
        "",
        "?after=",
        "?category=jeans",
        "?brand=levi&min_price=0",
        "?status=draft",
        "?status=archived",
        "?skip=1",
    ]
    for query in queries:
        seen |= {row["id"] for row in client.get(f"/products{query}").json}
    return seen


def test_drafts_and_archived_products_are_for_staff_alone(client: Client) -> None:
    shown = {make_product(), make_product()}
    hidden = {make_product(status="draft"), make_product(status="archived")}
    for viewer in (client, client_of(Role.CUSTOMER)):
        assert everywhere(viewer) == shown
        assert {viewer.get(f"/products/{each}").status for each in hidden} == {404}
        assert viewer.get("/products?limit=1").headers["X-Total-Count"] == "2"
    for role in (Role.STAFF, Role.ADMIN, Role.SERVICE):
        assert everywhere(client_of(role)) == shown | hidden


def test_a_page_of_the_public_is_full_although_others_are_hidden(client: Client) -> None:
    center_id = make_center()
    ids = [make_product(status=status, distribution_center_id=center_id) for status in ["draft", "published"] * 3]
    first = client.get("/products?limit=2&after=")
    rest = client.get(f"/products?limit=2&after={first.headers['X-Next-Cursor']}")
    assert [row["id"] for row in first.json + rest.json] == ids[1::2]
    assert "X-Next-Cursor" not in rest.headers


def test_staff_filters_by_status(staff: Client) -> None:
    ids = {status: make_product(status=status) for status in ("draft", "published", "archived")}
    for status, product_id in ids.items():
        assert [row["id"] for row in staff.get(f"/products?status={status}").json] == [product_id]
    assert staff.get("/products?status=new").status == 422


def test_what_is_not_published_is_never_recommended(staff: Client) -> None:
    robin = make_customer()
    make_order(robin, (make_product(), 1000))
    liked, plain = make_product(), make_product(category="Socks", brand="Falke")
    for status in ("draft", "archived"):
        for kind in ({}, {"category": "Socks"}):
            hidden = make_product(status=status, **kind)
            make_order(make_customer(), (hidden, 1000), (hidden, 1000))
    answer = staff.post("/ai/recommendations", {"user_id": robin, "limit": 50})
    assert [row["id"] for row in answer.json["recommendations"]] == [liked, plain]


def test_shoppers_see_how_many_units_are_free_over_all_centers(client: Client, staff: Client) -> None:
    product_id, none = make_product(), make_product()
    here, there = sorted((make_center(), make_center()))
    make_level(product_id, there, free=2, sold=9)
    make_level(product_id, here, free=3, reserved=4)
    make_level(none, here, reserved=1)
    shown = {row["id"]: (row["available"], row["in_stock"]) for row in client.get("/products").json}
    assert shown == {product_id: (5, True), none: (0, False)}
    page = client.get(f"/products/{product_id}").json
    assert (page["available"], page["in_stock"]) == (5, True)
    assert "availability" not in page
    assert staff.get(f"/products/{product_id}").json["availability"] == [
        {"distribution_center_id": here, "free": 3, "reserved": 4},
        {"distribution_center_id": there, "free": 2, "reserved": 0},
    ]


# --- what is written down ----------------------------------------------------------------------------------------


def test_the_history_tells_who_changed_what_newest_first(client: Client) -> None:
    made = client_of(Role.STAFF).post("/products", new_product(make_center(), retail_price=10))
    target = f"/products/{made.json['id']}"
    admin = client_of(Role.ADMIN)
    name = admin.get("/api/auth/me").json["username"]
    admin.patch(target, {"retail_price": 12.5, "brand": "Levi"}, if_match="*")
    admin.post(f"{target}/publish", if_match="*")
    entries = admin.get(f"{target}/history").json
    found = [(entry["field"], entry["old"], entry["new"]) for entry in entries]
    assert found[0] == ("status", "draft", "published")
    assert sorted(found[1:3]) == [("brand", None, "Levi"), ("retail_price", "10.00", "12.50")]
    assert found[3:] == [("status", None, "draft")]
    assert [entry["changed_by"] == name for entry in entries] == [True, True, True, False]
    page = admin.get(f"{target}/history?limit=1&after=")
    assert page.json == entries[:1]
    assert admin.get(f"{target}/history?limit=9&after={page.headers['X-Next-Cursor']}").json == entries[1:]
    assert admin.get("/products/999999/history").status == 404


def test_each_change_is_told_to_others_once(staff: Client) -> None:
    made = staff.post("/products", new_product(make_center(), retail_price=10))
    product_id = made.json["id"]
    staff.patch(f"/products/{product_id}", {"name": "Shawl"}, if_match='"v1"')
    staff.patch(f"/products/{product_id}", {"name": "Stale"}, if_match='"v1"')
    shared = {"product_id": product_id, "sku": "S1", "status": "draft"}
    assert events() == [
        ("product.created", f"product:{product_id}", shared | {"version": 1, "fields": ["status"]}),
        ("product.changed", f"product:{product_id}", shared | {"version": 2, "fields": ["name"]}),
    ]


def test_archiving_a_product_is_told_as_such_once(client: Client) -> None:
    staff, product_id = client_of(Role.STAFF), make_product(status="published", sku="OLD-1")
    for _ in range(2):
        assert staff.post(f"/products/{product_id}/archive", if_match="*").status == 200
    told = {"product_id": product_id, "sku": "OLD-1", "status": "archived", "version": 2}
    recorded = events()
    assert [kind for kind, _, _ in recorded] == ["product.changed", "product.archived"]
    assert recorded[1] == ("product.archived", f"product:{product_id}", told)
