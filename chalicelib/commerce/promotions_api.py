"""Promotions over HTTP, for staff; customers use their codes in a cart."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, WithJsonSchema

from chalicelib.commerce import promotions, promotions_sql
from chalicelib.commerce.pricing import PromotionKind
from chalicelib.core.auth import STAFF
from chalicelib.core.bodies import without_default
from chalicelib.core.database import Connection, as_dict
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.inputs import AS_WHOLE, AS_WRITTEN, BodyMoney
from chalicelib.core.money import Money, from_cents, to_cents
from chalicelib.core.paging import Page, PageQuery
from chalicelib.core.routes import Reply, Routes, versioned
from chalicelib.core.text import fold

routes = Routes("Prices")

Code = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", examples=["WELCOME10"])]
Count = Annotated[int, Field(ge=1, le=1_000_000_000), AS_WHOLE]
Value = Annotated[
    Decimal,
    Field(ge=Decimal("0.01"), le=Decimal("999999999.99"), allow_inf_nan=False),
    WithJsonSchema({"type": "number", "minimum": 0.01, "maximum": 999_999_999.99, "examples": [10]}),
    AS_WRITTEN,
]

_VALUE = "A percentage (100 at most) or an amount, by `kind`; two decimals."
_MINIMUM = "The sum of items, before any discount, from which on it applies."
_ENDS_AT = "The first moment at which it is no longer valid."
_USAGE_LIMIT = "How many checkouts may use it; null: any number."
_CUSTOMER_LIMIT = "How many checkouts of one e-mail address may use it; null: any number."


class Promotion(BaseModel):
    """A code that takes something off. `used` counts the checkouts that are open or paid."""

    id: int
    code: str
    kind: PromotionKind
    value: Money = Field(description=_VALUE)
    minimum: Money = Field(description=_MINIMUM)
    starts_at: AwareDatetime | None
    ends_at: AwareDatetime | None = Field(description=_ENDS_AT)
    usage_limit: int | None = Field(description=_USAGE_LIMIT)
    customer_limit: int | None = Field(description=_CUSTOMER_LIMIT)
    used: int
    is_active: bool
    created_at: AwareDatetime
    updated_at: AwareDatetime
    version: int


class NewPromotion(BaseModel):
    """A promotion to be made. Customers may write its code in any case."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"code": "WELCOME10", "kind": "percentage", "value": 10, "customer_limit": 1},
                {"code": "FIVE-OFF", "kind": "fixed", "value": 5, "minimum": 25, "ends_at": "2030-01-01T00:00:00Z"},
            ]
        },
    )

    code: Code
    # Lax: an enum comes as a string in JSON.
    kind: PromotionKind = Field(strict=False)
    value: Value = Field(description=_VALUE)
    minimum: BodyMoney = Field(Decimal(0), description=_MINIMUM, json_schema_extra={"default": 0})
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = Field(None, description=_ENDS_AT)
    usage_limit: Count | None = Field(None, description=_USAGE_LIMIT)
    customer_limit: Count | None = Field(None, description=_CUSTOMER_LIMIT)
    is_active: bool = True


class PromotionChange(BaseModel):
    """What to change of a promotion; what is left out stays, null takes a limit away."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"is_active": False}]})

    # The defaults only fill the fields that are left out, which nobody reads: they are none of the document's.
    value: Value = Field(Decimal(1), description=_VALUE, json_schema_extra=without_default)
    minimum: BodyMoney = Field(Decimal(0), description=_MINIMUM, json_schema_extra=without_default)
    starts_at: AwareDatetime | None = Field(None, json_schema_extra=without_default)
    ends_at: AwareDatetime | None = Field(None, description=_ENDS_AT, json_schema_extra=without_default)
    usage_limit: Count | None = Field(None, description=_USAGE_LIMIT, json_schema_extra=without_default)
    customer_limit: Count | None = Field(None, description=_CUSTOMER_LIMIT, json_schema_extra=without_default)
    is_active: bool = Field(True, json_schema_extra=without_default)


class PromotionQuery(PageQuery):
    """Which promotions to list."""

    active: bool | None = Field(None, description="Only those that are switched on, or off.")
    code: Code | None = Field(None, description="Only the one with this code; case is ignored.")


def _present(row: Any) -> dict[str, Any]:
    shown = as_dict(row)
    del shown["code_key"]
    shown["value"] = from_cents(row.value)
    shown["minimum"] = from_cents(shown.pop("minimum_cents"))
    shown["is_active"] = bool(row.is_active)
    return shown


def _columns(given: dict[str, Any]) -> dict[str, Any]:
    """Return what was sent as columns: a percentage in hundredths, an amount in cents."""
    columns = dict(given)
    if "value" in columns:
        columns["value"] = to_cents(columns["value"])
    if "minimum" in columns:
        columns["minimum_cents"] = to_cents(columns.pop("minimum"))
    return columns


def _answer(connection: Connection, promotion_id: int, headers: dict[str, str] | None = None) -> Reply:
    row = promotions.get_promotion(connection, promotion_id)
    return versioned(_present(row), row.version, headers)


@routes.get("/promotions", access=STAFF, response=list[Promotion])
def list_promotions(connection: Connection, query: PromotionQuery) -> Page[dict[str, Any]]:
    """List the promotions, by id."""
    code_key = None if query.code is None else fold(query.code)
    page = promotions_sql.list_promotions(connection, query.page(), is_active=query.active, code_key=code_key)
    return page.with_items([_present(row) for row in page.items])


@routes.post("/promotions", access=STAFF, response=Promotion, status=201, errors=[Conflict])
def create_promotion(connection: Connection, base_path: str, body: NewPromotion) -> Reply:
    """Make a promotion.

    Refused are a percentage above 100, an end that is not after the begin, and a code that another has.
    """
    given = {**body.model_dump(), "kind": body.kind.value}
    promotion_id = promotions.create_promotion(connection, _columns(given))
    return _answer(connection, promotion_id, {"Location": f"{base_path}/promotions/{promotion_id}"})


@routes.get("/promotions/{promotion_id}", access=STAFF, response=Promotion, errors=[NotFound])
def get_promotion(connection: Connection, promotion_id: int) -> Reply:
    """Read a promotion. Its ETag is for the If-Match of a change."""
    return _answer(connection, promotion_id)


@routes.patch("/promotions/{promotion_id}", access=STAFF, response=Promotion, errors=[NotFound, Conflict])
def change_promotion(
    connection: Connection, promotion_id: int, expected_version: int | None, body: PromotionChange
) -> Reply:
    """Change a promotion, or switch it off with `is_active`; its code and its kind stay.

    Checkouts that were begun with it keep their price. Refused is a limit below what was used already.
    """
    given = {name: getattr(body, name) for name in body.model_fields_set}
    promotions.change_promotion(connection, promotion_id, _columns(given), expected_version=expected_version)
    return _answer(connection, promotion_id)


@routes.delete("/promotions/{promotion_id}", access=STAFF, response=None, status=204, errors=[NotFound, Conflict])
def delete_promotion(connection: Connection, promotion_id: int, expected_version: int | None) -> None:
    """Delete a promotion that was never used; one that was is switched off instead."""
    promotions.delete_promotion(connection, promotion_id, expected_version=expected_version)
