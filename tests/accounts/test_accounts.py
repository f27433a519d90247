"""The rules of accounts: only one of each name and of each customer, also when two are made at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from chalicelib.accounts import accounts, accounts_sql
from chalicelib.accounts.accounts import CustomerTaken, LastAdmin, NameTaken
from chalicelib.accounts.tables import accounts as account_table
from chalicelib.accounts.tables import auth_tokens
from chalicelib.core import auth
from chalicelib.core.auth import Role
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import AppError, Conflict, InvalidInput, NotFound
from tests.client import Client
from tests.factories import PASSWORD, client_of, counted_statements, make_account_row, make_customer, make_token


def make(username: str, *, customer_id: int | None = None) -> int:
    def work(connection: Connection) -> int:
        return accounts.create_account(
            connection, username=username, password_hash="hash", role=Role.CUSTOMER, customer_id=customer_id
        )

    return run(work, writes=True)


def change(account_id: int, changes: dict[str, Any], *, by: int) -> Any:
    return run(lambda connection: accounts.change_account(connection, account_id, changes, by=by), writes=True)


def count(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(account_table)) or 0)


@pytest.fixture
def quick_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "hash_password", lambda password: f"hash of {len(password)}")


@pytest.mark.parametrize("spelling", ["Robin", "robin", "ROBIN", "\uff52\uff4f\uff42\uff49\uff4e"])
def test_a_name_is_taken_in_every_case(shop: Engine, quick_hash: None, spelling: str) -> None:
    make("Robin")
    with pytest.raises(NameTaken):
        make(spelling)
    assert count(shop) == 1


def test_accents_make_another_name(shop: Engine, quick_hash: None) -> None:
    make("rene")
    make("rené")
    with pytest.raises(NameTaken):
        make("RENÉ")


@pytest.mark.parametrize("name", ["ß" * 76, "ﷺ" * 9])
def test_a_name_whose_letters_come_apart_to_too_many_is_refused(shop: Engine, quick_hash: None, name: str) -> None:
    with pytest.raises(InvalidInput):
        make(name)
    assert count(shop) == 0


def test_a_customer_has_one_account(shop: Engine, quick_hash: None) -> None:
    customer_id = make_customer()
    make("robin", customer_id=customer_id)
    with pytest.raises(CustomerTaken):
        make("sam", customer_id=customer_id)
    assert count(shop) == 1


def test_many_accounts_are_linked_to_no_customer(shop: Engine, quick_hash: None) -> None:
    make("robin")
    make("sam")
    assert count(shop) == 2


def test_an_unknown_customer_is_refused(shop: Engine, quick_hash: None) -> None:
    with pytest.raises(accounts.NoSuchCustomer, match="999999"):
        make("robin", customer_id=999_999)
    assert count(shop) == 0


def in_parallel(*works: Callable[[], object]) -> list[object]:
    """Run the works in a thread each and return what they return, or the class of error they end with."""

    def safely(work: Callable[[], object]) -> object:
        try:
            return work()
        except AppError as error:
            return type(error)

    with ThreadPoolExecutor(len(works)) as pool:
        return [done.result() for done in [pool.submit(safely, work) for work in works]]


@pytest.fixture
def slow_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two threads wait for each other while they hash: behind every check, before every insert."""
    gate = threading.Barrier(2)

    def hash_password(_password: str) -> str:
        # On SQLite the second has not begun yet, since writers take turns.
        with suppress(threading.BrokenBarrierError):
            gate.wait(0.3)
        return "hash"

    monkeypatch.setattr(auth, "hash_password", hash_password)


def test_of_two_who_ask_for_a_name_at_once_one_is_told_that_it_is_taken(shop: Engine, slow_hash: None) -> None:
    results = in_parallel(lambda: make("robin"), lambda: make("ROBIN"))
    assert [type(result) for result in results].count(int) == 1
    assert NameTaken in results
    assert count(shop) == 1


def test_of_two_accounts_for_a_customer_at_once_one_is_told_that_it_is_linked(shop: Engine, slow_hash: None) -> None:
    customer_id = make_customer()
    results = in_parallel(
        lambda: make("robin", customer_id=customer_id), lambda: make("sam", customer_id=customer_id)
    )
    assert [type(result) for result in results].count(int) == 1
    assert CustomerTaken in results
    assert count(shop) == 1


def test_the_loser_of_a_race_is_answered_a_conflict(client: Client, slow_hash: None) -> None:
    admin = client_of(Role.ADMIN)
    body = {"username": "robin", "password": PASSWORD, "role": "staff"}
    answers = in_parallel(*[lambda: admin.post("/accounts", body).status] * 2)
    assert sorted(map(str, answers)) == ["201", "409"]


def test_a_broken_rule_of_the_database_is_not_taken_for_a_race(shop: Engine, quick_hash: None) -> None:
    def work(connection: Connection) -> int:
        return accounts.create_account(
            connection,
            username="robin",
            password_hash="hash",
            role=Role.STAFF,
            first_name=None,  # type: ignore[arg-type]
        )

    with pytest.raises(accounts_sql.NotUnique):
        run(work, writes=True)


@pytest.mark.parametrize(
    "changes",
    [{"role": Role.STAFF}, {"role": Role.ADMIN}, {"is_active": False}, {"is_active": False, "password_hash": "x"}],
)
def test_nobody_takes_its_own_rights_away(shop: Engine, quick_hash: None, changes: dict[str, Any]) -> None:
    me = make_account_row(Role.ADMIN)
    make_token(me)
    with pytest.raises(Conflict):
        change(me, changes, by=me)
    with shop.connect() as connection:
        row = connection.execute(select(account_table)).one()
        assert (row.role, row.is_active, row.password_hash) == ("admin", True, "none")
        assert connection.scalar(select(func.count()).select_from(auth_tokens)) == 1


def test_one_changes_its_own_password(shop: Engine, quick_hash: None) -> None:
    me = make_account_row(Role.ADMIN)
    change(me, {"password_hash": "another"}, by=me)
    with shop.connect() as connection:
        assert connection.scalar(select(account_table.c.password_hash)) == "another"


@pytest.mark.parametrize("changes", [{"password_hash": "another"}, {"role": Role.CUSTOMER}, {"is_active": False}])
def test_a_change_signs_the_account_out_and_nobody_else(
    shop: Engine, quick_hash: None, changes: dict[str, Any]
) -> None:
    account, other = make_account_row(Role.STAFF), make_account_row(Role.STAFF)
    make_token(account)
    make_token(account)
    kept = make_token(other)
    change(account, changes, by=other)
    with shop.connect() as connection:
        assert connection.scalars(select(auth_tokens.c.token_hash)).all() == [auth.hash_token(kept)]


def test_an_account_read_does_not_carry_its_password_hash(shop: Engine) -> None:
    account_id = make_account_row(Role.STAFF)
    row = run(lambda connection: accounts.get_account(connection, account_id), writes=False)
    assert not [name for name in row._fields if "password" in name]


def test_there_is_no_account_of_an_unknown_id(shop: Engine) -> None:
    with pytest.raises(NotFound):
        run(lambda connection: accounts.get_account(connection, 999_999), writes=False)
    with pytest.raises(NotFound):
        change(999_999, {"is_active": True}, by=1)


@pytest.mark.parametrize("changes", [{"role": Role.STAFF}, {"is_active": False}])
def test_two_admins_that_take_each_others_rights_at_once_leave_one(shop: Engine, changes: dict[str, Any]) -> None:
    first, second = make_account_row(Role.ADMIN), make_account_row(Role.ADMIN)
    make_account_row(Role.ADMIN, is_active=False)
    gate = threading.Barrier(2)

    def demote(target: int, by: int) -> object:
        gate.wait(10)
        return change(target, changes, by=by)

    results = in_parallel(lambda: demote(first, second), lambda: demote(second, first))
    assert results.count(LastAdmin) == 1
    with shop.connect() as connection:
        left = select(account_table.c.id).where(account_table.c.role == "admin", account_table.c.is_active)
        assert len(connection.scalars(left).all()) == 1


def test_the_last_admin_stays_and_others_may_go(shop: Engine) -> None:
    last, staff = make_account_row(Role.ADMIN), make_account_row(Role.STAFF)
    with pytest.raises(LastAdmin):
        change(last, {"is_active": False}, by=staff)
    assert change(staff, {"is_active": False}, by=last).is_active in (False, 0)
    assert change(last, {"role": Role.ADMIN}, by=staff).role == "admin"
    another = make_account_row(Role.ADMIN)
    assert change(last, {"role": Role.STAFF}, by=another).role == "staff"


def test_people_are_found_together_by_their_ids(shop: Engine) -> None:
    customer = make_customer()
    one = make_account_row(Role.CUSTOMER, username="robin", customer_id=customer, first_name="Robin")
    other = make_account_row(Role.STAFF, username="kim", email="kim@example.com")
    with shop.connect() as connection, counted_statements(shop) as statements:
        found = accounts.find_people(connection, {other, one, other + 1000})
        assert accounts.find_people(connection, []) == {}
    assert len(statements) == 1
    assert {each.id: (each.username, each.email, each.first_name, each.customer_id) for each in found.values()} == {
        one: ("robin", None, "Robin", customer),
        other: ("kim", "kim@example.com", "", None),
    }
    assert not hasattr(found[one], "password_hash")
