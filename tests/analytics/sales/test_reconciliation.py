"""Whatever happens in a shop, and whenever the summaries are brought up to date: they equal the raw tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select, update

from chalicelib.analytics.sales import summaries
from chalicelib.commerce import sale_tables, tables
from chalicelib.core import clock, config
from chalicelib.core.database import insert_row, read, run, transaction
from chalicelib.core.text import fold
from chalicelib.events import tables as event_tables
from tests.analytics.sales.raw_count import counted_anew, end_of_hour, kept_summaries
from tests.conftest import empty, set_settings
from tests.factories import make_center, make_customer, make_event, make_item, make_order, make_product, make_unit

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
# Around two changes of clocks in each zone, midnights, and the end of a year.
MOMENTS = [
    datetime(2026, 3, 8, 6, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 3, 28, 23, 30, tzinfo=UTC),
    datetime(2026, 3, 29, 0, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 3, 29, 21, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 3, 29, 22, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 22, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
    datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
    datetime(2025, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 11, 2, 12, tzinfo=UTC),
]
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
WORDS = ("Jeans", "jeans", "Socks", "")


class World:
    """A small shop in which things happen, each some time after the one before."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.now = NOW
        self.centers = [make_center(), make_center()]
        self.people = [make_customer(country=country) for country in ("France", "Brasil", None)]
        self.products = [
            make_product(category="Jeans", distribution_center_id=self.centers[0]),
            make_product(category="Socks", brand=None, department=None, distribution_center_id=self.centers[1]),
        ]
        self.set_zone("UTC")
        monkeypatch.setattr(clock, "now", lambda: self.now)

    def set_zone(self, zone: str) -> None:
        set_settings(self.monkeypatch, replace(config.settings(), time_zone=zone))

    def happen(self, kind: str, which: int, how: int) -> None:
        self.now += timedelta(minutes=25)
        happening: Callable[[int, int], None] = getattr(self, kind)
        happening(which, how)

    # --- orders

    def order(self, which: int, how: int, *, updated_at: datetime | None = None) -> None:
        customer = (*self.people, None)[which % 4]
        at = MOMENTS[how % len(MOMENTS)]
        product = self.products[which % 2]
        order = make_order(customer, (product, 999 + how), created_at=at, updated_at=updated_at or self.now)
        unit = make_unit(
            product, cost_cents=333 + which, sold_at=at, product_distribution_center_id=self.centers[how % 2]
        )
        more = {"inventory_item_id": unit, "discount_cents": how % 7 * 100, "user_id": customer, "created_at": at}
        make_item(order, product, 1_501, **more)
        if how % 3 == 0:
            make_item(order, self.products[(which + 1) % 2], 0, user_id=customer, created_at=at, list_price_cents=500)

    def import_late(self, which: int, how: int) -> None:
        """Orders come stamped with the moment at which the import began, and items change without their order."""
        self.order(which, how, updated_at=self.now - timedelta(hours=7))
        for item in self._items(which)[:1]:
            self._change(tables.order_items, item, sale_price_cents=1 + how)
        make_event("import.finished", "import:1")
        with transaction() as connection:
            connection.execute(
                update(event_tables.outbox_events)
                .where(event_tables.outbox_events.c.kind == "import.finished")
                .values(created_at=self.now)
            )

    def cancel(self, which: int, how: int) -> None:
        self._move(which, how, "cancelled")

    def give_back(self, which: int, how: int) -> None:
        self._move(which, how, "returned")

    def _move(self, which: int, how: int, status: str) -> None:
        items = self._items(which)
        if not items:
            return
        chosen = items if how % 2 else items[: 1 + how % len(items)]
        with read() as connection:
            of_item = select(tables.order_items.c.order_id).where(tables.order_items.c.id == chosen[0])
            order: int = connection.execute(of_item).scalar_one()
        for item in chosen:
            paid = how * 3 % 1_000
            self._change(tables.order_items, item, status=status, refunded_cents=paid)
            if paid:
                self._refund(order, paid)
        if how % 2:
            self._change(tables.orders, order, status=status)
        self._change(tables.orders, order, updated_at=self.now)

    def goodwill(self, which: int, how: int) -> None:
        orders = self._ids(tables.orders)
        if orders:
            self._refund(orders[which % len(orders)], 1 + how * 37 % 700)

    def _refund(self, order: int, cents: int) -> None:
        with transaction() as connection:
            payment = {
                "order_id": order, "provider": "manual", "state": "succeeded", "amount_cents": 99_999,
                "currency": "usd", "method": "cash", "created_at": self.now, "updated_at": self.now,
            }  # fmt: skip
            payment_id = insert_row(connection, sale_tables.payments, payment)
            refund = {
                "payment_id": payment_id, "order_id": order, "state": "started", "amount_cents": cents,
                "reason": "so", "actor": "staff", "created_at": self.now, "updated_at": self.now,
            }  # fmt: skip
            insert_row(connection, sale_tables.refunds, refund)

    def fail_refund(self, which: int, how: int) -> None:
        refunds = self._ids(sale_tables.refunds)
        if refunds:
            state = ("failed", "succeeded")[how % 2]
            self._change(sale_tables.refunds, refunds[which % len(refunds)], state=state, updated_at=self.now)

    # --- what sales are counted by

    def edit_product(self, which: int, how: int) -> None:
        product, word = self.products[which % 2], WORDS[how % 4] or "None"
        field = ("category", "brand", "department", "distribution_center_id", "cost")[how % 5]
        by_field: dict[str, dict[str, Any]] = {
            "category": {"category": word, "category_key": fold(word)},
            "brand": {"brand": word, "brand_key": fold(word)},
            "department": {"department": word},
            "distribution_center_id": {"distribution_center_id": self.centers[how % 2]},
            "cost": {"cost_cents": how},
        }
        self._change(tables.products, product, **by_field[field])
        note = {"product_id": product, "field": field, "actor": "staff", "created_at": self.now}
        with transaction() as connection:
            connection.execute(insert(tables.product_changes).values(**note))

    def move_customer(self, which: int, how: int) -> None:
        country, source = ("Chile", "France", None)[how % 3], ("Email", "Search", None)[how % 3]
        person = self.people[which % 3]
        self._change(tables.users, person, country=country, traffic_source=source, updated_at=self.now)

    def change_zone(self, which: int, how: int) -> None:
        self.set_zone(ZONES[(which + how) % len(ZONES)])

    # --- counting

    def count(self, _which: int = 0, _how: int = 0) -> None:
        summaries.summarize_sales(lambda: 900_000)

    def count_some(self, _which: int, how: int) -> None:
        """A run that has no time for more than a slice or two."""
        answers = iter([900_000] * (1 + how % 2))
        summaries.summarize_sales(lambda: next(answers, 0))

    def wait(self, _which: int, how: int) -> None:
        self.now += timedelta(hours=how)

    def _ids(self, table: Any) -> list[int]:
        with read() as connection:
            return list(connection.scalars(select(table.c.id).order_by(table.c.id)))

    def _items(self, which: int) -> list[int]:
        orders = self._ids(tables.orders)
        if not orders:
            return []
        of_order = tables.order_items.c.order_id == orders[which % len(orders)]
        with read() as connection:
            return list(connection.scalars(select(tables.order_items.c.id).where(of_order)))

    def _change(self, table: Any, row_id: int | None, **values: Any) -> None:
        with transaction() as connection:
            connection.execute(update(table).where(table.c.id == row_id).values(**values))


KINDS = (
    "order", "order", "order", "import_late", "cancel", "give_back", "goodwill", "fail_refund", "edit_product",
    "move_customer", "change_zone", "count", "count_some", "wait",
)  # fmt: skip
Happening = tuple[str, int, int]
HAPPENINGS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 11), st.integers(0, 40)), max_size=30)


def counted_before(*kinds: str, zone: int = 1) -> list[Happening]:
    """Return what happens when orders that are counted already change days later."""
    begun = [("change_zone", 0, zone), *(("order", n, n * 3) for n in range(5)), ("count", 0, 0), ("wait", 0, 40)]
    return [*begun, *((kind, n, 3 + n) for kind in kinds for n in range(5)), ("wait", 0, 3)]


@settings(max_examples=15)
@given(happened=HAPPENINGS)
@example(counted_before("cancel", "goodwill"))
@example(counted_before("give_back"))
@example(counted_before("goodwill"))
@example(counted_before("goodwill", "count", "wait", "fail_refund"))
@example(counted_before("edit_product", zone=2))
@example(counted_before("move_customer", zone=3))
@example(counted_before("import_late"))
@example(counted_before("import_late", "count_some", "change_zone"))
def test_the_summaries_equal_the_raw_tables_to_the_cent(
    shop: Engine, monkeypatch: pytest.MonkeyPatch, happened: list[Happening]
) -> None:
    empty(shop)
    world = World(monkeypatch)
    for each in happened:
        world.happen(*each)
    world.count()
    kept, zone = kept_summaries(), config.settings().time_zone
    expected = counted_anew(zone)
    for name in expected:
        assert kept[name] == expected[name], name
    # And counting everything once more changes nothing.
    run(summaries.mark_all, writes=True)
    world.count()
    assert kept_summaries() == kept


def test_an_order_counts_in_its_hour_on_days_of_23_and_25_hours(
    shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(monkeypatch)
    world.set_zone("Europe/Berlin")
    for moment in (datetime(2026, 3, 29, 12, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC)):
        make_order(None, (world.products[0], 100), created_at=end_of_hour(moment), updated_at=world.now)
    world.count()
    # It was 15:00 less a moment in March, the day an hour short; 14:00 in October, the day an hour longer.
    assert sorted(kept_summaries()["sales_hours"]) == [
        (datetime(2026, 3, 29, tzinfo=UTC).date(), 13),
        (datetime(2026, 10, 25, tzinfo=UTC).date(), 14),
    ]
