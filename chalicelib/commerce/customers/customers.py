"""The rules of customers: made by staff or by registering, changed, put away, and never deleted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from chalicelib.commerce.customers import customers_sql
from chalicelib.core import clock
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, NotFound, PreconditionFailed
from chalicelib.core.text import fold

# Of ids in one statement.
_MOST_AT_ONCE = 1000


class EmailTaken(Conflict):
    """Another customer or account has this address (case does not matter)."""

    code = "email-taken"
    title = "E-mail address taken"


class BusinessUnderWay(Conflict):
    """Who and where the customer is has to be known until its last order has arrived."""

    code = "business-under-way"
    title = "Business under way"


def exists(connection: Connection, customer_id: int) -> bool:
    """Tell whether there is such a customer."""
    return customers_sql.find_customer(connection, customer_id) is not None


def get_customer(connection: Connection, customer_id: int, *, owner_id: int | None) -> Any:
    """Return a customer; `owner_id`, where given, is the only one that may be seen.

    Raises:
        NotFound: there is none, or it is somebody else.
    """
    found = None
    if owner_id in (None, customer_id):
        found = customers_sql.find_customer(connection, customer_id)
    if found is None:
        raise NotFound(f"There is no customer {customer_id}.")
    return found


def lock_customer(connection: Connection, customer_id: int, *, owner_id: int | None) -> Any:
    """Return a customer as `get_customer` does; nobody else changes what belongs to it until the transaction ends."""
    found = None
    if owner_id in (None, customer_id):
        found = customers_sql.lock_customer(connection, customer_id)
    if found is None:
        raise NotFound(f"There is no customer {customer_id}.")
    return found


def find_by_email(connection: Connection, email: str) -> Any | None:
    """Return the customer of an address, in any case."""
    return customers_sql.find_by_email(connection, fold(email))


def is_archived(connection: Connection, customer_id: int) -> bool:
    """Tell whether a customer is put away; the answer holds until the transaction ends."""
    found = customers_sql.lock_customer(connection, customer_id)
    return found is not None and found.archived_at is not None


def is_closed(connection: Connection, email: str) -> bool:
    """Tell whether an address is that of a customer that is put away."""
    found = find_by_email(connection, email)
    return found is not None and found.archived_at is not None


def sources_of(connection: Connection, customer_ids: Collection[int]) -> dict[int, str | None]:
    """Return where customers came from, None where that is not known; a statement for some hundred of them."""
    ids = sorted(customer_ids)
    pages = (ids[at : at + _MOST_AT_ONCE] for at in range(0, len(ids), _MOST_AT_ONCE))
    return {row.id: row.traffic_source for page in pages for row in customers_sql.list_sources(connection, page)}


def create_customer(connection: Connection, values: Mapping[str, Any]) -> int:
    """Make a customer of `values` (the columns, `email` among them) and return its id.

    Raises:
        EmailTaken: another customer has the address.
    """
    now, email = clock.now(), str(values["email"])
    row = {**values, "email_key": fold(email), "created_at": now, "updated_at": now, "version": 1}
    try:
        return customers_sql.insert_customer(connection, row)
    except customers_sql.NotUnique:
        raise _taken(email) from None


def adopt(connection: Connection, email: str, profile: Mapping[str, Any]) -> int:
    """Return the customer of a proved address: the one that is there, as it is, or a new one with that profile."""
    found = customers_sql.lock_by_email(connection, fold(email))
    if found is None:
        try:
            return create_customer(connection, {**profile, "email": email})
        except EmailTaken:
            found = customers_sql.lock_by_email(connection, fold(email))  # somebody was quicker by a moment
            if found is None:
                raise
    return int(found.id)


def change_customer(
    connection: Connection, customer_id: int, changes: Mapping[str, Any], *, expected_version: int | None
) -> Any:
    """Change columns of a customer and return it.

    Raises:
        NotFound: there is none of that id.
        PreconditionFailed: it was changed since `expected_version`; None fits any.
        EmailTaken: another customer has the new address.
    """
    values = dict(changes)
    if "email" in values:
        values["email_key"] = fold(values["email"])
    try:
        changed = customers_sql.update_customer(
            connection, customer_id, {**values, "updated_at": clock.now()}, version=expected_version
        )
    except customers_sql.NotUnique:
        raise _taken(values["email"]) from None
    found = get_customer(connection, customer_id, owner_id=None)
    if not changed:
        raise PreconditionFailed(f"Customer {customer_id} was changed meanwhile; read it again.")
    return found


def change_email(connection: Connection, customer_id: int, email: str) -> None:
    """Give a customer another address.

    Raises:
        EmailTaken: another customer has it.
    """
    change_customer(connection, customer_id, {"email": email}, expected_version=None)


def archive(connection: Connection, customer_id: int, expected_version: int | None) -> Any:
    """Put a customer away and return it: no list shows it by itself; its orders stay. Again changes nothing.

    Raises:
        NotFound: there is none of that id.
        PreconditionFailed: it was changed since that version.
    """
    present = lock_customer(connection, customer_id, owner_id=None)
    if present.archived_at is not None:
        return present
    return change_customer(connection, customer_id, {"archived_at": clock.now()}, expected_version=expected_version)


def restore(connection: Connection, customer_id: int, expected_version: int | None) -> Any:
    """Take a customer back that was put away, and return it.

    Raises:
        NotFound: there is none of that id.
        PreconditionFailed: it was changed since that version.
        Conflict: what was known of it is erased.
    """
    present = lock_customer(connection, customer_id, owner_id=None)
    if present.archived_at is None:
        return present
    if present.email == erased_email(customer_id):
        raise Conflict(f"What was known of customer {customer_id} is erased; it cannot come back.")
    return change_customer(connection, customer_id, {"archived_at": None}, expected_version=expected_version)


def erased_email(customer_id: int) -> str:
    """Return what stands for the address of a customer who is forgotten; mail to it goes nowhere."""
    return f"erased-{customer_id}@erased.invalid"


def bought_under(connection: Connection, customer_id: int) -> set[str]:
    """Return the e-mail addresses that a customer gave when it bought, but for those of other customers."""
    return customers_sql.list_bought_under(connection, customer_id)


def erase(connection: Connection, customer_id: int, expected_version: int | None) -> Any:
    """Forget who a customer is and return what is left: the orders, with what was bought, and no person.

    Raises:
        NotFound: there is none of that id.
        PreconditionFailed: it was changed since that version.
        BusinessUnderWay: something has to be sent or paid first.
    """
    present = lock_customer(connection, customer_id, owner_id=None)
    if customers_sql.has_business_under_way(connection, customer_id):
        raise BusinessUnderWay(f"Customer {customer_id} has an order or a checkout under way; let it end first.")
    email = erased_email(customer_id)
    customers_sql.erase_beside(connection, customer_id, email)
    nothing = dict.fromkeys(customers_sql.PERSONAL)
    gone = {"email": email, "archived_at": present.archived_at or clock.now()}
    return change_customer(connection, customer_id, {**nothing, **gone}, expected_version=expected_version)


def _taken(email: str) -> EmailTaken:
    return EmailTaken(f"Another customer has the address {email}.")
