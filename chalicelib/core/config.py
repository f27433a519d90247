"""Settings: one frozen object, the only reader of the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote

from chalicelib.core import config_values as values
from chalicelib.core.config_assistant import Bedrock, load_bedrock, shop_name
from chalicelib.core.config_values import ConfigurationError
from chalicelib.core.currencies import check_currency

__all__ = ["Bedrock", "ConfigurationError", "Settings", "Spark", "load", "settings"]

_DEFAULT_ORIGINS = "http://localhost:3000"
_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d+)?")
_BASE_URL = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?")
_SITE = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9a-f:.]+\])(:\d+)?(/[A-Za-z0-9._~/-]*)?")
_DEFAULT_SITE = "http://localhost:8000"
_SENDER = re.compile(r"([^\x00-\x1f\x7f<>\"]+ <)?[^\s@<>,;:\"\x00-\x1f\x7f]+@[A-Za-z0-9.-]+>?")
_S3_FILE = re.compile(r"s3://[a-z0-9.-]+(/[A-Za-z0-9._=-]+)+")
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_PAYMENT_PROVIDERS = ("test", "stripe")
# Stages that people pay real money on, whatever else they are called.
_LIVE_STAGES = ("prod", "production", "live")
# Which code a package holds: its builder may leave the revision here.
_REVISION_FILE = Path(__file__).parent.parent / "REVISION"


@dataclass(frozen=True, slots=True)
class Spark:
    """Where large models are built: an application of EMR Serverless, the role of its jobs, the job's entry point
    (s3://…), and parameters of spark-submit beside those that it cannot do without.
    """

    application_id: str
    role_arn: str
    entry_point: str
    parameters: str = ""


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
    images_url: str | None = None
    cors_origins: tuple[str, ...] = (_DEFAULT_ORIGINS,)
    mail_from: str | None = None
    site_url: str = _DEFAULT_SITE
    token_ttl_s: int = 14 * 24 * 3600
    reservation_ttl_s: int = 900
    return_days: int = 30
    facets_ttl_s: int = 0
    log_level: str = "INFO"
    low_stock_level: int = 5
    # How long ordered goods take to arrive, and for how long they should last then.
    reorder_lead_days: int = 14
    reorder_cover_days: int = 30
    # How soon a figure counts as unusual; of how many categories and best sellers, 0 is none.
    alert_sensitivity: str = "normal"
    alert_categories: int = 10
    alert_products: int = 50
    deployed: bool = False
    currency: str = "usd"
    # Where the days of the shop's figures begin and end.
    time_zone: str = "UTC"
    # Whether people pay real money here.
    live: bool = False
    # None: this stage takes no payments.
    payment_provider: str | None = "test"
    stripe_secret_key: str | None = field(default=None, repr=False)
    stripe_webhook_secret: str | None = field(default=None, repr=False)
    stripe_publishable_key: str | None = None
    stripe_secret_arn: str | None = None
    events_topic_arn: str | None = None
    events_bus: str | None = None
    events_keep_days: int = 30
    behaviour_keep_days: int = 180
    conversations_keep_days: int = 365
    # After how long in which nothing happens a conversation is paused, and a paused one completed.
    conversation_idle_minutes: int = 60
    conversation_complete_days: int = 7
    webhooks_ports: tuple[int, ...] = (443,)
    webhooks_allow_http: bool = False
    webhooks_allow_private: bool = False
    git_revision: str = "unknown"
    model_ttl_s: int = 0
    model_versions_kept: int = 5
    # How much worse than the live model a new one may measure, as a share of it.
    model_margin: float = 0.1
    model_memory_bytes: int = 2_000_000_000
    # From how many interactions on a model is built by Spark; where there is none, it is built here all the same.
    model_spark_from: int = 20_000_000
    spark: Spark | None = None
    # How long before an order a click on a recommendation may be its reason.
    attribution_days: int = 7
    # By which share a live figure must have fallen to be told of.
    recommendation_drift: float = 0.2
    # For how many days stock lasts when it is low, or too much; after how many without a sale it is dead.
    stock_low_days: int = 7
    stock_over_days: int = 180
    stock_dead_days: int = 90
    # How many questions an account may ask the assistant within a minute.
    ask_limit_per_minute: int = 30
    shop_name: str | None = None
    policies_ttl_s: int = 0
    # None: the assistant answers by itself, without a model beyond this service.
    bedrock: Bedrock | None = None


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
    allow_private = values.flag(environment, "WEBHOOKS_ALLOW_PRIVATE")
    if deployed and allow_private:
        message = (
            "WEBHOOKS_ALLOW_PRIVATE is for one's own machine: deployed, it would open the network of the functions."
        )
        raise ConfigurationError(message)
    return Settings(
        stage=environment.get("STAGE") or "local",
        database_url=url,
        db_secret_arn=secret,
        db_host=environment.get("DB_HOST") or None,
        db_port=values.integer(environment, "DB_PORT", 3306),
        db_name=environment.get("DB_NAME") or None,
        db_tls_ca=environment.get("DB_TLS_CA") or None,
        db_pool_size=values.integer(environment, "DB_POOL_SIZE", 1 if deployed else 8),
        data_dir=data_dir,
        bucket=environment.get("BUCKET") or None,
        images_url=_base_url(environment, "IMAGES_URL"),
        cors_origins=_origins(environment.get("CORS_ORIGINS", _DEFAULT_ORIGINS)),
        mail_from=_sender(environment.get("MAIL_FROM") or None),
        site_url=_site(environment.get("SITE_URL") or _DEFAULT_SITE),
        token_ttl_s=values.integer(environment, "TOKEN_TTL_S", 14 * 24 * 3600),
        reservation_ttl_s=values.integer(environment, "RESERVATION_TTL_S", 900),
        return_days=values.integer(environment, "RETURN_DAYS", 30),
        facets_ttl_s=values.integer(environment, "FACETS_TTL_S", 10, least=0),
        log_level=_log_level(environment.get("LOG_LEVEL") or "INFO"),
        low_stock_level=values.integer(environment, "LOW_STOCK_LEVEL", 5),
        reorder_lead_days=values.integer(environment, "REORDER_LEAD_DAYS", 14, most=90),
        reorder_cover_days=values.integer(environment, "REORDER_COVER_DAYS", 30, most=90),
        alert_sensitivity=values.choice(environment, "ALERT_SENSITIVITY", ("low", "normal", "high"), "normal"),
        alert_categories=values.integer(environment, "ALERT_CATEGORIES", 10, least=0, most=100),
        alert_products=values.integer(environment, "ALERT_PRODUCTS", 50, least=0, most=500),
        deployed=deployed,
        currency=_currency(environment.get("CURRENCY") or "usd"),
        time_zone=values.time_zone(environment, "SHOP_TIME_ZONE"),
        live=_is_live(environment),
        payment_provider=_payment_provider(environment, deployed=deployed),
        stripe_secret_key=environment.get("STRIPE_SECRET_KEY") or None,
        stripe_webhook_secret=environment.get("STRIPE_WEBHOOK_SECRET") or None,
        stripe_publishable_key=environment.get("STRIPE_PUBLISHABLE_KEY") or None,
        stripe_secret_arn=environment.get("STRIPE_SECRET_ARN") or None,
        events_topic_arn=environment.get("EVENTS_TOPIC_ARN") or None,
        events_bus=environment.get("EVENTS_BUS") or None,
        events_keep_days=values.integer(environment, "EVENTS_KEEP_DAYS", 30),
        behaviour_keep_days=values.integer(environment, "BEHAVIOUR_KEEP_DAYS", 180),
        conversations_keep_days=values.integer(environment, "CONVERSATIONS_KEEP_DAYS", 365, most=36_500),
        conversation_idle_minutes=values.integer(environment, "CONVERSATION_IDLE_MINUTES", 60, most=525_600),
        conversation_complete_days=values.integer(environment, "CONVERSATION_COMPLETE_DAYS", 7, most=3_650),
        webhooks_ports=_ports(environment.get("WEBHOOKS_PORTS") or "443"),
        webhooks_allow_http=values.flag(environment, "WEBHOOKS_ALLOW_HTTP"),
        webhooks_allow_private=allow_private,
        git_revision=environment.get("GIT_REVISION") or _packaged_revision(),
        model_ttl_s=values.integer(environment, "MODEL_TTL_S", 60, least=0),
        model_versions_kept=values.integer(environment, "MODEL_VERSIONS_KEPT", 5),
        model_margin=values.share(environment, "MODEL_MARGIN", 0.1),
        model_memory_bytes=_model_memory(environment),
        model_spark_from=values.integer(environment, "MODEL_SPARK_FROM", 20_000_000),
        spark=_spark(environment),
        attribution_days=values.integer(environment, "ATTRIBUTION_DAYS", 7, most=30),
        recommendation_drift=values.share(environment, "RECOMMENDATION_DRIFT", 0.2),
        stock_low_days=values.integer(environment, "STOCK_LOW_DAYS", 7, most=3_650),
        stock_over_days=values.integer(environment, "STOCK_OVER_DAYS", 180, most=36_500),
        stock_dead_days=values.integer(environment, "STOCK_DEAD_DAYS", 90, least=28, most=3_650),
        ask_limit_per_minute=values.integer(environment, "ASK_LIMIT_PER_MINUTE", 30),
        shop_name=shop_name(environment),
        policies_ttl_s=values.integer(environment, "POLICIES_TTL_S", 60, least=0),
        bedrock=load_bedrock(environment),
    )


def _spark(environment: Mapping[str, str]) -> Spark | None:
    """Return where large models are built; None where no application is set."""
    application = environment.get("SPARK_APPLICATION_ID")
    if not application:
        return None
    needed = ("SPARK_ROLE_ARN", "SPARK_ENTRY_POINT", "BUCKET")
    missing = [name for name in needed if not environment.get(name)]
    if missing:
        raise ConfigurationError(f"SPARK_APPLICATION_ID is set, so {' and '.join(missing)} must be set too.")
    entry_point = environment["SPARK_ENTRY_POINT"]
    if not _S3_FILE.fullmatch(entry_point):
        raise ConfigurationError(
            f"SPARK_ENTRY_POINT must read s3://bucket/folder/rebuild_job.py, not {entry_point!r}."
        )
    parameters = environment.get("SPARK_PARAMETERS") or ""
    return Spark(application, environment["SPARK_ROLE_ARN"], entry_point, parameters)


def _packaged_revision() -> str:
    """Return what the builder of the package wrote down, if one did."""
    try:
        return _REVISION_FILE.read_text(encoding="ascii").strip()[:100] or "unknown"
    except OSError:
        return "unknown"


def _model_memory(environment: Mapping[str, str]) -> int:
    """Return what a build of a model may take, in bytes: of a function's memory the interpreter needs some too."""
    function_mb = values.integer(environment, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 0, least=0)
    return values.integer(environment, "MODEL_MEMORY_MB", function_mb * 3 // 4 or 2000, least=100) * 1_000_000


def _url_from_parts(environment: Mapping[str, str]) -> str | None:
    host = environment.get("DB_HOST")
    if not host:
        return None
    missing = [name for name in ("DB_NAME", "DB_USER") if not environment.get(name)]
    if missing:
        raise ConfigurationError(f"DB_HOST is set, so {' and '.join(missing)} must be set too.")
    user = quote(environment["DB_USER"], safe="")
    password = quote(environment.get("DB_PASSWORD", ""), safe="")
    port = values.integer(environment, "DB_PORT", 3306)
    return f"mysql+pymysql://{user}:{password}@{host}:{port}/{quote(environment['DB_NAME'], safe='')}"


def _ports(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdecimal() and 0 < int(part) < 65536 for part in parts):
        raise ConfigurationError(f"WEBHOOKS_PORTS must be numbers such as 443,8443, not {text!r}.")
    return tuple(int(part) for part in parts)


def _base_url(environment: Mapping[str, str], name: str) -> str | None:
    text = environment.get(name, "").strip().rstrip("/")
    if text and not _BASE_URL.fullmatch(text):
        raise ConfigurationError(f"{name} must be a URL such as https://images.example.com, not {text!r}.")
    return text or None


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


def _currency(text: str) -> str:
    try:
        return check_currency(text)
    except ValueError as error:
        raise ConfigurationError(f"CURRENCY: {error}.") from None


def _is_live(environment: Mapping[str, str]) -> bool:
    return (environment.get("STAGE") or "").lower() in _LIVE_STAGES


def _payment_provider(environment: Mapping[str, str], *, deployed: bool) -> str | None:
    """Return who takes the money. Pretended payments are for this machine, or where they are asked for by name."""
    live = _is_live(environment)
    name = environment.get("PAYMENT_PROVIDER") or (None if deployed or live else "test")
    if name is None:
        return None
    if name not in _PAYMENT_PROVIDERS:
        raise ConfigurationError(f"PAYMENT_PROVIDER must be one of {', '.join(_PAYMENT_PROVIDERS)}, not {name!r}.")
    if name == "test" and live:
        raise ConfigurationError("PAYMENT_PROVIDER is test, which takes no money: a live stage needs stripe.")
    if name == "stripe" and not environment.get("STRIPE_SECRET_ARN"):
        missing = [key for key in ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET") if not environment.get(key)]
        if missing:
            raise ConfigurationError(
                f"PAYMENT_PROVIDER is stripe, so {' and '.join(missing)} must be set, or STRIPE_SECRET_ARN."
            )
    return name


def _sender(text: str | None) -> str | None:
    if text is not None and (not _SENDER.fullmatch(text) or (" <" in text) != text.endswith(">")):
        raise ConfigurationError("MAIL_FROM must read shop@example.com or Shop <shop@example.com>.")
    return text


def _site(text: str) -> str:
    if not _SITE.fullmatch(text):
        raise ConfigurationError(f"SITE_URL must be an address such as https://shop.example.com, not {text!r}.")
    return text.rstrip("/")


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return load(os.environ)
