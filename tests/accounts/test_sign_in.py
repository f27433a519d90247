"""Signing in and out: what an answer gives away, how long a token is good, how often one may try."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import argon2
import pytest
from sqlalchemy import Engine, delete, select, text, update

from chalicelib.accounts import accounts, sign_in
from chalicelib.accounts.tables import accounts as account_table
from chalicelib.accounts.tables import auth_tokens, login_attempts
from chalicelib.core import auth, clock
from chalicelib.core.auth import Role
from chalicelib.core.config import Settings
from chalicelib.core.database import metadata, run, transaction
from chalicelib.core.errors import AppError, TooManyRequests, Unauthenticated
from tests.client import Answer, Client
from tests.conftest import set_settings
from tests.factories import PASSWORD, client_of, make_account, make_account_row, make_token

HOME, ELSEWHERE = "192.0.2.1", "198.51.100.7"
PAIR, ACCOUNT, ADDRESS = 5, 50, 100
OWASP_MINIMUM = "$argon2id$v=19$m=19456,t=2,p=1$"


def ask_token(client: Client, username: str, password: str, **headers: str) -> Answer:
    return client.post("/api/auth/token/", {"username": username, "password": password}, **headers)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC)
        monkeypatch.setattr(clock, "now", lambda: self.time)

    def forward(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that argon2 was asked to verify a password against."""
    seen: list[str] = []
    real = argon2.PasswordHasher.verify

    def verify(self: argon2.PasswordHasher, hash: str, password: str) -> bool:  # noqa: A002
        seen.append(hash)
        return bool(real(self, hash, password))

    monkeypatch.setattr(argon2.PasswordHasher, "verify", verify)
    return seen


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were looked at; looking costs nothing here, so that many can be tried."""
    seen: list[str] = []

    def matches(password: str, password_hash: str | None) -> bool:
        seen.append(password)
        return password_hash is not None and password == PASSWORD

    monkeypatch.setattr(auth, "password_matches", matches)
    return seen


def outcome(username: str, password: str, address: str = HOME) -> str:
    """Try to sign in and name what came of it: a class of error, or "token"."""
    try:
        sign_in.sign_in(username, password, address)
    except AppError as error:
        return type(error).__name__
    return "token"


def set_active(username: str, is_active: bool) -> None:
    with transaction() as connection:
        connection.execute(
            update(account_table).where(account_table.c.username == username).values(is_active=is_active)
        )


# --- what an answer gives away -----------------------------------------------------------------------------------


def test_a_right_password_gives_a_token_that_opens_the_door(client: Client) -> None:
    name = make_account(Role.STAFF)
    answer = ask_token(client, name, PASSWORD)
    assert (answer.status, list(answer.json)) == (200, ["token"])
    assert client.get("/api/auth/me", authorization=f"Token {answer.json['token']}").json["username"] == name
    assert client.get("/api/auth/me", authorization=f"Bearer {answer.json['token']}").json["username"] == name


def test_nobody_learns_from_a_refusal_whether_the_account_exists(client: Client, verified: list[str]) -> None:
    known, asleep = make_account(), make_account()
    set_active(asleep, False)
    tries = [(known, "wrong"), ("nobody", "wrong"), ("nobody", PASSWORD), (asleep, "wrong"), (asleep, PASSWORD)]
    answers = []
    for username, password in tries:
        before = len(verified)
        answers.append(ask_token(client, username, password, X_Request_Id="same"))
        assert len(verified) == before + 1, "each refusal costs one verification"
    first = answers[0]
    assert first.status == 401
    assert first.json["type"] == "urn:shopkeeper:problem:unauthenticated"
    assert first.headers["WWW-Authenticate"]
    assert all(answer == first for answer in answers)
    assert all(each.startswith(OWASP_MINIMUM) for each in verified), "also the hash that stands for nobody's"


def test_a_right_password_costs_one_verification(shop: Engine, verified: list[str]) -> None:
    name = make_account()
    assert outcome(name, PASSWORD) == "token"
    assert len(verified) == 1


def test_passwords_are_kept_as_argon2id_of_the_recommended_cost_with_a_salt_each(shop: Engine) -> None:
    make_account()
    make_account()
    with shop.connect() as connection:
        first, second = connection.scalars(select(account_table.c.password_hash))
    assert first.startswith(OWASP_MINIMUM)
    assert second.startswith(OWASP_MINIMUM)
    assert first != second


def test_the_database_holds_the_hash_of_a_token_and_neither_token_nor_password(shop: Engine) -> None:
    token = sign_in.sign_in(make_account(), PASSWORD, HOME)
    outcome("a password in the wrong field", PASSWORD)
    with shop.connect() as connection:
        stored = connection.scalars(select(auth_tokens.c.token_hash)).all()
        rows = [str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    assert stored == [hashlib.sha256(token.encode()).hexdigest()]
    assert rows
    for secret in (token, token.removeprefix("shk_"), PASSWORD, "a password in the wrong field"):
        assert not [row for row in rows if secret in row]


def test_tokens_hold_at_least_128_random_bits() -> None:
    tokens = [auth.new_token() for _ in range(200)]
    raw = [base64.urlsafe_b64decode(token.removeprefix("shk_") + "==") for token in tokens]
    assert min(map(len, raw)) >= 16
    assert len(set(raw)) == len(raw)
    # No byte stands still, as a counter's or a clock's would.
    assert min(len(set(column)) for column in zip(*raw, strict=True)) > 50


@pytest.mark.parametrize("spelling", ["Robin", "robin", "ROBIN", "\uff52\uff4f\uff42\uff49\uff4e"])
def test_the_case_of_a_user_name_makes_no_difference(shop: Engine, looked_at: list[str], spelling: str) -> None:
    make_account_row(Role.STAFF, username="Robin")
    assert outcome(spelling, PASSWORD) == "token"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"username": "robin", "password"', 400),
        ('{"username": "\\ud800", "password": "x"}', 400),
        ({"username": "robin"}, 422),
        ({"username": "robin", "password": ""}, 422),
        ({"username": "", "password": "x"}, 422),
        ({"username": "robin", "password": 123456789012}, 422),
        ({"username": "robin", "password": "x", "role": "admin"}, 422),
        ({"username": "r" * 151, "password": "x"}, 422),
        ({"username": "robin", "password": "x" * 1025}, 422),
        ({"username": "nobody\x00", "password": "\x00"}, 401),
        ({"username": "ﷺ" * 150, "password": "x"}, 401),
        ({"username": "' OR 1=1 -- ", "password": "x"}, 401),
    ],
)
def test_credentials_of_any_shape_get_a_plain_answer(client: Client, body: object, status: int) -> None:
    assert client.post("/api/auth/token", body).status == status


# --- how long a token is good ------------------------------------------------------------------------------------


def test_a_token_is_good_until_its_time_is_over(client: Client, still: Clock, looked_at: list[str]) -> None:
    make_account_row(Role.STAFF, username="robin")
    mine = client.as_token(sign_in.sign_in("robin", PASSWORD, HOME))
    still.forward(14 * 24 * 3600 - 0.001)
    assert mine.get("/users").status == 200
    still.forward(0.001)
    expired = mine.get("/users")
    assert expired.status == 401
    assert expired.headers["WWW-Authenticate"]


def test_how_long_a_token_is_good_can_be_set(
    client: Client,
    still: Clock,
    looked_at: list[str],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_settings(monkeypatch, Settings(database_url=settings.database_url, token_ttl_s=60))
    make_account_row(Role.STAFF, username="robin")
    mine = client.as_token(sign_in.sign_in("robin", PASSWORD, HOME))
    still.forward(59)
    assert mine.get("/users").status == 200
    still.forward(1)
    assert mine.get("/users").status == 401


def test_signing_in_sweeps_out_what_is_over(shop: Engine, still: Clock, looked_at: list[str]) -> None:
    account, other = make_account_row(Role.STAFF, username="robin"), make_account_row(Role.STAFF)
    make_token(account, expires_at=still.time)
    good = make_token(account, expires_at=still.time + timedelta(seconds=1))
    somebodys = make_token(other, expires_at=still.time)
    outcome("nobody", "wrong", ELSEWHERE)
    still.forward(15 * 60 - 300)
    good_later = make_token(account, expires_at=still.time + timedelta(days=1))
    still.forward(300)
    new = sign_in.sign_in("robin", PASSWORD, HOME)
    with shop.connect() as connection:
        kept = set(connection.scalars(select(auth_tokens.c.token_hash)))
        windows = set(connection.scalars(select(login_attempts.c.window_ends_at)))
    assert kept == {auth.hash_token(token) for token in (good_later, somebodys, new)}
    assert auth.hash_token(good) not in kept
    assert all(end > still.time for end in windows)


def test_signing_out_revokes_the_token_of_the_request_alone(client: Client) -> None:
    account = make_account_row(Role.STAFF)
    first, second = client.as_token(make_token(account)), client.as_token(make_token(account))
    answer = first.post("/api/auth/logout/")
    assert (answer.status, answer.text) == (204, "")
    assert first.get("/api/auth/me").status == 401
    assert first.post("/api/auth/logout").status == 401
    assert second.get("/api/auth/me").status == 200


def test_signing_out_everywhere_revokes_all_own_tokens_and_no_others(client: Client) -> None:
    account = make_account_row(Role.STAFF)
    mine = [client.as_token(make_token(account)) for _ in range(3)]
    somebodys = client_of(Role.STAFF)
    assert mine[0].post("/api/auth/logout-all/").json == {"revoked": 3}
    assert [each.get("/api/auth/me").status for each in mine] == [401, 401, 401]
    assert somebodys.get("/api/auth/me").status == 200


def test_an_admin_signs_an_account_out_everywhere(client: Client) -> None:
    account = make_account_row(Role.STAFF)
    tokens = [client.as_token(make_token(account)) for _ in range(2)]
    admin = client_of(Role.ADMIN)
    assert admin.delete(f"/accounts/{account}/tokens/").json == {"revoked": 2}
    assert [each.get("/api/auth/me").status for each in tokens] == [401, 401]
    assert admin.delete(f"/accounts/{account}/tokens").json == {"revoked": 0}
    assert admin.delete("/accounts/999999/tokens").status == 404
    assert admin.get("/api/auth/me").status == 200


def test_the_token_of_an_account_that_is_switched_off_opens_nothing(client: Client) -> None:
    mine = client.as_token(make_token(make_account_row(Role.STAFF, username="robin")))
    assert mine.get("/users").status == 200
    set_active("robin", False)
    assert mine.get("/users").status == 401
    assert mine.get("/products").status == 401


def test_a_role_is_looked_up_at_each_request(client: Client) -> None:
    account = make_account_row(Role.STAFF)
    mine = client.as_token(make_token(account))
    with transaction() as connection:
        connection.execute(update(account_table).where(account_table.c.id == account).values(role="customer"))
    assert mine.get("/analytics/sales-summary").status == 403


@pytest.mark.parametrize("change", [{"password_hash": "another"}, {"is_active": False}])
def test_a_sign_in_that_is_overtaken_by_a_change_of_the_account_gives_no_token(
    shop: Engine, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    account_id = make_account_row(Role.STAFF, username="robin")

    def matches(_password: str, _hash: str | None) -> bool:
        run(lambda connection: accounts.change_account(connection, account_id, change, by=0), writes=True)
        return True

    monkeypatch.setattr(auth, "password_matches", matches)
    assert outcome("robin", PASSWORD) == "Unauthenticated"
    with shop.connect() as connection:
        assert connection.execute(select(auth_tokens)).all() == []


def test_a_sign_in_that_is_overtaken_by_the_end_of_its_account_gives_no_token(
    shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_account_row(Role.STAFF, username="robin")

    def matches(_password: str, _hash: str | None) -> bool:
        with transaction() as connection:
            connection.execute(delete(account_table))
        return True

    monkeypatch.setattr(auth, "password_matches", matches)
    assert outcome("robin", PASSWORD) == "Unauthenticated"


def test_a_sign_in_waits_for_a_change_of_the_account_that_is_under_way(
    shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = make_account_row(Role.STAFF, username="robin", password_hash="old")
    monkeypatch.setattr(auth, "password_matches", lambda _password, password_hash: password_hash == "old")
    with ThreadPoolExecutor(1) as pool:
        with transaction() as connection:
            accounts.change_account(connection, account_id, {"password_hash": "new"}, by=0)
            signing_in = pool.submit(outcome, "robin", PASSWORD)
            with pytest.raises(TimeoutError):
                signing_in.result(timeout=0.3)
        assert signing_in.result(timeout=10) == "Unauthenticated"
    with shop.connect() as connection:
        assert connection.execute(select(auth_tokens)).all() == []


# --- how often one may try ---------------------------------------------------------------------------------------


@pytest.fixture(params=["robin", "nobody"], ids=["known", "unknown"])
def target(request: pytest.FixtureRequest, shop: Engine) -> str:
    """The name of an account that exists, or of one that does not: both must be treated alike."""
    make_account_row(Role.STAFF, username="robin")
    name: str = request.param
    return name


def test_the_sixth_try_from_one_address_is_refused_unseen_with_the_time_to_wait(
    client: Client, target: str, looked_at: list[str], still: Clock
) -> None:
    assert [ask_token(client, target, "wrong").status for _ in range(PAIR)] == [401] * PAIR
    for password in ("wrong", PASSWORD):
        refused = ask_token(client, target.upper(), password)
        assert refused.status == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 900
    assert looked_at == ["wrong"] * PAIR


def test_the_window_ends_when_the_answer_said_so(
    client: Client, target: str, looked_at: list[str], still: Clock
) -> None:
    for _ in range(PAIR):
        ask_token(client, target, "wrong")
        still.forward(60)
    wait = int(ask_token(client, target, "wrong").headers["Retry-After"])
    assert 595 <= wait <= 601, "the window began with the first try, five minutes ago"
    still.forward(wait - 2)
    assert ask_token(client, target, "wrong").status == 429
    still.forward(2)
    again = [ask_token(client, target, "wrong").status for _ in range(PAIR + 1)]
    assert again == [401] * PAIR + [429], "a new window allows as many tries"


def test_success_forgets_the_failures_of_the_account(shop: Engine, looked_at: list[str]) -> None:
    make_account_row(Role.STAFF, username="robin")
    for _ in range(3):
        assert [outcome("robin", "wrong") for _ in range(PAIR - 1)] == ["Unauthenticated"] * (PAIR - 1)
        assert outcome("robin", PASSWORD) == "token"


def test_a_guesser_does_not_lock_the_owner_out_elsewhere(shop: Engine, looked_at: list[str]) -> None:
    make_account_row(Role.STAFF, username="robin")
    results = Counter(outcome("robin", "wrong", ELSEWHERE) for _ in range(ACCOUNT + 10))
    assert results == {"Unauthenticated": PAIR, "TooManyRequests": ACCOUNT + 10 - PAIR}
    assert outcome("robin", PASSWORD, HOME) == "token"


def test_the_51st_try_of_an_account_is_refused_wherever_it_comes_from(
    target: str, looked_at: list[str], still: Clock
) -> None:
    results = [outcome(target, "wrong", f"198.51.100.{at}") for at in range(ACCOUNT)]
    assert results == ["Unauthenticated"] * ACCOUNT
    assert outcome(target, PASSWORD, HOME) == "TooManyRequests"
    still.forward(15 * 60)
    assert outcome(target, "wrong", HOME) == "Unauthenticated"


def test_the_101st_failure_of_an_address_is_refused_whatever_the_account(
    target: str, looked_at: list[str], still: Clock
) -> None:
    results = [outcome(f"guess{at}", "wrong") for at in range(ADDRESS)]
    assert results == ["Unauthenticated"] * ADDRESS
    assert outcome(target, PASSWORD) == "TooManyRequests"
    assert outcome(target, "wrong", ELSEWHERE) == "Unauthenticated"
    still.forward(15 * 60)
    assert outcome(target, "wrong") == "Unauthenticated"


def test_an_own_account_does_not_wash_an_address_clean(shop: Engine, looked_at: list[str]) -> None:
    make_account_row(Role.CUSTOMER, username="mallory")
    for at in range(ADDRESS):
        outcome(f"guess{at}", "wrong")
        if at % 10 == 0:
            assert outcome("mallory", PASSWORD) == "token"
    assert outcome("robin", "wrong") == "TooManyRequests"


def test_an_address_may_sign_in_as_often_as_it_likes(shop: Engine, looked_at: list[str]) -> None:
    """Many people behind one address, or a program that signs in anew for each piece of work."""
    make_account_row(Role.STAFF, username="robin")
    assert {outcome("robin", PASSWORD) for _ in range(ADDRESS + 20)} == {"token"}


def test_the_time_to_wait_is_that_of_the_last_limit_to_end(shop: Engine, looked_at: list[str], still: Clock) -> None:
    for at in range(ADDRESS - PAIR):
        outcome(f"guess{at}", "wrong")
    still.forward(600)
    for _ in range(PAIR):
        outcome("robin", "wrong")
    # The address has 300 seconds to wait, for robin it has 900.
    with pytest.raises(TooManyRequests) as refused:
        sign_in.sign_in("robin", "wrong", HOME)
    assert refused.value.retry_after_s == 900
    with pytest.raises(TooManyRequests) as refused:
        sign_in.sign_in("guess0", "wrong", HOME)
    assert refused.value.retry_after_s == 300


def test_a_refused_try_prolongs_nothing(shop: Engine, looked_at: list[str], still: Clock) -> None:
    for _ in range(PAIR):
        outcome("robin", "wrong")
    for _ in range(14):
        still.forward(60)
        assert outcome("robin", "wrong") == "TooManyRequests"
    still.forward(60)
    assert outcome("robin", "wrong") == "Unauthenticated"


# --- many at once ------------------------------------------------------------------------------------------------


def at_once(work: Callable[[int], str], threads: int) -> Counter[str]:
    """Run `work` in as many threads, let go together, and count what came of it."""
    gate = threading.Barrier(threads)

    def wait_and_work(at: int) -> str:
        gate.wait(10)
        return work(at)

    with ThreadPoolExecutor(threads) as pool:
        return Counter(pool.map(wait_and_work, range(threads)))


@pytest.fixture
def quick_switches() -> Iterator[None]:
    """Make threads take turns often, so that races show."""
    import sys

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("name", ["robin", "nobody"])
def test_twenty_parallel_guesses_get_no_further_than_five(
    shop: Engine, looked_at: list[str], quick_switches: None, name: str
) -> None:
    make_account_row(Role.STAFF, username="robin")
    results = at_once(lambda at: outcome(name, f"guess {at}"), 20)
    assert results == {"Unauthenticated": PAIR, "TooManyRequests": 20 - PAIR}
    assert len(looked_at) == PAIR


def test_parallel_guesses_from_many_addresses_get_no_further_than_fifty(
    shop: Engine, looked_at: list[str], quick_switches: None
) -> None:
    for at in range(ACCOUNT - 8):
        outcome("robin", "wrong", f"198.51.100.{at}")
    looked_at.clear()
    results = at_once(lambda at: outcome("robin", "wrong", f"203.0.113.{at}"), 20)
    assert results == {"Unauthenticated": 8, "TooManyRequests": 12}
    assert len(looked_at) == 8


def test_many_people_sign_in_at_once_without_getting_in_each_others_way(
    shop: Engine, looked_at: list[str], quick_switches: None
) -> None:
    for at in range(10):
        make_account_row(Role.CUSTOMER, username=f"robin{at}")
    results = at_once(lambda at: ",".join(outcome(f"robin{at // 2}", PASSWORD) for _ in range(5)), 20)
    assert results == {"token,token,token,token,token": 20}
    with shop.connect() as connection:
        assert connection.scalar(text("SELECT COUNT(*) FROM auth_tokens")) == 100


def test_refusals_and_successes_mix_without_a_deadlock(
    shop: Engine, looked_at: list[str], quick_switches: None
) -> None:
    for at in range(4):
        make_account_row(Role.CUSTOMER, username=f"robin{at}")
    results = at_once(lambda at: outcome(f"robin{at % 4}", PASSWORD if at % 3 else "wrong", f"192.0.2.{at % 2}"), 20)
    assert set(results) <= {"token", "Unauthenticated", "TooManyRequests"}
    assert results["Unauthenticated"] == 7


def test_the_caller_of_an_unknown_token_is_nobody(shop: Engine) -> None:
    def find(token: str) -> object:
        return run(lambda connection: sign_in.find_caller(connection, token, clock.now()), writes=False)

    assert find("shk_unknown") is None
    assert find("") is None
    assert find("\ud800") is None
    with pytest.raises(Unauthenticated):
        sign_in.sign_in("robin", "wrong", HOME)


# --- many right ones at once -------------------------------------------------------------------------------------


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Looking at a password takes a while; noted is how many were looked at at once, at most."""
    noted: Counter[str] = Counter()
    lock, busy = threading.Lock(), threading.Event()

    def matches(password: str, password_hash: str | None) -> bool:
        with lock:
            noted["now"] += 1
            noted["most"] = max(noted["most"], noted["now"])
        busy.wait(0.01)
        with lock:
            noted["now"] -= 1
            noted["looked"] += 1
        return password_hash is not None and password == PASSWORD

    monkeypatch.setattr(auth, "password_matches", matches)
    return noted


def test_twenty_right_passwords_at_once_all_get_in_a_few_at_a_time(shop: Engine, slowly: Counter[str]) -> None:
    make_account_row(Role.CUSTOMER, username="robin")
    assert at_once(lambda _: outcome("robin", PASSWORD), 20) == {"token": 20}
    assert slowly["most"] <= PAIR
    with shop.connect() as connection:
        counted = connection.execute(select(login_attempts.c.attempts, login_attempts.c.under_way)).all()
    assert set(map(tuple, counted)) == {(0, 0)}, "nothing stays counted"


def test_guesses_among_right_passwords_get_no_further_than_alone(shop: Engine, slowly: Counter[str]) -> None:
    """Of another account: one's own right passwords would forgive the failures."""
    make_account_row(Role.CUSTOMER, username="robin")
    make_account_row(Role.CUSTOMER, username="sam")
    results = at_once(lambda at: f"{at % 2} {outcome('robin' if at % 2 else 'sam', PASSWORD if at % 2 else 'x')}", 24)
    assert results == {"1 token": 12, "0 Unauthenticated": PAIR, "0 TooManyRequests": 12 - PAIR}


def test_a_wrong_password_leaves_nothing_under_way(shop: Engine, looked_at: list[str]) -> None:
    outcome("robin", "wrong")
    with shop.connect() as connection:
        counted = connection.execute(select(login_attempts.c.attempts, login_attempts.c.under_way)).all()
    assert list(map(tuple, counted)) == [(1, 0)] * 3


def test_a_try_that_breaks_off_counts_for_nothing(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_password: str, _hash: str | None) -> bool:
        raise MemoryError

    monkeypatch.setattr(auth, "password_matches", fail)
    for _ in range(PAIR + 1):
        with pytest.raises(MemoryError):
            outcome("robin", "wrong")


def test_a_function_that_dies_while_it_looks_leaves_a_try_counted_until_the_window_ends(
    shop: Engine, monkeypatch: pytest.MonkeyPatch, still: Clock
) -> None:
    class Killed(BaseException):
        pass

    def die(_password: str, _hash: str | None) -> bool:
        raise Killed

    make_account_row(Role.CUSTOMER, username="robin")
    monkeypatch.setattr("chalicelib.accounts.attempts._LOOKS", 2)
    with monkeypatch.context() as patch:
        patch.setattr(auth, "password_matches", die)
        for _ in range(PAIR):
            with pytest.raises(Killed):
                outcome("robin", PASSWORD)
    monkeypatch.setattr(auth, "password_matches", lambda password, _hash: password == PASSWORD)
    with pytest.raises(TooManyRequests) as refused:
        sign_in.sign_in("robin", PASSWORD, HOME)
    assert refused.value.retry_after_s == 1
    still.forward(15 * 60)
    assert outcome("robin", PASSWORD) == "token"


def test_a_try_that_ends_in_the_next_window_takes_nothing_from_it(
    shop: Engine, monkeypatch: pytest.MonkeyPatch, still: Clock
) -> None:
    make_account_row(Role.CUSTOMER, username="robin")

    def across(_password: str, _hash: str | None) -> bool:
        monkeypatch.setattr(auth, "password_matches", lambda *_given: False)
        still.forward(15 * 60)
        for _ in range(PAIR):
            assert outcome("robin", "wrong") == "Unauthenticated"
        return True

    monkeypatch.setattr(auth, "password_matches", across)
    assert outcome("robin", PASSWORD) == "token"
    assert outcome("robin", "wrong") == "TooManyRequests"
