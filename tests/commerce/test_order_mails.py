"""What buyers are written about their orders."""

from __future__ import annotations

import pytest

from chalicelib.core.auth import Role
from chalicelib.core.config import Settings
from chalicelib.mails import mails
from tests.client import Client
from tests.commerce.purchases import ADDRESS, bought, goods, new_key
from tests.factories import client_of
from tests.mailbox import Mail, Mailbox

BUYER = "robin@example.com"


@pytest.fixture
def mailbox(settings: Settings) -> Mailbox:
    return Mailbox(settings.data_dir / "mail")


def sent(mailbox: Mailbox) -> list[Mail]:
    """Let the schedule send what waits, and return all mails to the buyer."""
    mails.send_mails(time_left_ms=lambda: 60_000)
    return mailbox.all(BUYER)


def test_an_order_is_confirmed_once(client: Client, mailbox: Mailbox) -> None:
    order = bought(client, (goods(units=3, cents=1250), 2))
    (mail,) = sent(mailbox)
    assert mail.subject == f"Your order {order['id']}"
    assert "2 items for 25.00 USD" in mail.text
    assert f"http://localhost:8000/orders/{order['id']}" in mail.text
    assert len(sent(mailbox)) == 1


def test_a_parcel_a_cancellation_and_a_refund_are_told(client: Client, mailbox: Mailbox) -> None:
    staff = client_of(Role.STAFF)
    order = bought(client, (goods(units=3, cents=1250), 2))
    first, second = (item["id"] for item in order["items"])
    path = f"/orders/{order['id']}"
    parcel = {"item_ids": [first], "carrier": "DHL", "tracking_number": "JD7"}
    assert staff.post(f"{path}/shipments", parcel).status == 201
    assert staff.post(f"{path}/cancel", {"item_ids": [second], "reason": "broken in the store"}).status == 200
    told = sent(mailbox)
    start = f"Your order {order['id']}"
    ends = ("", " is on its way", ": cancelled", ": 12.50 USD returned")
    assert sorted(mail.subject for mail in told) == sorted(start + end for end in ends)
    texts = " ".join(mail.text for mail in told)
    assert "1 item of your order" in texts
    assert "DHL" in texts
    assert "JD7" in texts
    assert "broken in the store" not in texts, "the reason is the staff's own"


def test_nobody_is_written_to_where_there_is_no_address(client: Client, mailbox: Mailbox) -> None:
    body = {"items": [{"product_id": goods()}], "address": ADDRESS, "paid": True}
    assert client_of(Role.STAFF).post("/orders", body, idempotency_key=new_key()).status == 201
    assert sent(mailbox) == []
