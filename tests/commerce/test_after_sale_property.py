"""Whatever staff and customer do with an order, in whatever turn: it adds up after each step, and at the end."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.client import Client
from tests.commerce.after_sale import (
    Json,
    assert_order_adds_up,
    buy,
    cents,
    do,
    expected_status,
    item_ids,
    order_of,
    staff_client,
    statuses,
    timeline_of,
)
from tests.commerce.purchases import goods, shopper
from tests.factories import make_promotion, make_shipping_rule, make_tax_rule

# What each may do, by hand: from which statuses, and to which.
LEGAL = {
    "shipments": ({"Processing"}, "Shipped"),
    "deliveries": ({"Shipped"}, "Complete"),
    "cancel": ({"Processing"}, "Cancelled"),
}

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["shipments", "deliveries", "cancel", "returns", "receive", "refuse", "refunds"]),
        st.sampled_from(["staff", "customer"]),
        # Which items, by bits; 0 names none.
        st.integers(0, 7),
    ),
    max_size=9,
)


def body_of(what: str, ids: list[int], bits: int) -> Json:
    named: Json = {"item_ids": chosen} if (chosen := [each for at, each in enumerate(ids) if bits >> at & 1]) else {}
    if what == "refunds":
        return {"amount": (1 + bits) * 3.5, "reason": "goodwill"}
    if what == "receive":
        return {"written_off": [], "refund": bits % 4 != 0}
    if what == "refuse":
        return {"reason": "worn"}
    return named | ({"reason": "other"} if what == "returns" else {})


def expected_after(what: str, before: Json, body: Json) -> list[str] | None:
    """Return the statuses of the items after a move, None when it is refused; of moves in `LEGAL`."""
    origins, target = LEGAL[what]
    wanted = body.get("item_ids") or [item["id"] for item in before["items"] if item["status"] in origins]
    items = {item["id"]: item["status"] for item in before["items"]}
    if not wanted or any(items[each] not in origins for each in wanted):
        return None
    return [target if each in wanted else status for each, status in items.items()]


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_an_order_adds_up_after_every_step(client: Client, steps: list[tuple[str, str, int]]) -> None:
    make_some_rules(client)
    staff, (buyer, _) = staff_client(), shopper()
    order_id = buy(buyer, (goods(units=2, cents=1999), 2), (goods(units=1, cents=701), 1), code="THIRD")
    total = cents(order_of(staff, order_id)["total"])
    entries = len(timeline_of(staff, order_id))
    for what, who, bits in steps:
        before = order_of(staff, order_id)
        ids = item_ids(before)
        body, path = body_of(what, ids, bits), what
        if what in ("receive", "refuse"):
            waiting = [row["id"] for row in before["returns"] if row["state"] == "requested"]
            if not waiting:
                continue
            path = f"returns/{waiting[bits % len(waiting)]}/{what}"
        answer = do(staff if who == "staff" else buyer, order_id, path, body)
        after = order_of(staff, order_id)
        assert answer.status in (200, 201, 403, 409), answer.text
        if who == "customer" and what not in ("cancel", "returns"):
            assert answer.status == 403
        if answer.status in (403, 409):
            assert {**after, "refunds": None} == {**before, "refunds": None}
        elif what != "refunds":
            assert after["version"] == before["version"] + 1
        if what in LEGAL and answer.status != 403:
            expected = expected_after(what, before, body)
            assert (expected is None) == (answer.status == 409)
            assert statuses(after) == (expected or statuses(before))
        assert after["status"] == expected_status(statuses(after))
        assert_order_adds_up(after)
        now = len(timeline_of(staff, order_id))
        assert now > entries if answer.status < 300 else now == entries
        entries = now
        assert sum(cents(row["amount"]) for row in after["refunds"]) <= total
    finish(staff, order_id, total)


def finish(staff: Client, order_id: int, total: int) -> None:
    """Cancel or take back what is left: then everything is given back, but for what was sent, and what staff kept."""
    kept = {item["id"] for item in order_of(staff, order_id)["items"] if item["status"] == "Returned"}
    do(staff, order_id, "cancel")
    for row in order_of(staff, order_id)["returns"]:
        if row["state"] == "requested":
            do(staff, order_id, f"returns/{row['id']}/receive")
    if do(staff, order_id, "returns", {"reason": "other"}).status == 201:
        last = order_of(staff, order_id)["returns"][-1]["id"]
        do(staff, order_id, f"returns/{last}/receive")
    order = order_of(staff, order_id)
    assert order["status"] in ("Cancelled", "Returned")
    assert_order_adds_up(order)
    given_back = sum(cents(row["amount"]) for row in order["refunds"])
    if order["status"] == "Cancelled":
        assert given_back == total
    elif not kept:
        assert given_back >= total - cents(order["shipping"])


def make_some_rules(client: Client) -> None:
    """Rules of tax, shipping and promotion, made once a test: the shop is not emptied between examples."""
    answer: Any = client.get("/shipping-options?country=United%20States").json
    if any(option["price"] for option in answer):
        return
    make_tax_rule(88_750, country="United States")
    make_shipping_rule(495)
    make_promotion(code="THIRD", value=3333)
