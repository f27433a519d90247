"""Events at AWS: a topic and a bus of moto's, partial failures, batches that the services take."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws
from sqlalchemy import Engine, select

from chalicelib.core.config import Settings
from chalicelib.core.database import read
from chalicelib.events import aws
from chalicelib.events.tables import event_deliveries
from tests.conftest import set_settings
from tests.events.doubles import Time, deliver, hold_time
from tests.factories import NOON, make_event

REGION = "eu-west-1"


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    clients = aws._client
    clients.cache_clear()
    with mock_aws():
        yield
    clients.cache_clear()


@pytest.fixture
def time(shop: Engine, cloud: None, monkeypatch: pytest.MonkeyPatch) -> Time:
    return hold_time(monkeypatch)


def client(service: str) -> Any:
    return boto3.Session().client(service, region_name=REGION)  # type: ignore[call-overload]


def make_topic(name: str, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> str:
    """Make the topic of the settings, with a queue behind it; return the URL of the queue."""
    fifo = {"FifoTopic": "true"} if name.endswith(".fifo") else {}
    topic = client("sns").create_topic(Name=name, Attributes=fifo)["TopicArn"]
    queue_name = name.replace("events", "queue")
    queue = client("sqs").create_queue(QueueName=queue_name, Attributes={"FifoQueue": "true"} if fifo else {})
    arn = f"arn:aws:sqs:{REGION}:123456789012:{queue_name}"
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    set_settings(monkeypatch, replace(settings, events_topic_arn=topic))
    return str(queue["QueueUrl"])


def received(queue: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    wanted = {"AttributeNames": ["All"], "MessageAttributeNames": ["All"], "MaxNumberOfMessages": 10}
    while messages := client("sqs").receive_message(QueueUrl=queue, **wanted).get("Messages"):
        found += messages
        for message in messages:
            client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return found


def rows() -> list[Any]:
    with read() as connection:
        statement = select(event_deliveries).order_by(event_deliveries.c.event_id)
        return list(connection.execute(statement))


def test_a_topic_gets_each_event_once_with_attributes_to_filter_by(
    time: Time, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = make_topic("shopkeeper-events", monkeypatch, settings)
    uids = [make_event("order.paid", f"order:{number}", number=number) for number in range(23)]
    deliver()
    deliver()
    messages = received(queue)
    bodies = [json.loads(message["Body"]) for message in messages]
    assert sorted(body["id"] for body in bodies) == sorted(uids)
    first = next(message for message in messages if json.loads(message["Body"])["aggregate"] == "order:7")
    assert json.loads(first["Body"]) == {
        "type": "order.paid",
        "timestamp": "2026-03-01T12:00:00Z",
        "data": {"number": 7},
        "id": uids[7],
        "aggregate": "order:7",
    }
    assert {name: value["StringValue"] for name, value in first["MessageAttributes"].items()} == {
        "type": "order.paid",
        "aggregate": "order:7",
    }
    assert {row.state for row in rows()} == {"delivered"}


def test_a_fifo_topic_keeps_each_aggregate_in_order_and_knows_repetitions(
    time: Time, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = make_topic("shopkeeper-events.fifo", monkeypatch, settings)
    uids = {aggregate: [make_event(aggregate=aggregate) for _ in range(4)] for aggregate in ("order:1", "order:2")}
    deliver()
    messages = received(queue)
    assert len(messages) == 8
    for aggregate, recorded in uids.items():
        of_it = [each for each in messages if each["Attributes"]["MessageGroupId"] == aggregate]
        assert [json.loads(each["Body"])["id"] for each in of_it] == recorded
        assert [each["Attributes"]["MessageDeduplicationId"] for each in of_it] == recorded


class Service:
    """Stands in for a service of which some entries fail."""

    def __init__(self, bad: set[str]) -> None:
        self.bad = bad
        self.calls: list[list[str]] = []

    def publish_batch(self, **given: Any) -> dict[str, Any]:
        entries = given["PublishBatchRequestEntries"]
        ids = {entry["Id"]: json.loads(entry["Message"])["id"] for entry in entries}
        self.calls.append(list(ids.values()))
        failed = [
            {"Id": entry_id, "Code": "InternalError", "Message": "try again", "SenderFault": False}
            for entry_id, uid in ids.items()
            if uid in self.bad
        ]
        good = [{"Id": entry_id, "MessageId": uid} for entry_id, uid in ids.items() if uid not in self.bad]
        # In no order that could be relied on.
        return {"Successful": good[::-1], "Failed": failed[::-1]}

    def put_events(self, **given: Any) -> dict[str, Any]:
        uids = [json.loads(entry["Detail"])["id"] for entry in given["Entries"]]
        self.calls.append(uids)
        refused = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
        entries = [refused if uid in self.bad else {"EventId": uid} for uid in uids]
        return {"FailedEntryCount": len(self.bad), "Entries": entries}


@pytest.mark.parametrize(
    ("setting", "error"),
    [("events_topic_arn", "InternalError: try again"), ("events_bus", "ThrottlingException: slow down")],
)
def test_of_a_batch_that_fails_in_part_only_the_failed_are_sent_again(
    time: Time, settings: Settings, monkeypatch: pytest.MonkeyPatch, setting: str, error: str
) -> None:
    set_settings(monkeypatch, replace(settings, **{setting: "shopkeeper-x"}))  # type: ignore[arg-type]
    uids = [make_event(aggregate=f"order:{number}") for number in range(5)]
    later = make_event(aggregate="order:1")
    service = Service({uids[1], uids[3]})
    monkeypatch.setattr(aws, "_client", lambda _name: service)
    deliver()
    assert service.calls == [uids]
    assert [row.state for row in rows()] == ["delivered", "waiting", "delivered", "waiting", "delivered", "waiting"]
    assert rows()[1].last_error == error
    service.bad = set()
    time.pass_(seconds=6.1)
    deliver()
    assert service.calls[1:] == [[uids[1], uids[3]], [later]] or sorted(service.calls[1]) == sorted(
        [uids[1], uids[3]]
    )
    assert {row.state for row in rows()} == {"delivered"}


def test_a_bus_gets_each_event_with_its_kind_and_time(
    time: Time, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen through a rule with a queue behind it."""
    events, sqs = client("events"), client("sqs")
    events.create_event_bus(Name="shopkeeper-bus")
    queue = sqs.create_queue(QueueName="seen")["QueueUrl"]
    pattern = json.dumps({"source": ["shopkeeper"], "detail-type": ["stock.out"]})
    events.put_rule(Name="stock", EventBusName="shopkeeper-bus", EventPattern=pattern)
    target = {"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:123456789012:seen"}
    events.put_targets(Rule="stock", EventBusName="shopkeeper-bus", Targets=[target])
    set_settings(monkeypatch, replace(settings, events_bus="shopkeeper-bus"))
    make_event("order.paid", "order:1")
    uid = make_event("stock.out", "product:3", product_id=3)
    deliver()
    (message,) = received(queue)
    event = json.loads(message["Body"])
    assert (event["source"], event["detail-type"]) == ("shopkeeper", "stock.out")
    assert event["detail"]["id"] == uid
    assert event["detail"]["data"] == {"product_id": 3}
    assert [row.state for row in rows()] == ["delivered", "delivered"]


def test_a_topic_that_is_not_there_is_a_failure_of_each_event_and_not_of_the_run(
    time: Time, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = f"arn:aws:sns:{REGION}:123456789012:shopkeeper-gone"
    set_settings(monkeypatch, replace(settings, events_topic_arn=gone))
    make_event()
    deliver()
    (row,) = rows()
    assert (row.state, row.attempts, row.target) == ("waiting", 1, "sns")
    assert "NotFound" in row.last_error


def test_topic_and_bus_are_told_each_on_its_own(
    time: Time, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    client("events").create_event_bus(Name="shopkeeper-bus")
    gone = f"arn:aws:sns:{REGION}:123456789012:shopkeeper-gone"
    set_settings(monkeypatch, replace(settings, events_topic_arn=gone, events_bus="shopkeeper-bus"))
    make_event()
    deliver()
    assert {row.target: row.state for row in rows()} == {"sns": "waiting", "bus": "delivered"}


def test_a_batch_holds_what_one_call_takes() -> None:
    def message(size: int) -> aws.Message:
        return aws.Message("evt", "order.paid", "order:1", "x" * size, NOON)

    def sizes(*given: int) -> list[list[int]]:
        return [[len(each.body) for each in batch] for batch in aws.batches([message(size) for size in given])]

    assert sizes(*[1] * 23) == [[1] * 10, [1] * 10, [1] * 3]
    assert sizes(60_000, 60_000, 60_000, 60_000, 60_000) == [[60_000] * 3, [60_000] * 2]
    assert sizes(300_000, 1) == [[300_000], [1]]
    assert sizes() == []
