"""Tax rules and shipping rules over HTTP, for staff; and what shipping costs, for everybody."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from itertools import islice
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, WithJsonSchema

from chalicelib.commerce import price_rules
from chalicelib.commerce.price_rules_sql import SHIPPING_RULES, TAX_RULES
from chalicelib.core.auth import PUBLIC, STAFF
from chalicelib.core.bodies import without_default
from chalicelib.core.database import Connection, as_dict
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.inputs import AS_WRITTEN, BodyMoney, Line
from chalicelib.core.money import Money, from_cents, to_cents
from chalicelib.core.paging import MAX_LIMIT, Page, PageQuery
from chalicelib.core.routes import Reply, Routes, versioned

routes = Routes("Prices")

_RATE = "Percent, four decimals."
_INCLUDED = "Whether prices hold the tax already; if not, it is added."
_FREE_FROM = "The sum of items, less the discount, from which on it is free; null: never."

Place = Annotated[Line, Field(max_length=255)]
Name = Annotated[Line, Field(max_length=100)]
Percent = Annotated[
    Decimal,
    Field(ge=0, le=100, allow_inf_nan=False),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100, "examples": [8.875]}),
    AS_WRITTEN,
]
Method = Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", examples=["standard"])]


class TaxRule(BaseModel):
    """What is taxed at which rate. Null is any country, state or category."""

    id: int
    country: str | None
    state: str | None
    category: str | None
    name: str
    rate: Annotated[Decimal, WithJsonSchema({"type": "number"})] = Field(description=_RATE)
    included: bool = Field(description=_INCLUDED)
    created_at: AwareDatetime
    updated_at: AwareDatetime
    version: int


class NewTaxRule(BaseModel):
    """A tax rule to be made. Of several that fit, the place counts before the category."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"country": "Germany", "name": "VAT", "rate": 19, "included": True},
                {"country": "United States", "state": "New York", "name": "Sales tax", "rate": 8.875},
            ]
        },
    )

    country: Place | None = None
    state: Place | None = None
    category: Place | None = None
    name: Name
    rate: Percent = Field(description=_RATE)
    included: bool = Field(False, description=_INCLUDED)


class TaxRuleChange(BaseModel):
    """What to change of a tax rule; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"rate": 8.875}]})

    # The defaults only fill the fields that are left out, which nobody reads: they are none of the document's.
    name: Name = Field("", json_schema_extra=without_default)
    rate: Percent = Field(Decimal(0), description=_RATE, json_schema_extra=without_default)
    included: bool = Field(False, description=_INCLUDED, json_schema_extra=without_default)


class ShippingOption(BaseModel):
    """A way to ship, and what it costs."""

    method: str
    name: str
    price: Money
    free_from: Money | None = Field(description=_FREE_FROM)


class ShippingRule(ShippingOption):
    """What a way to ship costs in a country; null is any country without rules of its own."""

    id: int
    country: str | None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    version: int


class NewShippingRule(BaseModel):
    """A shipping rule to be made. A country with rules of its own has these alone."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"method": "standard", "name": "Standard", "price": 4.95, "free_from": 50},
                {"country": "France", "method": "express", "name": "Express", "price": 12.95},
            ]
        },
    )

    country: Place | None = None
    method: Method
    name: Name
    price: BodyMoney
    free_from: BodyMoney | None = Field(None, description=_FREE_FROM)


class ShippingRuleChange(BaseModel):
    """What to change of a shipping rule; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"price": 5.95}]})

    # As above.
    name: Name = Field("", json_schema_extra=without_default)
    price: BodyMoney = Field(Decimal(0), json_schema_extra=without_default)
    free_from: BodyMoney | None = Field(None, description=_FREE_FROM, json_schema_extra=without_default)


class ShippingOptionsQuery(BaseModel):
    """Where to ship to."""

    model_config = ConfigDict(extra="forbid")

    country: Place | None = Field(None, description="The country's name; case is ignored.")
    limit: int = Field(100, ge=0, le=MAX_LIMIT, description="How many to answer at most.")


# --- tax rules ---------------------------------------------------------------------------------------------------


def _present_tax_rule(row: Any) -> dict[str, Any]:
    shown = {name: value for name, value in as_dict(row).items() if not name.endswith("_key")}
    return {**shown, "rate": Decimal(row.rate).scaleb(-4), "included": bool(row.included)}


def _millionths(percent: Decimal) -> int:
    """Return a rate as it is stored: 8.875 % -> 88750; a fifth decimal is rounded, a half to the even one."""
    return int(percent.scaleb(4).to_integral_value(ROUND_HALF_EVEN))


def _answer_tax_rule(connection: Connection, rule_id: int, headers: dict[str, str] | None = None) -> Reply:
    row = price_rules.get_rule(connection, TAX_RULES, rule_id)
    return versioned(_present_tax_rule(row), row.version, headers)


@routes.get("/tax-rules", access=STAFF, response=list[TaxRule])
def list_tax_rules(connection: Connection, query: PageQuery) -> Page[dict[str, Any]]:
    """List the tax rules, by id."""
    page = TAX_RULES.list_rules(connection, query.page())
    return page.with_items([_present_tax_rule(row) for row in page.items])


@routes.post("/tax-rules", access=STAFF, response=TaxRule, status=201, errors=[Conflict])
def create_tax_rule(connection: Connection, base_path: str, body: NewTaxRule) -> Reply:
    """Make a tax rule.

    Refused are a state without its country, and a second rule for the same country, state and category.
    """
    given = {**body.model_dump(), "rate": _millionths(body.rate)}
    rule_id = price_rules.create_tax_rule(connection, **given)
    return _answer_tax_rule(connection, rule_id, {"Location": f"{base_path}/tax-rules/{rule_id}"})


@routes.get("/tax-rules/{rule_id}", access=STAFF, response=TaxRule, errors=[NotFound])
def get_tax_rule(connection: Connection, rule_id: int) -> Reply:
    """Read a tax rule. Its ETag is for the If-Match of a change."""
    return _answer_tax_rule(connection, rule_id)


@routes.patch("/tax-rules/{rule_id}", access=STAFF, response=TaxRule, errors=[NotFound])
def change_tax_rule(connection: Connection, rule_id: int, expected_version: int | None, body: TaxRuleChange) -> Reply:
    """Change name or rate of a tax rule; country, state and category stay.

    Checkouts that were begun keep their price.
    """
    values = {name: getattr(body, name) for name in body.model_fields_set}
    if "rate" in values:
        values["rate"] = _millionths(body.rate)
    price_rules.change_rule(connection, TAX_RULES, rule_id, values, expected_version=expected_version)
    return _answer_tax_rule(connection, rule_id)


@routes.delete("/tax-rules/{rule_id}", access=STAFF, response=None, status=204, errors=[NotFound])
def delete_tax_rule(connection: Connection, rule_id: int, expected_version: int | None) -> None:
    """Delete a tax rule."""
    price_rules.delete_rule(connection, TAX_RULES, rule_id, expected_version=expected_version)


# --- shipping rules ----------------------------------------------------------------------------------------------


def _price(row: Any) -> dict[str, Any]:
    return {
        "method": row.method,
        "name": row.name,
        "price": from_cents(row.price_cents),
        "free_from": None if row.free_from_cents is None else from_cents(row.free_from_cents),
    }


def _present_shipping_rule(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "country": row.country,
        **_price(row),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "version": row.version,
    }


def _shipping_columns(given: dict[str, Any]) -> dict[str, Any]:
    """Return what was sent as columns, amounts in cents."""
    columns = dict(given)
    for name in ("price", "free_from"):
        if name in columns:
            amount = columns.pop(name)
            columns[f"{name}_cents"] = None if amount is None else to_cents(amount)
    return columns


def _answer_shipping_rule(connection: Connection, rule_id: int, headers: dict[str, str] | None = None) -> Reply:
    row = price_rules.get_rule(connection, SHIPPING_RULES, rule_id)
    return versioned(_present_shipping_rule(row), row.version, headers)


@routes.get("/shipping-rules", access=STAFF, response=list[ShippingRule])
def list_shipping_rules(connection: Connection, query: PageQuery) -> Page[dict[str, Any]]:
    """List the shipping rules, by id."""
    page = SHIPPING_RULES.list_rules(connection, query.page())
    return page.with_items([_present_shipping_rule(row) for row in page.items])


@routes.post("/shipping-rules", access=STAFF, response=ShippingRule, status=201, errors=[Conflict])
def create_shipping_rule(connection: Connection, base_path: str, body: NewShippingRule) -> Reply:
    """Make a shipping rule. Refused is a second one for the same country and method."""
    rule_id = price_rules.create_shipping_rule(connection, **_shipping_columns(body.model_dump()))
    return _answer_shipping_rule(connection, rule_id, {"Location": f"{base_path}/shipping-rules/{rule_id}"})


@routes.get("/shipping-rules/{rule_id}", access=STAFF, response=ShippingRule, errors=[NotFound])
def get_shipping_rule(connection: Connection, rule_id: int) -> Reply:
    """Read a shipping rule. Its ETag is for the If-Match of a change."""
    return _answer_shipping_rule(connection, rule_id)


@routes.patch("/shipping-rules/{rule_id}", access=STAFF, response=ShippingRule, errors=[NotFound])
def change_shipping_rule(
    connection: Connection, rule_id: int, expected_version: int | None, body: ShippingRuleChange
) -> Reply:
    """Change name or prices of a shipping rule; country and method stay.

    Checkouts that were begun keep their price.
    """
    values = _shipping_columns({name: getattr(body, name) for name in body.model_fields_set})
    price_rules.change_rule(connection, SHIPPING_RULES, rule_id, values, expected_version=expected_version)
    return _answer_shipping_rule(connection, rule_id)


@routes.delete("/shipping-rules/{rule_id}", access=STAFF, response=None, status=204, errors=[NotFound])
def delete_shipping_rule(connection: Connection, rule_id: int, expected_version: int | None) -> None:
    """Delete a shipping rule."""
    price_rules.delete_rule(connection, SHIPPING_RULES, rule_id, expected_version=expected_version)


@routes.get("/shipping-options", access=PUBLIC, response=list[ShippingOption])
def list_shipping_options(connection: Connection, query: ShippingOptionsQuery) -> list[dict[str, Any]]:
    """List the ways to ship into a country, cheapest first; without a country, those for any."""
    options = price_rules.shipping_options(connection, query.country)
    return [_price(rule) for rule in islice(options.values(), query.limit)]
