"""Recommendations to somebody over HTTP: to a customer, and in a visit of anybody."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.commerce.catalogue.choices import ProductFilter
from chalicelib.commerce.catalogue.products_api import Words, is_staff
from chalicelib.core.auth import PUBLIC, STAFF_OR_OWNER, Caller, Role
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound
from chalicelib.core.inputs import AS_WRITTEN, BodyMoney, Id, Limit
from chalicelib.core.money import Money, ceil_cents, floor_cents, mean_cents
from chalicelib.core.routes import Routes
from chalicelib.recommendations.serving import recommend
from chalicelib.recommendations.serving.items_api import IN_STOCK, Answer, RecommendedProduct, present_answer
from chalicelib.recommendations.serving.wishes import Person, Wish
from chalicelib.recommendations.signals.signals_api import VisitorId

routes = Routes("Recommendations")

_MOST_CONTEXT = 50

Share = Annotated[float, Field(ge=0, le=1), AS_WRITTEN]


class Filters(BaseModel):
    """Of what to recommend how many."""

    model_config = ConfigDict(extra="forbid")

    category: Words | None = Field(None, description="Contained in the category; case is ignored.")
    brand: Words | None = Field(None, description="Contained in the brand; case is ignored.")
    department: Words | None = Field(None, description="The department, whole; case is ignored.")
    min_price: BodyMoney | None = Field(None, description="Lowest retail price, itself included.")
    max_price: BodyMoney | None = Field(None, description="Highest retail price, itself included.")
    in_stock: bool | None = Field(None, description=IN_STOCK)
    exclude_purchased: bool = Field(True, description="Leave out what the customer bought, also what it sent back.")
    diversity: Share | None = Field(
        None,
        description="How much to avoid a list of one category (of one brand, where a category is given): 0 not at "
        "all, 1 above all. Left out: a little, as the shop has it.",
    )
    context: list[Id] = Field(
        [],
        max_length=_MOST_CONTEXT,
        description="Ids of the products that were looked at in this visit, oldest first. They count as views of "
        "this moment, and are not recommended.",
    )
    limit: Limit = 5

    def wish(self) -> Wish:
        """Return the filters with prices in cents."""
        return Wish(
            ProductFilter(
                category=self.category,
                brand=self.brand,
                department=self.department,
                min_price_cents=None if self.min_price is None else ceil_cents(self.min_price),
                max_price_cents=None if self.max_price is None else floor_cents(self.max_price),
                in_stock=self.in_stock is True,
            ),
            limit=self.limit,
            stock_first=self.in_stock is None,
            exclude_purchased=self.exclude_purchased,
            diversity=self.diversity,
            context=self.context,
        )


class CustomerWish(Filters):
    """For whom to recommend, and of what."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"user_id": 1, "category": "Jeans", "max_price": 80, "limit": 5}]},
    )

    user_id: Id


class VisitWish(Filters):
    """Who visits, and of what to recommend."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"context": [1, 2], "limit": 5}]})

    visitor_id: VisitorId | None = Field(
        None, description="The visitor's id as `POST /events` has it; what was done under it counts."
    )


class CustomerPreference(BaseModel):
    """What the customer buys, and what it spends on one such unit."""

    category: str
    brand: str | None
    avg_spent: Money


class Recommended(Answer):
    """What to show to the customer, best first."""

    user_id: int
    recommendations: list[RecommendedProduct]
    user_preferences: list[CustomerPreference]


class VisitRecommended(Answer):
    """What to show in the visit, best first."""

    recommendations: list[RecommendedProduct]


@routes.post("/ai/recommendations", access=STAFF_OR_OWNER, response=Recommended, errors=[NotFound], reads=True)
def recommend_products(
    connection: Connection, caller: Caller, owner_id: int | None, body: CustomerWish
) -> dict[str, Any]:
    """Recommend products to a customer: for staff, or for the customer itself.

    All that the customer did until now counts: what it bought or looked at a second ago changes the answer.
    """
    # What a person of the staff looks at, the customer does not see; programs ask in its name.
    shown = caller.role in (Role.CUSTOMER, Role.SERVICE)
    found = recommend.to_customer(connection, body.user_id, body.wish(), owner_id=owner_id, shown=shown)
    return {
        "user_id": body.user_id,
        **present_answer(found, for_staff=caller.is_staff, personal=True),
        "user_preferences": [
            {"category": each.category, "brand": each.brand, "avg_spent": mean_cents(each.spent_cents, each.units)}
            for each in found.preferences
        ],
    }


@routes.post("/ai/recommendations/visit", access=PUBLIC, response=VisitRecommended, reads=True)
def recommend_in_visit(connection: Connection, caller: Caller | None, body: VisitWish) -> dict[str, Any]:
    """Recommend products in a visit, to anybody: by the products looked at and what was done under a visitor's id.

    With the token of a customer, all that this customer did counts as well.
    """
    customer_id = None if caller is None or caller.is_staff else caller.customer_id
    found = recommend.to_visit(connection, Person(customer_id, body.visitor_id), body.wish())
    return present_answer(found, for_staff=is_staff(caller), personal=True)
