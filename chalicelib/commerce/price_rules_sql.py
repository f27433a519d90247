"""The SQL of tax rules and shipping rules."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select

from chalicelib.commerce.sale_tables import shipping_rules, tax_rules
from chalicelib.core.database import AnyRow, Connection


def list_tax_rules_of_place(
    connection: Connection, country_key: str, state_key: str, category_keys: Collection[str]
) -> Sequence[AnyRow]:
    """Return the rules that fit the place and any of the categories; an empty key in a rule fits everything."""
    statement = select(tax_rules).where(
        tax_rules.c.country_key.in_({"", country_key}),
        tax_rules.c.state_key.in_({"", state_key}),
        tax_rules.c.category_key.in_({"", *category_keys}),
    )
    return connection.execute(statement).all()


def list_shipping_rules_of_country(connection: Connection, country_key: str) -> Sequence[AnyRow]:
    """Return the rules of a country and those for any country, cheapest first."""
    statement = (
        select(shipping_rules)
        .where(shipping_rules.c.country_key.in_({"", country_key}))
        .order_by(shipping_rules.c.price_cents, shipping_rules.c.method)
    )
    return connection.execute(statement).all()
