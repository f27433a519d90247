"""Changes of customers over HTTP that their accounts have to follow."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from chalicelib.accounts import people
from chalicelib.commerce.customers.customers_api import Customer, Profile, Word
from chalicelib.core.auth import STAFF, STAFF_OR_OWNER
from chalicelib.core.bodies import Change, without_default
from chalicelib.core.database import Connection, as_dict
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.inputs import Email
from chalicelib.core.routes import Reply, Routes, versioned

routes = Routes("Customers")


class CustomerChange(Profile, Change):
    """What to change of a customer; what is left out stays, null empties. The last two are for staff."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"minProperties": 1, "examples": [{"phone": "+33 4 00 00 00 00"}]}
    )

    first_name: Word | None = None
    last_name: Word | None = None
    email: Email = Field("", json_schema_extra=without_default)
    traffic_source: Word | None = None


@routes.patch("/users/{user_id}", access=STAFF_OR_OWNER, response=Customer, errors=[NotFound, Conflict])
def change_user(
    connection: Connection, owner_id: int | None, user_id: int, body: CustomerChange, expected_version: int | None
) -> Reply:
    """Change a customer; a customer changes itself alone.

    `email` and `traffic_source` are for staff: a customer changes its address by `POST /accounts/me/email`, which
    proves it. The account follows a new address.
    """
    changes = body.model_dump(exclude_unset=True)
    row = people.change_person(connection, user_id, changes, owner_id=owner_id, expected_version=expected_version)
    return versioned(as_dict(row), row.version)


@routes.post("/users/{user_id}/archive", access=STAFF, response=Customer, errors=[NotFound])
def archive_user(connection: Connection, user_id: int, expected_version: int | None) -> Reply:
    """Put a customer away: out of the list, signed out, its account switched off. Nothing is deleted."""
    row = people.archive_person(connection, user_id, expected_version)
    return versioned(as_dict(row), row.version)


@routes.post("/users/{user_id}/restore", access=STAFF, response=Customer, errors=[NotFound, Conflict])
def restore_user(connection: Connection, user_id: int, expected_version: int | None) -> Reply:
    """Take a customer back that was put away; it may sign in again."""
    row = people.restore_person(connection, user_id, expected_version)
    return versioned(as_dict(row), row.version)
