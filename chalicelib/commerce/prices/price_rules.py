"""The rules that prices follow from place to place: what is taxed at which rate, what shipping costs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from chalicelib.commerce.prices import price_rules_sql, pricing
from chalicelib.commerce.prices.price_rules_sql import SHIPPING_RULES, TAX_RULES, NotUnique, RuleTable
from chalicelib.commerce.prices.pricing import ShippingRule, TaxRule
from chalicelib.core import clock
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, NotFound, PreconditionFailed
from chalicelib.core.text import fold

# As much of a name as the unique index of tax rules sees.
_KEY_LENGTH = 190


class RuleTaken(Conflict):
    """There is a rule for the same place already."""

    code = "rule-taken"
    title = "Rule there already"


class StateWithoutCountry(Conflict):
    """A state has to be one of a country."""

    code = "state-without-country"
    title = "State without a country"


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


def create_tax_rule(
    connection: Connection,
    *,
    country: str | None,
    state: str | None,
    category: str | None,
    name: str,
    rate: int,
    included: bool,
) -> int:
    """Make a tax rule and return its id; None is any, `rate` is in millionths.

    Raises:
        StateWithoutCountry, RuleTaken: it is of no country, or not the only one of its place and category.
    """
    if state is not None and country is None:
        raise StateWithoutCountry(f"Say which country the state {state!r} is in.")
    places = {"country": country, "state": state, "category": category}
    keys = {f"{place}_key": place_key(given) for place, given in places.items()}
    return _insert(connection, TAX_RULES, {**places, **keys, "name": name, "rate": rate, "included": included})


def create_shipping_rule(
    connection: Connection,
    *,
    country: str | None,
    method: str,
    name: str,
    price_cents: int,
    free_from_cents: int | None,
) -> int:
    """Make a shipping rule and return its id; a country of None is any.

    Raises:
        RuleTaken: the country has one of this method.
    """
    values = {
        "country": country,
        "country_key": place_key(country),
        "method": method,
        "name": name,
        "price_cents": price_cents,
        "free_from_cents": free_from_cents,
    }
    return _insert(connection, SHIPPING_RULES, values)


def _insert(connection: Connection, rules: RuleTable, values: Mapping[str, Any]) -> int:
    now = clock.now()
    try:
        return rules.insert_rule(connection, {**values, "created_at": now, "updated_at": now})
    except NotUnique as error:
        raise RuleTaken(f"There is a {rules.noun} for this already: change that one.") from error


def get_rule(connection: Connection, rules: RuleTable, rule_id: int) -> Any:
    """Return a rule.

    Raises:
        NotFound: there is none of that id.
    """
    row = rules.find_rule(connection, rule_id)
    if row is None:
        raise NotFound(f"There is no {rules.noun} {rule_id}.")
    return row


def change_rule(
    connection: Connection,
    rules: RuleTable,
    rule_id: int,
    values: Mapping[str, Any],
    *,
    expected_version: int | None,
) -> None:
    """Set columns of a rule other than its place; what is equal already is no change.

    Raises:
        NotFound, PreconditionFailed: it is gone, or somebody has changed it since.
    """
    row = _lock(connection, rules, rule_id, expected_version)
    changes = {name: value for name, value in values.items() if row._mapping[name] != value}
    if changes:
        rules.update_rule(connection, rule_id, {**changes, "updated_at": clock.now()})


def delete_rule(connection: Connection, rules: RuleTable, rule_id: int, *, expected_version: int | None) -> None:
    """Delete a rule; what was priced by it stays as it is.

    Raises:
        NotFound, PreconditionFailed: it is gone, or somebody has changed it since.
    """
    _lock(connection, rules, rule_id, expected_version)
    rules.delete_rule(connection, rule_id)


def _lock(connection: Connection, rules: RuleTable, rule_id: int, expected_version: int | None) -> Any:
    row = rules.lock_rule(connection, rule_id)
    if row is None:
        raise NotFound(f"There is no {rules.noun} {rule_id}.")
    if expected_version not in (None, row.version):
        raise PreconditionFailed(
            f"The {rules.noun} {rule_id} is at version {row.version} by now, your change is of version "
            f"{expected_version}: read it again."
        )
    return row


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
