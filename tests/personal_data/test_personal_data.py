"""All that is kept of a customer: handed over to it, and forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from chalicelib.accounts.tables import accounts
from chalicelib.commerce.tables import orders, users
from chalicelib.core import auth
from chalicelib.core.auth import Role
from chalicelib.core.database import metadata, transaction
from chalicelib.mails.tables import mails as mail_table
from tests.client import Client
from tests.commerce.purchases import bought, goods
from tests.factories import (
    PASSWORD,
    client_of,
    make_account_row,
    make_address,
    make_customer,
    make_order,
    make_product,
    make_registration,
    make_session,
    make_template,
    make_token,
)
from tests.mailbox import Mailbox

EMAIL = "robin@example.com"


@pytest.fixture
def staff(client: Client) -> Client:
    return client_of(Role.STAFF)


@pytest.fixture
def robin(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> int:
    """A customer that registered; the id of its account is one of `account_of`."""
    monkeypatch.setattr(auth, "password_matches", lambda password, known: known is not None and password == PASSWORD)
    customer_id = make_customer(email=EMAIL, phone="+33 4")
    make_account_row(Role.CUSTOMER, username=EMAIL, email=EMAIL, email_key=EMAIL, customer_id=customer_id)
    return customer_id


def account_of(engine: Engine, customer_id: int) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(accounts).where(accounts.c.customer_id == customer_id)).one()


def client_as(engine: Engine, customer_id: int) -> Client:
    return Client(make_token(account_of(engine, customer_id).id))


def sign_in(client: Client, username: str = EMAIL) -> int:
    return client.post("/api/auth/token", {"username": username, "password": PASSWORD}).status


def test_a_customer_gets_all_that_is_stored_of_it_and_of_nobody_else(
    client: Client, shop: Engine, robin: int
) -> None:
    product, other = make_product(), make_customer(email="sam@example.com")
    address = make_address(robin)
    own = [make_order(robin, (product, 1000)) for _ in range(2)]
    make_order(other, (product, 1000))
    make_address(other, name="Sam")
    mine = client_as(shop, robin)
    found = mine.get(f"/users/{robin}/export").json
    assert found["customer"] == mine.get(f"/users/{robin}").json
    assert found["account"] == mine.get("/api/auth/me").json
    assert [row["id"] for row in found["addresses"]] == [address]
    assert sorted(row["id"] for row in found["orders"]) == own
    assert mine.get(f"/users/{other}/export").status == 404
    bare = client_of(Role.STAFF).get(f"/users/{other}/export").json
    assert (bare["account"], len(bare["orders"])) == (None, 1)


def test_an_export_holds_all_orders_however_many(
    shop: Engine, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.personal_data.personal_data.MAX_LIMIT", 2)
    customer_id, product = make_customer(), make_product()
    made = [make_order(customer_id, (product, 1000)) for _ in range(5)]
    found = client_of(Role.STAFF).get(f"/users/{customer_id}/export").json
    assert sorted(row["id"] for row in found["orders"]) == made


def test_nothing_personal_is_left_of_a_customer_that_is_forgotten_and_its_orders_stay(
    client: Client, shop: Engine, robin: int, tmp_path: Path
) -> None:
    admin, mine = client_of(Role.ADMIN), client_as(shop, robin)
    with transaction() as connection:
        marked = {"first_name": "Marked", "last_name": "Marked", "street_address": "Marked", "city": "Marked"}
        connection.execute(update(users).where(users.c.id == robin).values(**marked))
    order = make_order(robin, (make_product(), 1000), email=EMAIL, address='{"name": "Marked"}')
    make_address(robin, name="Marked")
    make_registration(EMAIL)
    client.post("/accounts/password-reset", {"email": EMAIL})
    token = Mailbox(tmp_path / "mail").last(EMAIL).token

    erased = admin.post(f"/users/{robin}/erase", if_match="*")
    assert (erased.status, erased.json["email"]) == (200, f"erased-{robin}@erased.invalid")
    with shop.connect() as connection:
        left = [str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(select(table))]
        kept = connection.execute(select(orders).where(orders.c.id == order)).one()
    assert not [row for row in left if "Marked" in row or EMAIL in row]
    assert (kept.user_id, kept.num_of_item, kept.email, kept.address) == (robin, 1, None, None)
    assert (mine.get("/api/auth/me").status, sign_in(client)) == (401, 401)
    again = {"token": token, "password": "four odd words here"}
    assert client.post("/accounts/password-reset/confirm", again).status == 409
    assert admin.post(f"/users/{robin}/restore", if_match="*").status == 409
    assert admin.post(f"/users/{robin}/erase", if_match="*").status == 200, "twice is once"
    assert admin.get("/users").json == []


def test_mails_to_an_address_given_at_a_checkout_are_forgotten_but_not_those_of_another_customer(
    client: Client, shop: Engine, robin: int
) -> None:
    mine, staff, product = client_as(shop, robin), client_of(Role.STAFF), goods(units=3)
    make_customer(email="kim@example.com")
    for address in ("elsewhere@example.com", "kim@example.com"):
        order = bought(mine, (product, 1), email=address)["id"]
        assert staff.post(f"/orders/{order}/shipments", {}).status == 201
        assert staff.post(f"/orders/{order}/deliveries", {}).status == 200
    with shop.connect() as connection:
        assert set(connection.scalars(select(mail_table.c.recipient))) >= {"elsewhere@example.com", "kim@example.com"}
    assert client_of(Role.ADMIN).post(f"/users/{robin}/erase", if_match="*").status == 200
    with shop.connect() as connection:
        assert set(connection.scalars(select(mail_table.c.recipient))) == {"kim@example.com"}


def test_books_that_are_never_deleted_know_no_address_of_who_bought_cancelled_and_sent_back(
    client: Client, shop: Engine, robin: int
) -> None:
    mine, staff, product = client_as(shop, robin), client_of(Role.STAFF), goods(units=3)
    kept, cancelled = (bought(mine, (product, 1), email=EMAIL)["id"] for _ in range(2))
    assert mine.post(f"/orders/{cancelled}/cancel", {}).status == 200
    assert staff.post(f"/orders/{kept}/shipments", {}).status == 201
    assert staff.post(f"/orders/{kept}/deliveries", {}).status == 200
    asked = mine.post(f"/orders/{kept}/returns", {"reason": "other", "comment": f"Call me: {EMAIL}"})
    assert asked.status == 201
    assert staff.post(f"/orders/{kept}/returns/{asked.json['returns'][0]['id']}/receive", {}).status == 200

    assert client_of(Role.ADMIN).post(f"/users/{robin}/erase", if_match="*").status == 200
    with shop.connect() as connection:
        left = {t.name: [str(row) for row in connection.execute(select(t))] for t in metadata.sorted_tables}
    assert {name for name, rows in left.items() for row in rows if EMAIL in row} == set()


@pytest.mark.parametrize("status", ["pending", "processing", "shipped"])
def test_who_waits_for_an_order_is_not_forgotten_yet(client: Client, robin: int, status: str) -> None:
    make_order(robin, (make_product(), 1000), status=status)
    admin = client_of(Role.ADMIN)
    answer = admin.post(f"/users/{robin}/erase", if_match="*")
    assert (answer.status, answer.json["type"]) == (409, "urn:shopkeeper:problem:business-under-way")
    assert admin.get(f"/users/{robin}").json["email"] == EMAIL


def test_the_account_of_a_member_of_staff_outlives_the_customer_it_shopped_as(client: Client, shop: Engine) -> None:
    customer_id = make_customer()
    staff, admin = client_of(Role.STAFF, customer_id=customer_id), client_of(Role.ADMIN)
    assert admin.post(f"/users/{customer_id}/erase", if_match="*").status == 200
    assert staff.get("/users").status == 200


def test_an_export_tells_of_conversations_and_templates(
    client: Client, shop: Engine, robin: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.conversations.privacy.summary.MAX_LIMIT", 2)
    account = account_of(shop, robin)
    made = [make_session(account.id, title=f"Talk {number}").public_id for number in range(3)]
    make_session(make_account_row(Role.CUSTOMER))
    template = make_template(account.id, name="Mine")
    make_template(None)
    found = client_as(shop, robin).get(f"/users/{robin}/export").json
    assert [each["id"] for each in found["conversations"]] == [made[2], made[1]], "the latest, as many as a list has"
    assert found["conversations"][0]["user"] == EMAIL
    assert [(each["id"], each["name"]) for each in found["templates"]] == [(template, "Mine")]
