"""What the sample shop charges beside its prices: shipping, taxes, and a code to welcome customers."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from chalicelib.commerce.prices import price_rules, promotions
from chalicelib.commerce.prices.price_rules_sql import SHIPPING_RULES, TAX_RULES, RuleTable
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, PreconditionFailed
from chalicelib.core.paging import MAX_LIMIT, PageRequest

WELCOME: dict[str, Any] = {
    "code": "WELCOME10",
    "kind": "percentage",
    "value": 1000,
    "minimum_cents": 0,
    "starts_at": None,
    "ends_at": None,
    "usage_limit": None,
    "customer_limit": 1,
    "is_active": True,
}

SHIPPING: tuple[dict[str, Any], ...] = (
    {"country": None, "method": "standard", "name": "Standard", "price_cents": 495, "free_from_cents": 5000},
    {"country": None, "method": "express", "name": "Express", "price_cents": 1295, "free_from_cents": None},
)


def _tax(country: str, rate: int, name: str, *, state: str | None = None, included: bool = True) -> dict[str, Any]:
    places = {"country": country, "state": state, "category": None}
    return {**places, "name": name, "rate": rate, "included": included}


# Standard rates in millionths, as examples: a real shop makes its own rules.
TAXES = (
    _tax("United States", 72_500, "Sales tax", state="California", included=False),
    _tax("Germany", 190_000, "MwSt."),
    _tax("France", 200_000, "TVA"),
    _tax("Spain", 210_000, "IVA"),
    _tax("United Kingdom", 200_000, "VAT"),
)


def add(connection: Connection) -> None:
    """Put in what is not there yet."""
    with suppress(Conflict):
        promotions.create_promotion(connection, WELCOME)
    for values in SHIPPING:
        with suppress(Conflict):
            price_rules.create_shipping_rule(connection, **values)
    for values in TAXES:
        with suppress(Conflict):
            price_rules.create_tax_rule(connection, **values)


def remove(connection: Connection) -> None:
    """Take out what was put in and is still as it was; what somebody has changed or used stays."""
    found = promotions.find_promotion(connection, WELCOME["code"])
    if found is not None:
        with suppress(Conflict, PreconditionFailed):
            promotions.delete_promotion(connection, found.id, expected_version=1)
    _remove_rules(connection, SHIPPING_RULES, SHIPPING)
    _remove_rules(connection, TAX_RULES, TAXES)


def _remove_rules(connection: Connection, rules: RuleTable, made: tuple[dict[str, Any], ...]) -> None:
    # Made first, so they are among the first.
    for row in rules.list_rules(connection, PageRequest(MAX_LIMIT)).items:
        if any(all(row._mapping[name] == value for name, value in values.items()) for values in made):
            with suppress(PreconditionFailed):
                price_rules.delete_rule(connection, rules, row.id, expected_version=1)
