"""Changes of customers over HTTP that their accounts have to follow."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.accounts import people
from chalicelib.accounts.accounts_api import Account, present_account
from chalicelib.commerce.customers.addresses_api import Address, present
from chalicelib.commerce.customers.customers_api import Customer, Profile, Word
from chalicelib.commerce.sales.order_answers import Order
from chalicelib.commerce.sales.order_answers import present as present_order
from chalicelib.core.auth import ADMIN, STAFF, STAFF_OR_OWNER
from chalicelib.core.bodies import Change, without_default
from chalicelib.core.database import Connection, as_dict
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.inputs import Email
from chalicelib.core.routes import Reply, Routes, versioned
from chalicelib.recommendations.measuring.experiments_api import SeenExperiment
from chalicelib.recommendations.signals.signals_api import Behaviour, Visitor, present_behaviour, present_visitor

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


class PersonalData(BaseModel):
    """All that is stored of a customer."""

    customer: Customer
    account: Account | None
    addresses: list[Address]
    orders: list[Order]
    visitors: list[Visitor]
    behaviour: list[Behaviour] = Field(description="The latest 500; all by `GET /users/{user_id}/behaviour`.")
    experiments: list[SeenExperiment]


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


@routes.get("/users/{user_id}/export", access=STAFF_OR_OWNER, response=PersonalData, errors=[NotFound])
def export_user(connection: Connection, owner_id: int | None, user_id: int) -> dict[str, Any]:
    """Read all that is stored of a customer: itself, its account, addresses, orders, and what it did in the shop."""
    found = people.export_person(connection, user_id, owner_id=owner_id)
    return {
        "customer": as_dict(found["customer"]),
        "account": None if found["account"] is None else present_account(found["account"]),
        "addresses": [present(row) for row in found["addresses"]],
        "orders": [present_order(row) for row in found["orders"]],
        "visitors": [present_visitor(row) for row in found["visitors"]],
        "behaviour": [present_behaviour(row) for row in found["behaviour"]],
        "experiments": [as_dict(row) for row in found["experiments"]],
    }


@routes.post("/users/{user_id}/erase", access=ADMIN, response=Customer, errors=[NotFound, Conflict])
def erase_user(connection: Connection, user_id: int, expected_version: int | None) -> Reply:
    """Forget who a customer is, for good: profile, addresses, account, mails, what it did in the shop.

    Its orders stay, of nobody. While an order or a checkout is under way it is a 409: what was bought has to arrive.
    """
    row = people.erase_person(connection, user_id, expected_version)
    return versioned(as_dict(row), row.version)
