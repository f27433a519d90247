"""Delivering events: at least once, those of an aggregate in order, within a function's time.

What is to be sent is claimed under a lease, sent outside of any transaction, and marked. Who is killed in between
leaves the lease to run out, and the message is sent again under the same id. Targets are served side by side, each by
one thread at a time, so that a slow one holds nobody up but itself.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.core import clock, logging
from chalicelib.core.database import Connection, run
from chalicelib.events import aws, deliveries_sql, outbox, webhooks, webhooks_sql
from chalicelib.events.deliveries import end_delivery
from chalicelib.events.envelope import body_of
from chalicelib.events.sender import Outcome

# Longer than what is claimed at once takes: no message is begun when its claim is older than _FRESH_S, and one takes
# ten seconds at most, and what the name server takes.
LEASE = timedelta(seconds=120)
_FRESH_S = 30
_AT_ONCE = 5  # messages that a webhook's thread claims together
_THREADS = 8
_SAFETY_MS = 60_000  # what a run leaves of its function's time: enough for what is claimed


@dataclass(frozen=True, slots=True)
class _Target:
    """Where events go; `hook_id` is that of a webhook, None of the targets at AWS."""

    name: str
    hook_id: int | None = None


def deliver_events(*, time_left_ms: Callable[[], int]) -> None:
    """Deliver what is due, until nothing is or the function's time runs short.

    A delivery that fails is tried again later and is no error of the run. Anything unexpected is raised at the end,
    after the other targets were served.
    """
    errors: list[Exception] = []
    while time_left_ms() >= _SAFETY_MS:
        more = outbox.dispatch_some()
        served = _serve_all(_find_due(), time_left_ms, errors)
        if errors or not (more or served):
            break
    if errors:
        raise errors[0]


def _find_due() -> list[_Target]:
    """Return the targets that something waits for, and that do not rest, in no order: each is first at some time."""

    def look(connection: Connection) -> list[_Target]:
        now = clock.now()
        hooks = webhooks_sql.list_active(connection, rested_at=now)
        targets = [_Target(name) for name in outbox.aws_targets()]
        targets += [_Target(outbox.webhook_target(row.id), row.id) for row in hooks]
        return [each for each in targets if deliveries_sql.any_due(connection, each.name, now)]

    found = run(look, writes=False)
    secrets.SystemRandom().shuffle(found)
    return found


def _serve_all(targets: Sequence[_Target], time_left_ms: Callable[[], int], errors: list[Exception]) -> bool:
    """Serve targets side by side, each again while it takes something; tell whether anything was sent."""
    if not targets:
        return False
    served = False
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="events") as pool:
        running: dict[Future[bool], _Target] = {pool.submit(_serve, each): each for each in targets}
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                target = running.pop(future)
                try:
                    again = future.result()
                except Exception as error:
                    logging.failure("events were not delivered", target=target.name)
                    errors.append(error)
                    continue
                served = served or again
                if again and time_left_ms() >= _SAFETY_MS:
                    running[pool.submit(_serve, target)] = target
    return served


def _serve(target: _Target) -> bool:
    """Send some of what is due to a target; False when there is nothing, or the target is to be left alone."""
    claimed_at = time.monotonic()
    hook, claimed = run(lambda connection: _claim(connection, target), writes=True)
    left = list(claimed)
    rests = False
    try:
        for delivery, outcome in _publish(target.name, claimed) if hook is None else _send(hook, claimed, claimed_at):
            left.remove(delivery)
            rests = _mark(delivery, hook, outcome)
            if rests:
                break
    finally:
        if left:
            _release(left)
    return bool(claimed) and not rests


def _claim(connection: Connection, target: _Target) -> tuple[Any, Sequence[Any]]:
    """Claim what is due to a target; return the webhook as it is now, and the deliveries."""
    now = clock.now()
    hook = None
    if target.hook_id is not None:
        hook = webhooks_sql.find_webhook(connection, target.hook_id)
        if hook is None or not hook.active:
            return None, []
    limit = aws.MOST_ENTRIES if hook is None else _AT_ONCE
    holder = secrets.token_hex(16)
    return hook, deliveries_sql.claim(connection, target.name, limit, holder, now=now, until=now + LEASE)


def _send(hook: Any, claimed: Sequence[Any], claimed_at: float) -> Iterator[tuple[Any, Outcome]]:
    """Send deliveries to a webhook one after the other, those for which the claim is fresh enough."""
    for each in claimed:
        if time.monotonic() - claimed_at > _FRESH_S:
            return
        body = body_of(each.uid, each.kind, each.aggregate, each.payload, each.created_at)
        yield each, webhooks.send(hook, each.uid, body)


def _publish(target: str, claimed: Sequence[Any]) -> Iterator[tuple[Any, Outcome]]:
    """Publish deliveries to a target at AWS, in as few calls as they take."""
    started = time.monotonic()
    messages = [
        aws.Message(
            each.uid,
            each.kind,
            each.aggregate,
            body_of(each.uid, each.kind, each.aggregate, each.payload, each.created_at),
            each.created_at,
        )
        for each in claimed
    ]
    publish = aws.publish_to_topic if target == outbox.SNS else aws.publish_to_bus
    reasons = publish(messages)
    duration_ms = round((time.monotonic() - started) * 1000)
    for each, reason in zip(claimed, reasons, strict=True):
        yield each, Outcome(None, reason, "", duration_ms)


def _mark(delivery: Any, hook: Any, outcome: Outcome) -> bool:
    return run(lambda connection: end_delivery(connection, delivery, hook, outcome), writes=True)


def _release(left: Sequence[Any]) -> None:
    """Let go of what was claimed and not sent."""
    ids = [delivery.id for delivery in left]
    run(lambda connection: deliveries_sql.release(connection, ids, left[0].lease_holder), writes=True)
