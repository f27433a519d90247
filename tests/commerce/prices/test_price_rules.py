"""Which rule of tax and of shipping holds where."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from chalicelib.commerce.prices import price_rules
from chalicelib.commerce.prices.pricing import FREE_SHIPPING, ShippingRule, TaxRule
from chalicelib.core.database import run
from tests.factories import counted_statements, make_shipping_rule, make_tax_rule


def rates(country: str | None, state: str | None, *category_keys: str) -> dict[str, int | None]:
    """Return the rate of each category's rule, read from the database."""
    found = run(
        lambda connection: price_rules.tax_rules_for(
            connection, country=country, state=state, category_keys=category_keys
        ),
        writes=False,
    )
    return {key: None if rule is None else rule.rate for key, rule in found.items()}


def options(country: str | None) -> dict[str, ShippingRule]:
    return run(lambda connection: price_rules.shipping_options(connection, country), writes=False)


# --- taxes -------------------------------------------------------------------------------------------------------


def test_without_rules_nothing_is_taxed(shop: Engine) -> None:
    assert rates("France", None, "jeans", "socks") == {"jeans": None, "socks": None}
    assert rates(None, None) == {}


# From the weakest to the strongest: (country, state, category). The rate is the place in this list.
PRECEDENCE = [
    (None, None, None),
    (None, None, "Jeans"),
    ("United States", None, None),
    ("United States", None, "Jeans"),
    ("United States", "California", None),
    ("United States", "California", "Jeans"),
]


@pytest.mark.parametrize("strongest", range(len(PRECEDENCE)))
def test_the_more_specific_rule_wins_the_place_before_the_category(shop: Engine, strongest: int) -> None:
    for rate, (country, state, category) in reversed(list(enumerate(PRECEDENCE[: strongest + 1]))):
        make_tax_rule(rate, country, state, category)
    assert rates("United States", "California", "jeans") == {"jeans": strongest}


@pytest.mark.parametrize(
    ("country", "state", "category", "rate"),
    [
        ("United States", "California", "socks", 4),
        ("United States", "Nevada", "jeans", 3),
        ("United States", "Nevada", "socks", 2),
        ("United States", None, "jeans", 3),
        ("United States", "", "socks", 2),
        ("France", "California", "jeans", 1),
        ("France", None, "socks", 0),
        (None, None, "jeans", 1),
        (None, "California", "jeans", 1),
        ("", "California", "socks", 0),
        ("  ", "California", "socks", 0),
    ],
)
def test_a_rule_of_another_place_or_category_does_not_count(
    shop: Engine, country: str | None, state: str | None, category: str, rate: int
) -> None:
    for each, place in enumerate(PRECEDENCE):
        make_tax_rule(each, *place)
    assert rates(country, state, category) == {category: rate}


def test_a_rule_for_a_category_leaves_others_untaxed(shop: Engine) -> None:
    make_tax_rule(50_000, "France", category="Books")
    assert rates("France", None, "books", "jeans") == {"books": 50_000, "jeans": None}


@pytest.mark.parametrize("country", ["CÔTE D'IVOIRE", "  côte d'ivoire ", "co\u0302te d'ivoire"])
def test_names_of_places_are_taken_in_any_spelling(shop: Engine, country: str) -> None:
    make_tax_rule(180_000, "Côte d'Ivoire", "Abidjan")
    assert rates(country, "ABIDJAN ", "jeans") == {"jeans": 180_000}


def test_a_rule_comes_with_what_pricing_needs(shop: Engine) -> None:
    make_tax_rule(190_000, "Germany", included=True)
    found = run(
        lambda connection: price_rules.tax_rules_for(
            connection, country="Germany", state="Bayern", category_keys=["jeans"]
        ),
        writes=False,
    )
    assert found == {"jeans": TaxRule("germany", "", "", 190_000, included=True)}


def test_the_rules_of_many_categories_are_one_statement(shop: Engine) -> None:
    make_tax_rule(1, "France", category="c7")
    keys = [f"c{number}" for number in range(100)]
    with counted_statements(shop) as statements:
        found = rates("France", "Lyon", *keys)
    assert len(statements) == 1
    assert [key for key, rate in found.items() if rate == 1] == ["c7"]
    assert list(found) == keys


def test_long_names_count_by_what_the_index_sees(shop: Engine) -> None:
    """Both sides are cut alike, so that a rule of a long category is found, and a like one is the same."""
    long = "x" * 190
    make_tax_rule(5, category=long, category_key=price_rules.place_key(long + "y" * 60))
    assert rates(None, None, long + "y" * 60, long[:-1]) == {long + "y" * 60: 5, long[:-1]: None}


# --- shipping ----------------------------------------------------------------------------------------------------


def test_where_nobody_has_made_rules_shipping_is_free(shop: Engine) -> None:
    assert options("France") == {"standard": FREE_SHIPPING}
    assert options(None) == {"standard": FREE_SHIPPING}
    make_shipping_rule(999, country="Spain")
    assert options("France") == {"standard": FREE_SHIPPING}


def test_the_ways_to_ship_come_cheapest_first(shop: Engine) -> None:
    make_shipping_rule(1295, "express")
    make_shipping_rule(495, "standard", free_from_cents=5000, name="By post")
    make_shipping_rule(495, "pickup")
    found = options("France")
    assert list(found) == ["pickup", "standard", "express"]
    assert found["standard"] == ShippingRule("", "standard", "By post", 495, 5000)
    assert found["express"] == ShippingRule("", "express", "Express", 1295, None)


def test_a_country_with_rules_of_its_own_has_these_alone(shop: Engine) -> None:
    make_shipping_rule(495, "standard")
    make_shipping_rule(1295, "express")
    make_shipping_rule(2000, "standard", "New Zealand")
    assert {name: rule.price_cents for name, rule in options(" NEW zealand").items()} == {"standard": 2000}
    assert {name: rule.price_cents for name, rule in options("Spain").items()} == {"standard": 495, "express": 1295}
    assert {name: rule.price_cents for name, rule in options(None).items()} == {"standard": 495, "express": 1295}


def test_the_ways_to_ship_are_one_statement(shop: Engine) -> None:
    make_shipping_rule(1, country="France")
    with counted_statements(shop) as statements:
        options("France")
    assert len(statements) == 1
