"""The SQL of tax rules and shipping rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, delete, select, update
from sqlalchemy.exc import IntegrityError

from chalicelib.commerce.sale_tables import shipping_rules, tax_rules
from chalicelib.core.database import AnyRow, Connection, insert_row
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest


class NotUnique(Exception):
    """There is a rule for the same already; the transaction can go on."""


@dataclass(frozen=True, slots=True)
class RuleTable:
    """One of the two tables of rules; `noun` is what a row is called."""

    noun: str
    table: Table

    def find_rule(self, connection: Connection, rule_id: int) -> AnyRow | None:
        """Return a rule."""
        return connection.execute(select(self.table).where(self.table.c.id == rule_id)).first()

    def lock_rule(self, connection: Connection, rule_id: int) -> AnyRow | None:
        """Return a rule, which stays as it is for others until the transaction ends."""
        return connection.execute(select(self.table).where(self.table.c.id == rule_id).with_for_update()).first()

    def list_rules(self, connection: Connection, page: PageRequest) -> Page[AnyRow]:
        """Return rules by id."""
        return fetch_page(connection, select(self.table), page, order=[self.table.c.id])

    def insert_rule(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Insert a rule and return its id.

        Raises:
            NotUnique: there is one for the same already.
        """
        try:
            return insert_row(connection, self.table, values)
        except IntegrityError as error:
            raise NotUnique from error

    def update_rule(self, connection: Connection, rule_id: int, values: Mapping[str, Any]) -> None:
        """Change columns of a rule, which gets a new version."""
        statement = update(self.table).where(self.table.c.id == rule_id)
        connection.execute(statement.values(**values, version=self.table.c.version + 1))

    def delete_rule(self, connection: Connection, rule_id: int) -> None:
        """Delete a rule."""
        connection.execute(delete(self.table).where(self.table.c.id == rule_id))


TAX_RULES = RuleTable("tax rule", tax_rules)
SHIPPING_RULES = RuleTable("shipping rule", shipping_rules)


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
