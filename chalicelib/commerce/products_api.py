"""Products over HTTP: what the shop offers, as shoppers and staff see it, and how staff changes it."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from chalicelib.commerce import product_images, products, products_sql
from chalicelib.commerce.products_sql import ProductFilter
from chalicelib.core.auth import PUBLIC, STAFF, Caller
from chalicelib.core.bodies import without_default
from chalicelib.core.database import Connection, as_dict
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.inputs import BodyMoney, Id, Line, Prose, whole
from chalicelib.core.money import Money, MoneyLimit, ceil_cents, floor_cents, from_cents, to_cents
from chalicelib.core.paging import Page, PageQuery
from chalicelib.core.routes import Reply, Routes, versioned

routes = Routes("Catalogue")

# Without control characters: SQLite would end the text at a NUL.
Words = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Level = Annotated[int, Field(ge=0, le=1_000_000), BeforeValidator(whole)]
Price = Annotated[BodyMoney, Field(description="Rounded to cents, a half to the even one.")]

_STAFF_ONLY = ("cost", "status", "low_stock_level", "version", "availability")


class ProductStatus(StrEnum):
    """Where a product is in its life: shoppers see published ones only."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


def _without_staff_fields(schema: dict[str, Any]) -> None:
    """What staff alone is shown is not required of an answer."""
    schema["required"] = [name for name in schema["required"] if name not in _STAFF_ONLY]


class Product(BaseModel):
    """Something to sell. `cost`, `status`, `low_stock_level` and `version` are there for staff only."""

    model_config = {"json_schema_extra": _without_staff_fields}

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
    status: ProductStatus
    image_url: str | None = Field(
        description="Where the image is: a URL, or a path below this API (`/images/…`) where no IMAGES_URL is set."
    )
    image_alt: str | None = Field(description="What the image shows, in words.")
    low_stock_level: int | None = Field(
        description="Stock is low at this many free units; null: the shop's own level."
    )
    version: int
    available: int = Field(description="Free units over all distribution centers.")
    in_stock: bool


class CenterStock(BaseModel):
    """Units of a product in one distribution center."""

    distribution_center_id: int
    free: int
    reserved: int


class ProductPage(Product):
    """A product with all that there is to say of it. `availability`, by center, is there for staff only."""

    description: str | None
    availability: list[CenterStock]


class NewProduct(BaseModel):
    """A product to be made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "Slim Jeans",
                    "category": "Jeans",
                    "brand": "Levi",
                    "sku": "JEANS-32-32",
                    "cost": 20,
                    "retail_price": 49.5,
                    "distribution_center_id": 1,
                }
            ]
        },
    )

    name: Line = Field(max_length=500)
    category: Line = Field(max_length=255)
    brand: Line | None = Field(None, max_length=255)
    department: Line | None = Field(None, max_length=255)
    sku: Line = Field(max_length=64)
    cost: Price = Field(Decimal(0), json_schema_extra={"default": 0})
    retail_price: Price = Field(Decimal(0), json_schema_extra={"default": 0})
    distribution_center_id: Id
    description: Prose | None = Field(None, max_length=10_000)
    image_alt: Line | None = Field(None, max_length=500)
    low_stock_level: Level | None = None
    status: Literal["draft", "published"] = "draft"


class ProductChange(BaseModel):
    """What to change of a product; what is left out stays, null clears."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"retail_price": 44.9}]})

    # The defaults only fill the fields that are left out, which nobody reads: they are none of the document's.
    name: Line = Field("", max_length=500, json_schema_extra=without_default)
    category: Line = Field("", max_length=255, json_schema_extra=without_default)
    brand: Line | None = Field(None, max_length=255, json_schema_extra=without_default)
    department: Line | None = Field(None, max_length=255, json_schema_extra=without_default)
    sku: Line = Field("", max_length=64, json_schema_extra=without_default)
    cost: Price = Field(Decimal(0), json_schema_extra=without_default)
    retail_price: Price = Field(Decimal(0), json_schema_extra=without_default)
    distribution_center_id: Id = Field(1, json_schema_extra=without_default)
    description: Prose | None = Field(None, max_length=10_000, json_schema_extra=without_default)
    image_alt: Line | None = Field(None, max_length=500, json_schema_extra=without_default)
    low_stock_level: Level | None = Field(None, json_schema_extra=without_default)


class ProductChangeEntry(BaseModel):
    """One field that somebody changed; values as text, null where there was or is none."""

    id: int
    field: str
    old: str | None
    new: str | None
    changed_by: str
    changed_at: AwareDatetime


class ProductQuery(PageQuery):
    """Which products to list."""

    category: Words | None = Field(None, description="Contained in the category; case is ignored.")
    brand: Words | None = Field(None, description="Contained in the brand; case is ignored.")
    min_price: MoneyLimit | None = Field(None, description="Lowest retail price, itself included.")
    max_price: MoneyLimit | None = Field(None, description="Highest retail price, itself included.")
    status: ProductStatus | None = Field(None, description="Only those of this status; others see published ones.")

    def wanted(self) -> ProductFilter:
        """Return the filter with prices in cents."""
        return ProductFilter(
            category=self.category,
            brand=self.brand,
            min_price_cents=None if self.min_price is None else ceil_cents(self.min_price),
            max_price_cents=None if self.max_price is None else floor_cents(self.max_price),
            status=None if self.status is None else self.status.value,
        )


def present(row: Any, *, for_staff: bool) -> dict[str, Any]:
    """Return a product row (of `products_sql.SHOWN`) as it goes over the wire."""
    shown = as_dict(row)
    shown["retail_price"] = from_cents(shown.pop("retail_price_cents"))
    shown["image_url"] = product_images.url_of(shown.pop("image_key"))
    shown["available"] = available = int(shown["available"])  # a sum is Decimal on MySQL
    shown["in_stock"] = available > 0
    cost_cents = shown.pop("cost_cents")
    if for_staff:
        shown["cost"] = from_cents(cost_cents)
    else:
        del shown["status"], shown["low_stock_level"], shown["version"]
    return shown


def is_staff(caller: Caller | None) -> bool:
    """Tell whether the caller, if any, may see what is for staff only."""
    return caller is not None and caller.is_staff


def answer_product(connection: Connection, product_id: int, headers: dict[str, str] | None = None) -> Reply:
    """Return the answer that shows staff a whole product."""
    row = products.get_product(connection, product_id, unpublished=True)
    levels = products_sql.list_availability(connection, product_id)
    body = present(row, for_staff=True) | {"availability": [as_dict(level) for level in levels]}
    return versioned(body, row.version, headers)


@routes.get("/products", access=PUBLIC, response=list[Product])
def list_products(connection: Connection, caller: Caller | None, query: ProductQuery) -> Page[dict[str, Any]]:
    """List products, by id, filtered by category, brand and price.

    Shoppers see published products. Staff sees all, and may ask for those of one `status`.
    """
    for_staff = is_staff(caller)
    page = products_sql.list_products(connection, query.wanted(), query.page(), unpublished=for_staff)
    return page.with_items([present(row, for_staff=for_staff) for row in page.items])


@routes.get("/products/{product_id}", access=PUBLIC, response=ProductPage, errors=[NotFound])
def get_product(connection: Connection, caller: Caller | None, product_id: int) -> Reply:
    """Read a product. Its ETag is for the If-Match of a change."""
    if is_staff(caller):
        return answer_product(connection, product_id)
    row = products.get_product(connection, product_id, unpublished=False)
    return versioned(present(row, for_staff=False), row.version)


@routes.post("/products", access=STAFF, response=ProductPage, status=201, errors=[Conflict])
def create_product(connection: Connection, caller: Caller, base_path: str, body: NewProduct) -> Reply:
    """Make a product: a draft, unless it is to be published at once."""
    values = _columns(body.model_dump())
    product_id = products.create_product(connection, values, by=caller.username)
    return answer_product(connection, product_id, {"Location": f"{base_path}/products/{product_id}"})


@routes.patch("/products/{product_id}", access=STAFF, response=ProductPage, errors=[NotFound, Conflict])
def change_product(
    connection: Connection, caller: Caller, product_id: int, expected_version: int | None, body: ProductChange
) -> Reply:
    """Change a product. Its status has operations of its own: publish, archive, restore."""
    values = _columns({name: getattr(body, name) for name in body.model_fields_set})
    products.change_product(connection, product_id, values, expected_version=expected_version, by=caller.username)
    return answer_product(connection, product_id)


@routes.post("/products/{product_id}/publish", access=STAFF, response=ProductPage, errors=[NotFound, Conflict])
def publish_product(connection: Connection, caller: Caller, product_id: int, expected_version: int | None) -> Reply:
    """Show a draft to shoppers; it needs a name, a category and a price above 0."""
    products.set_status(
        connection, product_id, products.PUBLISHED, expected_version=expected_version, by=caller.username
    )
    return answer_product(connection, product_id)


@routes.post("/products/{product_id}/archive", access=STAFF, response=ProductPage, errors=[NotFound, Conflict])
def archive_product(connection: Connection, caller: Caller, product_id: int, expected_version: int | None) -> Reply:
    """Take a product out of the shop. Nothing is deleted: its orders and stock stay."""
    products.set_status(
        connection, product_id, products.ARCHIVED, expected_version=expected_version, by=caller.username
    )
    return answer_product(connection, product_id)


@routes.post("/products/{product_id}/restore", access=STAFF, response=ProductPage, errors=[NotFound, Conflict])
def restore_product(connection: Connection, caller: Caller, product_id: int, expected_version: int | None) -> Reply:
    """Make a draft of an archived product; publish it when it is as it should be."""
    products.restore(connection, product_id, expected_version=expected_version, by=caller.username)
    return answer_product(connection, product_id)


@routes.get("/products/{product_id}/history", access=STAFF, response=list[ProductChangeEntry], errors=[NotFound])
def list_product_history(connection: Connection, product_id: int, query: PageQuery) -> Page[dict[str, Any]]:
    """List who changed what of a product, newest first. CSV imports leave no entries."""
    products.get_product(connection, product_id, unpublished=True)
    page = products_sql.list_changes(connection, product_id, query.page())
    return page.with_items(
        [
            {
                "id": row.id,
                "field": row.field,
                "old": row.old_value,
                "new": row.new_value,
                "changed_by": row.actor,
                "changed_at": row.created_at,
            }
            for row in page.items
        ]
    )


def _columns(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a body as columns: prices in cents, texts without space around them, line ends as one."""
    values: dict[str, Any] = {
        products.COLUMNS[name]: value.strip() if isinstance(value, str) else value for name, value in fields.items()
    }
    for column in ("cost_cents", "retail_price_cents"):
        if column in values:
            values[column] = to_cents(values[column])
    if values.get("description") is not None:
        values["description"] = values["description"].replace("\r\n", "\n").replace("\r", "\n") or None
    return values
