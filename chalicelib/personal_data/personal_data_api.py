"""All that is stored of a customer over HTTP: to be read by it, to be forgotten by an admin."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from chalicelib.accounts.accounts_api import Account, present_account
from chalicelib.commerce.customers.addresses_api import Address, present
from chalicelib.commerce.customers.customers_api import Customer
from chalicelib.commerce.sales.order_answers import Order
from chalicelib.commerce.sales.order_answers import present as present_order
from chalicelib.conversations.history.session_answers import SessionListItem, present_list_item
from chalicelib.core.auth import ADMIN, STAFF_OR_OWNER
from chalicelib.core.database import Connection, as_dict
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.routes import Reply, Routes, versioned
from chalicelib.personal_data import personal_data
from chalicelib.recommendations.measuring.experiments_api import SeenExperiment
from chalicelib.recommendations.signals.signals_api import Behaviour, Visitor, present_behaviour, present_visitor

routes = Routes("Customers")


class OwnTemplate(BaseModel):
    """A beginning of conversations that the account made."""

    id: int
    name: str
    created_at: AwareDatetime


class PersonalData(BaseModel):
    """All that is stored of a customer."""

    customer: Customer
    account: Account | None
    addresses: list[Address]
    orders: list[Order]
    visitors: list[Visitor]
    behaviour: list[Behaviour] = Field(description="The latest 500; all by `GET /users/{user_id}/behaviour`.")
    experiments: list[SeenExperiment]
    conversations: list[SessionListItem] = Field(
        description="The latest 500. What was said in them, for the account itself, by `GET /api/export`; in one, "
        "for staff too, by `GET /api/sessions/{session_id}/export`."
    )
    templates: list[OwnTemplate] = Field(description="Those that the account made, the latest 500.")


@routes.get("/users/{user_id}/export", access=STAFF_OR_OWNER, response=PersonalData, errors=[NotFound])
def export_user(connection: Connection, owner_id: int | None, user_id: int) -> dict[str, Any]:
    """Read all that is stored of a customer: itself, account, addresses, orders, what it did and said in the shop."""
    found = personal_data.export_person(connection, user_id, owner_id=owner_id)
    account = found["account"]
    return {
        "customer": as_dict(found["customer"]),
        "account": None if account is None else present_account(account),
        "addresses": [present(row) for row in found["addresses"]],
        "orders": [present_order(row) for row in found["orders"]],
        "visitors": [present_visitor(row) for row in found["visitors"]],
        "behaviour": [present_behaviour(row) for row in found["behaviour"]],
        "experiments": [as_dict(row) for row in found["experiments"]],
        "conversations": [present_list_item(row, account.username) for row in found["conversations"]],
        "templates": [as_dict(row) for row in found["templates"]],
    }


@routes.post("/users/{user_id}/erase", access=ADMIN, response=Customer, errors=[NotFound, Conflict])
def erase_user(connection: Connection, user_id: int, expected_version: int | None) -> Reply:
    """Forget who a customer is, for good: profile, addresses, account, mails, conversations, what it did in the shop.

    Its orders stay, of nobody. While an order or a checkout is under way it is a 409: what was bought has to arrive.
    """
    row = personal_data.erase_person(connection, user_id, expected_version)
    return versioned(as_dict(row), row.version)
