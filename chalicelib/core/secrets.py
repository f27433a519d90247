"""Credentials from AWS Secrets Manager. The only user of boto3's Secrets Manager."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import quote

from chalicelib.core.config import ConfigurationError, Settings


def database_url_from_secret(settings: Settings) -> str:
    """Return the URL made of the secret that `settings.db_secret_arn` names; DB_HOST, DB_NAME fill what it lacks.

    Raises:
        ConfigurationError: the secret is of another form, or lacks a value that the settings do not give either.
    """
    import boto3  # function-level: 300 ms that only a deployed stage with a secret pays

    answer = boto3.client("secretsmanager").get_secret_value(SecretId=str(settings.db_secret_arn))
    try:
        secret = dict(json.loads(answer["SecretString"]))
        port = int(secret.get("port") or settings.db_port)
    except (KeyError, ValueError, TypeError):
        message = "The database secret is not the JSON that RDS keeps: username, password, host, port, dbname."
        raise ConfigurationError(message) from None
    host = secret.get("host") or settings.db_host or ""
    name = secret.get("dbname") or settings.db_name or ""
    wanted = {"username": secret.get("username"), "host (or DB_HOST)": host, "dbname (or DB_NAME)": name}
    missing = [label for label, value in wanted.items() if not value]
    if missing:
        raise ConfigurationError(f"The database secret lacks {', '.join(missing)}.")
    user, password = quote(secret["username"], safe=""), quote(secret.get("password", ""), safe="")
    return f"mysql+pymysql://{user}:{password}@{host}:{port}/{quote(name, safe='')}"


def read_secret(arn: str, *, what: str, names: Sequence[str]) -> dict[str, str]:
    """Return the texts of the secret `arn`, a JSON object that holds at least `names`.

    Raises:
        ConfigurationError: the secret of `what` is of another form, or lacks one of them.
    """
    import boto3  # function-level: 300 ms that only a deployed stage with a secret pays

    answer = boto3.client("secretsmanager").get_secret_value(SecretId=arn)
    try:
        found = {str(name): str(value) for name, value in json.loads(answer["SecretString"]).items() if value}
    except (KeyError, ValueError, TypeError, AttributeError):
        raise ConfigurationError(f"The secret of {what} is no JSON object with {', '.join(names)}.") from None
    missing = [name for name in names if name not in found]
    if missing:
        raise ConfigurationError(f"The secret of {what} lacks {', '.join(missing)}.")
    return found
