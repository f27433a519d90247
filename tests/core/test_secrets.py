"""The database's credentials from Secrets Manager."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from sqlalchemy.engine import make_url

from chalicelib.core.config import ConfigurationError, load
from chalicelib.core.database.engine import database_url
from chalicelib.core.secrets import database_url_from_secret

SECRET = {
    "engine": "mysql",
    "username": "shopkeeper",
    "password": "p@ss:w/o?r#d %41",
    "host": "db.cluster.example",
    "port": 3307,
    "dbname": "shop",
}


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A secrets manager of the test's own."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        yield boto3.client("secretsmanager")


def keep(secrets: Any, value: str) -> str:
    """Keep a secret and return its ARN."""
    return str(secrets.create_secret(Name="shop/database", SecretString=value)["ARN"])


def test_the_secret_that_rds_keeps_makes_the_url(secrets: Any) -> None:
    url = make_url(database_url(load({"DB_SECRET_ARN": keep(secrets, json.dumps(SECRET))})))
    assert url.drivername == "mysql+pymysql"
    assert (url.username, url.password) == (SECRET["username"], SECRET["password"])
    assert (url.host, url.port, url.database) == ("db.cluster.example", 3307, "shop")


def test_settings_fill_what_the_secret_lacks(secrets: Any) -> None:
    """RDS's own managed secrets hold user and password alone."""
    arn = keep(secrets, json.dumps({"username": "admin", "password": "geheim"}))
    settings = load({"DB_SECRET_ARN": arn, "DB_HOST": "db.example", "DB_NAME": "shop", "DB_PORT": "3310"})
    assert database_url_from_secret(settings) == "mysql+pymysql://admin:geheim@db.example:3310/shop"


def test_the_secret_wins_over_settings(secrets: Any) -> None:
    arn = keep(secrets, json.dumps(SECRET))
    settings = load({"DB_SECRET_ARN": arn, "DB_HOST": "elsewhere", "DB_NAME": "other", "DB_PORT": "1"})
    url = make_url(database_url_from_secret(settings))
    assert (url.host, url.port, url.database) == ("db.cluster.example", 3307, "shop")


def test_what_is_missing_is_named_and_the_password_is_not(secrets: Any) -> None:
    arn = keep(secrets, json.dumps({"password": "geheim"}))
    with pytest.raises(ConfigurationError) as caught:
        database_url_from_secret(load({"DB_SECRET_ARN": arn}))
    assert all(name in str(caught.value) for name in ("username", "DB_HOST", "DB_NAME"))
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "value", ["just a password", '["a list"]', '{"username": "u", "host": "h", "dbname": "d", "port": "many"}']
)
def test_a_secret_of_another_form_is_refused_without_quoting_it(secrets: Any, value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        database_url_from_secret(load({"DB_SECRET_ARN": keep(secrets, value)}))
    assert value not in str(caught.value)


def test_a_url_makes_the_secret_unnecessary() -> None:
    settings = load({"DATABASE_URL": "sqlite:///here.db", "DB_SECRET_ARN": "arn:aws:secretsmanager:none"})
    assert database_url(settings) == "sqlite:///here.db"
