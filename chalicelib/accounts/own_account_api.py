"""Registering, and looking after one's own account, over HTTP.

What anybody may call answers alike whether an address is known or not: only who reads its mail learns it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from chalicelib.accounts import own_account, registration
from chalicelib.accounts.accounts_api import Password, Token
from chalicelib.commerce.customers_api import Profile
from chalicelib.core.auth import PUBLIC, SIGNED_IN, Caller
from chalicelib.core.bodies import Name
from chalicelib.core.errors import Conflict, TooManyRequests, Unauthenticated, Unavailable
from chalicelib.core.inputs import Email
from chalicelib.core.routes import Routes

routes = Routes("Accounts")

_ADDRESS: JsonDict = {"email": "robin@example.com"}
_LINK: JsonDict = {"token": "shk_from-the-link-in-the-mail"}

MailedToken = Annotated[str, Field(min_length=1, max_length=200, description="From the link in the mail.")]
PresentPassword = Annotated[str, Field(min_length=1, max_length=1024)]


class Registration(Profile):
    """Who wants to become a customer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{**_ADDRESS, "password": "four odd words here", "first_name": "Robin", "last_name": "Doe"}]
        },
    )

    email: Email
    password: Password
    first_name: Name
    last_name: Name


class EmailOnly(BaseModel):
    """An address."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_ADDRESS]})

    email: Email


class Verification(BaseModel):
    """The proof of an address, and of being the one who registered."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{**_LINK, "password": "four odd words here"}]}
    )

    token: MailedToken
    password: PresentPassword = Field(description="The one that was chosen at registration.")


class NewPassword(BaseModel):
    """A password in the place of a forgotten one."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{**_LINK, "password": "four odd words here"}]}
    )

    token: MailedToken
    password: Password


class PasswordChange(BaseModel):
    """A new password for an old one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"old_password": "four odd words here", "new_password": "another four words"}]
        },
    )

    old_password: PresentPassword
    new_password: Password


class EmailChange(BaseModel):
    """A new address; the password shows that it is not somebody who found a device unlocked."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{**_ADDRESS, "password": "four odd words here"}]}
    )

    email: Email
    password: PresentPassword


class MailToken(BaseModel):
    """The token of a link in a mail."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_LINK]})

    token: MailedToken


class Accepted(BaseModel):
    """Whatever is known of the address, a mail is on its way."""

    detail: str


_ACCEPTED = {"detail": "A mail is on its way to this address."}
_THROTTLED = [TooManyRequests, Unavailable, Conflict]


@routes.post("/accounts/register", access=PUBLIC, response=Accepted, status=202, errors=_THROTTLED, idempotency=None)
def register(body: Registration, address: str) -> dict[str, str]:
    """Register as a customer: a mail with a link follows, which `POST /accounts/verify` takes.

    The answer is the same where the address has an account; its owner is told so by mail. A password that is easily
    guessed is a 409. Too many requests are a 429 with `Retry-After`.
    """
    profile = body.model_dump(exclude={"email", "password", "first_name", "last_name"})
    registration.register(
        email=body.email,
        password=body.password,
        first_name=body.first_name,
        last_name=body.last_name,
        profile=profile,
        address=address,
    )
    return _ACCEPTED


@routes.post(
    "/accounts/verify", access=PUBLIC, response=Token, errors=[*_THROTTLED, Unauthenticated], idempotency=None
)
def verify_registration(body: Verification, address: str) -> dict[str, str]:
    """Complete a registration by the token of the mailed link and the password that was chosen; signs in at once.

    The password shows that who opens the link is who registered. A customer of that address that was there before
    is linked to the account now, with its orders. A link that is not good any more is a 409.
    """
    return {"token": registration.verify(token=body.token, password=body.password, address=address)}


@routes.post(
    "/accounts/verify/resend", access=PUBLIC, response=Accepted, status=202, errors=_THROTTLED, idempotency=None
)
def resend_verification(body: EmailOnly, address: str) -> dict[str, str]:
    """Ask for another link to complete a registration."""
    registration.resend(email=body.email, address=address)
    return _ACCEPTED


@routes.post(
    "/accounts/password-reset", access=PUBLIC, response=Accepted, status=202, errors=_THROTTLED, idempotency=None
)
def ask_for_password_reset(body: EmailOnly, address: str) -> dict[str, str]:
    """Ask for a link to choose a new password; a newer link replaces older ones."""
    own_account.ask_for_reset(email=body.email, address=address)
    return _ACCEPTED


@routes.post(
    "/accounts/password-reset/confirm",
    access=PUBLIC,
    response=None,
    status=204,
    errors=[Conflict, Unavailable],
    idempotency=None,
)
def reset_password(body: NewPassword, address: str) -> None:
    """Choose a new password by the token of the mailed link, within the hour; signed out everywhere.

    A link that is not good any more is a 409, and so is a password that is easily guessed, with which the link
    stays good.
    """
    own_account.reset_password(token=body.token, password=body.password, address=address)


@routes.post(
    "/accounts/me/password", access=SIGNED_IN, response=None, status=204, errors=[*_THROTTLED], idempotency=None
)
def change_own_password(caller: Caller, address: str, body: PasswordChange) -> None:
    """Change one's own password; signed out everywhere else.

    A wrong old password is a 403, counted as at signing in.
    """
    own_account.change_password(caller, old=body.old_password, new=body.new_password, address=address)


@routes.post(
    "/accounts/me/email", access=SIGNED_IN, response=Accepted, status=202, errors=_THROTTLED, idempotency=None
)
def ask_for_new_email(caller: Caller, address: str, body: EmailChange) -> dict[str, str]:
    """Ask for another e-mail address of one's own account: it changes when the mailed link is confirmed.

    The old address is told. A wrong password is a 403, counted as at signing in.
    """
    own_account.ask_for_new_email(caller, email=body.email, password=body.password, address=address)
    return _ACCEPTED


@routes.post(
    "/accounts/email/confirm",
    access=PUBLIC,
    response=None,
    status=204,
    errors=[Conflict, Unavailable],
    idempotency=None,
)
def confirm_new_email(body: MailToken) -> None:
    """Change an account's e-mail address by the token of the mailed link; sign in by that from now on."""
    own_account.confirm_email(token=body.token)
