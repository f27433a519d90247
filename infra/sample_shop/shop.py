"""Puts the sample shop together: the order in which its parts are made, and how many of each."""

import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from . import tables
from .behaviour import make_items, make_orders
from .catalogue import make_catalogue
from .fulfilment import make_fates
from .people import make_people
from .places import DISTRIBUTION_CENTERS
from .rhythm import make_span
from .stock import make_stock
from .tastes import make_archetypes, make_tastes

USERS, PRODUCTS, ORDERS, UNITS = 100_000, 29_000, 125_000, 490_000
# Below these a shop would not look like one, so small scales have relatively more of them.
LEAST_USERS, LEAST_PRODUCTS, LEAST_ORDERS = 20, 300, 10


@dataclass(frozen=True)
class Counts:
    """The number of rows of each file, without the header."""

    distribution_centers: int
    users: int
    products: int
    inventory_items: int
    orders: int
    order_items: int


def generate(directory: Path, *, scale: float = 1.0, seed: int = 7, today: date) -> Counts:
    """Write a shop of the given scale into `directory`; the same arguments give the same bytes.

    Everything happens in the five years that end with `today` (UTC). Scale 1 has 100,000 users, 29,000 products,
    125,000 orders with 181,000 items, and 490,000 units; all scale linearly, but for at least 300 products,
    20 users, 10 orders, and as many units as items and twice the products need.
    """
    if not (math.isfinite(scale) and scale > 0):
        raise ValueError(f"the scale must be a positive number, not {scale}")
    if seed < 0:
        raise ValueError(f"the seed must not be negative, as {seed} is")
    span = make_span(today)
    # A stream per part: more users, say, do not change the brands.
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(6)]
    archetypes = make_archetypes(streams[0])
    products = max(LEAST_PRODUCTS, round(PRODUCTS * scale))
    catalogue = make_catalogue(streams[1], seed, products, archetypes)
    people = make_people(streams[2], max(LEAST_USERS, round(USERS * scale)), span)
    tastes = make_tastes(streams[0], archetypes, people.age)
    orders = make_orders(streams[3], max(LEAST_ORDERS, round(ORDERS * scale)), people, span)
    items = make_items(streams[3], orders, people, tastes, catalogue)
    fates = make_fates(streams[4], orders, span)
    units = max(round(UNITS * scale), len(items) + 2 * products)
    ordered, is_sold = orders.created[items.order], fates.sold()[items.order]
    stock = make_stock(streams[5], units, catalogue, items, ordered, is_sold, span)

    directory.mkdir(parents=True, exist_ok=True)
    tables.write_centers(directory)
    tables.write_users(directory, people)
    tables.write_products(directory, catalogue)
    tables.write_units(directory, catalogue, stock)
    tables.write_orders(directory, people, orders, fates)
    tables.write_items(directory, orders, items, fates, stock)
    return Counts(
        distribution_centers=len(DISTRIBUTION_CENTERS),
        users=len(people),
        products=len(catalogue),
        inventory_items=len(stock),
        orders=len(orders),
        order_items=len(items),
    )
