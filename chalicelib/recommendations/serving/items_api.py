"""Recommended products as they go over the wire: the product, why it is here, and the id of the answer."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from chalicelib.commerce.catalogue.products_api import Product, present
from chalicelib.core import clock
from chalicelib.recommendations.serving.reasons import Kind
from chalicelib.recommendations.serving.wishes import Found, Item

IN_STOCK = (
    "`true`: only what has free units. `false`: stock makes no difference. Left out: what is sold out comes behind "
    "all that is in stock."
)


class ReasonShown(BaseModel):
    """Why a product is here, in words and for programs; null is what the reason does not name."""

    kind: Kind = Field(
        description="`bought`, `carted`, `viewed`: what the person did with `product_id`. `similar`, "
        "`bought_together`: with `product_id`. `preference`: a category (and brand) that the person buys or "
        "looked at. `popular`, `trending`: among what sells best of the category, of all times or lately. `sold`: "
        "how often. `new`: came within a month. `category`: nothing special."
    )
    text: str
    product_id: int | None
    product_name: str | None
    category: str | None
    brand: str | None
    count: int | None


class ChosenProduct(Product):
    """A product, its place, and why it is here."""

    position: int = Field(ge=0, description="Its place in this answer, from 0: to be sent with its events.")
    score: float = Field(description="How much speaks for it; comparable within this answer only.")
    source: Literal["collaborative", "content", "popularity"] = Field(
        description="What spoke most for it: what people did, what it is, or what all buy."
    )
    reason: ReasonShown


class RecommendedProduct(ChosenProduct):
    """A product that is recommended to somebody."""

    preference_score: float = Field(
        ge=0, le=1, description="The same from 0 to 1, the best being 1; 0 where nothing is known of the person."
    )


class Answer(BaseModel):
    """What made an answer, and the id under which to tell what became of it."""

    algorithm: str = Field(description="What the products come from, such as `model`, `preferences+popularity`.")
    request_id: str = Field(description="To be sent with the events of what was shown and clicked (`POST /events`).")
    model_version: str | None = Field(description="The model that answered; null without one.")
    variant: str | None = Field(description="The arm of the experiment that the person takes part in; null without.")
    generated_at: AwareDatetime


def present_answer(found: Found, *, for_staff: bool, personal: bool = False) -> dict[str, Any]:
    """Return an answer as it goes over the wire."""
    return {
        "recommendations": [
            _present_item(item, position, for_staff=for_staff, personal=personal)
            for position, item in enumerate(found.items)
        ],
        "algorithm": found.algorithm,
        "request_id": found.request_id,
        "model_version": found.model_version,
        "variant": found.variant,
        "generated_at": clock.now(),
    }


# How the database ranked a product is in its score already.
_NOT_SHOWN = ("score", "units", "orders")


def _present_item(item: Item, position: int, *, for_staff: bool, personal: bool) -> dict[str, Any]:
    shown = present(item.row, for_staff=for_staff)
    for name in _NOT_SHOWN:
        shown.pop(name, None)
    shown["position"] = position
    shown["score"] = round(item.score, 6)
    shown["source"] = item.source
    shown["reason"] = {
        "kind": item.reason.kind,
        "text": item.reason.text,
        "product_id": item.reason.product_id,
        "product_name": item.reason.product_name,
        "category": item.reason.category,
        "brand": item.reason.brand,
        "count": item.reason.count,
    }
    if personal:
        shown["preference_score"] = round(item.preference, 4)
    if item.count is not None:
        shown["count"] = item.count
    return shown
