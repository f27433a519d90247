"""What came back on a day: always what adding it up by hand gives."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from chalicelib.analytics.returns import counting
from chalicelib.commerce.sales import returned
from chalicelib.core.database import read
from tests.analytics.returns.makers import make_return
from tests.conftest import empty
from tests.factories import NOON, make_customer, make_item, make_order, make_product

DAY = timedelta(days=1)
START = NOON.replace(hour=0)


def counted(start: datetime = START) -> dict[str, Any]:
    with read() as connection:
        rows = counting.count_day(connection, start.date(), start, start + DAY)
    return {
        "reasons": {
            row["reason"]: {k: v for k, v in row.items() if v and k not in ("day", "reason")} for row in rows.reasons
        },
        "products": {row["product_id"]: (row["items"], row["value_cents"]) for row in rows.products},
        "categories": {row["category"]: (row["items"], row["value_cents"]) for row in rows.categories},
        "orders": [(row["orders"], row["returned"]) for row in rows.orders],
    }


def test_a_return_stands_on_the_days_of_its_own_steps_and_its_items_on_the_day_they_came_back(shop: Engine) -> None:
    jeans = make_product(category="Jeans")
    order = make_order(make_customer(), (jeans, 5000), created_at=NOON - 5 * DAY)
    asked = make_return(order, NOON - DAY, state="received", closed_at=NOON)
    delivered = NOON - 2 * DAY
    back = {"status": "returned", "returned_at": NOON, "delivered_at": delivered, "return_id": asked}
    make_item(order, jeans, 3000, created_at=NOON - 5 * DAY, **back)
    assert counted(START - DAY)["reasons"] == {"damaged": {"requested": 1}}
    found = counted()
    assert found["reasons"] == {
        "damaged": {"received": 1, "items": 1, "value_cents": 3000, "waited_s": 2 * 86_400, "timed": 1}
    }
    assert found["products"] == {jeans: (1, 3000)}
    assert found["categories"] == {"Jeans": (1, 3000)}
    assert found["orders"] == []
    assert counted(START - 5 * DAY)["orders"] == [(1, 1)]


def test_what_was_imported_as_returned_has_an_unknown_reason(shop: Engine) -> None:
    shirt = make_product()
    order = make_order(make_customer(), status="returned", created_at=NOON - DAY)
    make_item(order, shirt, 1000, status="returned", returned_at=NOON)
    # Without a time of its own it counts with its order.
    make_item(order, shirt, 700, status="returned", created_at=NOON - DAY)
    assert counted()["reasons"] == {"unknown": {"items": 1, "value_cents": 1000}}
    assert counted(START - DAY)["reasons"] == {"unknown": {"items": 1, "value_cents": 700}}


def test_a_refused_return_brings_nothing_back(shop: Engine) -> None:
    shirt = make_product()
    order = make_order(make_customer(), (shirt, 1000))
    make_return(order, NOON, state="refused", closed_at=NOON, reason="late")
    assert counted()["reasons"] == {"late": {"requested": 1, "refused": 1}}
    assert counted()["orders"] == [(1, 0)]


def test_cancelled_orders_are_none_that_could_come_back(shop: Engine) -> None:
    make_order(make_customer(), (make_product(), 1000), status="cancelled")
    assert counted()["orders"] == []


def test_the_days_of_a_changed_order_and_of_its_returns_are_told(shop: Engine) -> None:
    shirt = make_product()
    old = make_order(make_customer(), created_at=NOON - 9 * DAY, updated_at=NOON - 8 * DAY)
    make_return(old, NOON - 8 * DAY)
    order = make_order(make_customer(), created_at=NOON - 5 * DAY, updated_at=NOON)
    make_return(order, NOON - 3 * DAY, closed_at=NOON - DAY)
    make_item(order, shirt, 700, status="returned", returned_at=NOON - 2 * DAY)
    with read() as connection:
        found = returned.changed_days(connection, NOON - timedelta(hours=1))
    assert found == [(NOON - n * DAY).date() for n in (5, 3, 2, 1)]


def _today(at: datetime | None) -> bool:
    return at is not None and START <= at < START + DAY


moments = st.integers(0, 3 * 24).map(lambda hours: START - DAY + timedelta(hours=hours))
items = st.tuples(
    st.sampled_from(["complete", "returned", "cancelled"]),
    st.integers(0, 1),
    st.integers(1, 9999),
    st.none() | moments,
    st.none() | moments,
    st.booleans(),
)
histories = st.lists(
    st.tuples(
        moments,
        st.sampled_from(["complete", "returned", "cancelled"]),
        st.none() | st.tuples(moments, st.none() | moments, st.sampled_from(["received", "refused"])),
        st.lists(items, min_size=1, max_size=4),
    ),
    max_size=5,
)


@settings(max_examples=25)
@given(histories)
def test_a_day_is_what_adding_it_up_by_hand_gives(shop: Engine, history: list[Any]) -> None:
    empty(shop)
    products, customer = [make_product(category="A"), make_product(category="B")], make_customer()
    expected: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    of_product: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    placed = came = 0
    for created, status, asked, its_items in history:
        order = make_order(customer, created_at=created, status=status)
        return_id = None
        if asked is not None:
            requested, closed, state = asked
            state = state if closed is not None else "requested"
            return_id = make_return(order, requested, closed_at=closed, state=state)
            expected["damaged"]["requested"] += _today(requested)
            if closed is not None:
                expected["damaged"][state] += _today(closed)
        for item_status, which, cents, delivered, back, of_return in its_items:
            reason = "damaged" if of_return and return_id is not None else "unknown"
            given_id = return_id if of_return else None
            times = {"delivered_at": delivered, "returned_at": back, "created_at": created}
            make_item(order, products[which], cents, status=item_status, return_id=given_id, **times)
            if item_status == "returned" and _today(back or created):
                expected[reason]["items"] += 1
                expected[reason]["value_cents"] += cents
                of_product[products[which]][0] += 1
                of_product[products[which]][1] += cents
                if delivered is not None and back is not None and back >= delivered:
                    expected[reason]["timed"] += 1
                    expected[reason]["waited_s"] += int((back - delivered).total_seconds())
        if _today(created) and status != "cancelled":
            placed += 1
            came += any(item[0] == "returned" for item in its_items)
    found = counted()
    kept = {reason: {k: v for k, v in sums.items() if v} for reason, sums in expected.items()}
    assert {k: v for k, v in found["reasons"].items() if v} == {k: v for k, v in kept.items() if v}
    assert found["products"] == {key: tuple(sums) for key, sums in of_product.items()}
    assert found["orders"] == ([(placed, came)] if placed else [])
