"""What people do with their own account: forget the password, change it, change the e-mail address."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib.accounts import accounts, accounts_sql, attempts, mailed_tokens, mailed_tokens_sql
from chalicelib.accounts.mailed_tokens import LIFETIMES, BadLink, Purpose
from chalicelib.commerce.customers import customers
from chalicelib.commerce.customers.customers import EmailTaken
from chalicelib.core import auth, clock
from chalicelib.core.auth import Caller
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import Forbidden, Unauthenticated
from chalicelib.core.text import fold
from chalicelib.mails import mails, templates

_RESET_MINUTES = int(LIFETIMES[Purpose.RESET].total_seconds()) // 60
_EMAIL_HOURS = int(LIFETIMES[Purpose.EMAIL].total_seconds()) // 3600


class WrongPassword(Forbidden):
    """The present password of the account is another one."""

    code = "wrong-password"
    title = "Wrong password"


# --- forgotten passwords -----------------------------------------------------------------------------------------


def ask_for_reset(*, email: str, address: str) -> None:
    """Send a link to choose a new password to whom the address belongs; there is a mail in any case.

    Raises:
        TooManyRequests: too many mails to the address, or asked for from this place.
    """
    attempts.count_mail(email, address)
    mails.send_now(*run(lambda connection: _ask_for_reset(connection, email), writes=True))


def _ask_for_reset(connection: Connection, email: str) -> list[int]:
    now = clock.now()
    mailed_tokens_sql.delete_expired(connection, now)
    sent: list[int] = []
    for owner in accounts.list_owners(connection, email):
        # In the order of ids. The lock lets the newest link be the only one.
        present = accounts_sql.lock_credentials(connection, owner.account_id)
        if present is not None and present.is_active:
            link, expires_at = mailed_tokens.make_link(
                connection, Purpose.RESET, email=owner.address, account_id=owner.account_id
            )
            message = templates.reset_password(owner.username, link, minutes=_RESET_MINUTES)
        else:
            message, expires_at = templates.not_open("choose a new password"), now + LIFETIMES[Purpose.RESET]
        sent.append(mails.queue(connection, message, to=owner.address, expires_at=expires_at))
    if not sent:
        message = templates.no_account(mailed_tokens.page("/register"))
        sent.append(mails.queue(connection, message, to=email, expires_at=now + LIFETIMES[Purpose.RESET]))
    return sent


def reset_password(*, token: str, password: str, address: str) -> None:
    """Give an account a new password by a mailed token; every token of the account is revoked.

    Raises:
        BadLink: the token is not good (any more).
        WeakPassword: it is easily guessed; the token stays good.
    """
    found, account = run(lambda connection: _find_for_reset(connection, token), writes=False)
    password_hash = accounts.hash_password(password, account.username, account.email)

    def work(connection: Connection) -> int | None:
        present = accounts_sql.lock_credentials(connection, account.id)
        if present is None or not present.is_active:
            raise BadLink("This account cannot be used.")
        mailed_tokens.take(connection, found.id)
        _set_password(connection, account.id, password_hash, keep_token=None)
        # Who reads the mail is the owner, and may have locked itself out by guessing.
        attempts.forgive(connection, present.username, address)
        return _notify(connection, present)

    _send(run(work, writes=True))


def _find_for_reset(connection: Connection, token: str) -> tuple[Any, Any]:
    found = mailed_tokens.find(connection, Purpose.RESET, token)
    return found, accounts.get_account(connection, found.account_id)


def _set_password(connection: Connection, account_id: int, password_hash: str, *, keep_token: int | None) -> None:
    accounts_sql.update_account(connection, account_id, {"password_hash": password_hash, "updated_at": clock.now()})
    accounts_sql.delete_tokens(connection, account_id, keep=keep_token)
    mailed_tokens_sql.delete_of_account(connection, account_id)


def _notify(connection: Connection, account: Any) -> int | None:
    to = _address_of(connection, account)
    if to is None:
        return None
    message = templates.password_changed(account.username, mailed_tokens.page("/forgot-password"))
    return mails.queue(connection, message, to=to, expires_at=clock.now() + LIFETIMES[Purpose.EMAIL])


def _address_of(connection: Connection, account: Any) -> str | None:
    if account.email or account.customer_id is None:
        return account.email or None
    return str(customers.get_customer(connection, account.customer_id, owner_id=None).email)


def _send(mail_id: int | None) -> None:
    if mail_id is not None:
        mails.send_now(mail_id)


# --- signed in ---------------------------------------------------------------------------------------------------


def change_password(caller: Caller, *, old: str, new: str, address: str) -> None:
    """Give the caller's account a new password; its other tokens are revoked.

    Raises:
        WrongPassword: the old one is another.
        WeakPassword: the new one is easily guessed.
        TooManyRequests: too many wrong passwords lately, signing in included.
    """
    with attempts.counted(caller.username, address) as tried:
        account, checked_hash = _check_password(caller, old)
        password_hash = accounts.hash_password(new, account.username, account.email)

        def work(connection: Connection) -> int | None:
            present = _lock_unchanged(connection, caller, checked_hash)
            _set_password(connection, caller.account_id, password_hash, keep_token=caller.token_id)
            attempts.succeed(connection, tried)
            return _notify(connection, present)

        mail_id = run(work, writes=True)
    _send(mail_id)


def ask_for_new_email(caller: Caller, *, email: str, password: str, address: str) -> None:
    """Send a link to a new address of the caller's account, and a notice to the old one; nothing changes yet.

    Whether the new one is taken is told to its owner alone.

    Raises:
        WrongPassword: the account's password is another.
        TooManyRequests: too many wrong passwords lately, or mails.
    """
    attempts.count_mail(email, address)
    with attempts.counted(caller.username, address) as tried:
        _, checked_hash = _check_password(caller, password)

        def work(connection: Connection) -> list[int]:
            present = _lock_unchanged(connection, caller, checked_hash)
            attempts.succeed(connection, tried)
            return _queue_email_change(connection, present, email)

        mail_ids = run(work, writes=True)
    mails.send_now(*mail_ids)


def _check_password(caller: Caller, password: str) -> tuple[Any, str]:
    """Return the caller's account and its hash; not inside a transaction."""

    def read(connection: Connection) -> tuple[Any, str]:
        account = accounts.get_account(connection, caller.account_id)
        return account, str(accounts_sql.find_password_hash(connection, caller.account_id))

    account, password_hash = run(read, writes=False)
    if not auth.password_matches(password, password_hash):
        raise WrongPassword("The password is wrong.")
    return account, password_hash


def _lock_unchanged(connection: Connection, caller: Caller, checked_hash: str) -> Any:
    present = accounts_sql.lock_credentials(connection, caller.account_id)
    if present is None or not present.is_active or present.password_hash != checked_hash:
        # Changed while the password was looked at: that change has signed everybody out.
        raise Unauthenticated("The account was changed in the meantime; sign in again.")
    return present


def _queue_email_change(connection: Connection, account: Any, email: str) -> list[int]:
    old = _address_of(connection, account)
    until = clock.now() + LIFETIMES[Purpose.EMAIL]
    notice = templates.email_change_asked(account.username, mailed_tokens.page("/forgot-password"))
    sent = [] if old is None else [mails.queue(connection, notice, to=old, expires_at=until)]
    if _is_taken(connection, email, account):
        message = templates.already_registered(mailed_tokens.page("/forgot-password"))
        return [*sent, mails.queue(connection, message, to=email, expires_at=until)]
    link, until = mailed_tokens.make_link(connection, Purpose.EMAIL, email=email, account_id=account.id)
    message = templates.confirm_new_email(account.username, link, hours=_EMAIL_HOURS)
    return [*sent, mails.queue(connection, message, to=email, expires_at=until)]


def _is_taken(connection: Connection, email: str, account: Any) -> bool:
    """Tell whether an address belongs to another account, or to another customer."""
    if any(owner.account_id != account.id for owner in accounts.list_owners(connection, email)):
        return True
    customer = customers.find_by_email(connection, email)
    return customer is not None and customer.id != account.customer_id and account.customer_id is not None


def confirm_email(*, token: str) -> None:
    """Change the e-mail address of an account and of its customer to the one that a mailed token proves.

    Raises:
        BadLink: the token is not good (any more).
        EmailTaken: the address has got another owner in the meantime.
    """
    run(lambda connection: _confirm_email(connection, token, clock.now()), writes=True)


def _confirm_email(connection: Connection, token: str, now: datetime) -> None:
    found = mailed_tokens.find(connection, Purpose.EMAIL, token)
    linked = accounts.get_account(connection, found.account_id).customer_id
    if linked is not None:  # always the customer before its account: no deadlocks
        customers.lock_customer(connection, linked, owner_id=None)
    account = accounts_sql.lock_credentials(connection, found.account_id)
    if account is None or not account.is_active:
        raise BadLink("This account cannot be used.")
    mailed_tokens.take(connection, found.id)
    if _is_taken(connection, found.email, account):
        raise EmailTaken("This address belongs to another account by now.")
    if account.customer_id is not None:
        customers.change_email(connection, account.customer_id, found.email)
    follow_email(connection, account, found.email, now)


def follow_email(connection: Connection, account: Any, email: str, now: datetime) -> None:
    """Give a locked account a new address, and a new user name where that is the old address.

    Links that were mailed to the old one stop working.

    Raises:
        EmailTaken: another account has that name.
    """
    key = fold(email)
    values: dict[str, Any] = {"email": email, "email_key": key, "updated_at": now}
    old_key = account.email_key
    if "@" in account.username_key and account.username_key == old_key:
        values |= {"username": key, "username_key": key}
    try:
        accounts_sql.update_account(connection, account.id, values)
    except accounts_sql.NotUnique:
        raise EmailTaken("Another account has this address as its user name.") from None
    mailed_tokens_sql.delete_of_account(connection, account.id)
