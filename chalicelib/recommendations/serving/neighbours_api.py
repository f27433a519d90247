"""What stands beside a product, and what sells, over HTTP: for everybody."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.commerce.catalogue import products
from chalicelib.commerce.catalogue.choices import ProductFilter
from chalicelib.commerce.catalogue.products_api import Words, is_staff
from chalicelib.core.auth import PUBLIC, Caller
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound
from chalicelib.core.money import MoneyLimit, ceil_cents, floor_cents
from chalicelib.core.paging import MAX_LIMIT
from chalicelib.core.routes import Reply, Routes
from chalicelib.recommendations.serving import neighbours
from chalicelib.recommendations.serving.items_api import IN_STOCK, Answer, ChosenProduct, present_answer
from chalicelib.recommendations.serving.wishes import Found, Wish

routes = Routes("Recommendations")

# Each answer has an id of its own: one that is kept would be counted as one that was shown once.
_UNKEPT = {"Cache-Control": "no-store"}


class NeighbourQuery(BaseModel):
    """Of what to answer how many."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(10, ge=0, le=MAX_LIMIT, description="How many to answer at most.")
    in_stock: bool | None = Field(None, description=IN_STOCK)
    min_price: MoneyLimit | None = Field(None, description="Lowest retail price, itself included.")
    max_price: MoneyLimit | None = Field(None, description="Highest retail price, itself included.")

    def wish(self, *, category: str | None = None, department: str | None = None) -> Wish:
        """Return the filters with prices in cents."""
        return Wish(
            ProductFilter(
                category=category,
                department=department,
                min_price_cents=None if self.min_price is None else ceil_cents(self.min_price),
                max_price_cents=None if self.max_price is None else floor_cents(self.max_price),
                in_stock=self.in_stock is True,
            ),
            limit=self.limit,
            stock_first=self.in_stock is None,
        )


class TrendingQuery(NeighbourQuery):
    """Of what to answer how many."""

    category: Words | None = Field(None, description="Contained in the category; case is ignored.")
    department: Words | None = Field(None, description="The department, whole; case is ignored.")


class TogetherProduct(ChosenProduct):
    """A product that was bought in the same orders as another."""

    count: int = Field(ge=1, description="How many orders hold both.")


class Neighbours(Answer):
    """What is like the product, most first."""

    product_id: int
    recommendations: list[ChosenProduct]


class Together(Answer):
    """What is bought together with the product, most often first."""

    product_id: int
    recommendations: list[TogetherProduct]


class Trending(Answer):
    """What sells, most first."""

    recommendations: list[ChosenProduct]


@routes.get("/products/trending", access=PUBLIC, response=Trending)
def list_trending(connection: Connection, caller: Caller | None, query: TrendingQuery) -> Reply:
    """List what sells best lately, in all, of a category or of a department; then what ever sold best."""
    wish = query.wish(category=query.category, department=query.department)
    return _reply(neighbours.trending(connection, wish), caller)


@routes.get("/products/{product_id}/similar", access=PUBLIC, response=Neighbours, errors=[NotFound])
def list_similar(connection: Connection, caller: Caller | None, product_id: int, query: NeighbourQuery) -> Reply:
    """List what is most like a product, by what people do with both and by what they are."""
    product = products.get_product(connection, product_id, unpublished=is_staff(caller))
    return _reply(neighbours.similar_to(connection, product, query.wish()), caller, product_id=product_id)


@routes.get("/products/{product_id}/bought-together", access=PUBLIC, response=Together, errors=[NotFound])
def list_bought_together(
    connection: Connection, caller: Caller | None, product_id: int, query: NeighbourQuery
) -> Reply:
    """List what is most often bought in one order with a product; fewer, or nothing, where few were."""
    product = products.get_product(connection, product_id, unpublished=is_staff(caller))
    return _reply(neighbours.bought_together_with(connection, product, query.wish()), caller, product_id=product_id)


def _reply(found: Found, caller: Caller | None, **more: Any) -> Reply:
    return Reply({**more, **present_answer(found, for_staff=is_staff(caller))}, _UNKEPT)
