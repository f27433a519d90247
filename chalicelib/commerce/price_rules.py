"""The rules that prices follow from place to place: what is taxed at which rate, what shipping costs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from chalicelib.commerce import price_rules_sql, pricing
from chalicelib.commerce.pricing import ShippingRule, TaxRule
from chalicelib.core.database import Connection
from chalicelib.core.text import fold

# As much of a name as the unique index of tax rules sees.
_KEY_LENGTH = 190


def place_key(name: str | None) -> str:
    """Return the key of a country, a state or a category as rules compare it; empty for no name."""
    return fold(name or "", _KEY_LENGTH)


def tax_rules_for(
    connection: Connection, *, country: str | None, state: str | None, category_keys: Collection[str]
) -> dict[str, TaxRule | None]:
    """Return the rule that wins for each of `category_keys` (folded), None where nothing is taxed.

    Names of places are taken in any spelling. Where the country is not known, only rules for any country count.
    """
    country_key = place_key(country)
    state_key = place_key(state) if country_key else ""
    wanted = {key: place_key(key) for key in category_keys}
    rows = price_rules_sql.list_tax_rules_of_place(connection, country_key, state_key, wanted.values())
    rules = [_tax_rule(row) for row in rows]
    return {key: pricing.tax_rule_for(rules, country_key, state_key, category) for key, category in wanted.items()}


def shipping_options(connection: Connection, country: str | None) -> dict[str, ShippingRule]:
    """Return the ways to ship into a country by method, cheapest first; its name is taken in any spelling.

    A country with rules of its own has these alone. Where nobody has made rules, shipping is free.
    """
    country_key = place_key(country)
    rows = price_rules_sql.list_shipping_rules_of_country(connection, country_key)
    return pricing.shipping_rules_for([_shipping_rule(row) for row in rows], country_key)


def _tax_rule(row: Any) -> TaxRule:
    return TaxRule(
        country_key=row.country_key,
        state_key=row.state_key,
        category_key=row.category_key,
        rate=row.rate,
        included=bool(row.included),
    )


def _shipping_rule(row: Any) -> ShippingRule:
    return ShippingRule(
        country_key=row.country_key,
        method=row.method,
        name=row.name,
        price_cents=row.price_cents,
        free_from_cents=row.free_from_cents,
    )
