"""Deliveries: how an attempt changes them and the webhook, dead letters, and delivering again."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core import clock, logging
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import Page, PageRequest
from chalicelib.events import deliveries_sql, outbox, retries, webhooks, webhooks_sql
from chalicelib.events.sender import Outcome

_LONGEST_ERROR = 500  # characters, as the column

MOST_REVIVED = 1_000  # dead letters that one request makes wait again


def end_delivery(connection: Connection, delivery: Any, hook: Any, outcome: Outcome) -> bool:
    """Write down how an attempt went, and what follows; tell whether the target is to be left alone for now.

    `hook` is the webhook's row, None for a target at AWS. Does nothing when the lease was lost meanwhile.
    """
    now = clock.now()
    attempts = delivery.attempts + 1
    values: dict[str, Any] = {
        "attempts": attempts,
        "last_attempt_at": now,
        "last_status": outcome.status,
        "last_error": outcome.error and outcome.error[:_LONGEST_ERROR],
        "last_response": outcome.response or None,
        "duration_ms": outcome.duration_ms,
    }
    if outcome.delivered:
        values |= {"state": "delivered", "delivered_at": now}
    elif attempts >= retries.MOST_ATTEMPTS:
        values["state"] = "dead"
    else:
        chance = random.random()  # noqa: S311 - no secret
        values["due_at"] = now + timedelta(seconds=retries.pause_s(attempts, chance, outcome.retry_after_s))
    if not deliveries_sql.end_attempt(connection, delivery.id, delivery.lease_holder, values):
        logging.warning("a delivery was taken over", event=delivery.uid, target=delivery.target)
        return False
    if "due_at" in values:
        deliveries_sql.move_later_ones(
            connection, delivery.target, delivery.aggregate, delivery.event_id, values["due_at"]
        )
    if not outcome.delivered:
        fields = {"event": delivery.uid, "target": delivery.target, "attempts": attempts, "status": outcome.status}
        logging.warning("an event was not delivered", state=values.get("state", "waiting"), **fields)
    return hook is not None and _note_health(connection, hook, outcome, now)


def _note_health(connection: Connection, hook: Any, outcome: Outcome, now: datetime) -> bool:
    """Count failures of a webhook in a row; let it rest, or pause it; tell whether it is to be left alone."""
    if outcome.delivered:
        if hook.failures:
            well = {"failures": 0, "failing_since": None, "rest_until": None}
            webhooks_sql.update_webhook(connection, hook.id, well)
        return False
    row = webhooks_sql.lock_webhook(connection, hook.id)
    if row is None or not row.active:
        return True
    failures, since = row.failures + 1, row.failing_since or now
    rest_s = retries.rest_s(failures)
    rest_until = now + timedelta(seconds=rest_s) if rest_s else None
    values = {"failures": failures, "failing_since": since, "rest_until": rest_until}
    reason = _reason_to_pause(outcome, since, now)
    if reason is not None:
        values |= {"active": False, "paused_reason": reason, "version": row.version + 1, "updated_at": now}
        logging.warning("a webhook was paused", webhook_id=row.id, reason=reason)
    webhooks_sql.update_webhook(connection, row.id, values)
    return bool(reason or rest_s)


def _reason_to_pause(outcome: Outcome, since: datetime, now: datetime) -> str | None:
    if outcome.is_gone:
        return "The receiver answered 410 Gone: it wants no more events."
    if now - since >= retries.FAILING_FOR:
        return f"Nothing could be delivered since {since:%Y-%m-%d %H:%M} UTC. The last error: {outcome.error}"[:1000]
    return None


def list_deliveries(connection: Connection, webhook_id: int, state: str | None, page: PageRequest) -> Page[Any]:
    """Return the deliveries to a webhook, newest event first.

    Raises:
        NotFound: there is no such webhook.
    """
    webhooks.get_webhook(connection, webhook_id)
    return deliveries_sql.list_deliveries(connection, outbox.webhook_target(webhook_id), state, page)


def list_dead(connection: Connection, page: PageRequest) -> Page[Any]:
    """Return what could not be delivered, newest first."""
    hidden = [outbox.webhook_target(webhook_id) for webhook_id in webhooks_sql.list_deleted_ids(connection)]
    return deliveries_sql.list_dead(connection, hidden, page)


def redeliver(connection: Connection, delivery_id: int) -> Any:
    """Make a delivery wait again as if it were new, whatever its state, and return it; its message keeps its id.

    Raises:
        NotFound: there is none of that id, or its webhook is gone.
    """
    found = deliveries_sql.lock_delivery(connection, delivery_id)
    webhook_id = None if found is None else webhook_id_of(found.target)
    if found is None or (webhook_id and webhooks_sql.find_webhook(connection, webhook_id) is None):
        raise NotFound(f"There is no delivery {delivery_id}.")
    now = clock.now()
    deliveries_sql.revive(connection, [delivery_id], ["waiting", "delivered", "dead"], now)
    # What waits behind it was put off until its next attempt, which is now.
    deliveries_sql.move_later_ones(connection, found.target, found.aggregate, found.event_id, now)
    return deliveries_sql.find_delivery(connection, delivery_id)


def redeliver_dead(connection: Connection, webhook_id: int) -> int:
    """Make the dead letters of a webhook wait again, the earliest thousand of them; return how many.

    Raises:
        NotFound: there is no such webhook.
    """
    webhooks.get_webhook(connection, webhook_id)
    target = outbox.webhook_target(webhook_id)
    ids = deliveries_sql.list_dead_ids(connection, target, MOST_REVIVED)
    return deliveries_sql.revive(connection, ids, ["dead"], clock.now()) if ids else 0


def webhook_id_of(target: str) -> int | None:
    """Return the id of the webhook that a target is; None of the targets at AWS."""
    kind, _, number = target.partition(":")
    return int(number) if kind == "webhook" else None
