"""Publishing events to an SNS topic and an EventBridge bus, in batches. The only user of boto3's SNS and events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from chalicelib.core import logging
from chalicelib.core.config import settings

MOST_ENTRIES = 10  # of one call, of either service
_MOST_BYTES = 240_000  # of one call; either service takes 256 KiB, attributes included


@dataclass(frozen=True, slots=True)
class Message:
    """An event to be published: `body` is what webhooks are sent too."""

    uid: str
    kind: str
    aggregate: str
    body: str
    created_at: datetime


# Publishes a batch; answers for each message why it was refused, None where it was taken.
Publisher = Callable[[Sequence[Message]], list[str | None]]


def publish_to_topic(messages: Sequence[Message]) -> list[str | None]:
    """Publish to the topic of the settings; see `Publisher`. A FIFO topic keeps the order of each aggregate."""
    topic = str(settings().events_topic_arn)

    def call(batch: Sequence[Message]) -> list[str | None]:
        entries = [_topic_entry(number, each, fifo=topic.endswith(".fifo")) for number, each in enumerate(batch)]
        answer = _client("sns").publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
        failed = {entry["Id"]: entry for entry in answer.get("Failed", [])}
        return [_reason(failed.get(str(number)), "Code", "Message") for number in range(len(batch))]

    return _publish(messages, call)


def _topic_entry(number: int, message: Message, *, fifo: bool) -> dict[str, Any]:
    attributes = {"type": message.kind, "aggregate": message.aggregate}
    entry: dict[str, Any] = {
        "Id": str(number),
        "Message": message.body,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    }
    if fifo:
        entry |= {"MessageGroupId": message.aggregate, "MessageDeduplicationId": message.uid}
    return entry


def publish_to_bus(messages: Sequence[Message]) -> list[str | None]:
    """Put on the bus of the settings; see `Publisher`."""
    bus = str(settings().events_bus)

    def call(batch: Sequence[Message]) -> list[str | None]:
        entries = [
            {
                "Source": "shopkeeper",
                "DetailType": message.kind,
                "Detail": message.body,
                "Time": message.created_at,
                "EventBusName": bus,
            }
            for message in batch
        ]
        answer = _client("events").put_events(Entries=entries)
        return [_reason(entry, "ErrorCode", "ErrorMessage") for entry in answer["Entries"]]

    return _publish(messages, call)


def _publish(messages: Sequence[Message], call: Publisher) -> list[str | None]:
    results: list[str | None] = []
    for batch in batches(messages):
        try:
            results += call(batch)
        except Exception as error:
            # Whatever boto3 raises; its classes cannot be named without loading it. Logged, and tried again.
            logging.failure("publishing events failed", count=len(batch))
            results += [f"{type(error).__name__}: {logging.redact(str(error))}"] * len(batch)
    return results


def batches(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """Yield the messages in order, as many together as one call takes."""
    batch: list[Message] = []
    size = 0
    for message in messages:
        own = len(message.body.encode()) + 500  # its attributes
        if batch and (len(batch) == MOST_ENTRIES or size + own > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += own
    if batch:
        yield batch


def _reason(failed: Any, code: str, message: str) -> str | None:
    return f"{failed[code]}: {failed.get(message, '')}" if failed and failed.get(code) else None


@cache
def _client(service: str) -> Any:
    # Function-level: 300 ms that only a shop which publishes to AWS pays.
    import boto3
    from botocore.config import Config

    # The dispatcher tries again itself; a call must end well within its lease.
    config = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})
    return boto3.Session().client(service, config=config)  # type: ignore[call-overload]
