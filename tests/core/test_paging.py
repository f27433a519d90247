"""Lists in parts: every row once, whichever way one walks, and nothing without a bound."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import Engine, Table, delete, insert

from chalicelib.commerce import tables
from chalicelib.core.auth import Role
from chalicelib.core.database import transaction
from chalicelib.core.paging import MAX_ID, MAX_LIMIT, Page, PageQuery, PageRequest, TimelineQuery, encode_cursor
from chalicelib.core.responses import paging_headers
from tests.client import Answer, Client
from tests.factories import NOON, counted_statements, make_center, make_customer, make_order, make_product, signed_in


@pytest.fixture
def staff(client: Client) -> Client:
    return signed_in(Role.STAFF)


def links_of(answer: Answer) -> dict[str, str]:
    """Return the targets of the Link header by relation."""
    header = answer.headers.get("Link", "")
    found = {relation: target for target, relation in re.findall(r'<([^>]*)>; rel="([^"]*)"', header)}
    assert header.count("<") == len(found)
    return found


def walk(client: Client, target: str | None, relation: str) -> Iterator[Answer]:
    """Yield the answers from `target` on along a relation."""
    for _ in range(200):
        if target is None:
            return
        answer = client.get(target)
        assert answer.status == 200, answer.text
        yield answer
        target = links_of(answer).get(relation)
    raise AssertionError(f"following {relation!r} does not end")


def ids_of(answers: Iterator[Answer] | Sequence[Answer]) -> list[int]:
    return [row["id"] for answer in answers for row in answer.json]


def replace_rows(table: Table, rows: list[dict[str, Any]]) -> None:
    with transaction() as connection:
        connection.execute(delete(table))
        if rows:
            connection.execute(insert(table), rows)


# --- walking -----------------------------------------------------------------------------------------------------

# Moments by their distance in microseconds: small, so that many are alike.
moments = st.lists(st.integers(0, 3), max_size=14)
limits = st.integers(1, 6)


def put_orders(distances: Sequence[int]) -> list[int]:
    """Keep an order for each moment; return the ids newest first."""
    rows: list[dict[str, Any]] = [
        {
            "id": number,
            "status": "complete",
            "created_at": NOON + timedelta(microseconds=distance),
            "num_of_item": 1,
            "updated_at": NOON,
        }
        for number, distance in enumerate(distances, start=1)
    ]
    replace_rows(tables.orders, rows)
    return [row["id"] for row in sorted(rows, key=lambda row: (row["created_at"], row["id"]), reverse=True)]


def put_products(count: int, center_id: int) -> list[int]:
    """Keep products with gaps between their ids; return the ids in order."""
    ids = [number * 3 for number in range(1, count + 1)]
    rows = [
        {
            "id": number,
            "cost_cents": 1,
            "category": "Jeans",
            "category_key": "jeans",
            "name": "Slim",
            "retail_price_cents": 1,
            "sku": f"S{number}",
            "distribution_center_id": center_id,
            "created_at": NOON,
            "updated_at": NOON,
        }
        for number in ids
    ]
    replace_rows(tables.products, rows)
    return ids


def check_both_ways(client: Client, path: str, limit: int, expected: list[int]) -> None:
    """Walk a list by `skip` and by cursor, to its end and back."""
    by_skip = list(walk(client, f"{path}?limit={limit}", "next"))
    by_cursor = list(walk(client, f"{path}?limit={limit}&after=", "next"))
    assert ids_of(by_skip) == expected
    assert ids_of(by_cursor) == expected
    assert [len(answer.json) for answer in by_skip] == [len(answer.json) for answer in by_cursor]
    assert {answer.headers["X-Total-Count"] for answer in by_skip} == {str(len(expected))}
    assert all("X-Total-Count" not in answer.headers for answer in by_cursor)

    first = links_of(by_skip[0])
    assert first.keys() == ({"next", "last"} if len(expected) > limit else set())
    back = list(walk(client, first.get("last", f"{path}?limit={limit}"), "prev"))
    assert [answer.json for answer in back] == [answer.json for answer in reversed(by_skip)]
    for answer in by_skip[1:]:
        assert client.get(links_of(answer)["first"]).json == by_skip[0].json


@settings(max_examples=12)
@given(distances=moments, limit=limits)
@example(distances=[1, 1, 1, 1], limit=2)
@example(distances=[], limit=1)
@example(distances=[0, 0, 0], limit=3)
def test_orders_are_each_met_once_newest_first(shop: Engine, staff: Client, distances: list[int], limit: int) -> None:
    check_both_ways(staff, "/orders", limit, put_orders(distances))


@settings(max_examples=12)
@given(count=st.integers(0, 13), limit=limits)
@example(count=12, limit=6)
def test_products_are_each_met_once_by_id(client: Client, count: int, limit: int) -> None:
    check_both_ways(client, "/products", limit, put_products(count, make_center()))


@settings(max_examples=15)
@given(count=st.integers(0, 9), limit=limits, skip=st.integers(0, 12))
def test_any_start_leads_to_both_ends(client: Client, count: int, limit: int, skip: int) -> None:
    ids = put_products(count, make_center())
    start = f"/products?limit={limit}&skip={skip}"
    assert ids_of(walk(client, start, "next")) == ids[skip:]
    back = list(walk(client, start, "prev"))
    before = {row for answer in back[1:] for row in ids_of([answer])}
    assert set(ids[:skip]) <= before | set(ids_of([back[0]]))
    assert "prev" not in links_of(back[-1])
    last = links_of(client.get(start)).get("last")
    if last:
        end = client.get(last)
        assert ids_of([end])[-1] == ids[-1]
        assert "next" not in links_of(end)


def test_from_behind_the_end_the_way_back_is_one_step(client: Client) -> None:
    ids = put_products(5, make_center())
    answer = client.get("/products?limit=2&skip=1000000")
    assert answer.json == []
    assert answer.headers["X-Total-Count"] == "5"
    assert ids_of([client.get(links_of(answer)["prev"])]) == ids[4:]


def test_links_keep_the_filters_and_the_stage(client: Client) -> None:
    for _ in range(3):
        make_product(category="Jeans & Co", brand="Müller")
        make_product(category="Socks")
    answer = client.get("/products?limit=2&category=jeans%20%26&brand=m%C3%BC")
    target = urlsplit(links_of(answer)["next"])
    assert parse_qs(target.query) == {"limit": ["2"], "category": ["jeans &"], "brand": ["mü"], "skip": ["2"]}
    assert len(client.get(links_of(answer)["next"]).json) == 1
    cursor = client.get("/products?limit=2&category=jeans&after=")
    assert len(client.get(links_of(cursor)["next"]).json) == 1


def test_the_cursor_of_the_header_and_that_of_the_link_are_one(client: Client) -> None:
    put_products(3, make_center())
    answer = client.get("/products?limit=2&after=")
    (cursor,) = parse_qs(urlsplit(links_of(answer)["next"]).query)["after"]
    assert cursor == answer.headers["X-Next-Cursor"]
    end = client.get(f"/products?limit=2&after={cursor}")
    assert "X-Next-Cursor" not in end.headers
    assert links_of(end) == {}


def test_one_may_go_over_from_skip_to_cursor(client: Client) -> None:
    ids = put_products(5, make_center())
    first = client.get("/products?limit=2")
    rest = walk(client, f"/products?limit=2&after={first.headers['X-Next-Cursor']}", "next")
    assert ids_of([first]) + ids_of(rest) == ids


def test_rows_that_come_in_meanwhile_neither_repeat_nor_hide_others(staff: Client) -> None:
    ids = put_orders([0, 0, 1, 1, 2, 2])
    newer, older = NOON + timedelta(days=1), NOON - timedelta(days=1)
    seen: list[int] = []
    late: list[int] = []
    for answer in walk(staff, "/orders?limit=2&after=", "next"):
        seen += ids_of([answer])
        if len(late) < 3:
            make_order(None, created_at=newer)  # in front of all
            late.append(make_order(None, created_at=older))  # still to come
    assert seen == [*ids, *reversed(late)]


def test_rows_that_are_deleted_meanwhile_hide_no_others(client: Client) -> None:
    ids = put_products(6, make_center())
    first = client.get("/products?limit=3&after=")
    with transaction() as connection:
        connection.execute(delete(tables.products).where(tables.products.c.id.in_(ids[:3])))
    assert ids_of([client.get(links_of(first)["next"])]) == ids[3:]


def test_a_page_by_cursor_counts_nothing(client: Client, shop: Engine) -> None:
    put_products(9, make_center())
    with counted_statements(shop) as statements:
        client.get("/products?limit=2&after=")
    assert len(statements) == 1
    assert "count" not in statements[0].lower()


# --- bounds ------------------------------------------------------------------------------------------------------

LISTS = ["/products", "/distribution-centers", "/users", "/orders", "/accounts", "/imports"]


@pytest.mark.parametrize(
    "query",
    [
        f"limit={MAX_LIMIT + 1}",
        "limit=-1",
        "skip=-1",
        "limit=ten",
        "limit=",
        "limit=1.5",
        "skip=99999999999999999999",
        "after=!",
        "after=%00",
        "after=" + "A" * 201,
        "offset=1",
        "limit=1&limit=2",
    ],
)
def test_what_is_out_of_bounds_is_refused_by_every_list(client: Client, query: str) -> None:
    admin = signed_in(Role.ADMIN)
    for path in LISTS:
        answer = admin.get(f"{path}?{query}")
        assert answer.status == 422, path
        assert answer.json["errors"][0]["location"].startswith("query")


@pytest.mark.parametrize("path", LISTS)
def test_the_longest_page_none_at_all_and_a_huge_skip_are_fine(client: Client, path: str) -> None:
    admin = signed_in(Role.ADMIN)
    make_order(make_customer(), (make_product(), 100))
    assert admin.get(f"{path}?limit={MAX_LIMIT}").status == 200
    for query in ("limit=0", "skip=1000000000", "limit=0&after=", "limit=0&skip=3"):
        answer = admin.get(f"{path}?{query}")
        assert (answer.status, answer.json) == (200, [])
        assert "next" not in links_of(answer)


def test_no_rows_wanted_still_tells_how_many_there_are(client: Client) -> None:
    put_products(3, make_center())
    answer = client.get("/products?limit=0")
    assert (answer.json, answer.headers["X-Total-Count"]) == ([], "3")
    for query in ("limit=0", "limit=0&skip=2"):
        assert links_of(client.get(f"/products?{query}")) == {}


def test_a_page_is_a_hundred_rows_unless_told(client: Client) -> None:
    put_products(101, make_center())
    assert len(client.get("/products").json) == 100


# --- cursors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "0",
        "0" * 15,
        "0" * 17,
        "0" * 48,
        "8" + "0" * 15,  # greater than any id
        "0" * 15 + "A",
        "0" * 15 + "g",
        "-" + "0" * 15,
        "0" * 8 + "%20" + "0" * 7,
    ],
)
def test_a_cursor_that_was_not_given_is_refused(staff: Client, cursor: str) -> None:
    for path in ("/products", "/orders"):
        answer = staff.get(f"{path}?after={cursor}")
        assert answer.status == 422
        assert answer.json["errors"][0]["location"] == "query.after"


def test_the_cursor_of_another_list_is_refused(staff: Client) -> None:
    put_products(2, make_center())
    put_orders([0, 1])
    of_products = staff.get("/products?limit=1&after=").headers["X-Next-Cursor"]
    of_orders = staff.get("/orders?limit=1&after=").headers["X-Next-Cursor"]
    assert staff.get(f"/orders?after={of_products}").status == 422
    assert staff.get(f"/products?after={of_orders}").status == 422


times = st.datetimes(timezones=st.just(UTC))


@given(st.tuples(times, st.integers(0, MAX_ID)))
def test_a_cursor_brings_its_key_back(key: tuple[datetime, int]) -> None:
    cursor = encode_cursor(key)
    assert TimelineQuery(after=cursor).page().after == key


def test_skip_counts_from_the_cursor(client: Client) -> None:
    ids = put_products(5, make_center())
    cursor = client.get("/products?limit=2").headers["X-Next-Cursor"]
    answer = client.get(f"/products?limit=1&skip=1&after={cursor}")
    assert ids_of([answer]) == ids[3:4]
    assert ids_of([client.get(links_of(answer)["next"])]) == ids[4:]


def test_an_empty_cursor_is_the_beginning() -> None:
    assert TimelineQuery(after="").page().after == ()
    assert PageQuery(after="").page() == PageRequest(limit=100, after=())
    assert PageQuery().page().after is None


@pytest.mark.parametrize("query", [PageQuery, TimelineQuery])
@given(data=st.data())
def test_every_cursor_of_the_documented_form_is_a_position(query: type[PageQuery], data: st.DataObject) -> None:
    pattern = api_pattern(query)
    key = query(after=data.draw(st.from_regex(pattern, fullmatch=True))).page().after
    assert key == () or [type(part) for part in key or ()] == list(query.key_types)


def api_pattern(query: type[PageQuery]) -> str:
    """Return the pattern that the API document gives for `after`."""
    options = query.model_json_schema()["properties"]["after"]["anyOf"]
    return next(str(option["pattern"]) for option in options if "pattern" in option)


@given(st.text(max_size=40))
def test_a_cursor_of_another_form_is_bad_input(cursor: str) -> None:
    for query in (PageQuery, TimelineQuery):
        try:
            query(after=cursor).page()
        except ValidationError:
            continue
        assert re.fullmatch("([0-7][0-9a-f]{15}){0,2}", cursor)


# --- headers -----------------------------------------------------------------------------------------------------


def test_a_page_in_the_middle_has_links_to_all_sides() -> None:
    page = Page(["row"], PageRequest(limit=10, skip=20), total=55)
    header = paging_headers(page, "/api/things", {"skip": ["20"], "limit": ["10"], "word": ["a b"]})["Link"]
    found = {relation: target for target, relation in re.findall(r'<([^>]*)>; rel="([^"]*)"', header)}
    common = "/api/things?limit=10&word=a+b"
    assert found == {
        "next": f"{common}&skip=30",
        "last": f"{common}&skip=50",
        "prev": f"{common}&skip=10",
        "first": common,
    }


def test_a_page_keeps_its_place_when_its_rows_are_presented() -> None:
    page = Page([1, 2], PageRequest(limit=2, skip=4), total=9, next_key=(2,))
    assert page.with_items(["one", "two"]) == Page(["one", "two"], PageRequest(limit=2, skip=4), 9, (2,))
