"""Taking away what nobody needs any more: old events that all were told of, and what is left of deleted webhooks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from chalicelib.core import clock, logging
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.events import deliveries_sql, outbox, outbox_sql, webhooks_sql

_BATCH = 500
_SAFETY_MS = 10_000


def purge_events(*, time_left_ms: Callable[[], int]) -> int:
    """Delete events older than the settings keep them, with their deliveries, in batches; return how many.

    What is still to be delivered stays, and so does what could not be (the dead letters).
    """
    _purge_webhooks(time_left_ms)
    before = clock.now() - timedelta(days=settings().events_keep_days)
    last = run(lambda connection: outbox_sql.find_last_id_before(connection, before), writes=False)
    after, deleted = 0, 0

    def delete_batch(connection: Connection) -> tuple[int, int]:
        ids = outbox_sql.list_purgeable(connection, before=before, after_id=after, up_to_id=last, limit=_BATCH)
        return (ids[-1], outbox_sql.delete_events(connection, ids)) if ids else (0, 0)

    while time_left_ms() >= _SAFETY_MS:
        reached, count = run(delete_batch, writes=True)
        if not reached:
            break
        after, deleted = reached, deleted + count
    logging.info("events purged", deleted=deleted)
    return deleted


def _purge_webhooks(time_left_ms: Callable[[], int]) -> None:
    for webhook_id in run(webhooks_sql.list_deleted_ids, writes=False):
        _purge_webhook(webhook_id, time_left_ms)


def _purge_webhook(webhook_id: int, time_left_ms: Callable[[], int]) -> None:
    target = outbox.webhook_target(webhook_id)
    while time_left_ms() >= _SAFETY_MS:
        if run(lambda connection: deliveries_sql.delete_some(connection, target, _BATCH), writes=True) == 0:
            run(lambda connection: webhooks_sql.delete_webhook(connection, webhook_id), writes=True)
            return
