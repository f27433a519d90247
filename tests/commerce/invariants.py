"""What must always be true of a shop that sells, read from the bare rows: goods, money, promotions.

`assert_sound` holds at any moment at which nobody is in the middle of something; `assert_settled` once the sweep has
brought everything to its end too. Only for shops whose every order and unit was made by the rules.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from chalicelib.core.database import Connection, read
from tests.commerce.stock_checks import assert_stock_adds_up

Row = Mapping[str, Any]

_TABLES = (
    "inventory_items",
    "orders",
    "order_items",
    "checkouts",
    "checkout_items",
    "payments",
    "refunds",
    "promotions",
    "test_intents",
    "test_charges",
    "test_refunds",
)
_SOLD = ("processing", "shipped", "complete")
_HOLDING = ("open", "paying")
_TOOK_MONEY = ("succeeded", "refunding", "refunded")
_UNDER_WAY = ("started", "asked", "needs_action")


@dataclass(frozen=True, slots=True)
class Books:
    """All rows that matter, by table, and what was found wrong with them."""

    rows: Mapping[str, list[Row]]
    wrong: list[str]

    def expect(self, holds: bool, what: str) -> None:
        """Note what is wrong where something does not hold."""
        if not holds:
            self.wrong.append(what)


def assert_sound(connection: Connection | None = None) -> None:
    """Check what is true at any moment between two requests."""
    _assert(connection, [_units, _checkouts, _orders, _payments, _refunds, _promotions])


def assert_settled(connection: Connection | None = None) -> None:
    """Check `assert_sound`, and that nothing waits for anything, so that the money adds up to the cent."""
    _assert(connection, [_units, _checkouts, _orders, _payments, _refunds, _promotions, _nothing_waits, _money])


def _assert(connection: Connection | None, checks: Iterable[Callable[[Books], None]]) -> None:
    if connection is None:
        with read() as reading:
            _assert(reading, checks)
        return
    assert_stock_adds_up(connection)
    rows: dict[str, list[Row]] = {
        table: [dict(row) for row in connection.execute(text(f"SELECT * FROM {table}")).mappings()]
        for table in _TABLES
    }
    books = Books(rows, [])
    for check in checks:
        check(books)
    assert not books.wrong, "\n".join(books.wrong)


def _units(books: Books) -> None:
    """Each sold unit is in one live item of an order, each reserved one in one checkout or pending order."""
    states = {row["state"] for row in books.rows["checkouts"]}
    books.expect(states <= {*_HOLDING, "paid", "expired", "cancelled"}, f"checkouts are {states}")
    holding = {row["id"] for row in books.rows["checkouts"] if row["state"] in _HOLDING}
    sold = Counter(row["inventory_item_id"] for row in books.rows["order_items"] if row["status"] in _SOLD)
    held = Counter(row["inventory_item_id"] for row in books.rows["order_items"] if row["status"] == "pending")
    held += Counter(row["inventory_item_id"] for row in books.rows["checkout_items"] if row["checkout_id"] in holding)
    for unit in books.rows["inventory_items"]:
        state = "written off" if unit["written_off_at"] else "sold" if unit["sold_at"] else "free"
        state = "reserved" if state == "free" and unit["reserved_at"] else state
        expected = {"sold": (1, 0), "reserved": (0, 1)}.get(state, (0, 0))
        found = sold[unit["id"]], held[unit["id"]]
        books.expect(found == expected, f"unit {unit['id']} is {state}, (sold, held) so often: {found}")


def _checkouts(books: Books) -> None:
    """A checkout is paid if and only if it is an order, of the same units and the same total."""
    orders = {row["id"]: row for row in books.rows["orders"]}
    of_checkout, of_order = defaultdict(list), defaultdict(list)
    for item in books.rows["checkout_items"]:
        of_checkout[item["checkout_id"]].append(item["inventory_item_id"])
    for item in books.rows["order_items"]:
        of_order[item["order_id"]].append(item["inventory_item_id"])
    for checkout in books.rows["checkouts"]:
        number, order = checkout["id"], orders.get(checkout["order_id"])
        books.expect(
            (checkout["state"] == "paid") == (order is not None), f"checkout {number}: paid without an order"
        )
        if order is None:
            continue
        books.expect(order["total_cents"] == checkout["total_cents"], f"checkout {number}: another total")
        books.expect(sorted(of_order[order["id"]]) == sorted(of_checkout[number]), f"checkout {number}: other units")
    named = Counter(row["order_id"] for row in books.rows["checkouts"] if row["order_id"])
    books.expect(all(times == 1 for times in named.values()), f"orders of two checkouts: {named}")


def _orders(books: Books) -> None:
    """What the items of an order cost, and its shipping, is its total; what is given back is part of it."""
    items = defaultdict(list)
    for item in books.rows["order_items"]:
        items[item["order_id"]].append(item)
    given_back: Counter[int] = Counter()
    for refund in books.rows["refunds"]:
        if refund["order_id"] is not None and refund["state"] != "failed":
            given_back[refund["order_id"]] += refund["amount_cents"]
    paid: Counter[int] = Counter()
    for payment in books.rows["payments"]:
        if payment["order_id"] is not None:
            books.expect(payment["state"] == "succeeded", f"payment {payment['id']} of an order {payment['state']}")
            paid[payment["order_id"]] += payment["amount_cents"]
    for order in books.rows["orders"]:
        number, of_order = order["id"], items[order["id"]]
        cost = sum(item["sale_price_cents"] + (0 if item["tax_included"] else item["tax_cents"]) for item in of_order)
        books.expect(cost + order["shipping_cents"] == order["total_cents"], f"order {number} does not add up")
        books.expect(len(of_order) == order["num_of_item"], f"order {number} has {len(of_order)} items")
        due = order["total_cents"] if order["paid_at"] else 0
        books.expect(paid[number] == due, f"order {number}: {paid[number]} of {due} cents were paid")
        books.expect(given_back[number] <= due, f"order {number}: {given_back[number]} of {due} cents given back")


def _payments(books: Books) -> None:
    """Each charge in the provider's books is one payment in ours, and the other way round."""
    intents = {row["id"]: row for row in books.rows["test_intents"]}
    charged = Counter(row["intent_id"] for row in books.rows["test_charges"])
    books.expect(all(times == 1 for times in charged.values()), f"charged more than once: {charged}")
    taken = {intents[row["intent_id"]]["reference"]: row["amount_cents"] for row in books.rows["test_charges"]}
    ours = {row["reference"]: row for row in books.rows["payments"] if row["provider"] == "test"}
    for reference, cents in taken.items():
        payment = ours.get(reference)
        books.expect(payment is not None, f"the charge {reference} belongs to no payment")
        if payment is not None:
            fits = payment["state"] in (*_TOOK_MONEY, *_UNDER_WAY) and payment["amount_cents"] == cents
            books.expect(fits, f"payment {payment['id']} is {payment['state']}, the provider took {cents} cents")
    for payment in books.rows["payments"]:
        number, state = payment["id"], payment["state"]
        if payment["provider"] == "test" and state in _TOOK_MONEY:
            books.expect(payment["reference"] in taken, f"payment {number} is {state}, but nothing was charged")
        has_order = payment["order_id"] is not None
        books.expect(has_order == (state == "succeeded"), f"payment {number} is {state}, order {payment['order_id']}")
    of_checkout = Counter(
        row["checkout_id"] for row in books.rows["payments"] if row["checkout_id"] and row["state"] == "succeeded"
    )
    books.expect(all(times == 1 for times in of_checkout.values()), f"checkouts paid more than once: {of_checkout}")


def _refunds(books: Books) -> None:
    """Each refund in the provider's books is one in ours, of the same sum and the same outcome."""
    theirs: dict[str, Row] = {}
    for row in books.rows["test_refunds"]:
        books.expect(row["refund_key"] not in theirs, f"{row['refund_key']} was given back twice")
        theirs[row["refund_key"]] = row
    manual = {row["id"] for row in books.rows["payments"] if row["provider"] != "test"}
    for refund in books.rows["refunds"]:
        made = theirs.pop(f"refund-{refund['id']}", None)
        if refund["payment_id"] in manual:
            books.expect(made is None, f"refund {refund['id']} is one by hand")
        elif refund["state"] == "succeeded":
            fits = made is not None and (made["state"], made["amount_cents"]) == ("succeeded", refund["amount_cents"])
            books.expect(fits, f"refund {refund['id']} succeeded; the provider has {made}")
        elif refund["state"] == "failed":
            books.expect(made is None or made["state"] == "declined", f"refund {refund['id']} failed; it has {made}")
    books.expect(not theirs, f"refunds that are not ours: {sorted(theirs)}")


def _promotions(books: Books) -> None:
    """The uses of a promotion are the checkouts that hold or had it."""
    uses = Counter(row["promotion_id"] for row in books.rows["checkouts"] if row["state"] in (*_HOLDING, "paid"))
    for row in books.rows["promotions"]:
        books.expect(row["used"] == uses[row["id"]], f"promotion {row['code']}: {row['used']} not {uses[row['id']]}")
        limit = row["usage_limit"]
        books.expect(limit is None or row["used"] <= limit, f"promotion {row['code']}: {row['used']} of {limit}")


def _nothing_waits(books: Books) -> None:
    for table, states in (
        ("checkouts", _HOLDING),
        ("payments", (*_UNDER_WAY, "refunding")),
        ("refunds", ("started",)),
    ):
        waiting = [f"{row['id']} is {row['state']}" for row in books.rows[table] if row["state"] in states]
        books.expect(not waiting, f"{table}: {waiting}")


def _money(books: Books) -> None:
    """What the provider took, less what it gave back, is what its orders cost, less what was given back of them."""
    taken = sum(row["amount_cents"] for row in books.rows["test_charges"])
    returned = sum(row["amount_cents"] for row in books.rows["test_refunds"] if row["state"] == "succeeded")
    through = {row["id"]: row for row in books.rows["payments"] if row["provider"] == "test"}
    with_order = {row["order_id"] for row in through.values() if row["order_id"] is not None}
    due = sum(row["total_cents"] for row in books.rows["orders"] if row["id"] in with_order)
    refunded = sum(
        row["amount_cents"]
        for row in books.rows["refunds"]
        if row["state"] == "succeeded" and row["order_id"] is not None and row["payment_id"] in through
    )
    books.expect(taken - returned == due - refunded, f"money: {taken} - {returned} is not {due} - {refunded}")
