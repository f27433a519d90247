"""Any sequence of changes of stock, on every engine: counters, units and ledger agree after each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from chalicelib.commerce.stock import imported_stock, inventory, inventory_sql, stock
from chalicelib.commerce.stock.inventory import Reason, Said
from chalicelib.commerce.stock.ledger import Place
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict
from tests.commerce.stock_checks import assert_stock_adds_up
from tests.factories import NOON, make_center, make_product, rolled_back

SAID: dict[str, Any] = {"reference": "checkout:17", "actor": "robin"}
STAFF = Said("robin")

_KINDS = "receive lose find transfer count take release sell take_back write_back import_new import_change"

# A step: what, of which of two products, in which of three centers, to which center, how many units.
steps = st.tuples(
    st.sampled_from(_KINDS.split()),
    st.integers(0, 1),
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(1, 4),
)
Step = tuple[str, int, int, int, int]


class Books:
    """The stock of two products in three centers, changed step by step in one transaction."""

    def __init__(self, connection: Connection, products: list[int], centers: list[int]) -> None:
        self.connection, self.products, self.centers = connection, products, centers

    def units_in(self, state: str, most: int) -> list[int]:
        """Some units of a state, as an order or a checkout would know them."""
        statement = text("SELECT id FROM inventory_items WHERE state = :state ORDER BY id LIMIT :most")
        return list(self.connection.scalars(statement, {"state": state, "most": most}))

    def do(self, step: Step) -> None:
        """Do a step; whether it is refused is no matter here."""
        what, product, center, to, units = step
        place = Place(self.products[product], self.centers[center])
        to_center = self.centers[to]
        c = self.connection
        back: Callable[..., None] = partial(stock.take_back_units, c, center_id=to_center, **SAID)
        works: dict[str, Callable[[], object]] = {
            "receive": lambda: inventory.receive(c, place, units, None, STAFF),
            "lose": lambda: inventory.adjust(c, place, -units, Reason.LOST, STAFF),
            "find": lambda: inventory.adjust(c, place, units, Reason.FOUND, STAFF),
            "transfer": lambda: inventory.transfer(c, place, to_center, units, STAFF),
            "count": lambda: inventory.count(c, place, units, STAFF),
            "take": lambda: stock.take_units(c, {place.product_id: units}, near=None, **SAID),
            "release": lambda: stock.release_units(c, self.units_in("reserved", units), **SAID),
            "sell": lambda: stock.sell_units(c, self.units_in("reserved", units), at=NOON, **SAID),
            "take_back": lambda: back(self.units_in("sold", units), resellable=True),
            "write_back": lambda: back(self.units_in("sold", units), resellable=False),
            "import_new": lambda: self.import_new(place, units),
            "import_change": lambda: self.import_change(place, units),
        }
        savepoint = c.begin_nested()
        try:
            works[what]()
        except Conflict:
            savepoint.rollback()
        else:
            savepoint.commit()

    def import_new(self, place: Place, units: int) -> None:
        """Write units past the counters, every other one sold, every third in no center."""
        for number in range(units):
            values = {
                "product_id": place.product_id,
                "cost_cents": 100,
                "created_at": NOON,
                "sold_at": NOON if number % 2 else None,
                "product_distribution_center_id": None if number % 3 == 2 else place.center_id,
            }
            inventory_sql.insert_units(self.connection, values, 1)
        self.book()

    def import_change(self, place: Place, units: int) -> None:
        """Change units past the counters: what they are, where they lie, whether they are sold."""
        statement = text(
            "UPDATE inventory_items SET product_id = :product, product_distribution_center_id = :center, "
            "sold_at = :at WHERE id = :id"
        )
        ids = list(self.connection.scalars(text("SELECT id FROM inventory_items ORDER BY id DESC LIMIT 4")))
        for number, unit_id in enumerate(ids[:units]):
            at = "2026-03-01 12:00:00.000000" if number % 2 else None
            values = {"product": place.product_id, "center": place.center_id, "at": at, "id": unit_id}
            self.connection.execute(statement, values)
        self.book()

    def book(self) -> None:
        """Count as an import does, in the transaction at hand."""
        imported_stock.book_imported(lambda work: work(self.connection), reference="import:1", actor="robin")


@settings(max_examples=60)
@given(taken=st.lists(steps, min_size=1, max_size=14))
def test_counters_units_and_ledger_agree_after_every_step(shop: Engine, taken: list[Step]) -> None:
    products = [make_product(), make_product()]
    centers = [make_center() for _ in range(3)]
    with rolled_back() as connection:
        books = Books(connection, products, centers)
        for step in taken:
            books.do(step)
            assert_stock_adds_up(connection)
            assert inventory_sql.list_differences(connection, 10) == []
