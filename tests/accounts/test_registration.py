"""Registering: proving the address, linking who was there before, and giving nothing away to strangers."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Table, delete, func, select, update

from chalicelib.accounts import registration
from chalicelib.accounts.tables import accounts, auth_tokens, mailed_tokens, registrations
from chalicelib.commerce.tables import users
from chalicelib.core import auth, clock
from chalicelib.core.auth import Role
from chalicelib.core.database import metadata, transaction
from chalicelib.events.tables import outbox_events
from chalicelib.mails.tables import mails
from tests.client import Answer, Client
from tests.factories import client_of, make_account_row, make_customer, make_order, make_product
from tests.mailbox import Mailbox

PASSWORD = "four odd words here"
ROBIN = {"email": "Robin@example.com", "password": PASSWORD, "first_name": "Robin", "last_name": "Doe"}


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Passwords are kept as they are, which spares the 20 ms of a hash; what was hashed or compared is noted."""
    worked: list[str] = []

    def hash_password(password: str) -> str:
        worked.append("hash")
        return f"hash of {password}"

    def matches(password: str, password_hash: str | None) -> bool:
        worked.append("match")
        return password_hash == f"hash of {password}"

    monkeypatch.setattr(auth, "hash_password", hash_password)
    monkeypatch.setattr(auth, "password_matches", matches)
    return worked


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "mail")


def rows(engine: Engine, table: Table) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(table)).all())


def register(client: Client, **given: Any) -> Answer:
    return client.post("/accounts/register", ROBIN | given)


def verify(client: Client, token: str, password: str = PASSWORD) -> Answer:
    return client.post("/accounts/verify", {"token": token, "password": password})


def sign_in(client: Client, username: str, password: str = PASSWORD) -> Answer:
    return client.post("/api/auth/token", {"username": username, "password": password})


def at_once(work: Callable[[int], int], threads: int) -> Counter[int]:
    gate = threading.Barrier(threads)

    def wait_and_work(at: int) -> int:
        gate.wait(10)
        return work(at)

    with ThreadPoolExecutor(threads) as pool:
        return Counter(pool.map(wait_and_work, range(threads)))


# --- the whole way -----------------------------------------------------------------------------------------------


def test_who_registers_and_proves_the_address_is_a_customer_that_is_signed_in(
    client: Client, shop: Engine, mailbox: Mailbox
) -> None:
    answer = register(client, city="Lyon", country="France", phone="+33 4", age=40)
    assert answer.status == 202
    assert rows(shop, users) == rows(shop, accounts) == []
    mail = mailbox.last("Robin@example.com")
    assert mail.link.startswith("http://localhost:8000/verify-email?token=shk_")
    assert mail.link.replace("&", "&amp;") in mail.html

    done = verify(client, mail.token)
    assert (done.status, list(done.json)) == (200, ["token"])
    mine = client.as_token(done.json["token"])
    me = mine.get("/api/auth/me").json
    assert (me["username"], me["email"], me["role"]) == ("robin@example.com", "Robin@example.com", "customer")
    customer = mine.get(f"/users/{me['customer_id']}").json
    expected = {"first_name": "Robin", "last_name": "Doe", "email": "Robin@example.com", "city": "Lyon", "age": 40}
    assert expected.items() <= customer.items()
    assert (customer["country"], customer["phone"], customer["traffic_source"]) == ("France", "+33 4", None)
    assert sign_in(client, "ROBIN@example.com").status == 200
    assert rows(shop, registrations) == rows(shop, mailed_tokens) == []


def test_the_shop_is_told_of_a_new_customer_without_its_address(
    client: Client, shop: Engine, mailbox: Mailbox
) -> None:
    register(client)
    assert rows(shop, outbox_events) == []
    verify(client, mailbox.last("Robin@example.com").token)
    [event] = rows(shop, outbox_events)
    [customer], [account] = rows(shop, users), rows(shop, accounts)
    assert (event.kind, event.aggregate) == ("customer.registered", f"customer:{customer.id}")
    assert json.loads(event.payload) == {"customer_id": customer.id, "account_id": account.id}


def test_nobody_signs_in_before_the_address_is_proved(client: Client) -> None:
    register(client)
    assert sign_in(client, "robin@example.com").status == 401


@pytest.mark.parametrize(
    "given",
    [
        {"email": "robin"},
        {"email": "robin@localhost"},
        {"email": "robin@example.com\n"},
        {"email": "robin@example.com\r\nBcc: eve@example.com"},
        {"email": "robin@example.com, eve@example.com"},
        {"email": "Robin <robin@example.com>"},
        {"email": "r" * 140 + "@example.com"},
        {"password": "elevenchars"},
        {"first_name": ""},
        {"last_name": None},
        {"role": "admin"},
        {"customer_id": 1},
        {"traffic_source": "Search"},
        {"created_at": "2020-01-01T00:00:00Z"},
        {"latitude": 90.1},
        {"age": -1},
    ],
)
def test_what_does_not_fit_is_refused_and_mails_nobody(
    client: Client, shop: Engine, mailbox: Mailbox, given: dict[str, Any]
) -> None:
    assert register(client, **given).status == 422
    assert rows(shop, registrations) == []
    assert mailbox.all() == []


@pytest.mark.parametrize(
    "password", ["password1234", "Robin@Example.com", "123456789012", "qwertyuiop[]", "aaaaaaaaaaaaaa"]
)
def test_a_password_that_is_guessed_first_is_refused(client: Client, mailbox: Mailbox, password: str) -> None:
    answer = register(client, password=password)
    assert (answer.status, answer.json["type"]) == (409, "urn:shopkeeper:problem:weak-password")
    assert mailbox.all() == []


# --- what strangers learn ----------------------------------------------------------------------------------------


def taken_by_registration(client: Client, mailbox: Mailbox) -> None:
    register(client)
    verify(client, mailbox.last("Robin@example.com").token)


def taken_by_staff(client: Client, mailbox: Mailbox) -> None:
    make_account_row(Role.STAFF, username="boss", email="robin@example.com", email_key="robin@example.com")


def taken_by_a_linked_customer(client: Client, mailbox: Mailbox) -> None:
    make_account_row(Role.CUSTOMER, username="sam", customer_id=make_customer(email="Robin@Example.com"))


@pytest.mark.parametrize("take", [taken_by_registration, taken_by_staff, taken_by_a_linked_customer])
def test_a_stranger_does_not_learn_whether_an_address_is_taken(
    client: Client,
    shop: Engine,
    mailbox: Mailbox,
    quick_passwords: list[str],
    take: Callable[[Client, Mailbox], None],
) -> None:
    take(client, mailbox)
    before = [rows(shop, table) for table in (users, accounts, registrations, auth_tokens)]
    quick_passwords.clear()
    answers, work = [], []
    for email in ("ROBIN@example.com", "free@example.com"):
        quick_passwords.clear()
        answers.append(register(client, email=email))
        work.append(list(quick_passwords))
    taken, free = answers
    assert (taken.status, taken.text) == (free.status, free.text) == (202, free.text)
    assert taken.headers.keys() == free.headers.keys()
    assert work == [["hash"], ["hash"]], "both cost the time of one hash"
    with transaction() as connection:
        connection.execute(delete(registrations).where(registrations.c.email == "free@example.com"))
    assert [rows(shop, table) for table in (users, accounts, registrations, auth_tokens)] == before
    told = mailbox.all()[-2]
    assert told.subject == "You have an account already"
    assert "token=" not in told.text


def test_the_owner_of_a_taken_address_is_written_to_where_its_mails_go(client: Client, mailbox: Mailbox) -> None:
    make_account_row(Role.CUSTOMER, username="robin@example.com", email="Robin@example.com")
    register(client, email="ROBIN@EXAMPLE.COM")
    assert [mail.to for mail in mailbox.all()] == ["Robin@example.com"]


@pytest.mark.parametrize("path", ["/accounts/verify/resend", "/accounts/password-reset"])
def test_asking_for_a_mail_is_answered_alike_whoever_is_there(client: Client, mailbox: Mailbox, path: str) -> None:
    register(client, email="waiting@example.com")
    make_account_row(Role.CUSTOMER, username="known@example.com", email="known@example.com")
    make_account_row(Role.CUSTOMER, username="off@example.com", email="off@example.com", is_active=False)
    names = ["waiting", "known", "off", "nobody"]
    before = len(mailbox.all())
    answers = [client.post(path, {"email": f"{name}@example.com"}) for name in names]
    assert {(answer.status, answer.text) for answer in answers} == {(202, answers[0].text)}
    sent = mailbox.all()[before:]
    assert [mail.to for mail in sent] == [f"{name}@example.com" for name in names], "also in time: a mail each"
    assert len({mail.subject for mail in sent}) >= 3


# --- who was there before ----------------------------------------------------------------------------------------


@pytest.fixture
def imported(shop: Engine) -> int:
    """A customer with an order and without an account, as an import leaves them."""
    customer_id = make_customer(email="robin@Example.com", first_name="Robina", city="Paris", phone="+33 1")
    make_order(customer_id, (make_product(), 1000))
    return customer_id


def test_a_customer_that_was_there_is_linked_with_its_orders_once_the_address_is_proved(
    client: Client, shop: Engine, mailbox: Mailbox, imported: int
) -> None:
    register(client, city="Lyon")
    mine = client.as_token(verify(client, mailbox.last("Robin@example.com").token).json["token"])
    assert mine.get("/api/auth/me").json["customer_id"] == imported
    assert len(mine.get("/orders").json) == 1
    [row] = rows(shop, users)
    assert (row.first_name, row.city, row.phone) == ("Robina", "Paris", "+33 1"), "it stays as the shop knows it"


def test_a_stranger_that_registers_with_anothers_address_never_sees_its_orders(
    client: Client, shop: Engine, mailbox: Mailbox, imported: int
) -> None:
    register(client, password="the stranger's own words")
    token = mailbox.last("Robin@example.com").token  # the owner reads the mail, the stranger does not
    assert sign_in(client, "robin@example.com", "the stranger's own words").status == 401
    # The owner opens the link by mistake, without knowing the stranger's password.
    assert verify(client, token, "whatever the owner types").status == 401
    assert sign_in(client, "robin@example.com", "the stranger's own words").status == 401
    assert rows(shop, accounts) == []
    # Then the owner registers itself: its password wins, by whichever of the links.
    register(client)
    mine = client.as_token(verify(client, token).json["token"])
    assert len(mine.get("/orders").json) == 1
    assert sign_in(client, "robin@example.com", "the stranger's own words").status == 401
    assert [row.password_hash for row in rows(shop, accounts)] == [f"hash of {PASSWORD}"]


def test_a_customer_that_staff_put_away_is_not_brought_back_by_registering(
    client: Client, shop: Engine, mailbox: Mailbox, imported: int
) -> None:
    register(client)
    early = mailbox.last("Robin@example.com").token
    client_of(Role.STAFF).post(f"/users/{imported}/archive", if_match="*")
    assert verify(client, early).status == 409
    assert register(client).status == 202
    assert mailbox.last("Robin@example.com").subject == "This address cannot be used"
    assert [row.role for row in rows(shop, accounts)] == ["staff"]


# --- links -------------------------------------------------------------------------------------------------------


def test_of_twenty_who_open_a_link_at_once_one_gets_in(client: Client, shop: Engine, mailbox: Mailbox) -> None:
    register(client)
    token = mailbox.last("Robin@example.com").token
    assert at_once(lambda _: verify(client, token).status, 20) == {200: 1, 409: 19}
    assert [len(rows(shop, table)) for table in (users, accounts, auth_tokens)] == [1, 1, 1]


def test_two_links_of_one_address_at_once_make_one_account(client: Client, shop: Engine, mailbox: Mailbox) -> None:
    register(client)
    client.post("/accounts/verify/resend", {"email": "robin@example.com"})
    tokens = [mail.token for mail in mailbox.all()]
    assert len(set(tokens)) == 2
    assert at_once(lambda at: verify(client, tokens[at]).status, 2) == {200: 1, 409: 1}
    assert len(rows(shop, accounts)) == 1


def test_a_link_is_good_for_a_day(client: Client, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    start = clock.now()
    monkeypatch.setattr(clock, "now", lambda: start)
    register(client)
    token = mailbox.last("Robin@example.com").token
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=1))
    answer = verify(client, token)
    assert (answer.status, answer.json["type"]) == (409, "urn:shopkeeper:problem:link-not-good")
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=1, seconds=-1))
    assert verify(client, token).status == 200


def test_another_link_is_sent_on_demand_and_completes_the_registration(client: Client, mailbox: Mailbox) -> None:
    register(client)
    client.post("/accounts/verify/resend", {"email": "ROBIN@example.com"})
    assert verify(client, mailbox.all()[-1].token).status == 200


def test_a_link_for_one_purpose_is_no_good_for_another(client: Client, mailbox: Mailbox) -> None:
    register(client)
    token = mailbox.last("Robin@example.com").token
    assert client.post("/accounts/password-reset/confirm", {"token": token, "password": PASSWORD}).status == 409
    assert client.post("/accounts/email/confirm", {"token": token}).status == 409
    assert verify(client, token).status == 200


def test_a_wrong_password_leaves_the_link_good_and_is_counted(client: Client, mailbox: Mailbox) -> None:
    register(client)
    token = mailbox.last("Robin@example.com").token
    assert [verify(client, token, "wrong").status for _ in range(5)] == [401] * 5
    refused = verify(client, token)
    assert refused.status == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    assert sign_in(client, "robin@example.com").status == 429, "it is the same counter"


def test_a_token_that_is_none_costs_no_hash(client: Client, quick_passwords: list[str]) -> None:
    assert verify(client, "shk_guess").status == 409
    assert quick_passwords == []


def test_old_registrations_are_forgotten(
    client: Client, shop: Engine, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(client)
    later = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    register(client, email="sam@example.com")
    assert [row.email for row in rows(shop, registrations)] == ["sam@example.com"]
    assert [row.email for row in rows(shop, mailed_tokens)] == ["sam@example.com"]


# --- throttling and secrets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("path", ["/accounts/register", "/accounts/verify/resend", "/accounts/password-reset"])
def test_an_address_gets_five_mails_an_hour_from_one_place_known_or_not(
    client: Client, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, path: str, known: bool
) -> None:
    if known:
        make_account_row(Role.CUSTOMER, username="robin@example.com", email="robin@example.com")
    start = clock.now()
    monkeypatch.setattr(clock, "now", lambda: start)
    body = ROBIN if path == "/accounts/register" else {"email": "robin@example.com"}
    assert [client.post(path, body).status for _ in range(5)] == [202] * 5
    refused = client.post(path, body)
    assert (refused.status, refused.headers["Retry-After"]) == (429, "3600")
    assert len(mailbox.all()) == 5
    other = body | {"email": "sam@example.com"}
    assert client.post(path, other).status == 202
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(hours=1))
    assert client.post(path, body).status == 202


def test_who_asks_elsewhere_does_not_keep_the_owner_from_its_mail_until_there_are_twenty(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.mails.mails.send_now", lambda *_ids: None)
    for at in range(19):
        registration.resend(email="robin@example.com", address=f"198.51.100.{at // 5}")
    assert client.post("/accounts/password-reset", {"email": "robin@example.com"}).status == 202
    assert client.post("/accounts/password-reset", {"email": "robin@example.com"}).status == 429


def test_one_place_asks_for_fifty_mails_an_hour(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.mails.mails.send_now", lambda *_ids: None)
    for at in range(50):
        registration.resend(email=f"somebody{at}@example.com", address="192.0.2.1")
    assert register(client).status == 429
    registration.resend(email="robin@example.com", address="198.51.100.7")


def test_parallel_requests_mail_no_more_than_single_ones(client: Client, mailbox: Mailbox) -> None:
    assert at_once(lambda _: register(client).status, 12) == {202: 5, 429: 7}
    assert len(mailbox.all()) == 5


def test_no_secret_stays_in_the_database_once_the_mail_is_out(client: Client, shop: Engine, mailbox: Mailbox) -> None:
    register(client)
    token = mailbox.last("Robin@example.com").token
    kept = [str(tuple(row)) for table in metadata.sorted_tables for row in rows(shop, table)]
    assert not [row for row in kept if token in row]
    assert [row.content for row in rows(shop, mails)] == [None]


def test_a_crash_between_commit_and_sending_loses_no_mail(
    client: Client, shop: Engine, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.mails import mails as queue

    class Killed(BaseException):
        pass

    def die(*_ids: int) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(queue, "send_now", die)
        with pytest.raises(Killed):
            register(client)
    assert mailbox.all() == []
    assert queue.send_mails(time_left_ms=lambda: 60_000) == 1
    assert verify(client, mailbox.last("Robin@example.com").token).status == 200
    assert queue.send_mails(time_left_ms=lambda: 60_000) == 0


def test_a_staff_change_while_somebody_registers_leaves_one_owner(
    client: Client, shop: Engine, mailbox: Mailbox
) -> None:
    register(client)
    token = mailbox.last("Robin@example.com").token
    staff = client_of(Role.STAFF)

    def work(at: int) -> int:
        if at:
            return verify(client, token).status
        return staff.post("/users", {"email": "robin@EXAMPLE.com"}).status

    results = at_once(work, 2)
    assert results[200] == 1
    with shop.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(users)) == 1


def test_time_stands_in_the_row_of_a_registration(client: Client, shop: Engine) -> None:
    before: datetime = clock.now()
    register(client)
    [row] = rows(shop, registrations)
    assert before <= row.created_at <= clock.now()
    assert row.expires_at - row.created_at == timedelta(days=1)


def test_an_account_that_is_switched_off_still_owns_its_address(client: Client, mailbox: Mailbox) -> None:
    account_id = make_account_row(Role.CUSTOMER, username="robin@example.com", email="robin@example.com")
    with transaction() as connection:
        connection.execute(update(accounts).where(accounts.c.id == account_id).values(is_active=False))
    register(client)
    assert mailbox.last("robin@example.com").subject == "You have an account already"
