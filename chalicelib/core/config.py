"""Settings: one frozen object, the only reader of the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote

_DEFAULT_ORIGINS = "http://localhost:3000"
_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d+)?")
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class ConfigurationError(Exception):
    """A setting is missing or wrong; the message names it and says what to change."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a process is told from outside. Times in seconds, sizes in bytes.

    `database_url` wins over a secret; a secret (`db_secret_arn`, the JSON that RDS keeps: username, password,
    host, port, dbname) wins over single DB_* variables for what it holds.
    """

    stage: str = "local"
    database_url: str | None = field(default=None, repr=False)
    db_secret_arn: str | None = None
    db_host: str | None = None
    db_port: int = 3306
    db_name: str | None = None
    db_tls_ca: str | None = None
    db_pool_size: int = 8
    data_dir: Path = Path(".local")
    bucket: str | None = None
    cors_origins: tuple[str, ...] = (_DEFAULT_ORIGINS,)
    token_ttl_s: int = 14 * 24 * 3600
    facets_ttl_s: int = 0
    log_level: str = "INFO"
    deployed: bool = False


def load(environment: Mapping[str, str]) -> Settings:
    """Read the settings from `environment`.

    Raises:
        ConfigurationError: a value is missing or wrong.
    """
    deployed = "AWS_LAMBDA_FUNCTION_NAME" in environment
    data_dir = Path(environment.get("DATA_DIR") or ".local").absolute()
    secret = environment.get("DB_SECRET_ARN") or None
    url = environment.get("DATABASE_URL") or (None if secret else _url_from_parts(environment))
    if url is None and secret is None:
        if deployed:
            raise ConfigurationError("No database: set DATABASE_URL, DB_HOST and DB_NAME, or DB_SECRET_ARN.")
        url = f"sqlite:///{data_dir / 'shop.db'}"
    return Settings(
        stage=environment.get("STAGE") or "local",
        database_url=url,
        db_secret_arn=secret,
        db_host=environment.get("DB_HOST") or None,
        db_port=_integer(environment, "DB_PORT", 3306),
        db_name=environment.get("DB_NAME") or None,
        db_tls_ca=environment.get("DB_TLS_CA") or None,
        db_pool_size=_integer(environment, "DB_POOL_SIZE", 1 if deployed else 8),
        data_dir=data_dir,
        bucket=environment.get("BUCKET") or None,
        cors_origins=_origins(environment.get("CORS_ORIGINS", _DEFAULT_ORIGINS)),
        token_ttl_s=_integer(environment, "TOKEN_TTL_S", 14 * 24 * 3600),
        facets_ttl_s=_integer(environment, "FACETS_TTL_S", 10, least=0),
        log_level=_log_level(environment.get("LOG_LEVEL") or "INFO"),
        deployed=deployed,
    )


def _url_from_parts(environment: Mapping[str, str]) -> str | None:
    host = environment.get("DB_HOST")
    if not host:
        return None
    missing = [name for name in ("DB_NAME", "DB_USER") if not environment.get(name)]
    if missing:
        raise ConfigurationError(f"DB_HOST is set, so {' and '.join(missing)} must be set too.")
    user = quote(environment["DB_USER"], safe="")
    password = quote(environment.get("DB_PASSWORD", ""), safe="")
    port = _integer(environment, "DB_PORT", 3306)
    return f"mysql+pymysql://{user}:{password}@{host}:{port}/{quote(environment['DB_NAME'], safe='')}"


def _integer(environment: Mapping[str, str], name: str, default: int, least: int = 1) -> int:
    text = environment.get(name) or str(default)
    try:
        value = int(text)
    except ValueError:
        raise ConfigurationError(f"{name} must be a whole number, not {text!r}.") from None
    if value < least:
        raise ConfigurationError(f"{name} must be at least {least}, not {value}.")
    return value


def _log_level(text: str) -> str:
    if text.upper() not in _LOG_LEVELS:
        raise ConfigurationError(f"LOG_LEVEL must be one of {', '.join(_LOG_LEVELS)}, not {text!r}.")
    return text.upper()


def _origins(text: str) -> tuple[str, ...]:
    # In lower case, as browsers send them.
    origins = tuple(part.strip().rstrip("/").lower() for part in text.split(",") if part.strip())
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ConfigurationError(
                f"CORS_ORIGINS holds {origin!r}: write scheme and host, such as https://shop.example.com."
            )
    return origins


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return load(os.environ)
