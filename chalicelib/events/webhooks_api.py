"""Webhooks over HTTP: admins manage them, staff see them."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.core.auth import ADMIN, STAFF
from chalicelib.core.bodies import Change, Text, without_default
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.core.paging import Page, PageQuery
from chalicelib.core.routes import Reply, Routes, versioned
from chalicelib.events import webhooks, webhooks_sql
from chalicelib.events.kinds import PATTERN
from chalicelib.events.sender import UrlRefused
from chalicelib.events.webhooks import TooManyWebhooks

routes = Routes("Events")

Url = Annotated[
    str,
    Field(
        min_length=9,
        max_length=1000,
        pattern=r"^https?://[!-~]+$",
        description="HTTPS, a host of the public internet, no user name, no fragment.",
    ),
]
Pattern = Annotated[str, Field(max_length=64, pattern=PATTERN)]
Kinds = Annotated[
    list[Pattern],
    Field(
        min_length=1,
        max_length=20,
        description="Patterns, any of which chooses an event: `*`, `order.*` or `order.paid`.",
    ),
]
Description = Annotated[Text, Field(max_length=500)]


class NewWebhook(BaseModel):
    """A webhook to be made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://example.com/hooks", "kinds": ["order.*", "stock.out"]}]},
    )

    url: Url
    kinds: Kinds
    description: Description = ""
    active: bool = True


class WebhookChange(Change):
    """What to change of a webhook; what is left out stays."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"minProperties": 1, "examples": [{"kinds": ["*"]}, {"active": True}]}
    )

    # The defaults only fill the fields that are left out, which nobody reads: they are none of the document's.
    url: Url = Field("", json_schema_extra=without_default)
    kinds: Kinds = Field([], json_schema_extra=without_default)
    description: Description = Field("", json_schema_extra=without_default)
    active: bool = Field(True, json_schema_extra=without_default)


class Webhook(BaseModel):
    """Who is told of which events. The secret is shown when it is made, and never again."""

    id: int
    url: str
    kinds: list[str]
    description: str
    active: bool
    paused_reason: str | None = Field(description="Why it was switched off, when the shop did it.")
    failing_since: AwareDatetime | None = Field(description="Since when nothing could be delivered.")
    previous_secret_until: AwareDatetime | None = Field(description="Until when the secret before signs as well.")
    created_at: AwareDatetime
    updated_at: AwareDatetime


class WebhookWithSecret(Webhook):
    """A webhook with its secret: keep it, it is not shown again."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class Ping(BaseModel):
    """How a test event was taken."""

    delivered: bool
    status: int | None = Field(description="The status of the answer; null when none came.")
    error: str | None
    response: str = Field(description="The first 500 characters of the answer.")
    duration_ms: int


def _present(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": row.url,
        "kinds": json.loads(row.kinds),
        "description": row.description,
        "active": bool(row.active),
        "paused_reason": row.paused_reason,
        "failing_since": row.failing_since,
        "previous_secret_until": row.previous_secret_until,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


@routes.post(
    "/webhooks",
    access=ADMIN,
    response=WebhookWithSecret,
    status=201,
    errors=[UrlRefused, TooManyWebhooks],
    idempotency=None,  # the answer holds the secret
)
def create_webhook(base_path: str, body: NewWebhook) -> Reply:
    """Make a webhook; the answer is the only one that shows its secret.

    The URL must be HTTPS and its host public. Messages are signed by the Standard Webhooks specification.
    """
    row = webhooks.create_webhook(url=body.url, kinds=body.kinds, description=body.description, active=body.active)
    location = {"Location": f"{base_path}/webhooks/{row.id}"}
    return versioned({**_present(row), "secret": row.secret}, row.version, location)


@routes.get("/webhooks", access=STAFF, response=list[Webhook])
def list_webhooks(connection: Connection, query: PageQuery) -> Page[dict[str, Any]]:
    """List the webhooks."""
    page = webhooks_sql.list_webhooks(connection, query.page())
    return page.with_items([_present(row) for row in page.items])


@routes.get("/webhooks/{webhook_id}", access=STAFF, response=Webhook, errors=[NotFound])
def get_webhook(connection: Connection, webhook_id: int) -> Reply:
    """Show a webhook; its ETag is for the If-Match of a change."""
    row = webhooks.get_webhook(connection, webhook_id)
    return versioned(_present(row), row.version)


@routes.patch("/webhooks/{webhook_id}", access=ADMIN, response=Webhook, errors=[NotFound, UrlRefused])
def change_webhook(webhook_id: int, body: WebhookChange, expected_version: int | None) -> Reply:
    """Change URL, kinds, description or activity of a webhook.

    Switched off it is told of nothing that happens meanwhile; what waited for it goes on once it is switched on.
    """
    row = webhooks.change_webhook(webhook_id, body.model_dump(exclude_unset=True), expected_version)
    return versioned(_present(row), row.version)


@routes.delete("/webhooks/{webhook_id}", access=ADMIN, response=None, status=204, errors=[NotFound])
def delete_webhook(connection: Connection, webhook_id: int, expected_version: int | None) -> None:
    """Delete a webhook with its deliveries."""
    webhooks.delete_webhook(connection, webhook_id, expected_version)


@routes.post(
    "/webhooks/{webhook_id}/rotate-secret",
    access=ADMIN,
    response=WebhookWithSecret,
    errors=[NotFound],
    idempotency=None,  # as above
)
def rotate_webhook_secret(connection: Connection, webhook_id: int) -> Reply:
    """Give a webhook a new secret, shown in this answer alone.

    For 24 hours messages carry a signature by the secret before as well, so that the receiver can change in peace.
    """
    row = webhooks.rotate_secret(connection, webhook_id)
    return versioned({**_present(row), "secret": row.secret}, row.version)


@routes.post("/webhooks/{webhook_id}/ping", access=ADMIN, response=Ping, errors=[NotFound, Unavailable])
def ping_webhook(webhook_id: int) -> dict[str, Any]:
    """Send a test event (`webhook.ping`) now, and answer how it was taken; the webhook need not be switched on."""
    outcome = webhooks.ping(webhook_id)
    return {
        "delivered": outcome.delivered,
        "status": outcome.status,
        "error": outcome.error,
        "response": outcome.response,
        "duration_ms": outcome.duration_ms,
    }
