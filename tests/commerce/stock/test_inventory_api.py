"""Managing stock: what comes in, leaves, moves and is counted, and what the books then say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text

from chalicelib.commerce.stock import stock
from chalicelib.core.auth import Role
from chalicelib.core.database import run, transaction
from tests.client import Answer, Client
from tests.commerce.stock.test_stock import SAID, events, take
from tests.commerce.stock.test_stock_races import at_once
from tests.commerce.stock_checks import assert_stock_adds_up, levels
from tests.factories import (
    NOON,
    client_of,
    counted_statements,
    make_center,
    make_item,
    make_order,
    make_product,
    make_stock,
)


@pytest.fixture
def staff(client: Client) -> Client:
    return client_of(Role.STAFF)


def send(client: Client, noun: str, status: int = 201, **body: Any) -> Any:
    answer = client.post(f"/inventory/{noun}", body)
    assert answer.status == status, answer.text
    return answer.json


def at(center_id: int, product_id: int, **rest: Any) -> dict[str, Any]:
    return {"product_id": product_id, "distribution_center_id": center_id, **rest}


def counters(**given: int) -> dict[str, int]:
    names = ("received", "transferred", "free", "reserved", "sold", "written_off")
    return dict.fromkeys(names, 0) | given


def ledger(client: Client, query: str = "") -> list[tuple[Any, ...]]:
    names = ("kind", "from_state", "to_state", "units", "distribution_center_id", "reason", "reference", "actor")
    rows = client.get(f"/inventory/movements?{query}").json
    return [tuple(row[name] for name in names) for row in rows]


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["type"].rpartition(":")[2]


def test_received_units_are_free_and_keep_what_the_product_was(staff: Client) -> None:
    center = make_center()
    product = make_product(name="Slim Jeans", sku="SJ-1", brand=None, cost_cents=2000, retail_price_cents=4950)
    body = at(center, product, quantity=3, cost=12.34, reference="delivery 4711", note="two boxes")
    answer = send(staff, "receipts", **body)
    assert answer == {
        "product_id": product,
        "quantity": 3,
        "levels": [at(center, product, **counters(received=3, free=3))],
    }
    units = staff.get(f"/inventory/items?product_id={product}").json
    assert [(unit["state"], unit["cost"], unit["distribution_center_id"]) for unit in units] == [
        ("free", 12.34, center)
    ] * 3
    whole = staff.get(f"/inventory/items/{units[0]['id']}").json
    assert (whole["product_name"], whole["product_sku"], whole["product_brand"]) == ("Slim Jeans", "SJ-1", None)
    assert whole["product_retail_price"] == 49.5
    [entry] = ledger(staff)
    assert entry[:-1] == ("received", "outside", "free", 3, center, "two boxes", "delivery 4711")
    assert entry[-1].startswith("staff")
    assert_stock_adds_up()


def test_units_cost_what_the_product_costs_when_nothing_is_said(staff: Client) -> None:
    product = make_product(cost_cents=2001)
    send(staff, "receipts", **at(make_center(), product, quantity=1))
    assert Decimal(str(staff.get("/inventory/items").json[0]["cost"])) == Decimal("20.01")


def test_ten_thousand_units_come_in_at_once_and_not_one_more(staff: Client) -> None:
    center, product = make_center(), make_product()
    answer = send(staff, "receipts", **at(center, product, quantity=10_000))
    assert answer["levels"][0]["free"] == 10_000
    for quantity in (0, -1, 10_001, 1.5, "3"):
        send(staff, "receipts", 422, **at(center, product, quantity=quantity))
    gone = send(staff, "adjustments", **at(center, product, quantity=-10_000, reason="lost"))
    assert gone["levels"] == [at(center, product, **counters(received=10_000, written_off=10_000))]
    assert_stock_adds_up()


def test_units_are_written_off_and_found(staff: Client) -> None:
    center, product = make_center(), make_product()
    make_stock(product, 5, center_id=center)
    less = send(staff, "adjustments", **at(center, product, quantity=-2, reason="damaged", note="water"))
    assert less["levels"] == [at(center, product, **counters(received=5, free=3, written_off=2))]
    more = send(staff, "adjustments", **at(center, product, quantity=4, reason="found"))
    assert (more["quantity"], more["levels"]) == (
        4,
        [at(center, product, **counters(received=9, free=7, written_off=2))],
    )
    assert [entry[:6] for entry in ledger(staff)[:2]] == [
        ("adjusted", "outside", "free", 4, center, "found"),
        ("adjusted", "free", "written_off", 2, center, "damaged: water"),
    ]
    assert_stock_adds_up()


@pytest.mark.parametrize(
    ("quantity", "reason"), [(1, "damaged"), (1, "lost"), (1, "stolen"), (1, "expired"), (-1, "found")]
)
def test_a_reason_that_does_not_fit_is_refused(staff: Client, quantity: int, reason: str) -> None:
    product, center = make_product(), make_center()
    make_stock(product, 2, center_id=center)
    answer = staff.post("/inventory/adjustments", at(center, product, quantity=quantity, reason=reason))
    assert code(answer) == (409, "wrong-reason")
    for good in ("count", "other"):
        send(staff, "adjustments", **at(center, product, quantity=quantity, reason=good))


def test_an_adjustment_by_nothing_is_none(staff: Client) -> None:
    send(staff, "adjustments", 422, **at(make_center(), make_product(), quantity=0, reason="other"))


def test_only_free_units_are_written_off_or_moved(staff: Client) -> None:
    center, other, product = make_center(), make_center(), make_product()
    make_stock(product, 3, center_id=center)
    take({product: 2})
    before = levels()
    answer = staff.post("/inventory/adjustments", at(center, product, quantity=-2, reason="lost"))
    assert code(answer) == (409, "not-enough-free")
    assert "1 are free" in answer.json["detail"]
    route = {"from_distribution_center_id": center, "to_distribution_center_id": other}
    moved = staff.post("/inventory/transfers", {"product_id": product, "quantity": 2, **route})
    assert code(moved) == (409, "not-enough-free")
    assert levels() == before
    send(staff, "transfers", product_id=product, quantity=1, **route)
    assert_stock_adds_up()


def test_a_transfer_leaves_one_center_and_reaches_the_other(staff: Client) -> None:
    here, there, product = make_center(), make_center(), make_product()
    made = make_stock(product, 5, center_id=here)
    answer = send(
        staff,
        "transfers",
        product_id=product,
        from_distribution_center_id=here,
        to_distribution_center_id=there,
        quantity=2,
        reference="lorry 3",
        note="for the sale",
    )
    assert answer["levels"] == [
        at(here, product, **counters(received=5, transferred=-2, free=3)),
        at(there, product, **counters(transferred=2, free=2)),
    ]
    assert sorted(entry[:7] for entry in ledger(staff, "kind=transferred")) == [
        ("transferred", "free", "transit", 2, here, "for the sale", "lorry 3"),
        ("transferred", "transit", "free", 2, there, "for the sale", "lorry 3"),
    ]
    moved = staff.get(f"/inventory/items?distribution_center_id={there}").json
    assert [unit["id"] for unit in moved] == made[:2], "the oldest"
    assert_stock_adds_up()


def test_a_transfer_needs_two_centers(staff: Client) -> None:
    center, product = make_center(), make_product()
    make_stock(product, 1, center_id=center)
    route = {"from_distribution_center_id": center, "to_distribution_center_id": center}
    answer = staff.post("/inventory/transfers", {"product_id": product, "quantity": 1, **route})
    assert code(answer) == (409, "same-center")


@pytest.mark.parametrize(
    ("counted", "difference", "after"),
    [
        (7, 2, counters(received=7, free=5, reserved=2)),
        (5, 0, counters(received=5, free=3, reserved=2)),
        (2, -3, counters(received=5, reserved=2, written_off=3)),
    ],
)
def test_a_count_books_the_difference(staff: Client, counted: int, difference: int, after: dict[str, int]) -> None:
    center, product = make_center(), make_product()
    make_stock(product, 5, center_id=center)
    take({product: 2})
    answer = send(staff, "counts", **at(center, product, counted=counted, note="shelf 4"))
    assert answer == {"product_id": product, "quantity": difference, "levels": [at(center, product, **after)]}
    booked = [entry[3:6] for entry in ledger(staff, "kind=counted")]
    assert booked == ([(abs(difference), center, "count: shelf 4")] if difference else [])
    assert_stock_adds_up()


def test_a_count_of_what_was_never_there(staff: Client) -> None:
    center, product = make_center(), make_product()
    assert send(staff, "counts", **at(center, product, counted=0))["levels"] == [at(center, product, **counters())]
    assert send(staff, "counts", **at(center, product, counted=2))["quantity"] == 2
    assert_stock_adds_up()


def test_a_count_does_not_take_away_what_is_reserved(staff: Client) -> None:
    center, product = make_center(), make_product()
    make_stock(product, 3, center_id=center)
    take({product: 2})
    answer = staff.post("/inventory/counts", at(center, product, counted=1))
    assert code(answer) == (409, "not-enough-free")
    assert "2 units are missing, but only 1 are free" in answer.json["detail"]


@pytest.mark.parametrize("noun", ["receipts", "adjustments", "counts", "transfers"])
def test_nothing_comes_into_a_center_that_is_archived_or_not_there(staff: Client, noun: str) -> None:
    archived, open_, product = make_center(archived_at=NOON), make_center(), make_product()
    make_stock(product, 2, center_id=open_)
    bodies: dict[str, dict[str, Any]] = {
        "receipts": {"quantity": 1},
        "adjustments": {"quantity": 1, "reason": "found"},
        "counts": {"counted": 1},
        "transfers": {"quantity": 1},
    }

    def into(center_id: int, product_id: int) -> Answer:
        where = at(center_id, product_id)
        if noun == "transfers":
            where = {
                "product_id": product_id,
                "from_distribution_center_id": open_,
                "to_distribution_center_id": center_id,
            }
        return staff.post(f"/inventory/{noun}", where | bodies[noun])

    assert code(into(archived, product)) == (409, "center-archived")
    assert code(into(10**9, product)) == (404, "not-found")
    assert code(into(make_center(), 10**9)) == (404, "not-found")
    assert len(levels()) == 1


def test_an_archived_center_can_be_emptied(staff: Client) -> None:
    product, center, other = make_product(), make_center(), make_center()
    make_stock(product, 3, center_id=center)
    with transaction() as connection:
        connection.execute(
            text("UPDATE distribution_centers SET archived_at = :at WHERE id = :id"),
            {"at": "2026-03-01 12:00:00.000000", "id": center},
        )
    send(staff, "adjustments", **at(center, product, quantity=-1, reason="expired"))
    route = {"from_distribution_center_id": center, "to_distribution_center_id": other}
    send(staff, "transfers", product_id=product, quantity=2, **route)
    assert levels()[product, center]["free"] == 0


def test_a_write_off_that_makes_a_product_low_tells_it(staff: Client) -> None:
    product, center = make_product(low_stock_level=1), make_center()
    make_stock(product, 3, center_id=center)
    send(staff, "adjustments", **at(center, product, quantity=-2, reason="lost"))
    assert events() == [("stock.low", f"product:{product}", {"product_id": product, "free": 1})]


def test_the_stock_of_a_product_is_shown_in_all_and_by_center(staff: Client) -> None:
    one, two, product = make_center(), make_center(), make_product(low_stock_level=3)
    make_stock(product, 1, center_id=one)
    make_stock(product, 4, center_id=two)
    take({product: 2})
    shown = staff.get(f"/products/{product}/stock").json
    assert shown == {
        "product_id": product,
        "low_stock_level": 3,
        "low": True,
        **counters(received=5, free=3, reserved=2),
        "centers": [
            at(one, product, **counters(received=1, free=1)),
            at(two, product, **counters(received=4, free=2, reserved=2)),
        ],
    }
    bare = staff.get(f"/products/{make_product()}/stock").json
    assert (bare["low_stock_level"], bare["low"], bare["free"], bare["centers"]) == (5, True, 0, [])
    assert staff.get("/products/999999/stock").status == 404


def test_levels_are_listed_by_product_and_center_and_filtered(staff: Client) -> None:
    one, two = make_center(), make_center()
    few, many = make_product(), make_product()
    for product, center, units in ((many, two, 5), (many, one, 1), (few, two, 5)):
        make_stock(product, units, center_id=center)

    def found(query: str) -> list[tuple[int, int]]:
        rows = staff.get(f"/inventory/levels?{query}").json
        return [(row["product_id"], row["distribution_center_id"]) for row in rows]

    assert found("") == [(few, two), (many, one), (many, two)]
    assert found(f"product_id={many}") == [(many, one), (many, two)]
    assert found(f"distribution_center_id={two}") == [(few, two), (many, two)]
    assert found("low=true") == [(few, two)], "five are low; six in two centers are not"
    walked, after = [], ""
    while True:
        answer = staff.get(f"/inventory/levels?limit=1&after={after}")
        walked += [(row["product_id"], row["distribution_center_id"]) for row in answer.json]
        after = answer.headers.get("X-Next-Cursor", "")
        if not after:
            break
    assert walked == [(few, two), (many, one), (many, two)]
    assert staff.get("/inventory/levels?skip=1&limit=1").headers["X-Total-Count"] == "3"


def test_levels_come_as_csv_in_parts(staff: Client) -> None:
    center, first, second = make_center(), make_product(), make_product()
    make_stock(first, 2, center_id=center)
    make_stock(second, 1, center_id=center)
    head = "product_id,distribution_center_id,received,transferred,free,reserved,sold,written_off"
    answer = staff.get("/inventory/levels.csv?limit=1")
    assert answer.text.splitlines() == [head, f"{first},{center},2,0,2,0,0,0"]
    rest = staff.get(f"/inventory/levels.csv?after={answer.headers['X-Next-Cursor']}")
    assert rest.text.splitlines() == [head, f"{second},{center},1,0,1,0,0,0"]
    assert "X-Next-Cursor" not in rest.headers


def test_low_products_come_least_cover_first_with_those_never_in_stock(staff: Client) -> None:
    half, third, none = make_product(low_stock_level=4), make_product(low_stock_level=9), make_product()
    enough, unwatched, archived = make_product(), make_product(low_stock_level=0), make_product(status="archived")
    make_stock(half, 1)
    make_stock(half, 1, center_id=make_center())
    make_stock(third, 3)
    make_stock(enough, 6)
    make_stock(unwatched, 1)
    rows = staff.get("/inventory/low-stock").json
    names = ("product_id", "low_stock_level", "free", "cover")
    assert [tuple(row[name] for name in names) for row in rows] == [
        (none, 5, 0, 0),
        (third, 9, 3, 33),
        (half, 4, 2, 50),
    ]
    assert archived not in [row["product_id"] for row in rows]
    first = staff.get("/inventory/low-stock?after=&limit=2")
    after = first.headers["X-Next-Cursor"]
    rest = staff.get(f"/inventory/low-stock?after={after}").json
    assert [row["product_id"] for row in first.json + rest] == [none, third, half]


def test_units_are_listed_by_product_center_and_state(staff: Client) -> None:
    product, center = make_product(), make_center()
    made = make_stock(product, 3, center_id=center)
    other = make_stock(make_product(), 1)
    take({product: 1})

    def found(query: str) -> list[int]:
        return [row["id"] for row in staff.get(f"/inventory/items?{query}").json]

    assert found("") == made + other
    assert found(f"product_id={product}&state=free") == made[1:]
    assert found(f"distribution_center_id={center}&state=reserved") == made[:1]
    assert staff.get("/inventory/items?state=lost").status == 422


def test_a_unit_shows_its_orders_and_the_entries_made_for_them(staff: Client) -> None:
    product = make_product()
    [unit] = make_stock(product, 1)
    order = make_order(None)
    item = make_item(order, product, 100, inventory_item_id=unit)
    take({product: 1})
    run(lambda c: stock.sell_units(c, [unit], at=NOON, reference=f"order:{order}", actor="robin"), writes=True)
    shown = staff.get(f"/inventory/items/{unit}").json
    assert (shown["state"], shown["sold_at"]) == ("sold", "2026-03-01T12:00:00Z")
    assert [(row["order_id"], row["order_item_id"]) for row in shown["orders"]] == [(order, item)]
    assert [(row["kind"], row["reference"]) for row in shown["movements"]] == [("sold", f"order:{order}")]
    assert staff.get(f"/inventory/items/{unit + 1}").status == 404


def test_the_ledger_is_listed_newest_first_and_filtered(staff: Client) -> None:
    product, other = make_product(), make_product()
    make_stock(other, 1)
    make_stock(product, 2)
    take({product: 1})
    assert [entry[0] for entry in ledger(staff)] == ["reserved", "received", "received"]
    assert [entry[0] for entry in ledger(staff, f"product_id={product}")] == ["reserved", "received"]
    assert [entry[3] for entry in ledger(staff, "kind=received")] == [2, 1]
    assert [entry[0] for entry in ledger(staff, f"reference={SAID['reference']}")] == ["reserved"]
    answer = staff.get("/inventory/movements?after=&limit=2")
    rest = staff.get(f"/inventory/movements?after={answer.headers['X-Next-Cursor']}")
    assert [row["kind"] for row in rest.json] == ["received"]


def test_the_audit_finds_what_does_not_add_up(staff: Client, shop: Engine) -> None:
    one = make_center()
    product, moved, clean = make_product(), make_product(), make_product()
    made = make_stock(product, 3, center_id=one)
    make_stock(moved, 1, center_id=one)
    make_stock(clean, 1, center_id=one)
    assert staff.get("/inventory/audit").json == {"adds_up": True, "differences": []}
    with transaction() as connection:
        connection.execute(text("DELETE FROM inventory_items WHERE id = :id"), {"id": made[0]})
        wrong = "UPDATE stock_levels SET received = 0, transferred = 1 WHERE product_id = :id"
        connection.execute(text(wrong), {"id": moved})
    found = staff.get("/inventory/audit").json
    assert not found["adds_up"]
    assert found["differences"] == [
        {"against": "units", **at(one, product), **counters(free=1)},
        {"against": "ledger", **at(one, moved), **counters(received=-1, transferred=1)},
        {"against": "transfers", "product_id": moved, "distribution_center_id": None, **counters(transferred=1)},
    ]


def test_every_change_asks_the_database_a_bounded_number_of_times(staff: Client, shop: Engine) -> None:
    product, center = make_product(), make_center()
    with counted_statements(shop) as few:
        send(staff, "receipts", **at(center, product, quantity=1))
    with counted_statements(shop) as many:
        send(staff, "receipts", **at(center, product, quantity=50))
    assert len(many) <= len(few)


def test_staff_who_change_the_same_shelf_at_once_leave_it_in_order(shop: Engine) -> None:
    product, one, two = make_product(), make_center(), make_center()
    make_stock(product, 20, center_id=one)
    clients = [client_of(Role.STAFF) for _ in range(8)]
    route = {"from_distribution_center_id": one, "to_distribution_center_id": two}

    def work(number: int) -> set[int]:
        mine, statuses = clients[number % 8], set()
        for turn in range(3):
            ways = [
                ("receipts", at(one, product, quantity=2)),
                ("adjustments", at(one, product, quantity=-3, reason="lost")),
                ("transfers", {"product_id": product, "quantity": 2, **route}),
                ("counts", at(two, product, counted=(number + turn) % 5)),
            ]
            noun, body = ways[(number + turn) % 4]
            statuses.add(mine.post(f"/inventory/{noun}", body).status)
        return statuses

    assert set().union(*at_once(work, 8)) <= {201, 409}
    assert_stock_adds_up()
