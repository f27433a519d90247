"""Passwords, tokens and roles: the pure rules of who may do what."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest

from chalicelib.core import auth
from chalicelib.core.auth import ADMIN, PUBLIC, SIGNED_IN, STAFF, STAFF_OR_OWNER, Access, Caller, Role


@pytest.fixture(scope="module")
def hashed() -> str:
    return auth.hash_password("correct horse battery staple")


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that are worked on."""
    hasher, seen = auth._hasher(), []

    class Noting:
        def verify(self, password_hash: str, password: str) -> Any:
            seen.append(password_hash)
            return hasher.verify(password_hash, password)

        def hash(self, password: str) -> str:
            return hasher.hash(password)

    monkeypatch.setattr(auth, "_hasher", Noting)
    return seen


def test_a_password_matches_its_hash_and_no_other(hashed: str) -> None:
    assert auth.password_matches("correct horse battery staple", hashed)
    assert not auth.password_matches("correct horse battery stapler", hashed)
    assert not auth.password_matches("", hashed)


def test_the_hash_is_argon2id_as_owasp_asks_for(hashed: str) -> None:
    found = re.fullmatch(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$[^$]+\$[^$]+", hashed)
    assert found
    memory_kib, passes, lanes = map(int, found.groups())
    assert memory_kib >= 19 * 1024
    assert passes >= 2
    assert lanes >= 1


def test_equal_passwords_have_different_hashes(hashed: str) -> None:
    assert auth.hash_password("correct horse battery staple") != hashed


def test_passwords_of_any_script_and_length_are_told_apart() -> None:
    password = "пароль 密码 🗝" + "x" * 1000
    known = auth.hash_password(password)
    assert auth.password_matches(password, known)
    assert not auth.password_matches(password[:-1], known)


def test_an_unknown_account_takes_the_same_work_and_never_matches(verified: list[str]) -> None:
    assert not auth.password_matches("anything", None)
    assert len(verified) == 1
    parameters = verified[0].split("$")[:4]
    assert parameters == auth.hash_password("anything").split("$")[:4]


def test_guessing_the_stand_in_of_an_unknown_account_is_no_match(
    hashed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "_NOBODYS_HASH", hashed)
    assert not auth.password_matches("correct horse battery staple", None)


def test_a_hash_that_is_none_matches_nothing() -> None:
    assert not auth.password_matches("anything", "not a hash")
    assert not auth.password_matches("", "")


def test_tokens_are_long_random_and_found_by_scanners() -> None:
    tokens = {auth.new_token() for _ in range(200)}
    assert len(tokens) == 200
    assert all(re.fullmatch(r"shk_[A-Za-z0-9_-]{43}", token) for token in tokens)


def test_a_token_is_kept_as_its_hash() -> None:
    assert auth.hash_token("shk_x") == hashlib.sha256(b"shk_x").hexdigest()
    assert auth.hash_token("shk_x") != auth.hash_token("shk_y")


def test_a_token_that_is_no_text_is_merely_unknown() -> None:
    assert re.fullmatch("[0-9a-f]{64}", auth.hash_token("\ud800"))


@pytest.mark.parametrize(
    ("access", "roles"),
    [
        (PUBLIC, set(Role)),
        (SIGNED_IN, set(Role)),
        (STAFF_OR_OWNER, set(Role)),
        (STAFF, {Role.STAFF, Role.ADMIN, Role.SERVICE}),
        (ADMIN, {Role.ADMIN}),
    ],
    ids=lambda each: each.name if isinstance(each, Access) else "",
)
def test_who_may_call(access: Access, roles: set[Role]) -> None:
    assert access.roles == roles
    assert access.public is (access is PUBLIC)
    assert access.owned is (access is STAFF_OR_OWNER)


@pytest.mark.parametrize("role", Role)
def test_all_but_customers_see_business_data(role: Role) -> None:
    assert Caller(1, "robin", role, None, 1).is_staff is (role is not Role.CUSTOMER)


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "Password!Password!",
        "P-a-s-s-w-o-r-d-2-0-2-6",
        "administrator1",
        "123456789012",
        "098765432109",
        "qwertyuiopas",
        "zyxwvutsrqpo",
        "aaaaaaaaaaaaaaaa",
        "abababababab",
        "Robin@Example.com",
        "  robin@example.com  ",
        "robin.the.first",
    ],
)
def test_what_is_guessed_first_is_no_password(password: str) -> None:
    assert auth.is_easily_guessed(password, "robin@example.com", "robin.the.first@example.com")


@pytest.mark.parametrize(
    "password",
    [
        "four odd words here",
        "пароль пчела",
        "!$%&/()=?*+~",
        "passwords are hard",
        "938475983475",
        "password and more",
    ],
)
def test_what_is_not_guessed_first_is_a_password(password: str) -> None:
    assert not auth.is_easily_guessed(password, "robin@example.com")
