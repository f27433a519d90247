"""What the customers buy: who orders when, which products by taste and season, and at what price."""

from dataclasses import dataclass

import numpy as np

from .catalogue import Catalogue
from .categories import WOMEN
from .draw import Ints, Reals, Rng, blocks, exact_shares, pick, pick_by_row, runs
from .people import People
from .rhythm import DAY, Span, demand, moments, sale_season, year_angle
from .tastes import Tastes

# The share of orders with one, two, three and four items: 1.448 items per order.
ITEMS_PER_ORDER = np.array([0.70, 0.19, 0.072, 0.038])
NEVER_BUY = 0.35  # the share of customers who only look
NEWCOMER_SHARE = 0.3  # the share of orders by those who signed up in the last 30 days
OTHER_DEPARTMENT = np.log(0.07)  # presents, mostly
REBUY, REDRAWS = 0.1, 3
# How strongly taste decides, against size and luck.
SHELF_TASTE, SHELF_HABIT = 5.5, 0.7
BRAND_TASTE, BRAND_PRICE, BRAND_SIZE = 7.0, 2.5, 0.8
PRODUCT_TASTE = 7.0
FAVOURITES, LOYALTY = 3, 2.0
DISCOUNTS = np.array([0.10, 0.15, 0.20, 0.25, 0.30, 0.40, 0.50])
DISCOUNT_SHARES = np.array([0.2, 0.15, 0.3, 0.1, 0.15, 0.06, 0.04])


@dataclass(frozen=True)
class Orders:
    """Orders by time, one row each (id = row + 1)."""

    person: Ints
    created: Ints
    size: Ints

    def __len__(self) -> int:
        return len(self.person)


@dataclass(frozen=True)
class Items:
    """Order items by order, one row each (id = row + 1); indexes, and the price paid in cents."""

    order: Ints
    product: Ints
    paid: Ints

    def __len__(self) -> int:
        return len(self.order)


def make_orders(rng: Rng, size: int, people: People, span: Span) -> Orders:
    """`size` orders: as many per day as there are customers by then, times the season."""
    days = span.days()
    known = np.searchsorted(people.created, days)  # customers who signed up before each day
    day = days[pick(rng, np.maximum(known, 1) ** 0.8 * demand(rng, days) * (days > days[0]), size)]
    person = _choose_people(rng, people, day)
    created = moments(rng, span, day, people.longitude[person])
    # Clocks ahead of UTC can put an order before the sign-up on the day before: right after it, then.
    created = np.maximum(created, people.created[person] + rng.integers(120, 3600, size))
    order = np.argsort(created, kind="stable")
    return Orders(person[order], created[order], exact_shares(rng, ITEMS_PER_ORDER, size) + 1)


def _choose_people(rng: Rng, people: People, day: Ints) -> Ints:
    """Who orders on each of the days: a few customers often, many never, newcomers more than others."""
    activity = np.minimum(rng.lognormal(0, 1.15, len(people)), 40.0)
    activity[rng.random(len(people)) < NEVER_BUY] = 0.0
    activity[0] = 1.0  # the only one there on the first days
    steps = np.concatenate([[0.0], np.cumsum(activity)])
    until = np.maximum(np.searchsorted(people.created, day), 1)
    since = np.searchsorted(people.created, day - 30 * DAY)
    since = np.where(rng.random(len(day)) < NEWCOMER_SHARE, np.minimum(since, until - 1), 0)
    # Without an active newcomer the draw falls back to all customers.
    since = np.where(steps[since] < steps[until], since, 0)
    draw = steps[since] + rng.random(len(day)) * (steps[until] - steps[since])
    found: Ints = np.searchsorted(steps, draw, side="right") - 1
    chosen: Ints = np.minimum(found, until - 1)
    return chosen


def make_items(rng: Rng, orders: Orders, people: People, tastes: Tastes, catalogue: Catalogue) -> Items:
    """The items of all orders: first the shelf, then the brand on it, then the product."""
    order = np.repeat(np.arange(len(orders), dtype=np.int64), orders.size)
    person, created = orders.person[order], orders.created[order]
    buyers, buyer = np.unique(person, return_inverse=True)
    habit = rng.normal(0, SHELF_HABIT, (len(buyers), len(catalogue.shelves)))

    favourites = _favourite_brands(rng, catalogue, tastes, buyers)

    def choose(rows: Ints) -> Ints:
        who = person[rows]
        shelf = _choose_shelves(rng, catalogue, people, tastes, habit[buyer[rows]], who, created[rows])
        brand = _choose_brands(rng, catalogue, tastes, favourites[buyer[rows]], who, shelf)
        return _choose_products(rng, catalogue, tastes, who, shelf, brand)

    product = choose(np.arange(len(order)))
    # Few people buy the same article again: most of the repeats are drawn anew.
    for _ in range(REDRAWS):
        again = _repeats(person, product)
        again = again[rng.random(len(again)) > REBUY]
        product[again] = choose(again)
    return Items(order, product, _pay(rng, catalogue.price[product], created))


def _repeats(person: Ints, product: Ints) -> Ints:
    """The rows at which a person buys a product for the second or a later time."""
    _, first = np.unique(person * (product.max() + 1) + product, return_index=True)
    return np.setdiff1d(np.arange(len(person)), first)


def _choose_shelves(
    rng: Rng,
    catalogue: Catalogue,
    people: People,
    tastes: Tastes,
    habit: Reals,
    person: Ints,
    created: Ints,
) -> Ints:
    shelves = catalogue.shelves
    size = np.log([shelf.weight for shelf in shelves])
    for_women = np.array([shelf.department == WOMEN for shelf in shelves])
    swing = np.array([shelf.category.swing for shelf in shelves])
    peak = np.array([(shelf.category.peak - 0.5) * 2 * np.pi / 12 for shelf in shelves])
    chosen = np.empty(len(person), dtype=np.int64)
    for rows in blocks(len(person), len(shelves)):
        who = person[rows]
        # South of the equator the seasons are the other way round.
        angle = year_angle(created[rows]) + np.where(people.latitude[who] < 0, np.pi, 0.0)
        logits = size + SHELF_TASTE * tastes.style[who] @ catalogue.shelf_style.T + habit[rows]
        logits += swing * np.cos(angle[:, None] - peak)
        logits += OTHER_DEPARTMENT * (people.female[who][:, None] != for_women)
        chosen[rows] = pick_by_row(rng, logits)
    return chosen


def _favourite_brands(rng: Rng, catalogue: Catalogue, tastes: Tastes, buyers: Ints) -> Ints:
    """The brands each buyer comes back to (one row per buyer)."""
    every = np.arange(len(catalogue.brands.names))
    favourites = np.empty((len(buyers), FAVOURITES), dtype=np.int64)
    for rows in blocks(len(buyers), len(every)):
        appeal = _brand_appeal(catalogue, tastes, buyers[rows], every)
        # The best few of logits plus Gumbel noise are a weighted draw without replacement.
        noisy = appeal + rng.gumbel(size=appeal.shape)
        favourites[rows] = np.argpartition(-noisy, FAVOURITES, axis=1)[:, :FAVOURITES]
    return favourites


def _brand_appeal(catalogue: Catalogue, tastes: Tastes, person: Ints, brand: Ints) -> Reals:
    """The brands' appeal to each person: their size, the person's taste, and how prices suit the purse."""
    brands = catalogue.brands
    level = np.log(brands.price_level[brand])
    appeal: Reals = BRAND_TASTE * tastes.style[person] @ brands.style[brand].T
    appeal += BRAND_SIZE * np.log(brands.weight[brand])
    appeal -= BRAND_PRICE * (tastes.price[person][:, None] - level) ** 2
    return appeal


def _choose_brands(
    rng: Rng, catalogue: Catalogue, tastes: Tastes, favourites: Ints, person: Ints, shelf: Ints
) -> Ints:
    """A brand of each shelf by its appeal; favourites are preferred where they are on the shelf."""
    brands = catalogue.brands
    offered = np.zeros(brands.on_shelf.shape)
    np.add.at(offered, (catalogue.brand, catalogue.shelf), 1.0)
    chosen = np.empty(len(person), dtype=np.int64)
    for number, rows in runs(shelf):
        here = np.flatnonzero(offered[:, number])
        for part in blocks(len(rows), len(here)):
            block = rows[part]
            logits = _brand_appeal(catalogue, tastes, person[block], here)
            logits += LOYALTY * (favourites[block][:, :, None] == here).any(axis=1)
            chosen[block] = here[pick_by_row(rng, logits)]
    return chosen


def _choose_products(rng: Rng, catalogue: Catalogue, tastes: Tastes, person: Ints, shelf: Ints, brand: Ints) -> Ints:
    """A product of each shelf and brand, by its popularity and the person's taste."""
    brands = len(catalogue.brands.names)
    offered = dict(runs(catalogue.shelf * brands + catalogue.brand))
    popularity = np.log(catalogue.popularity)
    chosen = np.empty(len(person), dtype=np.int64)
    for key, rows in runs(shelf * brands + brand):
        here = offered[key]
        for part in blocks(len(rows), len(here)):
            block = rows[part]
            logits = popularity[here] + PRODUCT_TASTE * tastes.style[person[block]] @ catalogue.style[here].T
            chosen[block] = here[pick_by_row(rng, logits)]
    return chosen


def _pay(rng: Rng, price: Ints, created: Ints) -> Ints:
    """The price tag, or less during sales."""
    off = DISCOUNTS[pick(rng, DISCOUNT_SHARES, len(price))]
    off = np.where(rng.random(len(price)) < sale_season(created), off, 0.0)
    paid: Ints = np.rint(price * (1.0 - off)).astype(np.int64)
    return paid
