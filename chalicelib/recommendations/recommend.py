"""What to show to a customer: products of the categories and brands it buys, filled up with what all buy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.commerce.catalogue import products
from chalicelib.commerce.catalogue.products import ProductFilter
from chalicelib.commerce.customers import customers
from chalicelib.commerce.sales import sales
from chalicelib.commerce.sales.sales import Preference
from chalicelib.core.database import Connection

# Rarer purchases than the first twenty kinds say little.
_MOST_PREFERENCES = 20


@dataclass(frozen=True, slots=True)
class Recommendations:
    """Products with their preference score in [0, 1] (0: nothing known of the customer speaks for it)."""

    items: Sequence[tuple[Any, float]]
    preferences: Sequence[Preference]
    algorithm: str


def recommend(
    connection: Connection, customer_id: int, wanted: ProductFilter, *, owner_id: int | None, limit: int
) -> Recommendations:
    """Return up to `limit` products that the customer has not bought, best first.

    A product of a (category, brand) scores the share of the customer's kept units that were of it, or half of the
    best share of its category where that is more; the greatest possible score is 1. Popular products fill what is
    missing.

    Raises:
        NotFound: there is no such customer, or `owner_id` may not see it.
    """
    customers.get_customer(connection, customer_id, owner_id=owner_id)
    preferences = sales.preferences_of(connection, customer_id, _MOST_PREFERENCES)
    units = sum(preference.units for preference in preferences)
    weights = [(entry.category, entry.brand, entry.units / units) for entry in preferences]
    matches = products.best_matches(connection, weights, wanted, not_bought_by=customer_id, limit=limit)
    rest = products.popular(
        connection,
        wanted,
        not_bought_by=customer_id,
        leave_out=[row.id for row in matches],
        limit=limit - len(matches),
    )
    items = [(row, float(row.score)) for row in matches] + [(row, 0.0) for row in rest]
    names = [name for name, part in (("preferences", matches), ("popularity", rest)) if part]
    return Recommendations(items, preferences, "+".join(names) or "preferences")
