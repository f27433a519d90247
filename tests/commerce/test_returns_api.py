"""Goods that come back: asked for in time, taken in or refused, and what is given back for them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.core import clock
from tests.client import Client
from tests.commerce.after_sale import (
    Json,
    assert_order_adds_up,
    buy,
    do,
    done,
    events,
    item_ids,
    order_of,
    refunds_of,
    refusal,
    staff_client,
    statuses,
    take_order,
    timeline_of,
    unit_states,
)
from tests.commerce.purchases import goods, shopper
from tests.commerce.stock_checks import levels
from tests.factories import (
    NOON,
    make_center,
    make_customer,
    make_order,
    make_product,
    make_promotion,
    make_shipping_rule,
    make_tax_rule,
)


@pytest.fixture
def staff(client: Client) -> Client:
    return staff_client()


def arrived(staff: Client, buyer: Client, *items: tuple[int, int], code: str | None = None) -> Json:
    """Have goods bought, shipped and delivered; return the order as staff reads it."""
    order_id = buy(buyer, *items, code=code)
    done(staff, order_id, "shipments")
    return done(staff, order_id, "deliveries")


def ask(client: Client, order: Json, *items: int, reason: str = "changed_mind") -> int:
    """Ask to send items back, and return the return's id."""
    body: Json = {"reason": reason} | ({"item_ids": list(items)} if items else {})
    return int(done(client, order["id"], "returns", body)["returns"][-1]["id"])


def receive(staff: Client, order: Json, return_id: int, **how: object) -> Json:
    """Take a return in, and return the order as it is after its refund."""
    done(staff, order["id"], f"returns/{return_id}/receive", how)
    return order_of(staff, order["id"])


def test_a_whole_order_comes_back(staff: Client) -> None:
    make_shipping_rule(495)
    product_id = goods(units=2, cents=2000)
    buyer, customer_id = shopper()
    order = arrived(staff, buyer, (product_id, 2))
    asked = do(buyer, order["id"], "returns", {"reason": "wrong_size", "comment": "Too long."})
    assert asked.status == 201
    # Until it is here, it stands where it stood.
    assert (asked.json["status"], asked.json["moves"]) == ("Complete", [])
    (wish,) = asked.json["returns"]
    assert wish["created_at"] is not None
    assert (wish["order_id"], wish["state"], wish["reason"], wish["comment"], wish["closed_at"]) == (
        order["id"],
        "requested",
        "wrong_size",
        "Too long.",
        None,
    )
    assert [item["return_id"] for item in asked.json["items"]] == [wish["id"]] * 2
    assert asked.json["version"] == order["version"] + 1

    back = receive(staff, order, wish["id"])
    assert (back["status"], statuses(back), back["moves"]) == ("Returned", ["Returned"] * 2, [])
    assert back["returned_at"] == back["items"][0]["returned_at"] is not None
    assert (back["shipped_at"], back["delivered_at"]) == (order["shipped_at"], order["delivered_at"])
    assert unit_states(back) == ["free", "free"]
    # Shipping was spent.
    assert refunds_of(back) == [("succeeded", 40.0)]
    assert back["returns"][0]["state"] == "received"
    assert back["returns"][0]["closed_at"] is not None
    (told,) = events("order.returned")
    assert told[1:] == (
        f"order:{order['id']}",
        {
            "order_id": order["id"],
            "customer_id": customer_id,
            "return_id": wish["id"],
            "item_ids": item_ids(order),
            "reason": "wrong_size",
        },
    )
    assert_order_adds_up(back)


def test_an_order_is_returned_only_when_all_of_it_is(staff: Client) -> None:
    buyer, _ = shopper()
    order = arrived(staff, buyer, (goods(cents=2000), 3))
    first, second, third = item_ids(order)
    one, two = ask(buyer, order, second), ask(buyer, order, first, third)
    half = receive(staff, order, one)
    assert (half["status"], statuses(half)) == ("Complete", ["Complete", "Returned", "Complete"])
    assert (half["returned_at"], refunds_of(half)) == (None, [("succeeded", 20.0)])
    whole = receive(staff, order, two)
    assert (whole["status"], refunds_of(whole)) == ("Returned", [("succeeded", 20.0), ("succeeded", 40.0)])
    assert whole["returned_at"] == whole["items"][0]["returned_at"] > whole["items"][1]["returned_at"]
    assert_order_adds_up(whole)


@pytest.mark.parametrize("included", [False, True])
def test_what_is_given_back_for_an_item_is_what_was_paid_for_it(staff: Client, included: bool) -> None:
    make_tax_rule(190_000, country="United States", included=included)  # 19 %
    make_promotion(code="TENTH")
    buyer, _ = shopper()
    order = arrived(staff, buyer, (goods(cents=1999), 1), (goods(cents=1001), 1), code="TENTH")
    # 30.00 less 3.00; the parts are 1.999 and 1.001, so 2.00 and 1.00: 17.99 and 9.01 are left, 27.00 in all. 19 %
    # of it is 5.13: 3.4181 and 1.7119 are 3.42 and 1.71.
    prices = {17.99: (17.99, 21.41), 9.01: (9.01, 10.72)}
    for item in order["items"]:
        back = receive(staff, order, ask(buyer, order, item["id"]))
        inclusive, added = prices[item["sale_price"]]
        expected = inclusive if included else added
        assert refunds_of(back)[-1] == ("succeeded", expected)
        assert next(each["refunded"] for each in back["items"] if each["id"] == item["id"]) == expected
    given = sum(round(amount * 100) for _, amount in refunds_of(back))
    assert given == (2700 if included else 3213) == round(order["total"] * 100)


def test_some_of_it_is_written_off(staff: Client) -> None:
    buyer, _ = shopper()
    order = arrived(staff, buyer, (goods(units=2, cents=2000), 2))
    first, second = item_ids(order)
    back = receive(staff, order, ask(buyer, order), written_off=[second])
    assert unit_states(back) == ["free", "written_off"]
    # The customer gets all of it back.
    assert refunds_of(back) == [("succeeded", 40.0)]
    assert first != second
    assert_order_adds_up(back)


def test_units_come_back_into_another_center(staff: Client) -> None:
    product_id, other_id = goods(units=1), goods(units=1)
    center_id = make_center(name="Returns")
    buyer, _ = shopper()
    order = arrived(staff, buyer, (product_id, 1), (other_id, 1))
    spoilt = next(item["id"] for item in order["items"] if item["product_id"] == other_id)
    return_id = ask(buyer, order)
    back = receive(staff, order, return_id, distribution_center_id=center_id, written_off=[spoilt])
    assert [item["distribution_center_id"] for item in back["items"]] == [center_id] * 2
    here = {product: counters for (product, center), counters in levels().items() if center == center_id}
    assert (here[product_id]["free"], here[product_id]["written_off"]) == (1, 0)
    assert (here[other_id]["free"], here[other_id]["written_off"]) == (0, 1)
    assert_order_adds_up(back)


@pytest.mark.parametrize("archived", [False, True])
def test_nothing_comes_back_into_a_center_that_is_not_open(staff: Client, archived: bool) -> None:
    center_id = make_center(archived_at=NOON) if archived else 999_999
    buyer, _ = shopper()
    order = arrived(staff, buyer, (goods(), 1))
    return_id = ask(buyer, order)
    answer = do(staff, order["id"], f"returns/{return_id}/receive", {"distribution_center_id": center_id})
    assert refusal(answer) == (409, "distribution-center-unavailable")
    assert refunds_of(order_of(staff, order["id"])) == []
    assert receive(staff, order, return_id)["status"] == "Returned"


def test_a_return_can_be_taken_in_without_a_refund(staff: Client) -> None:
    buyer, _ = shopper()
    order = arrived(staff, buyer, (goods(cents=2000), 1))
    back = receive(staff, order, ask(buyer, order), refund=False)
    assert (back["status"], back["refunds"], back["items"][0]["refunded"]) == ("Returned", [], 0.0)
    # What was not given back is still there to give.
    assert do(staff, order["id"], "refunds", {"amount": 20, "reason": "after all"}).status == 201


def test_a_refused_return_leaves_the_goods_and_can_be_asked_for_again(staff: Client) -> None:
    buyer, _ = shopper()
    order = arrived(staff, buyer, (goods(cents=2000), 1))
    first = ask(buyer, order)
    refused = done(staff, order["id"], f"returns/{first}/refuse", {"reason": "worn"})
    assert (refused["status"], refused["items"][0]["return_id"], refused["moves"]) == ("Complete", None, ["return"])
    assert (refused["returns"][0]["state"], refused["refunds"]) == ("refused", [])
    assert refused["returns"][0]["closed_at"] is not None
    assert unit_states(refused) == ["sold"]
    assert timeline_of(buyer, order["id"])[-1]["text"] == "The return was refused: worn"
    second = ask(buyer, order)
    assert receive(staff, order, second)["status"] == "Returned"


@pytest.mark.parametrize("first", ["receive", "refuse"])
@pytest.mark.parametrize("second", ["receive", "refuse"])
def test_a_return_is_decided_once(staff: Client, first: str, second: str) -> None:
    buyer, _ = shopper()
    order = arrived(staff, buyer, (goods(cents=2000), 1))
    return_id = ask(buyer, order)
    bodies: dict[str, Json] = {"receive": {}, "refuse": {"reason": "worn"}}
    decided = done(staff, order["id"], f"returns/{return_id}/{first}", bodies[first])
    answer = do(staff, order["id"], f"returns/{return_id}/{second}", bodies[second])
    assert refusal(answer) == (409, "return-closed")
    assert order_of(staff, order["id"])["version"] == decided["version"]
    assert len(order_of(staff, order["id"])["refunds"]) == (1 if first == "receive" else 0)


def test_an_item_is_not_in_two_open_returns(staff: Client) -> None:
    buyer, _ = shopper()
    order = arrived(staff, buyer, (goods(), 2))
    first, second = item_ids(order)
    ask(buyer, order, first)
    again = do(buyer, order["id"], "returns", {"item_ids": [first, second], "reason": "other"})
    assert refusal(again) == (409, "illegal-move")
    assert again.json["errors"] == [
        {"location": "body.item_ids", "message": f"item {first} is Complete and on its way back"}
    ]
    # Without naming any, it is the rest.
    rest = done(buyer, order["id"], "returns", {"reason": "other"})
    assert rest["moves"] == []
    assert len({item["return_id"] for item in rest["items"]}) == 2
    none_left = do(buyer, order["id"], "returns", {"reason": "other"})
    assert refusal(none_left) == (409, "illegal-move")
    assert none_left.json["detail"].endswith("cannot be returned. Nothing is possible any more.")


def test_a_parcel_that_nobody_took_in_comes_back(staff: Client) -> None:
    buyer, _ = shopper()
    order_id = buy(buyer, (goods(cents=2000), 1))
    order = done(staff, order_id, "shipments")
    back = receive(staff, order, ask(staff, order, reason="other"))
    assert (back["status"], back["delivered_at"]) == ("Returned", None)
    assert back["shipped_at"] == order["shipped_at"]
    assert back["returned_at"] is not None
    assert_order_adds_up(back)


def test_what_comes_back_while_the_rest_still_waits_holds_nothing_up(staff: Client) -> None:
    buyer, _ = shopper()
    order_id = buy(buyer, (goods(cents=2000), 2))
    first, second = item_ids(order_of(staff, order_id))
    done(staff, order_id, "shipments", {"item_ids": [first]})
    order = done(staff, order_id, "deliveries")
    back = receive(staff, order, ask(buyer, order, first))
    assert (back["status"], back["returned_at"], back["moves"]) == ("Processing", None, ["ship", "cancel"])
    # The rest is cancelled: with it the order is over, and its times are those of what was sent.
    over = done(buyer, order_id, "cancel", {"item_ids": [second]})
    assert (over["status"], over["returned_at"]) == ("Returned", back["items"][0]["returned_at"])
    assert (over["shipped_at"], over["delivered_at"]) == (
        back["items"][0]["shipped_at"],
        back["items"][0]["delivered_at"],
    )


# --- in time -----------------------------------------------------------------------------------------------------


def test_a_customer_has_thirty_days_and_staff_has_any_time(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    buyer, _ = shopper()
    # Into the past: whoever signed in stays so for an hour.
    today = clock.now()
    now = [today - timedelta(days=400)]
    monkeypatch.setattr(clock, "now", lambda: now[0])
    order = arrived(staff, buyer, (goods(), 2))
    first, second = item_ids(order)

    now[0] += timedelta(days=30)
    ask(buyer, order, first)

    now[0] += timedelta(microseconds=1)
    late = do(buyer, order["id"], "returns", {"item_ids": [second], "reason": "other"})
    assert refusal(late) == (409, "return-too-late")
    assert "30 days" in late.json["detail"]
    assert len(order_of(buyer, order["id"])["returns"]) == 1

    now[0] = today
    assert ask(staff, order, second)


def test_the_time_runs_from_the_arrival_of_each_item(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    buyer, _ = shopper()
    now = [clock.now() - timedelta(days=35)]
    monkeypatch.setattr(clock, "now", lambda: now[0])
    order_id = buy(buyer, (goods(), 2))
    first, second = item_ids(order_of(buyer, order_id))
    done(staff, order_id, "shipments")
    done(staff, order_id, "deliveries", {"item_ids": [first]})
    now[0] += timedelta(days=20)
    order = done(staff, order_id, "deliveries", {"item_ids": [second]})
    now[0] += timedelta(days=15)
    for names in ([first], [first, second], None):
        body: Json = {"reason": "other"} | ({} if names is None else {"item_ids": names})
        assert refusal(do(buyer, order_id, "returns", body)) == (409, "return-too-late")
    assert ask(buyer, order, second)


def test_an_imported_order_comes_back_without_a_refund(staff: Client) -> None:
    order_id = make_order(make_customer(), (make_product(), 1000))
    back = receive(staff, {"id": order_id}, ask(staff, {"id": order_id}))
    assert (back["status"], back["refunds"]) == ("Returned", [])


# --- who ---------------------------------------------------------------------------------------------------------


def test_nobody_returns_what_is_not_theirs(staff: Client) -> None:
    buyer, _ = shopper()
    order = arrived(staff, buyer, (goods(), 1))
    stranger, _ = shopper()
    assert refusal(do(stranger, order["id"], "returns", {"reason": "other"})) == (404, "not-found")
    return_id = ask(buyer, order)
    for what, body in (("receive", {}), ("refuse", {"reason": "no"})):
        assert do(buyer, order["id"], f"returns/{return_id}/{what}", body).status == 403


def test_a_return_is_found_below_its_own_order_alone(staff: Client) -> None:
    buyer, _ = shopper()
    order = arrived(staff, buyer, (goods(), 1))
    other = take_order(staff, (goods(), 1), paid=True)
    return_id = ask(buyer, order)
    for what, body in (("receive", {}), ("refuse", {"reason": "no"})):
        assert refusal(do(staff, other["id"], f"returns/{return_id}/{what}", body)) == (404, "not-found")
    stray = do(staff, order["id"], f"returns/{return_id}/receive", {"written_off": item_ids(other)})
    assert refusal(stray) == (409, "no-such-item")
    assert order_of(staff, order["id"])["returns"][0]["state"] == "requested"


def test_staff_lists_returns_by_their_state_newest_first(staff: Client) -> None:
    buyer, _ = shopper()
    order = arrived(staff, buyer, (goods(), 3))
    open_one, taken, refused = (ask(buyer, order, item_id) for item_id in item_ids(order))
    receive(staff, order, taken)
    done(staff, order["id"], f"returns/{refused}/refuse", {"reason": "worn"})

    def listed(query: str = "") -> list[int]:
        return [row["id"] for row in staff.get(f"/returns?{query}").json]

    assert listed() == [refused, taken, open_one]
    assert (listed("state=requested"), listed("state=received"), listed("state=refused")) == (
        [open_one],
        [taken],
        [refused],
    )
    assert listed("limit=1&skip=1") == [taken]
    (row,) = staff.get("/returns?state=requested").json
    asked = next(entry for entry in timeline_of(staff, order["id"]) if entry["kind"] == "return-requested")
    assert (row["order_id"], row["requested_by"]) == (order["id"], asked["actor"])
    assert staff.get("/returns?state=lost").status == 422
    assert buyer.get("/returns").status == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reason": "boredom"},
        {"reason": "other", "comment": "x" * 1001},
        {"reason": "other", "item_ids": []},
        {"reason": "other", "refund": True},
    ],
)
def test_bad_wishes_are_refused(staff: Client, body: Json) -> None:
    order = take_order(staff, (goods(), 1), paid=True)
    assert do(staff, order["id"], "returns", body).status == 422
