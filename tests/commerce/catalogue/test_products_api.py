"""The catalogue as the public and as staff see it."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import Engine

from chalicelib.core.auth import Role
from tests.client import Client
from tests.factories import NOON, client_of, counted_statements, make_center, make_product


def names(client: Client, query: str) -> list[str]:
    answer = client.get(f"/products?{query}")
    assert answer.status == 200
    return [row["name"] for row in answer.json]


def test_a_product_has_the_fields_of_the_contract(client: Client) -> None:
    center_id = make_center()
    product_id = make_product(
        category="Jeans",
        name="Slim Jeans",
        brand="Levi",
        retail_price_cents=1999,
        cost_cents=1010,
        department="Women",
        sku="A1",
        distribution_center_id=center_id,
        updated_at=NOON + timedelta(microseconds=5),
    )
    public = {
        "id": product_id,
        "category": "Jeans",
        "name": "Slim Jeans",
        "brand": "Levi",
        "retail_price": 19.99,
        "department": "Women",
        "sku": "A1",
        "distribution_center_id": center_id,
        "created_at": "2026-03-01T12:00:00Z",
        "updated_at": "2026-03-01T12:00:00.000005Z",
        "image_url": None,
        "image_alt": None,
        "available": 0,
        "in_stock": False,
    }
    whole = public | {"cost": 10.1, "status": "published", "low_stock_level": None, "version": 1}
    public_page = public | {"description": None}
    staff_page = whole | {"description": None, "availability": []}
    assert client.get(f"/products/{product_id}").json == public_page
    assert client.get(f"/products/{product_id}/").json == public_page
    assert client.get("/products").json == [public]
    assert client.get("/products/").json == [public]
    for role in (Role.STAFF, Role.ADMIN, Role.SERVICE):
        assert client_of(role).get(f"/products/{product_id}").json == staff_page
        assert client_of(role).get("/products").json == [whole]
    assert client_of(Role.CUSTOMER).get(f"/products/{product_id}").json == public_page
    assert client_of(Role.CUSTOMER).get("/products").json == [public]


def test_what_is_not_known_of_a_product_is_null(client: Client) -> None:
    product_id = make_product(brand=None, department=None)
    row = client.get(f"/products/{product_id}").json
    assert (row["brand"], row["department"]) == (None, None)


@pytest.mark.parametrize(
    ("cents", "number"),
    [(0, "0.00"), (1, "0.01"), (1010, "10.10"), (1999, "19.99"), (100, "1.00"), (99_999_999_999, "999999999.99")],
)
def test_prices_are_exact_numbers_with_two_places(client: Client, cents: int, number: str) -> None:
    product_id = make_product(retail_price_cents=cents)
    assert re.search(rf'"retail_price":{re.escape(number)}[,}}]', client.get(f"/products/{product_id}").text)


def test_unknown_products_are_not_found_and_odd_ids_refused(client: Client) -> None:
    assert client.get("/products/999999").status == 404
    assert client.get("/products/9223372036854775807").status == 404
    for odd in ("0", "-1", "1.0", "abc", "9223372036854775808", "%D9%A1", "1e3", "99999999999999999999999"):
        assert client.get(f"/products/{odd}").status == 422


# --- category and brand ------------------------------------------------------------------------------------------

CATEGORIES = ["Jeans", "Éclair", "Outerwear & Coats", "100% Wool", "a_b", "back\\slash", "STRASSE", "İstanbul"]


@pytest.fixture(params=["category", "brand"])
def field(request: pytest.FixtureRequest, shop: Engine) -> str:
    """The name of the filter; the shop has a product of each word, which it is also called."""
    name: str = request.param
    center_id = make_center()
    for word in CATEGORIES:
        make_product(**{name: word}, name=word, distribution_center_id=center_id)
    return name


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Jeans", ["Jeans"]),
        ("jEAn", ["Jeans"]),
        ("éclair", ["Éclair"]),
        ("ÉCLAIR", ["Éclair"]),
        ("e\u0301clair", ["Éclair"]),
        ("eclair", []),
        ("COATS", ["Outerwear & Coats"]),
        ("wear & c", ["Outerwear & Coats"]),
        ("%", ["100% Wool"]),
        ("0%", ["100% Wool"]),
        ("1%l", []),
        ("_", ["a_b"]),
        ("a_b", ["a_b"]),
        ("_eans", []),
        ("\\", ["back\\slash"]),
        ("\\s", ["back\\slash"]),
        ("/", []),
        ("straße", ["STRASSE"]),
        ("\uff4a\uff45\uff41\uff4e\uff53", ["Jeans"]),
        ("  Jeans ", ["Jeans"]),
        ("'", []),
        ('"; DROP TABLE products; --', []),
        ("nothing of this", []),
        ("", CATEGORIES),
        ("   ", CATEGORIES),
    ],
)
def test_words_are_contained_literally_and_without_regard_to_case(
    client: Client, field: str, words: str, found: list[str]
) -> None:
    assert names(client, f"{field}={quote(words)}") == found


def test_products_without_a_brand_are_found_unless_a_brand_is_asked_for(client: Client) -> None:
    make_product(brand=None, name="plain")
    assert names(client, "brand=") == ["plain"]
    assert names(client, "brand=%20") == ["plain"]
    assert names(client, "brand=e") == []


def test_filters_narrow_each_other(client: Client) -> None:
    for category, brand, cents in [("Jeans", "Levi", 100), ("Jeans", "Lee", 100), ("Socks", "Levi", 100)]:
        make_product(category=category, brand=brand, retail_price_cents=cents, name=f"{category} {brand}")
    make_product(category="Jeans", brand="Levi", retail_price_cents=101, name="dear")
    assert names(client, "category=jean&brand=levi&min_price=1&max_price=1") == ["Jeans Levi"]


# --- prices ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("min_price=10", [1000, 1001, 1002]),
        ("min_price=10.00", [1000, 1001, 1002]),
        ("min_price=10.01", [1001, 1002]),
        ("min_price=10.001", [1001, 1002]),
        ("min_price=10.005", [1001, 1002]),
        ("min_price=10.009999", [1001, 1002]),
        ("max_price=10", [999, 1000]),
        ("max_price=10.005", [999, 1000]),
        ("max_price=10.009", [999, 1000]),
        ("max_price=10.01", [999, 1000, 1001]),
        ("max_price=9.99", [999]),
        ("max_price=9.989", []),
        ("max_price=0", []),
        ("min_price=10&max_price=10", [1000]),
        ("min_price=10.001&max_price=10.009", []),
        ("min_price=10.02&max_price=9.99", []),
        ("min_price=999999999.99", []),
        ("min_price=1e1&max_price=1000e-2", [1000]),
    ],
)
def test_prices_are_limited_to_the_cent_with_both_ends(client: Client, query: str, found: list[int]) -> None:
    center_id = make_center()
    for cents in (999, 1000, 1001, 1002):
        make_product(retail_price_cents=cents, name=str(cents), distribution_center_id=center_id)
    assert names(client, query) == [str(cents) for cents in found]


@pytest.mark.parametrize(
    "query",
    [
        "min_price=-1",
        "min_price=-0.001",
        "max_price=-1",
        "min_price=ten",
        "max_price=NaN",
        "max_price=Infinity",
        "max_price=",
        "max_price=1000000000",
        "min_price=1&min_price=2",
        "category=" + "x" * 101,
        "price=5",
        "limit=501",
        "limit=-1",
        "limit=ten",
        "limit=1.5",
        "skip=-1",
        "skip=1000000001",
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(client: Client, query: str) -> None:
    answer = client.get(f"/products?{query}")
    assert answer.status == 422
    assert [error["location"] for error in answer.json["errors"]] == [f"query.{query.partition('=')[0]}"]


# --- pages -------------------------------------------------------------------------------------------------------


def test_products_are_paged_by_id(client: Client) -> None:
    center_id = make_center()
    ids = [make_product(distribution_center_id=center_id) for _ in range(5)]
    pages = [[row["id"] for row in client.get(f"/products?skip={skip}&limit=2").json] for skip in (0, 2, 4, 6)]
    assert pages == [ids[:2], ids[2:4], ids[4:], []]
    assert client.get("/products?limit=0").json == []
    assert client.get("/products?limit=500").headers["X-Total-Count"] == "5"


def test_a_hundred_products_are_answered_when_no_limit_is_given(client: Client) -> None:
    center_id = make_center()
    for _ in range(101):
        make_product(distribution_center_id=center_id)
    answer = client.get("/products")
    assert (len(answer.json), answer.headers["X-Total-Count"]) == (100, "101")


def test_a_filtered_list_is_followed_by_its_cursor_to_the_end(client: Client) -> None:
    center_id = make_center()
    ids = [make_product(distribution_center_id=center_id) for _ in range(5)]
    make_product(category="Socks", distribution_center_id=center_id)
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = client.get(f"/products?category=jeans&limit=2&after={cursor}")
        seen += [row["id"] for row in answer.json]
        cursor = answer.headers.get("X-Next-Cursor")
    assert seen == ids


def test_an_empty_shop_has_an_empty_list(client: Client) -> None:
    assert client.get("/products").json == []


def test_the_public_list_costs_two_statements_at_most(client: Client, shop: Engine) -> None:
    center_id = make_center()
    for _ in range(3):
        make_product(distribution_center_id=center_id)
    for query, most in [("limit=2", 2), ("limit=10", 1), ("limit=2&after=", 1), ("category=jeans&limit=2", 2)]:
        with counted_statements(shop) as statements:
            client.get(f"/products?{query}")
        assert len(statements) <= most, statements
