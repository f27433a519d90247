"""Customers over HTTP, under the contract's name `users`."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel

from chalicelib.commerce import customers, customers_sql
from chalicelib.core.auth import STAFF_OR_OWNER
from chalicelib.core.database import Connection, as_dict
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import Page, PageQuery
from chalicelib.core.routes import Routes

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


@routes.get("/users", access=STAFF_OR_OWNER, response=list[Customer])
def list_users(connection: Connection, owner_id: int | None, query: PageQuery) -> Page[dict[str, Any]]:
    """List the customers, by id; a customer sees itself alone."""
    page = customers_sql.list_customers(connection, query.page(), only_id=owner_id)
    return page.with_items([as_dict(row) for row in page.items])


@routes.get("/users/{user_id}", access=STAFF_OR_OWNER, response=Customer, errors=[NotFound])
def get_user(connection: Connection, owner_id: int | None, user_id: int) -> dict[str, Any]:
    """Read a customer; a customer reads itself alone."""
    return as_dict(customers.get_customer(connection, user_id, owner_id=owner_id))
