"""The demo: its customer gets visibly personal answers, and what it buys or looks at changes them at once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, select

from chalicelib.accounts.tables import accounts
from chalicelib.commerce import tables
from chalicelib.core import auth
from chalicelib.core.database import read
from chalicelib.recommendations.signals import signal_tables
from infra import demo, first_model
from tests.client import Client
from tests.commerce.purchases import bought
from tests.factories import make_token

SCALE = 0.004


def ask(client: Client, user_id: int, **more: Any) -> list[dict[str, Any]]:
    answer = client.post("/ai/recommendations", {"user_id": user_id, "limit": 10, "in_stock": True} | more)
    assert answer.status == 200
    assert answer.json["model_version"] is not None
    items: list[dict[str, Any]] = answer.json["recommendations"]
    assert len(items) == more.get("limit", 10)
    return items


def has_done(customer_id: int, product_id: int, kind: str) -> bool:
    """Tell whether the database knows that the customer did what a reason says."""
    items, events = tables.order_items.c, signal_tables.behaviour_events.c
    if kind == "bought":
        asked = select(items.id).where(
            items.user_id == customer_id,
            items.product_id == product_id,
            items.status.not_in(["cancelled", "returned"]),
        )
    else:
        kinds = ["cart"] if kind == "carted" else ["view", "click"]
        asked = select(events.id).where(
            events.customer_id == customer_id, events.product_id == product_id, events.kind.in_(kinds)
        )
    with read() as connection:
        return connection.execute(asked.limit(1)).first() is not None


def test_the_demo_customer_is_known_and_buying_changes_what_it_is_shown(
    shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "hash_password", lambda password: f"hash of {password}")
    demo.add_sample_data(SCALE)
    demo.add_demo_accounts()
    assert first_model.learn_before_opening() is not None
    with read() as connection:
        found = select(accounts.c.id, accounts.c.customer_id).where(accounts.c.username == "customer")
        account_id, customer = connection.execute(found).one()
    client = Client(make_token(account_id))

    before = ask(client, customer)
    anybody = Client().post("/ai/recommendations/visit", {"limit": 10, "in_stock": True}).json["recommendations"]
    assert {item["id"] for item in before} != {item["id"] for item in anybody}, "it is not what all get"
    personal = [item for item in before if item["reason"]["kind"] in ("bought", "carted", "viewed")]
    assert len(personal) >= 5
    for item in personal:
        assert has_done(customer, item["reason"]["product_id"], item["reason"]["kind"]), item["reason"]
        assert item["reason"]["product_name"] in item["reason"]["text"]

    chosen = before[0]["id"]
    bought(client, (chosen, 1))
    after = ask(client, customer, limit=40)
    assert chosen not in [item["id"] for item in after], "what one has is not recommended"
    assert [item["id"] for item in after[:9]] != [item["id"] for item in before[1:]], "it is not only left out"
    assert chosen in [item["reason"]["product_id"] for item in after], "the purchase speaks for something at once"
