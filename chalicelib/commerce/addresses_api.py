"""Addresses of customers over HTTP."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from chalicelib.commerce import addresses
from chalicelib.core.auth import STAFF_OR_OWNER
from chalicelib.core.bodies import Change, Latitude, Longitude, Name, Phone, PostalCode, Street, without_default
from chalicelib.core.database import Connection, as_dict
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.paging import Page, PageQuery
from chalicelib.core.routes import Reply, Routes, versioned

routes = Routes("Customers")

_EXAMPLE: JsonDict = {
    "name": "Robin Doe",
    "street_address": "1 rue de l'Exemple",
    "postal_code": "69001",
    "city": "Lyon",
    "country": "France",
}


class Address(BaseModel):
    """Where a customer has things sent to."""

    id: int
    customer_id: int
    name: str
    street_address: str
    postal_code: str
    city: str
    state: str | None
    country: str
    phone: str | None
    latitude: float | None
    longitude: float | None
    is_default: bool
    created_at: AwareDatetime
    updated_at: AwareDatetime
    version: int


class NewAddress(BaseModel):
    """An address to be added; the first one is the default whatever is said."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    name: Name = Field(description="Who receives it.")
    street_address: Street
    postal_code: PostalCode
    city: Name
    state: Name | None = None
    country: Name
    phone: Phone | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    is_default: bool = Field(False, description="Whether it takes the place of the present default.")


class AddressChange(Change):
    """What to change of an address; what is left out stays."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"minProperties": 1, "examples": [{"is_default": True}]}
    )

    # The defaults only fill the fields that are left out, which nobody reads.
    name: Name = Field("", json_schema_extra=without_default)
    street_address: Street = Field("", json_schema_extra=without_default)
    postal_code: PostalCode = Field("", json_schema_extra=without_default)
    city: Name = Field("", json_schema_extra=without_default)
    state: Name | None = Field(None, json_schema_extra=without_default)
    country: Name = Field("", json_schema_extra=without_default)
    phone: Phone | None = Field(None, json_schema_extra=without_default)
    latitude: Latitude | None = Field(None, json_schema_extra=without_default)
    longitude: Longitude | None = Field(None, json_schema_extra=without_default)
    is_default: bool = Field(False, json_schema_extra=without_default)


def present(row: Any) -> dict[str, Any]:
    """Return an address row as it goes over the wire."""
    return {**as_dict(row), "is_default": bool(row.is_default)}


@routes.get("/users/{user_id}/addresses", access=STAFF_OR_OWNER, response=list[Address], errors=[NotFound])
def list_addresses(
    connection: Connection, owner_id: int | None, user_id: int, query: PageQuery
) -> Page[dict[str, Any]]:
    """List the addresses of a customer, by id."""
    page = addresses.list_addresses(connection, user_id, query.page(), owner_id=owner_id)
    return page.with_items([present(row) for row in page.items])


@routes.post(
    "/users/{user_id}/addresses", access=STAFF_OR_OWNER, response=Address, status=201, errors=[NotFound, Conflict]
)
def create_address(
    connection: Connection, owner_id: int | None, base_path: str, user_id: int, body: NewAddress
) -> Reply:
    """Add an address to a customer, who has 50 at most."""
    row = addresses.add_address(connection, user_id, body.model_dump(), owner_id=owner_id)
    return versioned(present(row), row.version, {"Location": f"{base_path}/users/{user_id}/addresses/{row.id}"})


@routes.get("/users/{user_id}/addresses/{address_id}", access=STAFF_OR_OWNER, response=Address, errors=[NotFound])
def get_address(connection: Connection, owner_id: int | None, user_id: int, address_id: int) -> Reply:
    """Read an address of a customer."""
    row = addresses.get_address(connection, user_id, address_id, owner_id=owner_id)
    return versioned(present(row), row.version)


@routes.patch("/users/{user_id}/addresses/{address_id}", access=STAFF_OR_OWNER, response=Address, errors=[NotFound])
def change_address(
    connection: Connection,
    owner_id: int | None,
    user_id: int,
    address_id: int,
    body: AddressChange,
    expected_version: int | None,
) -> Reply:
    """Change an address of a customer; a new default takes the place of the old one."""
    changes = body.model_dump(exclude_unset=True)
    row = addresses.change_address(
        connection, user_id, address_id, changes, owner_id=owner_id, expected_version=expected_version
    )
    return versioned(present(row), row.version)


@routes.delete(
    "/users/{user_id}/addresses/{address_id}", access=STAFF_OR_OWNER, response=None, status=204, errors=[NotFound]
)
def delete_address(
    connection: Connection, owner_id: int | None, user_id: int, address_id: int, expected_version: int | None
) -> None:
    """Delete an address of a customer; orders that went there keep it."""
    addresses.delete_address(connection, user_id, address_id, owner_id=owner_id, expected_version=expected_version)
