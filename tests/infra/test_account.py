"""Making an account by hand: the password comes from a pipe or a prompt, and goes nowhere but into the hash."""

from __future__ import annotations

import io
import sys

import pytest
from sqlalchemy import Engine, func, select

from chalicelib.accounts import sign_in
from chalicelib.accounts.tables import accounts
from chalicelib.core.auth import Role
from chalicelib.core.config import Settings
from infra import account
from tests.conftest import set_settings
from tests.factories import make_account_row, make_customer

SECRET = "correct horse battery"

Said = pytest.CaptureFixture[str]


class Terminal(io.StringIO):
    """Standard input that somebody sits at."""

    def isatty(self) -> bool:
        return True


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str, typed: str | None = f"{SECRET}\n") -> int:
    monkeypatch.setattr(sys, "argv", ["account", *arguments])
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    return account.main()


def count(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(accounts)) or 0


def test_an_account_made_by_hand_can_sign_in(shop: Engine, monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    assert call(monkeypatch, "Robin", "admin") == 0
    said = capsys.readouterr()
    assert "Robin may sign in as admin" in said.out
    assert SECRET not in said.out + said.err
    assert sign_in.sign_in("robin", SECRET, "192.0.2.1")
    with shop.connect() as connection:
        row = connection.execute(select(accounts)).one()
    assert (row.username, row.role, row.customer_id, row.is_active) == ("Robin", "admin", None, True)


def test_an_account_made_by_hand_is_linked_to_its_customer(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    customer_id = make_customer()
    assert call(monkeypatch, "robin", "customer", "--customer-id", str(customer_id)) == 0
    with shop.connect() as connection:
        assert connection.scalar(select(accounts.c.customer_id)) == customer_id


def test_at_a_terminal_the_password_is_asked_for_unseen(
    shop: Engine, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    monkeypatch.setattr(sys, "argv", ["account", "robin", "staff"])
    monkeypatch.setattr(sys, "stdin", Terminal("not this\n"))
    monkeypatch.setattr("getpass.getpass", lambda _prompt: SECRET)
    assert account.main() == 0
    assert sign_in.sign_in("robin", SECRET, "192.0.2.1")


@pytest.mark.parametrize(
    ("arguments", "typed", "word"),
    [
        (["robin", "staff"], "elevenchars\n", "password"),
        (["robin", "staff"], "", "password"),
        (["two words", "staff"], f"{SECRET}\n", "username"),
        (["robin", "customer", "--customer-id", "999999"], f"{SECRET}\n", "customer"),
        (["robin", "customer", "--customer-id", "0"], f"{SECRET}\n", "customer_id"),
        (["TAKEN", "staff"], f"{SECRET}\n", "taken"),
    ],
)
def test_what_is_wrong_is_said_without_the_password(
    shop: Engine, monkeypatch: pytest.MonkeyPatch, capsys: Said, arguments: list[str], typed: str, word: str
) -> None:
    make_account_row(Role.STAFF, username="taken")
    assert call(monkeypatch, *arguments, typed=typed) == 1
    said = capsys.readouterr()
    assert word in said.err
    assert said.out == ""
    assert "elevenchars" not in said.err
    assert SECRET not in said.err
    assert count(shop) == 1


def test_an_unknown_role_is_refused(shop: Engine, monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    with pytest.raises(SystemExit) as left:
        call(monkeypatch, "robin", "owner")
    assert left.value.code == 2
    assert count(shop) == 0


def test_a_database_that_does_not_answer_is_said_in_a_line(
    shop: Engine, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    set_settings(monkeypatch, Settings(database_url="mysql+pymysql://root:hidden@127.0.0.1:1/shop"))
    assert call(monkeypatch, "robin", "staff") == 1
    said = capsys.readouterr().err
    assert "does not answer" in said
    assert "hidden" not in said
    assert "Traceback" not in said
