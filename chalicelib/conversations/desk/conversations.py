"""The help desk's look at conversations: a list of all, and one with all that stands around it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.accounts import accounts
from chalicelib.commerce.customers import customers
from chalicelib.commerce.sales import carts, kept_sales, orders
from chalicelib.conversations.desk import conversations_sql as sql
from chalicelib.conversations.desk import handoffs, notes_sql
from chalicelib.conversations.desk.conversations_sql import Wanted
from chalicelib.conversations.history import messages, sessions
from chalicelib.conversations.history.message_words import Snippet, snippet, terms_of, tokens_of
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import Page, PageRequest

MOST_MESSAGES = 500
_MOST_BESIDE = 200  # notes, reactions, hand-offs
_MOST_ORDERS = 5


@dataclass(frozen=True, slots=True)
class Listed:
    """A conversation of the list; where words were looked for, with the number of a message and a part of it."""

    row: Any
    hit: tuple[int, Snippet] | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What staff should know of the customer of a conversation: who it is, what it bought and has in its cart."""

    customer: Any
    kept_orders: int
    spent_cents: int
    latest_orders: Sequence[Any]
    cart_units: int


@dataclass(frozen=True, slots=True)
class View:
    """A conversation with its latest messages, oldest first, and what stands around it.

    `people` holds all accounts that appear in it, by id. `context` is None of an account without a customer.
    """

    session: Any
    messages: Sequence[Any]
    notes: Sequence[Any]
    handoffs: Sequence[Any]
    reactions: Sequence[Any]
    people: dict[int, Any]
    context: Context | None


def list_conversations(
    connection: Connection,
    wanted: Wanted,
    page: PageRequest,
    *,
    words: str | None,
    customer_id: int | None,
    by_waiting: bool,
) -> Page[Listed]:
    """Return conversations of everybody; with `words` those that have a message with all of them.

    One statement, another to count all when paging by `skip`, one for `customer_id`, one for what was found.
    """
    terms = terms_of(words) if words else ()
    nothing: Page[Listed] = Page([], page, total=None if page.after is not None else 0)
    if words and not terms:
        return nothing
    if customer_id is not None:
        account_id = accounts.accounts_of_customers(connection, [customer_id]).get(customer_id)
        if account_id is None or wanted.account_id not in (None, account_id):
            return nothing
        wanted = replace(wanted, account_id=account_id)
    tokens = [tokens_of(term) for term in terms]
    found = sql.list_conversations(connection, replace(wanted, tokens=tokens), page, by_waiting=by_waiting)
    hits: dict[int, tuple[int, Snippet]] = {}
    if terms and found.items:
        rows = sql.list_hits(connection, [row.id for row in found.items], tokens)
        hits = {row.session_id: (row.sequence_number, snippet(row.content, terms)) for row in rows}
    return found.with_items([Listed(row, hits.get(row.id)) for row in found.items])


def people_of(connection: Connection, sessions_: Iterable[Any]) -> dict[int, Any]:
    """Return the owners and assignees of sessions by account id. One statement."""
    ids = {each for row in sessions_ for each in (row.account_id, row.assignee_id) if each is not None}
    return accounts.find_people(connection, ids)


def view(connection: Connection, public_id: str) -> View:
    """Return a conversation of anybody with what stands around it, in a fixed number of statements.

    Raises:
        NotFound: there is none of that id.
    """
    session = sessions.get_session(connection, public_id, account_id=None)
    said = messages.list_recent(connection, session.id, MOST_MESSAGES)
    notes = notes_sql.list_latest(connection, session.id, _MOST_BESIDE)
    moves = handoffs.list_handoffs(connection, session.id, _MOST_BESIDE)
    reactions = sql.list_reactions(connection, session.id, _MOST_BESIDE)
    ids = {session.account_id, session.assignee_id, *(row.author_id for row in said)}
    ids |= (
        {row.author_id for row in notes} | {row.assignee_id for row in moves} | {row.account_id for row in reactions}
    )
    people = accounts.find_people(connection, ids - {None})
    customer_id = people[session.account_id].customer_id
    context = None if customer_id is None else _context(connection, customer_id)
    return View(session, said, list(reversed(notes)), moves, reactions, people, context)


def _context(connection: Connection, customer_id: int) -> Context | None:
    try:
        customer = customers.get_customer(connection, customer_id, owner_id=None)
    except NotFound:
        return None
    kept = kept_sales.total_of(connection, customer_id)
    # By cursor, so that nothing is counted.
    latest = orders.list_orders(
        connection, PageRequest(_MOST_ORDERS, after=()), user_id=customer_id, owner_id=customer_id
    )
    units = carts.count_units(connection, customer_id)
    return Context(customer, kept.orders, kept.revenue_cents, latest.items, units)
