"""Products over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field

from chalicelib.commerce import products_sql
from chalicelib.commerce.products_sql import ProductFilter
from chalicelib.core.auth import PUBLIC, Caller
from chalicelib.core.database import Connection, as_dict
from chalicelib.core.errors import NotFound
from chalicelib.core.money import Money, MoneyLimit, ceil_cents, floor_cents, from_cents
from chalicelib.core.paging import Page, PageQuery
from chalicelib.core.routes import Routes

routes = Routes("Catalogue")

# Without control characters: SQLite would end the text at a NUL.
Words = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Product(BaseModel):
    """Something to sell. `cost` is there for staff only."""

    id: int
    cost: Money = Field(default=..., json_schema_extra={"description": "What the shop paid; staff only."})
    category: str
    name: str
    brand: str | None
    retail_price: Money
    department: str | None
    sku: str
    distribution_center_id: int
    created_at: AwareDatetime
    updated_at: AwareDatetime

    model_config = {"json_schema_extra": lambda schema: schema["required"].remove("cost")}


class ProductQuery(PageQuery):
    """Which products to list."""

    category: Words | None = Field(None, description="Contained in the category; case is ignored.")
    brand: Words | None = Field(None, description="Contained in the brand; case is ignored.")
    min_price: MoneyLimit | None = Field(None, description="Lowest retail price, itself included.")
    max_price: MoneyLimit | None = Field(None, description="Highest retail price, itself included.")

    def wanted(self) -> ProductFilter:
        """Return the filter with prices in cents."""
        return ProductFilter(
            category=self.category,
            brand=self.brand,
            min_price_cents=None if self.min_price is None else ceil_cents(self.min_price),
            max_price_cents=None if self.max_price is None else floor_cents(self.max_price),
        )


def present(row: Any, *, with_cost: bool) -> dict[str, Any]:
    """Return a product row as it goes over the wire."""
    shown = as_dict(row)
    cost_cents = shown.pop("cost_cents")
    shown["retail_price"] = from_cents(shown.pop("retail_price_cents"))
    if with_cost:
        shown["cost"] = from_cents(cost_cents)
    return shown


def _sees_cost(caller: Caller | None) -> bool:
    return caller is not None and caller.is_staff


@routes.get("/products", access=PUBLIC, response=list[Product])
def list_products(connection: Connection, caller: Caller | None, query: ProductQuery) -> Page[dict[str, Any]]:
    """List products, by id, filtered by category, brand and price."""
    page = products_sql.list_products(connection, query.wanted(), query.page())
    with_cost = _sees_cost(caller)
    return page.with_items([present(row, with_cost=with_cost) for row in page.items])


@routes.get("/products/{product_id}", access=PUBLIC, response=Product, errors=[NotFound])
def get_product(connection: Connection, caller: Caller | None, product_id: int) -> dict[str, Any]:
    """Read a product."""
    row = products_sql.find_product(connection, product_id)
    if row is None:
        raise NotFound(f"There is no product {product_id}.")
    return present(row, with_cost=_sees_cost(caller))
