"""Logs: a line of JSON each, found by the request id, and never with a secret in it."""

from __future__ import annotations

import io
import json
import logging as standard_logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from sqlalchemy import Engine, insert

from chalicelib.accounts.tables import accounts
from chalicelib.core import logging
from chalicelib.core.auth import Role
from chalicelib.core.config import Settings
from chalicelib.core.database import transaction, use_engine
from chalicelib.core.database.dialect import make_engine
from chalicelib.core.logging import JsonFormatter, redact
from tests.client import Client
from tests.factories import NOON, PASSWORD, make_account


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """The text that the service logs during the test, at the most talkative level."""
    stream = io.StringIO()
    handler = standard_logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    before, level = logging.logger.handlers[:], logging.logger.level
    logging.logger.handlers[:] = [handler]
    logging.logger.setLevel("DEBUG")
    yield stream
    logging.logger.handlers[:] = before
    logging.logger.setLevel(level)


def lines_of(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().split("\n")[:-1]]


# --- lines -------------------------------------------------------------------------------------------------------


def test_an_event_is_one_line_of_json_with_its_fields(logged: io.StringIO) -> None:
    logging.info("import ended", import_id=7, state="done")
    (line,) = lines_of(logged)
    at = datetime.fromisoformat(line.pop("time"))
    assert at.utcoffset() == timedelta(0)
    assert line == {"level": "info", "message": "import ended", "import_id": 7, "state": "done"}


def test_text_of_several_lines_and_scripts_stays_one_line(logged: io.StringIO) -> None:
    logging.warning("first\nsecond\r\n", said="naïve 🛒\n\u2028", thing=object())
    assert logged.getvalue().count("\n") == 1
    (line,) = lines_of(logged)
    assert (line["message"], line["said"], line["level"]) == ("first\nsecond\r\n", "naïve 🛒\n\u2028", "warning")


def test_the_request_id_is_in_each_line_of_its_request(logged: io.StringIO) -> None:
    token = logging.request_id.set("r1")
    logging.info("inside")
    logging.request_id.reset(token)
    logging.info("outside")
    inside, outside = lines_of(logged)
    assert inside["request_id"] == "r1"
    assert "request_id" not in outside


def test_a_failure_brings_its_traceback(logged: io.StringIO) -> None:
    try:
        raise KeyError("shelf")
    except KeyError:
        logging.failure("it failed", attempt=2)
    (line,) = lines_of(logged)
    assert (line["level"], line["attempt"]) == ("error", 2)
    assert line["exception"].startswith("Traceback")
    assert "KeyError: 'shelf'" in line["exception"]


def test_configured_logs_go_to_standard_error_once(capsys: pytest.CaptureFixture[str]) -> None:
    handlers, level, propagate = logging.logger.handlers[:], logging.logger.level, logging.logger.propagate
    try:
        logging.configure("WARNING")
        logging.configure("WARNING")
        logging.info("not this")
        logging.warning("but this")
    finally:
        logging.logger.handlers[:] = handlers
        logging.logger.setLevel(level)
        logging.logger.propagate = propagate
    out, err = capsys.readouterr()
    assert out == ""
    assert [json.loads(line)["message"] for line in err.splitlines()] == ["but this"]


# --- secrets -----------------------------------------------------------------------------------------------------

printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=30)


@given(password=printable, user=st.text("abcxyz0", max_size=5))
@example(password="p@ss:w/o?rd", user="shop")
def test_the_password_of_a_url_is_hidden(password: str, user: str) -> None:
    for written in (password, quote(password, safe="")):
        text = f"cannot reach mysql+pymysql://{user}:{written}@db.example/shop now"
        assert redact(text) == f"cannot reach mysql+pymysql://{user}:***@db.example/shop now"


@given(password=st.text(st.characters(exclude_characters="\\\"'\r\n", exclude_categories=["Cs", "Cc"]), min_size=6))
@example(password="a long enough password")
@pytest.mark.parametrize("name", ["password", "Secret", "token", "DB_PASSWORD", "new_password"])
def test_a_quoted_secret_is_hidden_as_a_whole(name: str, password: str) -> None:
    assume(password.strip() not in name)
    for text in (
        f'{{"{name}": "{password}", "b": 1}}',
        f"{{'{name}': '{password}', 'b': 1}}",
        f'{name}="{password}" b',
    ):
        assert f'"{password}"' not in redact(text)
        assert f"'{password}'" not in redact(text)
        assert "***" in redact(text)


@given(
    st.from_regex(r"[A-Za-z0-9_-]{20,60}", fullmatch=True), st.sampled_from(["Token", "Bearer", "token", "BEARER"])
)
def test_a_token_is_hidden_wherever_it_stands(value: str, scheme: str) -> None:
    for text in (
        f"Authorization: {scheme} {value}",
        f"{scheme} {value}",
        f"seen shk_{value}.",
        f"?token={value}&a=1",
    ):
        assert value not in redact(text)


@pytest.mark.parametrize(
    "secret",
    ["sk_live_51AbCd", "sk_test_51AbCd", "rk_live_51AbCd", "whsec_51AbCd", "pi_3Mtw_secret_51AbCd"],
)
def test_keys_of_the_payment_provider_are_hidden_wherever_they_stand(secret: str) -> None:
    for text in (f"Invalid API Key provided: {secret}", f"{{'key': '{secret}'}}", f"{secret},"):
        assert "51AbCd" not in redact(text)
        assert "***" in redact(text)


@given(st.text())
def test_redacting_again_changes_nothing(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "3 of 4 rows taken",
        "https://shop.example/docs?page=2",
        "http://localhost:3000",
        "robin@example.com signed in",
        "at 12:30:05",
    ],
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert redact(text) == text


def test_message_fields_and_traceback_are_all_redacted(logged: io.StringIO) -> None:
    url = "mysql://shop:geheim@db/shop"
    try:
        raise RuntimeError(url)
    except RuntimeError:
        logging.failure(f"no answer from {url}", reason=f"tried {url}")
    assert "geheim" not in logged.getvalue()
    assert lines_of(logged)[0]["reason"] == "tried mysql://shop:***@db/shop"


def test_signing_in_well_or_badly_logs_neither_password_nor_token(
    client: Client, logged: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    name = make_account(Role.STAFF)
    token = client.post("/api/auth/token", {"username": name, "password": PASSWORD}).json["token"]
    wrong = "not the right password"
    assert client.post("/api/auth/token", {"username": name, "password": wrong}).status == 401
    # People type passwords into the wrong field.
    assert client.post("/api/auth/token", {"username": PASSWORD, "password": wrong}).status == 401
    assert client.post("/api/auth/token", {"username": name, "password": PASSWORD, "more": PASSWORD}).status == 422
    assert client.as_token(token).get("/orders").status == 200
    assert client.as_token(f"{token}x").get("/orders").status == 401
    written = logged.getvalue() + "".join(capfd.readouterr())
    assert len(lines_of(logged)) == 6
    for secret in (PASSWORD, wrong, token, token.removeprefix("shk_")):
        assert secret not in written


@pytest.mark.parametrize("path", ["/products", "/health"])
def test_a_database_that_is_away_is_logged_without_its_password(path: str, logged: io.StringIO) -> None:
    dead = make_engine("mysql+pymysql://shop:geheim%20und%20lang@127.0.0.1:1/shop", Settings())
    before = use_engine(dead)
    try:
        assert Client().get(path).status == 503
    finally:
        use_engine(before)
        dead.dispose()
    warning = next(line for line in lines_of(logged) if line["level"] == "warning")
    assert "127.0.0.1" in warning["reason"]
    assert warning["request_id"]
    assert "geheim" not in logged.getvalue()


def test_a_failing_statement_is_logged_without_its_values(shop: Engine, logged: io.StringIO) -> None:
    name = make_account(Role.STAFF)
    values = {"username": name, "username_key": name, "first_name": "", "last_name": "", "role": "staff"}
    try:
        with transaction() as connection:
            connection.execute(
                insert(accounts).values(
                    **values, password_hash="$argon2id$geheim", is_active=True, created_at=NOON, updated_at=NOON
                )
            )
    except Exception:
        logging.failure("unexpected error")
    (line,) = [line for line in lines_of(logged) if line["level"] == "error"]
    assert "INSERT INTO accounts" in line["exception"]
    assert "geheim" not in logged.getvalue()
