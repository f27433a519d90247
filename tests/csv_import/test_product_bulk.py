"""Many products by a CSV file: exported, edited, previewed, applied as it was previewed."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, func, select

from chalicelib.commerce.tables import product_changes, products
from chalicelib.core.auth import Role
from chalicelib.core.database import read, transaction
from chalicelib.csv_import import product_bulk
from chalicelib.events.tables import outbox_events
from tests.client import Answer, Client
from tests.factories import client_of, make_center, make_product

HEADER = (
    "id,cost,category,name,brand,retail_price,department,sku,distribution_center_id,status,description,image_alt,"
)
HEADER += "low_stock_level,version"


@pytest.fixture
def staff(client: Client) -> Client:
    return client_of(Role.STAFF)


def sheet(*rows: dict[str, Any]) -> str:
    """Return a file of rows that have the same columns."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def preview(client: Client, text: str) -> Any:
    answer = client.post("/products/bulk/preview", {"csv": text})
    assert answer.status == 200
    return answer.json


def apply(client: Client, text: str, fingerprint: str | None = None) -> Answer:
    return client.post(
        "/products/bulk/apply", {"csv": text, "fingerprint": fingerprint or preview(client, text)["fingerprint"]}
    )


def all_products() -> list[Any]:
    with read() as connection:
        return list(connection.execute(select(products).order_by(products.c.id)))


def counts(answer: Any) -> tuple[int, int, int, int]:
    return answer["create"], answer["update"], answer["unchanged"], answer["error"]


def code(answer: Answer) -> str:
    return str(answer.json["type"]).rpartition(":")[2]


# --- out ---------------------------------------------------------------------------------------------------------


def test_an_export_has_every_column_and_every_product(staff: Client) -> None:
    center_id = make_center()
    first = make_product(
        cost_cents=2000,
        category="Jeans",
        name='Slim, "blue"',
        brand="=cmd|' /C calc'!A0",
        retail_price_cents=4950,
        department=None,
        sku="+1",
        distribution_center_id=center_id,
        description="two\nlines",
        low_stock_level=0,
        status="draft",
    )
    second = make_product(name="\N{SNOWMAN}", brand=None, sku="A1", distribution_center_id=center_id, version=7)
    answer = staff.get("/products/export")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "X-Next-Cursor" not in answer.headers
    assert answer.text == (
        f"{HEADER}\r\n"
        f'{first},20.00,Jeans,"Slim, ""blue""",\'=cmd|\' /C calc\'!A0,49.50,,\'+1,{center_id},draft,'
        '"two\nlines",,0,1\r\n'
        f"{second},20.00,Jeans,\N{SNOWMAN},,49.50,Women,A1,{center_id},published,,,,7\r\n"
    )
    assert staff.get("/products/export?status=draft").text.count("\r\n") == 2


def test_an_export_is_followed_by_its_cursor_to_the_end(staff: Client) -> None:
    center_id = make_center()
    ids = [make_product(distribution_center_id=center_id) for _ in range(5)]
    seen: list[int] = []
    cursor: str | None = "0"
    while cursor is not None:
        answer = staff.get(f"/products/export?limit=2&after={cursor}")
        seen += [int(row["id"]) for row in csv.DictReader(io.StringIO(answer.text))]
        cursor = answer.headers.get("X-Next-Cursor")
    assert seen == ids


def test_a_page_of_an_export_fits_into_one_request_back(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    center_id = make_center()
    ids = [make_product(description="\N{SNOWMAN}" * 10_000, distribution_center_id=center_id) for _ in range(16)]
    first = staff.get("/products/export")
    assert first.headers["X-Next-Cursor"] == str(ids[13]), "14 of 60,000 characters in JSON are below 900,000"
    assert counts(preview(staff, first.text)) == (0, 0, 14, 0)
    rest = staff.get(f"/products/export?after={ids[13]}")
    assert [int(row["id"]) for row in csv.DictReader(io.StringIO(rest.text))] == ids[14:]
    monkeypatch.setattr(product_bulk, "_CHUNK", 1)
    assert staff.get("/products/export").text == first.text


def test_an_empty_shop_exports_the_header(staff: Client) -> None:
    assert staff.get("/products/export").text == f"{HEADER}\r\n"


# --- and back ----------------------------------------------------------------------------------------------------

NASTY = st.text(
    st.one_of(
        st.sampled_from(list("=+-@'\"\t\r\n,;| \\N\ufeff\xa0\uff1d")),
        st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"),
    ),
    max_size=12,
)


@given(text=NASTY, name=NASTY, alt=st.none() | NASTY)
@example(text="NULL", name="\\N", alt="null")
@example(text="", name="'=1", alt=" padded ")
@example(text="\r\n", name="=1", alt="")
@hypothesis_settings(max_examples=60)
def test_an_export_comes_back_without_a_change(shop: Engine, text: str, name: str, alt: str | None) -> None:
    with transaction() as connection:
        connection.execute(delete(products))
    center_id = make_center()
    for number in range(2):
        make_product(
            description=text, name=name, image_alt=alt, brand=alt, sku=f"S{number}", distribution_center_id=center_id
        )
    with read() as connection:
        exported, _ = product_bulk.export(connection, after=0, status=None, limit=10)
        for variant in (exported, "\ufeff" + exported):
            plan = product_bulk.preview(connection, variant)
            assert [row.action for row in plan.rows] == ["unchanged", "unchanged"]
            assert plan.fingerprint is not None


def test_an_edited_cell_is_the_only_difference(staff: Client) -> None:
    product_id = make_product(brand="=x", description="a\nb", low_stock_level=3)
    other = make_product()
    text = staff.get("/products/export").text.replace("49.50", "44.9", 1)
    seen = preview(staff, text)
    assert counts(seen) == (0, 1, 1, 0)
    assert seen["differences"] == [
        {
            "line": 2,
            "action": "update",
            "product_id": product_id,
            "changes": [{"field": "retail_price", "old": "49.50", "new": "44.90"}],
            "errors": [],
        }
    ]
    before = all_products()
    assert apply(staff, text).json == {"created": 0, "updated": 1, "unchanged": 1, "created_ids": []}
    after = all_products()
    stamped = {"version": 2, "updated_at": after[0].updated_at, "retail_price_cents": 4490}
    assert dict(after[0]._mapping) == dict(before[0]._mapping) | stamped
    assert after[1] == before[1]
    assert staff.get(f"/products/{other}/history").json == []
    [entry] = staff.get(f"/products/{product_id}/history").json
    assert (entry["field"], entry["old"], entry["new"]) == ("retail_price", "49.50", "44.90")


def test_spellings_of_the_same_value_are_no_difference(staff: Client) -> None:
    product_id = make_product(retail_price_cents=4950, status="published", low_stock_level=3)
    text = sheet({"id": f"{product_id}.0", "retail_price": "49.5", "status": "Published", "low_stock_level": "3.0"})
    assert counts(preview(staff, text)) == (0, 0, 1, 0)


def test_an_empty_cell_clears_and_a_missing_column_stays(staff: Client) -> None:
    product_id = make_product(brand="Levi", department="Women", description="text", low_stock_level=1)
    assert apply(staff, sheet({"id": product_id, "brand": "", "low_stock_level": ""})).status == 200
    [row] = all_products()
    assert (row.brand, row.brand_key, row.low_stock_level) == (None, None, None)
    assert (row.department, row.description) == ("Women", "text")


def test_rows_without_an_id_become_products(staff: Client) -> None:
    center_id = make_center()
    rows = [
        {"id": "", "name": "'=Scarf", "category": "Scarves", "sku": sku, "cost": "1", "retail_price": "2.50",
         "distribution_center_id": center_id, "status": status}
        for sku, status in [("B", "published"), ("A", "")]
    ]  # fmt: skip
    assert counts(preview(staff, sheet(*rows))) == (2, 0, 0, 0)
    done = apply(staff, sheet(*rows)).json
    by_sku = {row.sku: row for row in all_products()}
    assert done["created_ids"] == [by_sku["B"].id, by_sku["A"].id]
    made = by_sku["B"]
    assert (made.name, made.category_key, made.retail_price_cents, made.version) == ("=Scarf", "scarves", 250, 1)
    assert (made.status, by_sku["A"].status) == ("published", "draft")
    with read() as connection:
        assert connection.scalar(select(func.count()).select_from(outbox_events)) == 2


# --- what is refused ---------------------------------------------------------------------------------------------


def errors_of(seen: Any) -> list[tuple[int, str, str]]:
    return [(row["line"], error["column"], error["reason"]) for row in seen["differences"] for error in row["errors"]]


def test_each_row_that_cannot_be_taken_says_why(staff: Client) -> None:
    open_center, closed = make_center(), make_center()
    assert staff.post(f"/distribution-centers/{closed}/archive", if_match="*").status == 200
    ids = [make_product(sku=f"OLD{number}", distribution_center_id=open_center) for number in range(7)]
    archived = make_product(status="archived", sku="ARCHIVED", distribution_center_id=closed)
    columns = ("id", "name", "sku", "retail_price", "distribution_center_id", "status", "version")
    rows = [
        (ids[0], "", "OLD0", "1", open_center, "draft", 1),
        (ids[1], "n", "OLD0", "1", open_center, "draft", 1),
        (ids[2], "n", "OLD2", "0", open_center, "published", 1),
        (ids[3], "n", "OLD3", "1", closed, "draft", 1),
        (ids[4], "n", "OLD4", "1", open_center, "sold", 1),
        (ids[5], "n", "OLD5", "1", open_center, "draft", 2),
        (ids[5], "n", "OLD5", "1", open_center, "draft", 1),
        (999_999, "n", "NEW", "1", open_center, "draft", ""),
        (archived, "n", "ARCHIVED", "1", open_center, "published", ""),
        ("x", "n", "NEW2", "1", open_center, "draft", ""),
        (ids[6], "n", "SAME", "1", open_center, "draft", ""),
        (ids[6] + 10_000, "n", "SAME", "1", open_center, "draft", ""),
    ]
    seen = preview(staff, sheet(*(dict(zip(columns, row, strict=True)) for row in rows)))
    assert seen["fingerprint"] is None
    assert [(line, column) for line, column, _ in errors_of(seen)] == [
        (2, "name"),
        (3, "sku"),
        (4, "retail_price"),
        (5, "distribution_center_id"),
        (6, "status"),
        (7, "version"),
        (8, "id"),
        (8, "sku"),
        (9, "id"),
        (10, "status"),
        (11, "id"),
        (13, "id"),
        (13, "sku"),
    ]
    assert counts(seen) == (0, 1, 0, 11)
    reasons = [reason for _, _, reason in errors_of(seen)]
    assert reasons[1] == f"belongs to product {ids[0]}"
    assert reasons[5] == "is not the present one, 1: somebody has changed the product since"


def test_a_new_product_needs_all_that_a_product_has(staff: Client) -> None:
    seen = preview(staff, sheet({"name": "Scarf", "sku": "A"}))
    assert errors_of(seen) == [
        (2, name, "is required for a new product")
        for name in ("cost", "category", "retail_price", "distribution_center_id")
    ]


def test_a_file_that_cannot_be_read_is_an_error_of_its_line(staff: Client) -> None:
    seen = preview(staff, "id,price\r\n1,2\r\n")
    assert counts(seen) == (0, 0, 0, 1)
    [(line, column, reason)] = errors_of(seen)
    assert (line, column) == (1, "price")
    assert reason.startswith("is no column of products")
    assert seen["fingerprint"] is None


def test_errors_are_shown_first_and_five_hundred_rows_at_most(staff: Client) -> None:
    center_id = make_center()
    rows = [
        {"id": make_product(sku=f"S{at}", distribution_center_id=center_id), "name": f"new {at}"} for at in range(3)
    ]
    text = sheet(*rows, {"id": rows[0]["id"], "name": "twice"})
    assert [row["line"] for row in preview(staff, text)["differences"]] == [5, 2, 3, 4]
    many = "id,name\r\n" + "0,x\r\n" * 501
    seen = preview(staff, many)
    assert (seen["error"], len(seen["differences"]), seen["truncated"]) == (501, 500, True)


# --- all or nothing ----------------------------------------------------------------------------------------------


def test_a_row_that_went_bad_since_the_preview_keeps_the_whole_file_out(staff: Client) -> None:
    center_id = make_center()
    product_id = make_product(distribution_center_id=center_id)
    common = {"category": "c", "cost": "1", "retail_price": "1", "distribution_center_id": center_id}
    text = sheet(
        {"id": product_id, "name": "changed", "sku": "S1", **common},
        {"id": "", "name": "new", "sku": "S2", **common},
    )
    fingerprint = preview(staff, text)["fingerprint"]
    rival = make_product(sku="S2", distribution_center_id=center_id)
    before = all_products()
    answer = apply(staff, text, fingerprint)
    assert (answer.status, code(answer)) == (409, "sheet-refused")
    assert [(e["location"], e["message"]) for e in answer.json["errors"]] == [
        ("line 3", f"sku belongs to product {rival}")
    ]
    assert all_products() == before
    with read() as connection:
        assert connection.scalar(select(func.count()).select_from(product_changes)) == 0


def test_a_product_that_was_changed_since_the_preview_keeps_the_file_out_and_is_named(staff: Client) -> None:
    center_id = make_center()
    ids = [make_product(distribution_center_id=center_id) for _ in range(3)]
    text = sheet(*({"id": each, "brand": "New"} for each in ids))
    fingerprint = preview(staff, text)["fingerprint"]
    assert staff.patch(f"/products/{ids[1]}", {"name": "moved"}, if_match="*").status == 200
    before = all_products()
    answer = apply(staff, text, fingerprint)
    assert (answer.status, code(answer)) == (409, "preview-stale")
    message = f"product {ids[1]} is at version 2, the preview has shown version 1"
    assert [(e["location"], e["message"]) for e in answer.json["errors"]] == [("line 3", message)]
    assert all_products() == before
    assert apply(staff, text).json["updated"] == 3


@pytest.mark.parametrize(
    "fingerprint", ["0" * 32 + ".AAAA", "{hash}.AAAA", "{hash}.eJyLjgUAARUAuQ", "{hash}.eJwzBAAAMgAy"]
)
def test_a_fingerprint_of_another_file_applies_nothing(staff: Client, fingerprint: str) -> None:
    text = sheet({"id": make_product(), "brand": "New"})
    good = preview(staff, text)["fingerprint"]
    before = all_products()
    answer = apply(staff, text, fingerprint.replace("{hash}", good.partition(".")[0]))
    assert (answer.status, code(answer)) == (409, "not-previewed")
    assert code(apply(staff, text.replace("New", "Newer"), good)) == "not-previewed"
    assert all_products() == before


def test_a_file_is_applied_once(staff: Client) -> None:
    text = sheet({"id": make_product(), "brand": "New"})
    fingerprint = preview(staff, text)["fingerprint"]
    assert apply(staff, text, fingerprint).status == 200
    assert code(apply(staff, text, fingerprint)) == "preview-stale"
    assert [row.version for row in all_products()] == [2]


def test_of_two_files_about_the_same_products_one_is_applied(shop: Engine, staff: Client) -> None:
    center_id = make_center()
    ids = [make_product(distribution_center_id=center_id) for _ in range(10)]
    # In opposite orders: whoever locks by the order of its file would wait for the other for ever.
    texts = [
        sheet(*({"id": each, "brand": brand} for each in order)) for brand, order in (("A", ids), ("B", ids[::-1]))
    ]
    fingerprints = [preview(staff, text)["fingerprint"] for text in texts]
    start = Barrier(2)

    def go(at: int) -> int:
        start.wait()
        return apply(staff, texts[at], fingerprints[at]).status

    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(go, range(2)))
    assert sorted(statuses) == [200, 409]
    assert {row.brand for row in all_products()} == {"AB"[statuses.index(200)]}


def test_a_preview_changes_nothing(staff: Client) -> None:
    text = sheet({"id": make_product(), "brand": "New"})
    before = all_products()
    preview(staff, text)
    assert all_products() == before


def test_too_long_a_file_is_refused(staff: Client) -> None:
    assert staff.post("/products/bulk/preview", {"csv": "x" * 1_000_001}).status == 413
