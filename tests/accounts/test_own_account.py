"""Forgotten passwords, new passwords and new addresses: who proves what, and what stops working then."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from chalicelib.accounts.tables import accounts, auth_tokens
from chalicelib.commerce.tables import users
from chalicelib.core import auth, clock
from chalicelib.core.auth import Role
from chalicelib.core.database import transaction
from chalicelib.core.text import fold
from tests.client import Answer, Client
from tests.factories import client_of, make_account_row, make_customer, make_token
from tests.mailbox import Mailbox

OLD, NEW = "four odd words here", "another four odd words"
EMAIL = "robin@example.com"


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "hash_password", lambda password: f"hash of {password}")
    monkeypatch.setattr(auth, "password_matches", lambda password, known: known == f"hash of {password}")


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "mail")


def make_robin(**given: Any) -> int:
    """Make the account of a customer that registered."""
    values: dict[str, Any] = {
        "username": EMAIL,
        "email": EMAIL,
        "email_key": EMAIL,
        "password_hash": f"hash of {OLD}",
    }
    if "customer_id" not in given:
        values["customer_id"] = make_customer(email=EMAIL)
    return make_account_row(Role.CUSTOMER, **values | given)


def sign_in(client: Client, username: str, password: str) -> int:
    return client.post("/api/auth/token", {"username": username, "password": password}).status


def ask_for_reset(client: Client, email: str = EMAIL) -> Answer:
    return client.post("/accounts/password-reset", {"email": email})


def reset(client: Client, token: str, password: str = NEW) -> Answer:
    return client.post("/accounts/password-reset/confirm", {"token": token, "password": password})


def account(engine: Engine, account_id: int) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(accounts).where(accounts.c.id == account_id)).one()


def at_once(work: Callable[[int], int], threads: int) -> Counter[int]:
    gate = threading.Barrier(threads)

    def wait_and_work(at: int) -> int:
        gate.wait(10)
        return work(at)

    with ThreadPoolExecutor(threads) as pool:
        return Counter(pool.map(wait_and_work, range(threads)))


# --- forgotten passwords -----------------------------------------------------------------------------------------


def test_a_forgotten_password_is_chosen_anew_and_signs_everybody_out(
    client: Client, shop: Engine, mailbox: Mailbox
) -> None:
    robin, other = make_robin(), make_account_row(Role.STAFF)
    mine, theirs = client.as_token(make_token(robin)), client.as_token(make_token(other))
    assert ask_for_reset(client, "ROBIN@example.com").status == 202
    mail = mailbox.last(EMAIL)
    assert mail.link.startswith("http://localhost:8000/reset-password?token=shk_")
    assert mine.get("/api/auth/me").status == 200, "asking changes nothing"
    answer = reset(client, mail.token)
    assert (answer.status, answer.text) == (204, "")
    assert (mine.get("/api/auth/me").status, theirs.get("/api/auth/me").status) == (401, 200)
    assert (sign_in(client, EMAIL, OLD), sign_in(client, EMAIL, NEW)) == (401, 200)
    assert mailbox.last(EMAIL).subject == "Your password was changed"


def test_a_reset_link_works_once(client: Client, mailbox: Mailbox) -> None:
    make_robin()
    ask_for_reset(client)
    token = mailbox.last(EMAIL).token
    assert at_once(lambda at: reset(client, token, f"{NEW} {at}").status, 20) == {204: 1, 409: 19}
    assert reset(client, token).status == 409


def test_a_reset_link_is_good_for_an_hour(client: Client, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    make_robin()
    start = clock.now()
    monkeypatch.setattr(clock, "now", lambda: start)
    ask_for_reset(client)
    token = mailbox.last(EMAIL).token
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(hours=1))
    assert reset(client, token).status == 409
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(minutes=59))
    assert reset(client, token).status == 204


def test_a_newer_reset_link_replaces_the_older_one_also_when_both_are_asked_for_at_once(
    client: Client, mailbox: Mailbox
) -> None:
    make_robin()
    assert at_once(lambda _: ask_for_reset(client).status, 4) == {202: 4}
    tokens = [mail.token for mail in mailbox.all()]
    assert len(set(tokens)) == 4
    assert Counter(reset(client, token).status for token in tokens) == {409: 3, 204: 1}


def test_an_easily_guessed_password_leaves_the_link_good(client: Client, mailbox: Mailbox) -> None:
    make_robin()
    ask_for_reset(client)
    token = mailbox.last(EMAIL).token
    weak = reset(client, token, "robin@EXAMPLE.com")
    assert (weak.status, weak.json["type"]) == (409, "urn:shopkeeper:problem:weak-password")
    assert reset(client, token).status == 204


def test_who_locked_itself_out_is_let_in_by_a_reset(client: Client, mailbox: Mailbox) -> None:
    make_robin()
    assert [sign_in(client, EMAIL, "wrong") for _ in range(6)] == [401] * 5 + [429]
    ask_for_reset(client)
    reset(client, mailbox.last(EMAIL).token)
    assert sign_in(client, EMAIL, NEW) == 200


def test_staff_reset_their_password_by_the_address_of_their_account(client: Client, mailbox: Mailbox) -> None:
    make_account_row(Role.STAFF, username="boss", email="Boss@example.com", email_key="boss@example.com")
    ask_for_reset(client, "boss@example.com")
    mail = mailbox.last("Boss@example.com")
    assert "the account boss" in mail.text
    assert reset(client, mail.token).status == 204
    assert sign_in(client, "boss", NEW) == 200


def test_each_account_of_an_address_gets_a_link_of_its_own(client: Client, mailbox: Mailbox) -> None:
    for name in ("one", "two"):
        make_account_row(Role.STAFF, username=name, email=EMAIL, email_key=EMAIL)
    ask_for_reset(client)
    assert [reset(client, mail.token).status for mail in mailbox.all(EMAIL)] == [204, 204]
    assert sign_in(client, "one", NEW) == sign_in(client, "two", NEW) == 200


def test_an_account_that_is_switched_off_gets_no_link_and_an_older_one_stops_working(
    client: Client, shop: Engine, mailbox: Mailbox
) -> None:
    robin = make_robin()
    ask_for_reset(client)
    token = mailbox.last(EMAIL).token
    with transaction() as connection:
        connection.execute(update(accounts).where(accounts.c.id == robin).values(is_active=False))
    assert reset(client, token).status == 409
    ask_for_reset(client)
    assert "token=" not in mailbox.last(EMAIL).text
    assert account(shop, robin).password_hash == f"hash of {OLD}"


def test_staff_cannot_reach_an_admins_account_through_the_customer_it_shops_as(
    client: Client, shop: Engine, mailbox: Mailbox
) -> None:
    customer_id = make_customer(email="boss@example.com")
    boss = make_account_row(Role.ADMIN, username="boss", customer_id=customer_id)
    staff = client_of(Role.STAFF)
    changed = staff.patch(f"/users/{customer_id}", {"email": "mallory@example.com"}, if_match="*")
    assert changed.status == 200
    ask_for_reset(client, "mallory@example.com")
    assert mailbox.last("mallory@example.com").subject == "There is no account with this address"
    assert account(shop, boss).email is None


# --- changing the password ---------------------------------------------------------------------------------------


def change(mine: Client, old: str = OLD, new: str = NEW) -> Answer:
    return mine.post("/accounts/me/password", {"old_password": old, "new_password": new})


def test_a_new_password_signs_out_everywhere_but_here(client: Client, shop: Engine, mailbox: Mailbox) -> None:
    robin = make_robin()
    here, there = client.as_token(make_token(robin)), client.as_token(make_token(robin))
    ask_for_reset(client)
    link = mailbox.last(EMAIL).token
    assert change(here).status == 204
    assert (here.get("/api/auth/me").status, there.get("/api/auth/me").status) == (200, 401)
    assert (sign_in(client, EMAIL, OLD), sign_in(client, EMAIL, NEW)) == (401, 200)
    assert reset(client, link, "yet another four words").status == 409, "what was mailed before is no good any more"
    assert mailbox.last(EMAIL).subject == "Your password was changed"


def test_a_wrong_old_password_changes_nothing_and_is_counted_as_at_signing_in(
    client: Client, shop: Engine, mailbox: Mailbox
) -> None:
    robin = make_robin()
    mine = client.as_token(make_token(robin))
    answers = [change(mine, old="wrong") for _ in range(5)]
    assert [answer.status for answer in answers] == [403] * 5
    assert answers[0].json["type"] == "urn:shopkeeper:problem:wrong-password"
    assert change(mine).status == 429
    assert sign_in(client, EMAIL, OLD) == 429
    assert account(shop, robin).password_hash == f"hash of {OLD}"
    assert mailbox.all() == []


def test_an_easily_guessed_new_password_is_refused_and_not_counted(client: Client) -> None:
    mine = client.as_token(make_token(make_robin()))
    assert [change(mine, new=EMAIL).status for _ in range(7)] == [409] * 7
    assert change(mine).status == 204


def test_of_many_changes_at_once_one_wins_and_the_others_know(client: Client, shop: Engine) -> None:
    robin = make_robin()
    mine = client.as_token(make_token(robin))
    results = at_once(lambda at: change(mine, new=f"{NEW} {at}").status, 5)
    assert results[204] == 1
    assert set(results) <= {204, 401, 403, 429}
    assert account(shop, robin).password_hash.startswith(f"hash of {NEW} ")


# --- changing the address ----------------------------------------------------------------------------------------


def ask_for_email(mine: Client, email: str, password: str = OLD) -> Answer:
    return mine.post("/accounts/me/email", {"email": email, "password": password})


def confirm(client: Client, token: str) -> Answer:
    return client.post("/accounts/email/confirm", {"token": token})


def test_an_address_changes_once_the_new_one_is_proved_and_the_old_one_is_told(
    client: Client, shop: Engine, mailbox: Mailbox
) -> None:
    robin = make_robin()
    mine = client.as_token(make_token(robin))
    assert ask_for_email(mine, "New@example.com").status == 202
    assert mailbox.last(EMAIL).subject == "Your e-mail address is about to change"
    assert mine.get("/api/auth/me").json["email"] == EMAIL
    assert sign_in(client, "new@example.com", OLD) == 401
    assert confirm(client, mailbox.last("New@example.com").token).status == 204
    me = mine.get("/api/auth/me").json
    assert (me["email"], me["username"]) == ("New@example.com", "new@example.com")
    customer = mine.get(f"/users/{me['customer_id']}").json
    assert (customer["email"], customer["version"]) == ("New@example.com", 2)
    assert (sign_in(client, EMAIL, OLD), sign_in(client, "new@example.com", OLD)) == (401, 200)
    with shop.connect() as connection:
        assert connection.scalar(select(users.c.email_key)) == "new@example.com"


def test_a_user_name_that_is_no_address_stays(client: Client, shop: Engine, mailbox: Mailbox) -> None:
    robin = make_robin(username="robin")
    ask_for_email(client.as_token(make_token(robin)), "new@example.com")
    confirm(client, mailbox.last("new@example.com").token)
    row = account(shop, robin)
    assert (row.username, row.email, row.email_key) == ("robin", "new@example.com", "new@example.com")


def test_a_stolen_token_is_not_enough_to_take_the_address(client: Client, mailbox: Mailbox) -> None:
    mine = client.as_token(make_token(make_robin()))
    assert ask_for_email(mine, "mallory@example.com", "wrong").status == 403
    assert mailbox.all() == []


@pytest.mark.parametrize("taken", ["account", "customer"])
def test_a_taken_address_is_told_to_its_owner_alone(client: Client, mailbox: Mailbox, taken: str) -> None:
    mine = client.as_token(make_token(make_robin()))
    if taken == "account":
        make_account_row(Role.STAFF, username="sam", email="sam@example.com", email_key="sam@example.com")
    else:
        make_customer(email="sam@example.com")
    free, told = ask_for_email(mine, "free@example.com"), ask_for_email(mine, "SAM@example.com")
    assert (told.status, told.text) == (free.status, free.text)
    assert "token=" not in mailbox.last("SAM@example.com").text


def test_an_address_that_is_taken_meanwhile_is_a_conflict_and_changes_nothing(
    client: Client, shop: Engine, mailbox: Mailbox
) -> None:
    robin = make_robin()
    ask_for_email(client.as_token(make_token(robin)), "new@example.com")
    make_customer(email="NEW@example.com")
    answer = confirm(client, mailbox.last("new@example.com").token)
    assert (answer.status, answer.json["type"]) == (409, "urn:shopkeeper:problem:email-taken")
    assert account(shop, robin).email == EMAIL


def test_a_reset_takes_a_pending_change_of_the_address_back(client: Client, shop: Engine, mailbox: Mailbox) -> None:
    robin = make_robin()
    ask_for_email(client.as_token(make_token(robin)), "mallory@example.com")
    ask_for_reset(client)
    reset(client, mailbox.last(EMAIL).token)
    assert confirm(client, mailbox.last("mallory@example.com").token).status == 409
    assert account(shop, robin).email == EMAIL


def test_a_link_to_the_old_address_stops_working_with_the_new_one(client: Client, mailbox: Mailbox) -> None:
    robin = make_robin()
    ask_for_email(client.as_token(make_token(robin)), "new@example.com")
    ask_for_reset(client)
    old_link = mailbox.last(EMAIL).token
    confirm(client, mailbox.last("new@example.com").token)
    assert reset(client, old_link).status == 409


def test_two_accounts_that_want_one_address_at_once_do_not_both_get_it(
    client: Client, shop: Engine, mailbox: Mailbox
) -> None:
    robin = make_robin()
    sam = make_robin(
        username="sam@example.com",
        email="sam@example.com",
        email_key="sam@example.com",
        customer_id=make_customer(email="sam@example.com"),
    )
    for each in (robin, sam):
        ask_for_email(client.as_token(make_token(each)), "new@example.com")
    tokens = [mail.token for mail in mailbox.all("new@example.com")]
    assert at_once(lambda at: confirm(client, tokens[at]).status, 2) == {204: 1, 409: 1}
    with shop.connect() as connection:
        assert sorted(connection.scalars(select(accounts.c.email_key))).count("new@example.com") == 1


def test_an_address_link_is_good_once_and_for_a_day(
    client: Client, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = clock.now()
    monkeypatch.setattr(clock, "now", lambda: start)
    mine = client.as_token(make_token(make_robin(), expires_at=start + timedelta(days=9)))
    ask_for_email(mine, "new@example.com")
    token = mailbox.last("new@example.com").token
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=1))
    assert confirm(client, token).status == 409
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(hours=23))
    assert at_once(lambda _: confirm(client, token).status, 10) == {204: 1, 409: 9}


def test_what_signs_in_is_revoked_with_the_account_of_an_admins_change(client: Client, mailbox: Mailbox) -> None:
    robin = make_robin()
    ask_for_reset(client)
    token = mailbox.last(EMAIL).token
    client_of(Role.ADMIN).patch(f"/accounts/{robin}", {"password": NEW})
    assert reset(client, token, "yet another four words").status == 409
    assert sign_in(client, EMAIL, NEW) == 200


def test_folding_is_what_finds_an_account(client: Client, shop: Engine, mailbox: Mailbox) -> None:
    make_account_row(Role.STAFF, username="zoe", email="Zoe@Example.com", email_key=fold("Zoe@Example.com"))
    ask_for_reset(client, "zoE@exAmple.com")
    assert len(mailbox.all("Zoe@Example.com")) == 1
    with shop.connect() as connection:
        assert connection.execute(select(auth_tokens)).all() == []
