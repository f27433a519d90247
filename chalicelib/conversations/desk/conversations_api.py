"""The help desk over HTTP: all conversations, and one with all that stands around it.

What is done with one lives in `handling_api`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from chalicelib.commerce.customers.customers_api import Customer
from chalicelib.commerce.sales import order_answers
from chalicelib.commerce.sales.order_answers import Order
from chalicelib.conversations.desk import conversations
from chalicelib.conversations.desk.conversations import Context, Listed
from chalicelib.conversations.desk.conversations_sql import Wanted
from chalicelib.conversations.desk.desk_answers import (
    DeskConversation,
    DeskHandoff,
    DeskReaction,
    Note,
    Who,
    present_conversation,
    present_handoff,
    present_note,
    present_reaction,
    present_who,
)
from chalicelib.conversations.desk.desk_days import Days
from chalicelib.conversations.history.message_answers import Message, present_message
from chalicelib.conversations.history.session_answers import Analytics, present_analytics
from chalicelib.conversations.history.sessions import Status
from chalicelib.core.auth import STAFF, Caller
from chalicelib.core.database import Connection, as_dict
from chalicelib.core.errors import InvalidInput, NotFound
from chalicelib.core.inputs import Line
from chalicelib.core.money import Money, from_cents
from chalicelib.core.paging import MAX_ID, Page, TimelineQuery
from chalicelib.core.routes import Routes

routes = Routes("Help desk")

Rating = Annotated[int, Field(ge=1, le=5)]


class ConversationQuery(TimelineQuery, Days):
    """Which conversations to list. Days are those of the last activity."""

    status: Status | None = None
    handoff: Literal["none", "requested", "taken"] | None = Field(
        None, description="With the assistant, waiting for a person, or with one."
    )
    assignee_id: Annotated[str, Field(pattern=r"^(me|[1-9][0-9]{0,17})$")] | None = Field(
        None, description="Only those that this account has taken over; `me` for one's own."
    )
    account_id: int | None = Field(None, ge=1, le=MAX_ID, description="Only those of this account.")
    customer_id: int | None = Field(None, ge=1, le=MAX_ID, description="Only those of this customer's account.")
    min_rating: Rating | None = None
    max_rating: Rating | None = None
    tag: Annotated[Line, Field(max_length=50)] | None = None
    q: Annotated[Line, Field(max_length=200)] | None = Field(
        None, description="Only those with a message that has all these words, or words that begin with them."
    )
    sort: Literal["last_activity", "waiting"] = Field(
        "last_activity",
        description="`last_activity`: the latest first. `waiting`: those that wait for a person and are neither "
        "completed nor archived, the one that has waited longest first.",
    )

    def wanted(self, caller: Caller) -> Wanted:
        """Return the filter on columns.

        Raises:
            InvalidInput: sorted by waiting, but not of those that wait.
        """
        by_waiting = self.sort == "waiting"
        if by_waiting and self.handoff not in (None, "requested"):
            raise InvalidInput.at("query.sort", "only those with `handoff` requested wait")
        assignee = caller.account_id if self.assignee_id == "me" else self.assignee_id
        return Wanted(
            status=self.status,
            handoff="requested" if by_waiting else self.handoff,
            assignee_id=None if assignee is None else int(assignee),
            account_id=self.account_id,
            active_from=self.since,
            active_before=self.before,
            min_rating=self.min_rating,
            max_rating=self.max_rating,
            tag=None if self.tag is None else self.tag.strip(),
            in_progress=by_waiting,
        )


class DeskMessage(Message):
    """A message as staff sees it."""

    author: Who | None = Field(description="Who wrote it for the shop.")


class CustomerContext(BaseModel):
    """The customer of a conversation, and what it bought here."""

    customer: Customer
    orders_count: int = Field(description="Orders of which something was kept.")
    total_spent: Money = Field(description="What was kept of them was sold for.")
    latest_orders: list[Order] = Field(description="The latest 5, newest first.")
    cart_units: int = Field(description="Units in the cart.")


class DeskView(DeskConversation):
    """A conversation with all that stands around it."""

    description: str
    analytics: Analytics
    messages: list[DeskMessage] = Field(description="The latest 500, oldest first.")
    reactions: list[DeskReaction] = Field(description="The latest 200, newest first.")
    notes: list[Note] = Field(description="The latest 200, oldest first.")
    handoffs: list[DeskHandoff] = Field(description="The latest 200, newest first.")
    context: CustomerContext | None = Field(description="Null of an account that shops as no customer.")


@routes.get("/conversations", access=STAFF, response=list[DeskConversation])
def list_conversations(connection: Connection, caller: Caller, query: ConversationQuery) -> Page[dict[str, Any]]:
    """List the conversations of everybody: by last activity, or those that wait for a person."""
    page = conversations.list_conversations(
        connection,
        query.wanted(caller),
        query.page(),
        words=query.q,
        customer_id=query.customer_id,
        by_waiting=query.sort == "waiting",
    )
    people = conversations.people_of(connection, [each.row for each in page.items])
    return page.with_items([present_conversation(each, people) for each in page.items])


@routes.get("/conversations/{session_id}", access=STAFF, response=DeskView, errors=[NotFound])
def get_conversation(connection: Connection, session_id: str) -> dict[str, Any]:
    """Read a conversation with its notes, hand-offs and reactions, its customer, latest orders and cart."""
    seen = conversations.view(connection, session_id)
    people = seen.people
    return {
        **present_conversation(Listed(seen.session), people),
        "description": seen.session.description,
        "analytics": present_analytics(seen.session),
        "messages": [{**present_message(row), "author": present_who(people, row.author_id)} for row in seen.messages],
        "reactions": [present_reaction(row, people) for row in seen.reactions],
        "notes": [present_note(row, people) for row in seen.notes],
        "handoffs": [present_handoff(row, people) for row in seen.handoffs],
        "context": None if seen.context is None else _present_context(seen.context),
    }


def _present_context(context: Context) -> dict[str, Any]:
    return {
        "customer": as_dict(context.customer),
        "orders_count": context.kept_orders,
        "total_spent": from_cents(context.spent_cents),
        "latest_orders": [order_answers.present(row) for row in context.latest_orders],
        "cart_units": context.cart_units,
    }
