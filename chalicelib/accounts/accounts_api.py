"""Signing in and out, and the accounts themselves, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.accounts import accounts, accounts_sql, sign_in
from chalicelib.core import bodies
from chalicelib.core.auth import ADMIN, PUBLIC, SIGNED_IN, Caller, Role
from chalicelib.core.bodies import Change, without_default
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import Conflict, NotFound, TooManyRequests, Unauthenticated, Unavailable
from chalicelib.core.inputs import Email, Id
from chalicelib.core.paging import Page, PageQuery
from chalicelib.core.routes import Reply, Routes

routes = Routes("Accounts")
# Clients of conversations look for it beside these.
token_routes = Routes("Accounts", also=("/api", "/api/conversations"))

Password = Annotated[str, Field(min_length=12, max_length=1024, description="12 characters or more.")]
Username = Annotated[str, Field(min_length=1, max_length=150, pattern=r"^[\w.@+-]+$", examples=["robin"])]


class Credentials(BaseModel):
    """Who wants to sign in."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"username": "staff", "password": "demo-staff-password"}]}
    )

    username: str = Field(min_length=1, max_length=150)
    password: str = Field(min_length=1, max_length=1024)
    cart_id: str | None = Field(
        None, max_length=64, pattern=r"^[A-Za-z0-9]+$", description="A guest's cart, to go on with as a customer."
    )


class Token(BaseModel):
    """A token to send with each request."""

    token: str


class Account(BaseModel):
    """Somebody, or something, that may sign in."""

    id: int
    username: str
    email: str | None
    first_name: str
    last_name: str
    role: Role
    customer_id: int | None
    is_active: bool = Field(description="Whether it may sign in: not switched off, its customer not archived.")
    date_joined: AwareDatetime


class NewAccount(BaseModel):
    """An account to be made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"username": "robin", "password": "a long passphrase", "role": "staff"}]},
    )

    username: Username
    password: Password
    # Lax: an enum comes as a string in JSON.
    role: Role = Field(strict=False)
    email: Email | None = None
    first_name: bodies.Text = Field("", max_length=255)
    last_name: bodies.Text = Field("", max_length=255)
    customer_id: Id | None = Field(None, description="The customer of /users it shops as.")


class AccountChange(Change):
    """What to change of an account; what is left out stays. A change signs the account out everywhere."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"minProperties": 1, "examples": [{"is_active": False}]}
    )

    # The defaults only fill the fields that are left out, which nobody reads: they are none of the document's.
    role: Role = Field(Role.CUSTOMER, strict=False, json_schema_extra=without_default)
    password: Password = Field("", json_schema_extra=without_default)
    is_active: bool = Field(True, json_schema_extra=without_default)


class AccountQuery(PageQuery):
    """Which accounts to list."""

    role: Role | None = Field(None, description="Only accounts of this role.")


class Revoked(BaseModel):
    """How many tokens were revoked."""

    revoked: int


def present_account(row: Any) -> dict[str, Any]:
    """Return an account row as it goes over the wire."""
    return {
        "id": row.id,
        "username": row.username,
        "email": row.email,
        "first_name": row.first_name,
        "last_name": row.last_name,
        "role": row.role,
        "customer_id": row.customer_id,
        "is_active": bool(row.is_active),
        "date_joined": row.created_at,
    }


@token_routes.post(
    "/api/auth/token",
    access=PUBLIC,
    response=Token,
    errors=[Conflict, TooManyRequests, Unauthenticated, Unavailable],
    idempotency=None,
)
def create_token(body: Credentials, address: str) -> dict[str, str]:
    """Sign in: a name and a password for a token.

    A wrong name and a wrong password are the same 401. Too many tries are a 429 with `Retry-After`. What is in the
    guest's cart `cart_id` goes into the customer's own (`POST /carts` gives it); an unknown cart makes no difference.
    """
    return {"token": sign_in.sign_in(body.username, body.password, address, body.cart_id)}


@routes.post("/api/auth/logout", access=SIGNED_IN, response=None, status=204, idempotency=None)
def revoke_token(connection: Connection, caller: Caller) -> None:
    """Sign out: revoke the token of this request."""
    sign_in.sign_out(connection, caller)


@routes.post("/api/auth/logout-all", access=SIGNED_IN, response=Revoked, idempotency=None)
def revoke_own_tokens(connection: Connection, caller: Caller) -> dict[str, int]:
    """Sign out everywhere: revoke every token of one's own account."""
    return {"revoked": sign_in.revoke_tokens(connection, caller.account_id)}


@routes.get("/api/auth/me", access=SIGNED_IN, response=Account)
def get_own_account(connection: Connection, caller: Caller) -> dict[str, Any]:
    """Tell who is signed in."""
    return present_account(accounts.get_account(connection, caller.account_id))


@routes.get("/accounts", access=ADMIN, response=list[Account])
def list_accounts(connection: Connection, query: AccountQuery) -> Page[dict[str, Any]]:
    """List the accounts, by id."""
    page = accounts_sql.list_accounts(connection, query.role.value if query.role else None, query.page())
    return page.with_items([present_account(row) for row in page.items])


@routes.post(
    "/accounts", access=ADMIN, response=Account, status=201, errors=[Conflict, Unavailable], idempotency=None
)
def create_account(base_path: str, body: NewAccount) -> Reply:
    """Make an account."""
    values = body.model_dump()
    values["password_hash"] = accounts.hash_password(values.pop("password"), body.username, body.email)

    def work(connection: Connection) -> dict[str, Any]:
        return present_account(accounts.get_account(connection, accounts.create_account(connection, **values)))

    account = run(work, writes=True)
    return Reply(account, {"Location": f"{base_path}/accounts/{account['id']}"})


@routes.get("/accounts/{account_id}", access=ADMIN, response=Account, errors=[NotFound])
def get_account(connection: Connection, account_id: int) -> dict[str, Any]:
    """Read an account."""
    return present_account(accounts.get_account(connection, account_id))


@routes.patch(
    "/accounts/{account_id}",
    access=ADMIN,
    response=Account,
    errors=[NotFound, Conflict, Unavailable],
    idempotency=None,
)
def change_account(caller: Caller, account_id: int, body: AccountChange) -> dict[str, Any]:
    """Change role, password or activity of an account; it is signed out everywhere.

    The last admin that may sign in stays one.
    """
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    if "password" in changes:
        known = run(lambda connection: accounts.get_account(connection, account_id), writes=False)
        changes["password_hash"] = accounts.hash_password(changes.pop("password"), known.username, known.email)

    def work(connection: Connection) -> dict[str, Any]:
        return present_account(accounts.change_account(connection, account_id, changes, by=caller.account_id))

    return run(work, writes=True)


@routes.delete("/accounts/{account_id}/tokens", access=ADMIN, response=Revoked, errors=[NotFound])
def revoke_account_tokens(connection: Connection, account_id: int) -> dict[str, int]:
    """Sign an account out everywhere: revoke all its tokens."""
    accounts.get_account(connection, account_id)
    return {"revoked": sign_in.revoke_tokens(connection, account_id)}
