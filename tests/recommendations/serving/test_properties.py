"""Whatever the shop, filters, histories, however old the model: no filter leaks, lists are full, no reason lies."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, update

from chalicelib.commerce import tables
from chalicelib.commerce.catalogue import search
from chalicelib.commerce.catalogue.choices import ProductFilter
from chalicelib.core import clock
from chalicelib.core.config import Settings
from chalicelib.core.database import Connection
from chalicelib.core.text import fold
from chalicelib.recommendations.models import live
from chalicelib.recommendations.serving import neighbours, recommend, stand
from chalicelib.recommendations.serving.wishes import Found, Item, Person, Wish
from chalicelib.recommendations.signals import signal_tables
from tests.conftest import set_settings
from tests.factories import NOON, rolled_back
from tests.recommendations import fakes

CATEGORIES, BRANDS, DEPARTMENTS = (
    ("Jeans", "JEANS", "Jumpers", "Hats"),
    ("Levi", "levi's", "Lee", None),
    ("Women", "men"),
)
ORDER_STATUSES = ("complete", "complete", "shipped", "cancelled", "returned")
# Only these of a category count as popular here, so that some are not.
TOP = 2
CUSTOMER, VISITOR = 1, "visitor-0000000000"


@dataclass
class Product:
    """A product as the test means it; `new`: it came a week ago."""

    category: str
    brand: str | None
    department: str
    cents: int
    status: str
    free: int
    new: bool
    name: str = ""

    def passes(self, wanted: ProductFilter) -> bool:
        return (
            self.status == "published"
            and fold(wanted.category or "") in fold(self.category)
            and fold(wanted.brand or "") in fold(self.brand or "")
            and fold(wanted.department or "") in ("", fold(self.department))
            and (wanted.min_price_cents is None or self.cents >= wanted.min_price_cents)
            and (wanted.max_price_cents is None or self.cents <= wanted.max_price_cents)
            and (not wanted.in_stock or self.free > 0)
        )


def product_of(random: Random) -> Product:
    return Product(
        category=random.choice(CATEGORIES),
        brand=random.choice(BRANDS),
        department=random.choice(DEPARTMENTS),
        cents=random.choice([0, 100, 101, 250, 400]),
        status=random.choice(["published"] * 5 + ["draft", "archived"]),
        free=random.choice([0, 0, 1, 3]),
        new=random.choice([True, False]),
    )


# Which attributes become those of another product.
CHANGES = [("cents",), ("status",), ("free",), ("category",), ("brand", "department"), ("cents", "status"), (), ()]


@dataclass
class Story:
    """A shop, what was bought of it and looked at, and what changed after the model was built."""

    before: list[Product]
    purchases: list[tuple[int, int, str]]
    signals: list[tuple[bool, int, str]]
    changes: dict[int, Product]
    added: list[Product]
    bought_later: list[tuple[int, int, str]]
    now: dict[int, Product] = field(default_factory=dict)


def story_of(random: Random) -> Story:
    before = [product_of(random) for _ in range(random.choice([1, 4, 10, 10]))]

    def purchase(customer_id: int) -> tuple[int, int, str]:
        return customer_id, random.randint(1, len(before)), random.choice(ORDER_STATUSES)

    story = Story(
        before,
        [purchase(random.choice([CUSTOMER, CUSTOMER, 2, 3, 4])) for _ in range(random.randint(0, 20))],
        [
            (random.choice([True, False]), random.randint(1, len(before)), random.choice(["view", "cart", "click"]))
            for _ in range(random.randint(0, 6))
        ],
        {},
        [product_of(random) for _ in range(random.randint(0, 2))],
        [purchase(CUSTOMER) for _ in range(random.randint(0, 3))],
    )
    for number, product in enumerate(before, 1):
        other, names = product_of(random), random.choice(CHANGES)
        if names:
            story.changes[number] = replace(product, **{name: getattr(other, name) for name in names})
    story.now = dict(enumerate([*before, *story.added], 1)) | story.changes
    for number, product in [*enumerate(before, 1), *story.now.items()]:
        product.name = product.name or f"{product.category} number {number}"
    return story


def wish_of(random: Random) -> Wish:
    possible: list[tuple[str, Any]] = [
        ("category", random.choice(["", "je", "JEANS", "hat"])),
        ("brand", random.choice(["LE", "levi"])),
        ("department", random.choice(["MEN", "women", "wo"])),
        ("min_price_cents", random.choice([100, 101])),
        ("max_price_cents", random.choice([100, 250])),
        ("in_stock", True),
    ]
    return Wish(
        ProductFilter(**dict(random.sample(possible, random.choice([0, 1, 1, 1, 2, 3])))),
        limit=random.choice([0, 1, 2, 2, 3, 3, 5, 13]),
        stock_first=random.choice([True, False]),
        exclude_purchased=random.choice([True, False]),
        diversity=random.choice([None, 0.0, 0.7]),
        context=random.choice([[], [random.randint(1, 12) for _ in range(random.randint(1, 3))]]),
    )


# Shops are dealt at random: what hypothesis draws itself is mostly too small for an old memory to matter.
deals = st.randoms(use_true_random=True)


# --- putting it into the database --------------------------------------------------------------------------------


def put(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def open_shop(connection: Connection, story: Story) -> None:
    stamps = {"created_at": NOON, "updated_at": NOON}
    put(connection, tables.distribution_centers, [{"id": 1, "name": "x", "latitude": 0, "longitude": 0} | stamps])
    people = [{"id": at, "email": f"{at}@x.yz", "email_key": f"{at}@x.yz"} | stamps for at in range(1, 5)]
    put(connection, tables.users, people)
    for number, product in enumerate(story.before, 1):
        put_product(connection, number, product)
    orders = [{"id": at, "user_id": at, "status": "complete", "num_of_item": 0} | stamps for at in range(1, 5)]
    put(connection, tables.orders, orders)
    buy(connection, story.purchases)
    visitor = {"id": 1, "public_id": VISITOR, "created_at": NOON, "last_seen_at": NOON}
    put(connection, signal_tables.visitors, [visitor])
    events = [
        {"event_key": str(at), "product_id": product_id, "kind": kind, "at": NOON, "received_at": NOON}
        | {"customer_id": CUSTOMER if own else None, "visitor_id": None if own else 1}
        for at, (own, product_id, kind) in enumerate(story.signals)
    ]
    put(connection, signal_tables.behaviour_events, events)
    search.index_products(connection, range(1, len(story.before) + 1))


def put_product(connection: Connection, number: int, product: Product) -> None:
    created = clock.now() - timedelta(days=7 if product.new else 90)
    values = columns(product) | {
        "id": number,
        "sku": str(number),
        "cost_cents": 0,
        "distribution_center_id": 1,
        "created_at": created,
        "updated_at": NOON,
    }
    put(connection, tables.products, [values])
    level = {"product_id": number, "distribution_center_id": 1, "received": product.free, "free": product.free}
    nothing = dict.fromkeys(("transferred", "reserved", "sold", "written_off"), 0)
    put(connection, tables.stock_levels, [level | nothing])


def columns(product: Product) -> dict[str, Any]:
    return {
        "name": product.name,
        "category": product.category,
        "category_key": fold(product.category),
        "brand": product.brand,
        "brand_key": None if product.brand is None else fold(product.brand),
        "department": product.department,
        "retail_price_cents": product.cents,
        "status": product.status,
    }


def buy(connection: Connection, purchases: list[tuple[int, int, str]]) -> None:
    items = [
        {"order_id": who, "user_id": who, "product_id": what, "status": status, "sale_price_cents": 1}
        for who, what, status in purchases
    ]
    put(connection, tables.order_items, [item | {"created_at": NOON} for item in items])


def let_time_pass(connection: Connection, story: Story) -> None:
    """Change the shop as the story tells, the way the rules do: whatever changes, the search knows."""
    for number, product in story.changes.items():
        created = clock.now() - timedelta(days=7 if product.new else 90)
        values = columns(product) | {"created_at": created}
        connection.execute(update(tables.products).where(tables.products.c.id == number).values(**values))
        levels = tables.stock_levels
        stock = {"received": product.free, "free": product.free}
        connection.execute(update(levels).where(levels.c.product_id == number).values(**stock))
    for number, product in enumerate(story.added, len(story.before) + 1):
        put_product(connection, number, product)
    buy(connection, story.bought_later)
    search.index_products(connection, range(1, len(story.now) + 1))


# --- what must be true -------------------------------------------------------------------------------------------


def bought_by(story: Story, customer_id: int | None, but: tuple[str, ...]) -> set[int]:
    purchases = [*story.purchases, *story.bought_later]
    return {what for who, what, status in purchases if who == customer_id and status not in but}


def done_by(story: Story, person: Person, wish: Wish, kinds: tuple[str, ...]) -> set[int]:
    """Return the products that the person, or the visitor whom nobody has signed in at, did something with."""
    found = {
        product_id
        for own, product_id, kind in story.signals
        if kind in kinds and (person.customer_id is not None if own else person.visitor is not None)
    }
    return found | (set(wish.context) if "view" in kinds else set())


def kept(story: Story, *, later: bool) -> Counter[int]:
    purchases = [*story.purchases, *(story.bought_later if later else ())]
    return Counter(what for _, what, status in purchases if status not in ("cancelled", "returned"))


def is_popular(story: Story, number: int, *, at_build: bool) -> bool:
    """Tell whether a product is among the best sold of its category, in the catalogue of then or of now."""
    catalogue = dict(enumerate(story.before, 1)) if at_build else story.now
    sold = kept(story, later=False)
    if number not in catalogue or catalogue[number].status != "published" or not sold[number]:
        return False
    alike = [
        other
        for other, product in catalogue.items()
        if product.status == "published" and fold(product.category) == fold(catalogue[number].category)
    ]
    return number in sorted(alike, key=lambda each: (-sold[each], each))[:TOP]


def check_reason(item: Item, story: Story, person: Person, wish: Wish) -> None:
    reason, number = item.reason, item.row.id
    product = story.now[number]
    named = None if reason.product_id is None else story.now[reason.product_id]
    if reason.kind == "bought":
        assert reason.product_id in bought_by(story, person.customer_id, ("cancelled", "returned"))
    elif reason.kind == "bought_before":
        assert reason.product_id == number
        assert number in bought_by(story, person.customer_id, ("cancelled", "returned"))
    elif reason.kind in ("viewed", "carted"):
        kinds = ("view", "click") if reason.kind == "viewed" else ("cart",)
        assert reason.product_id in done_by(story, person, wish, kinds)
        assert named is not None
        assert named.status == "published", "what is no longer shown is not named"
    elif reason.kind == "popular":
        assert is_popular(story, number, at_build=True) or is_popular(story, number, at_build=False)
    elif reason.kind == "new":
        assert product.new
    elif reason.kind == "sold":
        assert reason.count == kept(story, later=True)[number]
    elif reason.kind == "preference":
        likes = bought_by(story, person.customer_id, ("cancelled", "returned"))
        likes |= done_by(story, person, wish, ("view", "click", "cart"))
        alike = [story.now[each] for each in likes if each in story.now]
        assert any(
            fold(each.category) == fold(product.category) and reason.brand in (None, each.brand, product.brand)
            for each in alike
        )
    else:
        assert reason.kind == "category"
    if named is not None:
        assert reason.product_name == named.name
        assert named.name in reason.text or reason.kind == "bought_before"
    if reason.category is not None:
        assert reason.category == product.category
        assert product.category in reason.text


@pytest.fixture
def few_are_popular(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stand, "TOP_OF_CATEGORY", TOP)


@pytest.mark.usefixtures("few_are_popular")
@settings(max_examples=40)
@given(
    random=deals,
    person=st.sampled_from([Person(CUSTOMER), Person(None, VISITOR), Person(CUSTOMER, VISITOR), Person()]),
    with_model=st.sampled_from([True, True, True, False]),
    old_memory=st.sampled_from([True, True, False]),
)
def test_whatever_the_shop_no_filter_leaks_the_list_is_full_and_reasons_are_true(
    shop: Engine,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    random: Random,
    person: Person,
    with_model: bool,
    old_memory: bool,
) -> None:
    set_settings(monkeypatch, replace(settings, facets_ttl_s=60 if old_memory else 0))
    search._Memory.kept = None
    story, wish = story_of(random), wish_of(random)

    def ask(connection: Connection) -> Found:
        if person == Person(CUSTOMER):
            return recommend.to_customer(connection, CUSTOMER, wish, owner_id=None)
        return recommend.to_visit(connection, person, wish)

    with rolled_back() as connection:
        open_shop(connection, story)
        model = fakes.build(connection) if with_model else None
        monkeypatch.setattr(live, "current", lambda: model)
        ask(connection)
        let_time_pass(connection, story)
        found, again = ask(connection), ask(connection)
    had = bought_by(story, person.customer_id, ("cancelled",)) if wish.exclude_purchased else set()
    eligible = {
        number
        for number, product in story.now.items()
        if product.passes(wish.wanted) and number not in had and number not in wish.context
    }
    ids = [item.row.id for item in found.items]
    assert set(ids) <= eligible
    assert len(ids) == len(set(ids)) == min(wish.limit, len(eligible))
    assert [item.row.id for item in again.items] == ids
    assert all(0 <= item.preference <= 1 for item in found.items)
    for item in found.items:
        assert item.row.retail_price_cents == story.now[item.row.id].cents, "a price is that of now"
        check_reason(item, story, person, wish)
    if not old_memory:
        stock = [story.now[number].free > 0 for number in ids] if wish.stock_first else []
        assert stock == sorted(stock, reverse=True), "what is sold out comes last"
        if wish.diversity == 0 and not wish.stock_first:
            ranked = [item.score for item in found.items]
            assert ranked == sorted(ranked, reverse=True)


@settings(max_examples=25)
@given(
    random=deals,
    product_id=st.integers(1, 12),
    with_model=st.sampled_from([True, True, False]),
    old_memory=st.sampled_from([True, True, False]),
)
def test_whatever_the_shop_neighbours_pass_the_filters_and_are_what_they_say(
    shop: Engine,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    random: Random,
    product_id: int,
    with_model: bool,
    old_memory: bool,
) -> None:
    set_settings(monkeypatch, replace(settings, facets_ttl_s=60 if old_memory else 0))
    search._Memory.kept = None
    story, wish = story_of(random), wish_of(random)
    wish = replace(wish, wanted=replace(wish.wanted, brand=None))
    product_id = min(product_id, len(story.now))
    with rolled_back() as connection:
        open_shop(connection, story)
        model = fakes.build(connection) if with_model else None
        monkeypatch.setattr(live, "current", lambda: model)
        neighbours.trending(connection, wish)
        let_time_pass(connection, story)
        row = tables.products.c
        product = connection.execute(tables.products.select().where(row.id == product_id)).one()
        similar = neighbours.similar_to(connection, product, wish)
        together = neighbours.bought_together_with(connection, product, wish)
        trending = neighbours.trending(connection, wish)
    eligible = {number for number, each in story.now.items() if each.passes(wish.wanted)}
    for found in (similar, together):
        ids = [item.row.id for item in found.items]
        assert set(ids) <= eligible - {product_id}
        assert len(ids) == len(set(ids)) <= wish.limit
        assert all(item.reason.product_id == product_id for item in found.items)
        assert all(0 <= item.score <= 1 for item in found.items)
    alike = {
        number
        for number in eligible - {product_id}
        if fold(story.now[number].category) == fold(story.now[product_id].category)
    }
    assert len(similar.items) >= min(wish.limit, len(alike)), "at least what is of its category"
    counts = [item.count or 0 for item in together.items]
    assert all(count >= 1 for count in counts)
    assert [item.reason.count for item in together.items] == counts
    ids = [item.row.id for item in trending.items]
    assert set(ids) <= eligible
    assert len(ids) == len(set(ids)) == min(wish.limit, len(eligible))
