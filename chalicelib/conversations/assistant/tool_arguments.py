"""What each tool of the assistant takes: checked by these models, and described to a language model by them.

The texts here are read by a language model. Nothing is looked up or done here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from chalicelib.commerce.sales.carts import MAX_QUANTITY
from chalicelib.commerce.sales.returns import ReturnReason
from chalicelib.conversations.assistant.turns import ToolName
from chalicelib.core.inputs import whole
from chalicelib.core.money import MAX_CENTS
from chalicelib.core.paging import MAX_ID

MOST_SHOWN = 10
MOST_SKIPPED = 90

# Without control characters: SQLite would end the text at a NUL.
_PLAIN = r"^[^\x00-\x1f\x7f]*$"
Words = Annotated[str, Field(max_length=300, pattern=_PLAIN)]
Name = Annotated[str, Field(min_length=1, max_length=255, pattern=_PLAIN)]
Id = Annotated[int, Field(ge=1, le=MAX_ID), BeforeValidator(whole)]
Cents = Annotated[int, Field(ge=0, le=MAX_CENTS), BeforeValidator(whole)]
Limit = Annotated[int, Field(ge=1, le=MOST_SHOWN), BeforeValidator(whole)]


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SearchProducts(_Arguments):
    """Search the products that are for sale. All words must fit; small slips do not matter."""

    words: Words = Field("", description="Words of name, brand, category or department; empty finds everything.")
    category: Name | None = Field(None, description="A category of the shop, such as Jeans.")
    brand: Name | None = Field(None, description="A brand of the shop.")
    department: Name | None = Field(None, description="A department of the shop, such as Women.")
    colours: list[Name] = Field([], max_length=8, description="Colours; the product's name must have one of them.")
    min_price_cents: Cents | None = Field(None, description="Lowest price in cents, itself included.")
    max_price_cents: Cents | None = Field(None, description="Highest price in cents, itself included.")
    in_stock: bool | None = Field(None, description="true: only what can be bought now.")
    sort: Literal["relevance", "price_asc", "price_desc", "newest", "name"] = "relevance"
    skip: Annotated[int, Field(ge=0, le=MOST_SKIPPED), BeforeValidator(whole)] = Field(
        0, description="How many of the found products to pass over: those that were shown already."
    )
    limit: Limit = 5


class RecommendProducts(_Arguments):
    """Recommend products to this customer, by what it did in the shop; popular ones where nothing is known."""

    category: Name | None = Field(None, description="A category of the shop.")
    max_price_cents: Cents | None = Field(None, description="Highest price in cents, itself included.")
    limit: Limit = 5


class SimilarProducts(_Arguments):
    """Find products that are like one."""

    product_id: Id
    max_price_cents: Cents | None = Field(None, description="Highest price in cents, itself included.")
    limit: Limit = 5


class GetProduct(_Arguments):
    """Look one product up as it is now: price, stock, image."""

    product_id: Id


class ListOrders(_Arguments):
    """List this customer's own orders, newest first."""

    limit: Limit = 5


class GetOrder(_Arguments):
    """Look up one of this customer's own orders: status, times, parcel, items, and which may be sent back."""

    order_id: Id


class StartReturn(_Arguments):
    """Ask to send items of an own order back. It is done only once the person has said yes to exactly this."""

    order_id: Id
    item_ids: list[Id] = Field(min_length=1, max_length=100, description="Ids of the order's items, of get_order.")
    reason: Literal["wrong_size", "not_as_described", "damaged", "wrong_item", "late", "changed_mind", "other"] = (
        Field(description="Why, as the person has said; other when it has not.")
    )


class ReadPolicies(_Arguments):
    """Read what the shop's policies say about a question: shipping, returns, payment, privacy and the like."""

    question: Words = Field(min_length=1, description="The question in the person's words.")
    topic: Name | None = Field(None, description="The topic, where it is known.")


class AddToCart(_Arguments):
    """Put units of a product into this customer's cart. Done only once the person has said yes to exactly this."""

    product_id: Id
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY), BeforeValidator(whole)] = 1


class ShowCart(_Arguments):
    """Look at this customer's cart with its present prices."""


class RequestHuman(_Arguments):
    """Ask for a person of the shop to take over: the customer wants one, or nothing else helps."""

    reason: str = Field(
        "asked", pattern="^[a-z_]{1,32}$", description="In a word: asked, complaint, cannot_help or another."
    )


ARGUMENTS: Mapping[ToolName, type[BaseModel]] = {
    "search_products": SearchProducts,
    "recommend_products": RecommendProducts,
    "similar_products": SimilarProducts,
    "get_product": GetProduct,
    "list_orders": ListOrders,
    "get_order": GetOrder,
    "start_return": StartReturn,
    "read_policies": ReadPolicies,
    "add_to_cart": AddToCart,
    "show_cart": ShowCart,
    "request_human": RequestHuman,
}

if set(StartReturn.model_fields["reason"].annotation.__args__) != set(ReturnReason):  # type: ignore[union-attr]
    raise TypeError("the reasons of a return have changed")


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as a language model is told of it; `schema` is a JSON schema of its arguments."""

    name: ToolName
    description: str
    schema: Mapping[str, Any]


def tool_specs() -> list[ToolSpec]:
    """Return what there is to be told of each tool."""
    return [ToolSpec(name, _description(model), _schema(model)) for name, model in ARGUMENTS.items()]


def _description(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split())


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema()
    return {name: value for name, value in schema.items() if name not in ("title", "description")}
