"""Checkouts a second through the Lambda entry beside the least that a purchase takes in SQL written by hand.

`make bench-checkout`. A checkout here is two requests: begin (hold the unit at its price) and pay (with the test
provider); the cart was filled before. The reference is one transaction through bare PyMySQL: lock a free unit
(SKIP LOCKED), mark it sold, insert order and order item, commit. It keeps no counters, ledger, payments, events or
timeline, and asks no provider. Both run in one process on one server, by turns, with 1 and with 8 threads: each with
a product of its own, or all with the same one.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count
from statistics import median
from threading import Barrier
from typing import Any

from bench.shop import BenchShop, bench_shop

_CLIENTS = (1, 8)
_ADDRESS = {
    "name": "Robin Doe",
    "street_address": "1 Main Street",
    "postal_code": "94105",
    "city": "San Francisco",
    "state": "California",
    "country": "United States",
}
_keys = count(1)

Purchase = Callable[[], None]


def main() -> None:
    """Run the bench, or (with --measure) the measurement itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--purchases", type=int, default=160, help="purchases of each turn")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.scale, arguments.purchases, arguments.turns)))
        return
    with bench_shop(min(arguments.scale, 0.001)) as shop:
        found = shop.run(
            "bench.checkout_throughput",
            *("--measure", "--scale", str(arguments.scale)),
            *("--purchases", str(arguments.purchases), "--turns", str(arguments.turns)),
            environment={"DB_POOL_SIZE": str(2 * max(_CLIENTS))},
        )
    print(
        f"statements: begin {found['begin']}, pay {found['pay']} ({found['provider']} of them the test provider's); "
        f"the reference {found['by_hand']}"
    )
    print(f"{'':<28}{'checkouts/s':>12}{'by hand/s':>12}{'ratio':>8}{'p50':>10}{'p99':>10}  tried again")
    for row in found["rows"]:
        print(
            f"{row['name']:<28}{row['entry']:>12.1f}{row['by_hand']:>12.1f}{row['ratio']:>8.3f}"
            f"{row['p50_ms']:>7.0f} ms{row['p99_ms']:>7.0f} ms  {row['again']}"
        )


def measure(scale: float, purchases: int, turns: int) -> dict[str, Any]:
    """Return the rates of each case, medians of `turns`, and how many statements a checkout takes."""
    from app import app
    from infra import demo
    from infra.server import own_requests_per_thread

    demo.add_sample_data(scale)
    own_requests_per_thread(app)
    shop = BenchShop(os.environ["DATABASE_URL"], *(None, None))  # type: ignore[arg-type]
    with shop.connect() as connection:
        products = _fill_shelves(connection, max(_CLIENTS) + 1, 2 * purchases * (turns + 1) * len(_CLIENTS))
    hot, own = products[0], products[1:]
    cases = [(f"{name}, {n} clients" if n > 1 else f"{name}, 1 client", n, name) for name in _OF for n in _CLIENTS]
    rows = []
    for name, clients, kind in cases:
        wanted = [own[each] if kind == "distinct products" else hot for each in range(clients)]
        rows.append({"name": name, **_case(shop, wanted, purchases // clients, turns)})
    return {"rows": rows, **_statements(own[0])}


_OF = ("distinct products", "one hot product")


def _fill_shelves(connection: Any, products: int, units: int) -> list[tuple[int, int]]:
    """Give some published products many free units in their own center; return product and center of each."""
    from chalicelib.commerce.ledger import Place
    from chalicelib.core.database import run

    with connection.cursor() as cursor:
        cursor.execute("SELECT id, distribution_center_id FROM products ORDER BY id LIMIT %s", (products,))
        found = [(int(product), int(center)) for product, center in cursor.fetchall()]
    for product, center in found:
        for _ in range(-(-units // 1000)):
            run(partial(_receive, place=Place(product, center)), writes=True)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE TABLE inventory_items, stock_levels, products")
    return found


def _receive(connection: Any, place: Any) -> None:
    from chalicelib.commerce import inventory
    from chalicelib.commerce.inventory import Said

    inventory.receive(connection, place, 1000, 1000, Said("bench"))


def _case(shop: BenchShop, wanted: Sequence[tuple[int, int]], each: int, turns: int) -> dict[str, Any]:
    rates: dict[str, list[float]] = {"entry": [], "by_hand": []}
    times: list[float] = []
    again = 0
    for turn in range(turns + 1):
        carts = [[_cart(product) for _ in range(each)] for product, _center in wanted]
        buyers = [_Buyer(ids) for ids in carts]
        entry = _rate([buyer.buy for buyer in buyers], each)
        with _by_hand(shop, wanted) as purchases:
            by_hand = _rate(purchases, each)
        if turn:  # the first one warms up
            rates["entry"].append(entry)
            rates["by_hand"].append(by_hand)
            times += [elapsed for buyer in buyers for elapsed in buyer.times]
            again += sum(buyer.again for buyer in buyers)
    times.sort()
    found = {name: median(values) for name, values in rates.items()}
    ratio = median(mine / other for mine, other in zip(rates["entry"], rates["by_hand"], strict=True))
    return {
        **found,
        "ratio": ratio,
        "p50_ms": times[len(times) // 2] * 1e3,
        "p99_ms": times[len(times) * 99 // 100] * 1e3,
        "again": again,
    }


def _rate(purchases: Sequence[Purchase], each: int) -> float:
    """Let every client make its purchases, all at the same time; return how many a second they made in all."""
    begin = Barrier(len(purchases) + 1)

    def client(purchase: Purchase) -> None:
        begin.wait()
        for _ in range(each):
            purchase()

    with ThreadPoolExecutor(len(purchases)) as pool:
        running = [pool.submit(client, purchase) for purchase in purchases]
        begin.wait()
        started = time.perf_counter()
        for each_one in running:
            each_one.result()
        return each * len(purchases) / (time.perf_counter() - started)


class _Buyer:
    """A client that buys one cart after the other."""

    def __init__(self, carts: list[str]) -> None:
        self._carts = iter(carts)
        self.times: list[float] = []
        self.again = 0

    def buy(self) -> None:
        """Begin the checkout of the next cart and pay for it; what others were quicker at is tried again."""
        started = time.perf_counter()
        checkout_id = self._until_done(*_begin(next(self._carts)))["id"]
        paid = self._until_done(*_pay(checkout_id))
        assert paid["state"] == "paid", paid
        self.times.append(time.perf_counter() - started)

    def _until_done(self, resource: str, parameters: dict[str, str], body: dict[str, Any]) -> Any:
        while (answer := _ask(resource, parameters, body))["statusCode"] == 409 and _again(answer):
            self.again += 1
        assert answer["statusCode"] in (200, 201), answer["body"]
        return json.loads(answer["body"])


def _again(answer: dict[str, Any]) -> bool:
    return any(name.lower() == "retry-after" for name in answer["headers"])


def _begin(cart_id: str) -> tuple[str, dict[str, str], dict[str, Any]]:
    return "/carts/{cart_id}/checkout", {"cart_id": cart_id}, {"email": "robin@example.com", "address": _ADDRESS}


def _pay(checkout_id: str) -> tuple[str, dict[str, str], dict[str, Any]]:
    return "/checkouts/{checkout_id}/pay", {"checkout_id": checkout_id}, {"payment_method": "pm_test_success"}


def _cart(product_id: int) -> str:
    """Open a cart with one unit of a product; return its id."""
    cart_id = str(json.loads(_ask("/carts", {}, None)["body"])["id"])
    added = _ask("/carts/{cart_id}/items", {"cart_id": cart_id}, {"product_id": product_id})
    assert added["statusCode"] == 201, added["body"]
    return cart_id


def _ask(resource: str, parameters: dict[str, str], body: dict[str, Any] | None) -> Any:
    from app import app

    headers = {"host": "localhost", "content-type": "application/json", "idempotency-key": f"bench-{next(_keys)}"}
    path = resource.format(**parameters)
    event = {
        "requestContext": {"httpMethod": "POST", "resourcePath": resource, "path": path, "identity": {}},
        "headers": headers,
        "pathParameters": parameters,
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }
    return app(event, None)


_LOCK = (
    "SELECT id FROM inventory_items WHERE product_id = %s AND product_distribution_center_id = %s AND state = 'free' "
    "ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
)
_SELL = "UPDATE inventory_items SET sold_at = NOW(6) WHERE id = %s"
_ORDER = (
    "INSERT INTO orders (status, created_at, num_of_item, updated_at, email, currency, items_cents, total_cents, "
    "paid_at) VALUES ('processing', NOW(6), 1, NOW(6), 'robin@example.com', 'usd', 1000, 1000, NOW(6))"
)
_ITEM = (
    "INSERT INTO order_items (order_id, product_id, inventory_item_id, status, created_at, sale_price_cents) "
    "VALUES (%s, %s, %s, 'processing', NOW(6), 1000)"
)


@contextmanager
def _by_hand(shop: BenchShop, wanted: Sequence[tuple[int, int]]) -> Iterator[list[Purchase]]:
    """Give a purchase in bare SQL for each client, on a connection of its own."""
    connections = [shop.connect() for _ in wanted]
    try:
        yield [_hand(connection, *place) for connection, place in zip(connections, wanted, strict=True)]
    finally:
        for connection in connections:
            connection.close()


def _hand(connection: Any, product_id: int, center_id: int) -> Purchase:
    connection.autocommit(False)
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
    connection.commit()

    def buy() -> None:
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, (product_id, center_id))
            [(unit_id,)] = cursor.fetchall()
            cursor.execute(_SELL, (unit_id,))
            cursor.execute(_ORDER)
            cursor.execute(_ITEM, (cursor.lastrowid, product_id, unit_id))
        connection.commit()

    return buy


def _statements(place: tuple[int, int]) -> dict[str, int]:
    """Return how many statements begin and pay take, `provider` of them in the test provider's own books."""
    from sqlalchemy import event

    from chalicelib.core.database.engine import engine

    found = {"begin": 0, "pay": 0, "provider": 0, "by_hand": 4}
    cart_id = _cart(place[0])
    checkout_id = ""
    for name in ("begin", "pay"):
        counted: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any, to: list[str] = counted) -> None:
            to.append(statement)

        event.listen(engine(), "before_cursor_execute", note)
        answer = _ask(*(_begin(cart_id) if name == "begin" else _pay(checkout_id)))
        event.remove(engine(), "before_cursor_execute", note)
        checkout_id = json.loads(answer["body"])["id"]
        found[name] = len(counted)
        found["provider"] += sum("test_" in statement for statement in counted)
    return found


if __name__ == "__main__":
    main()
