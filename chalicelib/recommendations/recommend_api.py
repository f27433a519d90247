"""Recommendations over HTTP."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.commerce.catalogue.products import ProductFilter
from chalicelib.commerce.catalogue.products_api import Product, Words, present
from chalicelib.core import clock
from chalicelib.core.auth import STAFF_OR_OWNER, Caller
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound
from chalicelib.core.inputs import BodyMoney, Id, Limit
from chalicelib.core.money import Money, floor_cents, mean_cents
from chalicelib.core.routes import Routes
from chalicelib.recommendations import recommend

routes = Routes("Recommendations")


class Wish(BaseModel):
    """For whom to recommend, and of what."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"user_id": 1, "category": "Jeans", "max_price": 80, "limit": 5}]},
    )

    user_id: Id
    category: Words | None = Field(None, description="Contained in the category; case is ignored.")
    max_price: BodyMoney | None = Field(None, description="Highest retail price, itself included.")
    limit: Limit = 5


class RecommendedProduct(Product):
    """A product, and how much of what the customer buys speaks for it."""

    preference_score: float = Field(ge=0, le=1)


class CustomerPreference(BaseModel):
    """What the customer buys, and what it spends on one such unit."""

    category: str
    brand: str | None
    avg_spent: Money


class Recommended(BaseModel):
    """What to show to the customer, best first."""

    user_id: int
    recommendations: list[RecommendedProduct]
    user_preferences: list[CustomerPreference]
    algorithm: str
    generated_at: AwareDatetime


def _present(row: Any, score: float, *, for_staff: bool) -> dict[str, Any]:
    shown = present(row, for_staff=for_staff)
    shown.pop("score", None)  # how the database ranked it, already in the preference score
    return {**shown, "preference_score": round(score, 4)}


@routes.post("/ai/recommendations", access=STAFF_OR_OWNER, response=Recommended, errors=[NotFound], reads=True)
def recommend_products(connection: Connection, caller: Caller, owner_id: int | None, body: Wish) -> dict[str, Any]:
    """Recommend products to a customer: for staff, or for the customer itself."""
    found = recommend.recommend(
        connection,
        body.user_id,
        ProductFilter(
            category=body.category,
            max_price_cents=None if body.max_price is None else floor_cents(body.max_price),
        ),
        owner_id=owner_id,
        limit=body.limit,
    )
    return {
        "user_id": body.user_id,
        "recommendations": [_present(row, score, for_staff=caller.is_staff) for row, score in found.items],
        "user_preferences": [
            {"category": each.category, "brand": each.brand, "avg_spent": mean_cents(each.spent_cents, each.units)}
            for each in found.preferences
        ],
        "algorithm": found.algorithm,
        "generated_at": clock.now(),
    }
