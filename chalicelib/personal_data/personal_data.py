"""What all domains together keep of a customer: read as one, and forgotten in one transaction.

Each domain says itself what it keeps and how that is forgotten; what is here is which of them are asked, and in which
order. Always the customer is locked before its account.
"""

from __future__ import annotations

from typing import Any

from chalicelib.accounts import people
from chalicelib.analytics.funnel import summaries as funnel
from chalicelib.commerce.customers import addresses, customers
from chalicelib.commerce.sales import orders
from chalicelib.conversations.privacy import forgetting, summary
from chalicelib.core import idempotency
from chalicelib.core.database import Connection
from chalicelib.core.paging import MAX_LIMIT, PageRequest
from chalicelib.events import outbox
from chalicelib.mails import mails
from chalicelib.recommendations.measuring import experiments
from chalicelib.recommendations.signals import own_signals


def export_person(connection: Connection, customer_id: int, *, owner_id: int | None) -> dict[str, Any]:
    """Return all that is stored of a customer; of its conversations a summary, since all that was said may be much.

    Raises:
        NotFound: there is none, or it is somebody else.
    """
    customer = customers.get_customer(connection, customer_id, owner_id=owner_id)
    account = people.find_account(connection, customer_id)
    return {
        "customer": customer,
        "account": account,
        "addresses": addresses.list_all(connection, customer_id),
        "orders": _all_orders(connection, customer_id),
        "visitors": own_signals.list_visitors(connection, customer_id),
        "behaviour": own_signals.list_latest(connection, customer_id),
        "experiments": experiments.list_seen(connection, customer_id),
        "conversations": [] if account is None else summary.list_latest(connection, account.id),
        "templates": [] if account is None else summary.list_templates(connection, account.id),
    }


def _all_orders(connection: Connection, customer_id: int) -> list[Any]:
    found: list[Any] = []
    page = PageRequest(MAX_LIMIT, after=())
    while True:
        part = orders.list_orders(connection, page, user_id=customer_id, status=None, owner_id=None)
        found += part.items
        if part.next_key is None:
            return found
        page = PageRequest(MAX_LIMIT, after=part.next_key)


def erase_person(connection: Connection, customer_id: int, expected_version: int | None) -> Any:
    """Forget who a customer is: profile, addresses, account, mails, what it did and said. Orders stay, of nobody.

    Raises:
        NotFound: there is none of that id.
        PreconditionFailed: it was changed since that version.
        BusinessUnderWay: something has to be sent or paid first.
    """
    before = customers.lock_customer(connection, customer_id, owner_id=None)
    bought_under = customers.bought_under(connection, customer_id)
    erased = customers.erase(connection, customer_id, expected_version)
    account_id, known = people.forget_account(connection, before)
    if account_id is not None:
        forgetting.forget(connection, account_id)
        # Also what it was answered when it bought: an address, an order.
        idempotency.forget(connection, account_id=account_id)
    for address in sorted(known | bought_under):
        mails.forget(connection, address)
    own_signals.forget(connection, customer_id)
    experiments.forget(connection, customer_id)
    funnel.forget(connection, customer_id)
    outbox.record(connection, "customer.erased", f"customer:{customer_id}", {"customer_id": customer_id})
    return erased
