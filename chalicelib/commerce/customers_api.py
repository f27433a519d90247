"""Customers over HTTP, under the contract's name `users`. What touches their accounts too is in `people_api`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.commerce import customers, customers_sql
from chalicelib.core.auth import STAFF, STAFF_OR_OWNER
from chalicelib.core.bodies import Latitude, Longitude, Text
from chalicelib.core.database import Connection, as_dict
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.inputs import AS_WHOLE, Email
from chalicelib.core.paging import Page, PageQuery
from chalicelib.core.routes import Reply, Routes, versioned

routes = Routes("Customers")


class Customer(BaseModel):
    """Somebody who buys."""

    id: int
    first_name: str | None
    last_name: str | None
    email: str
    age: int | None
    gender: str | None
    state: str | None
    street_address: str | None
    postal_code: str | None
    city: str | None
    country: str | None
    latitude: float | None
    longitude: float | None
    traffic_source: str | None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    phone: str | None
    version: int
    archived_at: AwareDatetime | None = Field(description="Since when it is put away.")


Age = Annotated[int, Field(ge=0, le=150), AS_WHOLE]
Word = Annotated[Text, Field(max_length=255)]


class Profile(BaseModel):
    """What a customer tells of itself; all of it may be left out."""

    model_config = ConfigDict(extra="forbid")

    age: Age | None = None
    gender: Annotated[Text, Field(max_length=16)] | None = None
    state: Word | None = None
    street_address: Annotated[Text, Field(max_length=500)] | None = None
    postal_code: Annotated[Text, Field(max_length=32)] | None = None
    city: Word | None = None
    country: Word | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    phone: Annotated[Text, Field(max_length=40)] | None = None


class NewCustomer(Profile):
    """A customer to be made by staff; it has no account until it registers with its address."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"email": "robin@example.com", "first_name": "Robin", "last_name": "Doe", "city": "Lyon"}]
        },
    )

    email: Email
    first_name: Word | None = None
    last_name: Word | None = None
    traffic_source: Word | None = None


class CustomerQuery(PageQuery):
    """Which customers to list."""

    archived: bool = Field(False, description="Those that are put away, instead of the others.")


@routes.get("/users", access=STAFF_OR_OWNER, response=list[Customer])
def list_users(connection: Connection, owner_id: int | None, query: CustomerQuery) -> Page[dict[str, Any]]:
    """List the customers, by id; a customer sees itself alone."""
    page = customers_sql.list_customers(connection, query.page(), only_id=owner_id, archived=query.archived)
    return page.with_items([as_dict(row) for row in page.items])


@routes.get("/users/{user_id}", access=STAFF_OR_OWNER, response=Customer, errors=[NotFound])
def get_user(connection: Connection, owner_id: int | None, user_id: int) -> Reply:
    """Read a customer; a customer reads itself alone."""
    row = customers.get_customer(connection, user_id, owner_id=owner_id)
    return versioned(as_dict(row), row.version)


@routes.post("/users", access=STAFF, response=Customer, status=201, errors=[Conflict])
def create_user(connection: Connection, base_path: str, body: NewCustomer) -> Reply:
    """Make a customer."""
    customer_id = customers.create_customer(connection, body.model_dump())
    row = customers.get_customer(connection, customer_id, owner_id=None)
    return versioned(as_dict(row), row.version, {"Location": f"{base_path}/users/{customer_id}"})
