"""Registering: who asks proves the address by a link and itself by its password; only then there is an account.

Until then nothing of the shop is touched: a registration waits in a table of its own. So nobody takes an address that
is not his, and a customer that was there before (imported, or made by staff) is linked to the account of the one who
reads its mail. The link alone opens nothing: who clicks on the link of a stranger's registration does not give the
stranger an account in his name, since that one's password is asked for too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.accounts import (
    accounts,
    attempts,
    mailed_tokens,
    mailed_tokens_sql,
    registrations_sql,
    sign_in,
)
from chalicelib.accounts.mailed_tokens import LIFETIMES, BadLink, Purpose
from chalicelib.commerce.customers import customers
from chalicelib.core import auth, clock
from chalicelib.core.auth import Role
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import Conflict, Unauthenticated
from chalicelib.core.text import fold
from chalicelib.events import outbox
from chalicelib.mails import mails, templates
from chalicelib.mails.templates import Message

# Of one address, those whose password is compared: each costs 20 ms.
_MOST_WAITING = 5
_VERIFY_HOURS = int(LIFETIMES[Purpose.VERIFY].total_seconds()) // 3600


class AlreadyRegistered(Conflict):
    """The address has got an account in the meantime."""

    code = "already-registered"
    title = "Already registered"


def register(
    *, email: str, password: str, first_name: str, last_name: str, profile: Mapping[str, Any], address: str
) -> None:
    """Note a registration and send the mail that lets it be completed.

    Whether the address is free, or has an account, shows neither in the answer nor in its time: there is a hash, a
    row and a mail in each case.

    Raises:
        WeakPassword: whatever the address.
        TooManyRequests: too many mails to the address, or asked for from this place.
    """
    attempts.count_mail(email, address)
    values = {
        "email": email,
        "email_key": fold(email),
        "password_hash": accounts.hash_password(password, email),
        "first_name": first_name,
        "last_name": last_name,
        "profile": json.dumps(dict(profile)),
    }
    mails.send_now(run(lambda connection: _register(connection, values), writes=True))


def _register(connection: Connection, values: Mapping[str, Any]) -> int:
    now, email = clock.now(), str(values["email"])
    registrations_sql.delete_expired(connection, now)
    mailed_tokens_sql.delete_expired(connection, now)
    refusal = _refusal(connection, email)
    if refusal is not None:
        to, message = refusal
        return mails.queue(connection, message, to=to, expires_at=now + LIFETIMES[Purpose.VERIFY])
    times = {"created_at": now, "expires_at": now + LIFETIMES[Purpose.VERIFY]}
    registrations_sql.insert_registration(connection, {**values, **times})
    return _queue_link(connection, email)


def _refusal(connection: Connection, email: str) -> tuple[str, Message] | None:
    """Return whom to tell what instead of sending a link, or None where the address is free."""
    owned = accounts.list_owners(connection, email)
    if owned:
        message = templates.already_registered(mailed_tokens.page("/forgot-password"))
        return owned[0].address, message
    if customers.is_closed(connection, email):
        return email, templates.not_open("register")
    return None


def _queue_link(connection: Connection, email: str) -> int:
    link, expires_at = mailed_tokens.make_link(connection, Purpose.VERIFY, email=email)
    return mails.queue(connection, templates.verify_email(link, hours=_VERIFY_HOURS), to=email, expires_at=expires_at)


def resend(*, email: str, address: str) -> None:
    """Send another link for a registration that waits; there is a mail in any case.

    Raises:
        TooManyRequests: too many mails to the address, or asked for from this place.
    """
    attempts.count_mail(email, address)
    mails.send_now(run(lambda connection: _resend(connection, email), writes=True))


def _resend(connection: Connection, email: str) -> int:
    now = clock.now()
    if refusal := _refusal(connection, email):
        to, message = refusal
    elif registrations_sql.list_registrations(connection, fold(email), now, 1):
        return _queue_link(connection, email)
    else:
        to, message = email, templates.nothing_to_verify(mailed_tokens.page("/register"))
    return mails.queue(connection, message, to=to, expires_at=now + LIFETIMES[Purpose.VERIFY])


def verify(*, token: str, password: str, address: str) -> str:
    """Complete a registration by the link's token and the password that was chosen; return a token to sign in with.

    Raises:
        BadLink: the token is not good (any more).
        Unauthenticated: no registration of the address has that password.
        TooManyRequests: too many wrong passwords lately.
        AlreadyRegistered: the address has an account.
    """
    found = run(lambda connection: mailed_tokens.find(connection, Purpose.VERIFY, token), writes=False)
    with attempts.counted(found.email_key, address) as tried:
        waiting = run(lambda connection: _waiting(connection, found.email_key), writes=False)
        if not waiting:
            raise BadLink("This registration was completed already.")
        # Outside of any transaction. The password tells which registration, where several wait for the address.
        chosen = next((each for each in waiting if auth.password_matches(password, each.password_hash)), None)
        if chosen is None:
            raise Unauthenticated("This is not the password that was chosen at registration.")
        return run(lambda connection: _complete(connection, chosen, found.id, tried), writes=True)


def _waiting(connection: Connection, email_key: str) -> Any:
    return registrations_sql.list_registrations(connection, email_key, clock.now(), _MOST_WAITING)


def _complete(connection: Connection, chosen: Any, token_id: int, tried: attempts.Try) -> str:
    mailed_tokens.take(connection, token_id)
    if _refusal(connection, chosen.email) is not None:
        raise AlreadyRegistered("This address has an account already, or is closed. Sign in, or ask for a password.")
    names = {"first_name": chosen.first_name, "last_name": chosen.last_name}
    profile = {**json.loads(chosen.profile), **names}
    customer_id = customers.adopt(connection, chosen.email, profile)
    try:
        account_id = accounts.create_account(
            connection,
            username=chosen.email_key,
            password_hash=chosen.password_hash,
            role=Role.CUSTOMER,
            customer_id=customer_id,
            email=chosen.email,
            **names,
        )
    except Conflict:
        raise AlreadyRegistered("This address has got an account in the meantime.") from None
    registrations_sql.delete_registrations(connection, chosen.email_key)
    mailed_tokens_sql.delete_of_email(connection, chosen.email_key, Purpose.VERIFY.value)
    outbox.record(
        connection,
        "customer.registered",
        f"customer:{customer_id}",
        {"customer_id": customer_id, "account_id": account_id},
    )
    attempts.succeed(connection, tried)
    return sign_in.issue_token(connection, account_id)
