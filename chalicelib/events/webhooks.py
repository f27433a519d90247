"""Webhooks: who is told of events over HTTPS, and the secrets that sign what they are told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chalicelib.core import clock
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import Conflict, NotFound, PreconditionFailed
from chalicelib.events import outbox, sender, signing, webhooks_sql
from chalicelib.events.envelope import body_of
from chalicelib.events.kinds import PING
from chalicelib.events.sender import Outcome

MOST_WEBHOOKS = 100
OLD_SECRET_FOR = timedelta(hours=24)

_WELL = {"failures": 0, "failing_since": None, "rest_until": None}


class TooManyWebhooks(Conflict):
    """There are as many webhooks as there may be."""

    code = "too-many-webhooks"
    title = "Too many webhooks"


def get_webhook(connection: Connection, webhook_id: int) -> Any:
    """Return a webhook.

    Raises:
        NotFound: there is none of that id.
    """
    found = webhooks_sql.find_webhook(connection, webhook_id)
    if found is None:
        raise NotFound(f"There is no webhook {webhook_id}.")
    return found


def create_webhook(*, url: str, kinds: list[str], description: str, active: bool) -> Any:
    """Make a webhook with a secret of its own and return it. Asks the name server, so not inside a transaction.

    Raises:
        UrlRefused: webhooks do not go there.
        TooManyWebhooks: there are 100.
    """
    sender.check_url(url)
    now = clock.now()
    values = {
        "url": url,
        "kinds": json.dumps(kinds),
        "description": description,
        "active": active,
        "secret": signing.new_secret(),
        "version": 1,
        "created_at": now,
        "updated_at": now,
        **_WELL,
    }

    def work(connection: Connection) -> Any:
        # Two at once may make it a few more than the limit, which only bounds the work of a run.
        if webhooks_sql.count_webhooks(connection) >= MOST_WEBHOOKS:
            raise TooManyWebhooks(f"There are {MOST_WEBHOOKS} webhooks; delete one that is not needed.")
        return get_webhook(connection, webhooks_sql.insert_webhook(connection, values))

    return run(work, writes=True)


def change_webhook(webhook_id: int, changes: Mapping[str, Any], expected_version: int | None) -> Any:
    """Change url, kinds, description or activity and return the webhook; with a new URL it asks the name server.

    Switched on, or with a new URL, it begins with a clean slate: no rest, no reason why it is paused.

    Raises:
        NotFound, PreconditionFailed: there is none of that id, or not of that version.
        UrlRefused: webhooks do not go there.
    """
    if "url" in changes:
        sender.check_url(changes["url"])
    values = dict(changes)
    if "kinds" in values:
        values["kinds"] = json.dumps(values["kinds"])
    if "url" in values or values.get("active"):
        values |= _WELL
    if "active" in values:
        values["paused_reason"] = None

    def work(connection: Connection) -> Any:
        before = _lock(connection, webhook_id, expected_version)
        webhooks_sql.update_webhook(connection, webhook_id, {**values, **_next_version(before)})
        return get_webhook(connection, webhook_id)

    return run(work, writes=True)


def delete_webhook(connection: Connection, webhook_id: int, expected_version: int | None) -> None:
    """Delete a webhook: it is told nothing more; what is kept of its deliveries goes with the next purge.

    Raises:
        NotFound, PreconditionFailed: there is none of that id, or not of that version.
    """
    before = _lock(connection, webhook_id, expected_version)
    gone = {"active": False, "deleted_at": clock.now(), "secret": "", "previous_secret": None}
    webhooks_sql.update_webhook(connection, webhook_id, {**gone, **_next_version(before)})


def rotate_secret(connection: Connection, webhook_id: int) -> Any:
    """Give a webhook a new secret and return it; for 24 hours messages are signed by the one before too.

    Raises:
        NotFound: there is none of that id.
    """
    before = _lock(connection, webhook_id, None)
    values = {
        "secret": signing.new_secret(),
        "previous_secret": before.secret,
        "previous_secret_until": clock.now() + OLD_SECRET_FOR,
    }
    webhooks_sql.update_webhook(connection, webhook_id, {**values, **_next_version(before)})
    return get_webhook(connection, webhook_id)


def _lock(connection: Connection, webhook_id: int, expected_version: int | None) -> Any:
    found = webhooks_sql.lock_webhook(connection, webhook_id)
    if found is None:
        raise NotFound(f"There is no webhook {webhook_id}.")
    if expected_version is not None and found.version != expected_version:
        raise PreconditionFailed(f"Webhook {webhook_id} was changed meanwhile; read it again.")
    return found


def _next_version(before: Any) -> dict[str, Any]:
    return {"version": before.version + 1, "updated_at": clock.now()}


def ping(webhook_id: int) -> Outcome:
    """Send a test event to a webhook now, switched on or not, and tell how it went. Not inside a transaction.

    Raises:
        NotFound: there is none of that id.
    """
    hook = run(lambda connection: get_webhook(connection, webhook_id), writes=False)
    uid = outbox.new_uid()
    return send(hook, uid, body_of(uid, PING, outbox.webhook_target(webhook_id), "{}", clock.now()))


def send(hook: Any, uid: str, body: str) -> Outcome:
    """Send a message to a webhook, signed by its secret, and by the one before while that is good."""
    now = clock.now()
    signing_secrets = [hook.secret]
    if hook.previous_secret and hook.previous_secret_until > now:
        signing_secrets.append(hook.previous_secret)
    data = body.encode()
    return sender.post(hook.url, signing.headers(uid, int(now.timestamp()), data, signing_secrets), data)
