"""Settings: what wins over what, and that a wrong value is named before it does harm."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from chalicelib.core import config
from chalicelib.core.config import Bedrock, ConfigurationError, Settings, Spark, load

PARTS = {"DB_HOST": "db.example", "DB_NAME": "shop", "DB_USER": "shopkeeper", "DB_PASSWORD": "geheim"}


def test_without_anything_a_local_file_is_the_database() -> None:
    settings = load({})
    assert settings.database_url == f"sqlite:///{Path('.local').absolute() / 'shop.db'}"
    assert settings.data_dir.is_absolute()
    assert (settings.stage, settings.deployed, settings.log_level) == ("local", False, "INFO")


def test_the_local_file_lies_in_the_data_folder(tmp_path: Path) -> None:
    settings = load({"DATA_DIR": str(tmp_path)})
    assert settings.database_url == f"sqlite:///{tmp_path / 'shop.db'}"
    assert settings.data_dir == tmp_path


def test_a_deployed_function_without_a_database_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        load({"AWS_LAMBDA_FUNCTION_NAME": "shopkeeper-api"})


def test_a_url_wins_over_parts_and_secret() -> None:
    settings = load({**PARTS, "DB_SECRET_ARN": "arn:secret", "DATABASE_URL": "sqlite:///here.db"})
    assert settings.database_url == "sqlite:///here.db"


def test_a_secret_wins_over_parts() -> None:
    settings = load({**PARTS, "DB_SECRET_ARN": "arn:secret"})
    assert settings.database_url is None
    assert (settings.db_secret_arn, settings.db_host, settings.db_name) == ("arn:secret", "db.example", "shop")


def test_parts_make_a_url() -> None:
    assert load(PARTS).database_url == "mysql+pymysql://shopkeeper:geheim@db.example:3306/shop"
    assert load({**PARTS, "DB_PORT": "3307"}).database_url == (
        "mysql+pymysql://shopkeeper:geheim@db.example:3307/shop"
    )


@given(
    user=st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    password=st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_character_may_stand_in_user_and_password(user: str, password: str) -> None:
    url = make_url(load({**PARTS, "DB_USER": user, "DB_PASSWORD": password}).database_url or "")
    assert (url.username, url.password or "", url.host, url.database) == (user, password, "db.example", "shop")


def test_special_characters_of_a_password_survive_the_url() -> None:
    password = "p@ss:w/o?r#d %41+ü"
    url = load({**PARTS, "DB_PASSWORD": password}).database_url or ""
    quoted = url.removeprefix("mysql+pymysql://shopkeeper:").removesuffix("@db.example:3306/shop")
    assert set("@:/?# ").isdisjoint(quoted)
    assert unquote(quoted) == password


@pytest.mark.parametrize("missing", [("DB_NAME",), ("DB_USER",), ("DB_NAME", "DB_USER")])
def test_missing_parts_are_named(missing: tuple[str, ...]) -> None:
    given_parts = {name: value for name, value in PARTS.items() if name not in missing}
    with pytest.raises(ConfigurationError) as caught:
        load(given_parts)
    assert {name for name in ("DB_NAME", "DB_USER", "DB_PASSWORD") if name in str(caught.value)} == set(missing)


@pytest.mark.parametrize("name", ["DB_PORT", "DB_POOL_SIZE", "TOKEN_TTL_S"])
@pytest.mark.parametrize("text", ["many", "1.5", "0", "-3"])
def test_a_number_that_is_none_is_named(name: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        load({name: text})


def test_an_unknown_log_level_is_named() -> None:
    with pytest.raises(ConfigurationError, match="LOG_LEVEL"):
        load({"LOG_LEVEL": "chatty"})
    assert load({"LOG_LEVEL": "debug"}).log_level == "DEBUG"


def test_how_soon_a_figure_is_unusual_is_one_of_three_words_and_watching_can_be_off() -> None:
    assert load({"ALERT_SENSITIVITY": "high"}).alert_sensitivity == "high"
    assert load({}).alert_sensitivity == "normal"
    with pytest.raises(ConfigurationError, match="ALERT_SENSITIVITY"):
        load({"ALERT_SENSITIVITY": "extreme"})
    off = load({"ALERT_CATEGORIES": "0", "ALERT_PRODUCTS": "0"})
    assert (off.alert_categories, off.alert_products) == (0, 0)
    with pytest.raises(ConfigurationError, match="ALERT_PRODUCTS"):
        load({"ALERT_PRODUCTS": "501"})


def test_an_empty_variable_counts_as_none() -> None:
    names = ["STAGE", "DATABASE_URL", "DB_SECRET_ARN", "DB_HOST", "DB_PORT", "DATA_DIR", "BUCKET", "LOG_LEVEL"]
    names += [
        "CURRENCY",
        "SHOP_TIME_ZONE",
        "REORDER_LEAD_DAYS",
        "REORDER_COVER_DAYS",
        "ALERT_SENSITIVITY",
        "ALERT_CATEGORIES",
        "ALERT_PRODUCTS",
        "PAYMENT_PROVIDER",
        "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "STRIPE_PUBLISHABLE_KEY",
    ]
    assert load(dict.fromkeys(names, "")) == load({})


def test_a_function_holds_one_connection_and_a_server_several() -> None:
    function = {"AWS_LAMBDA_FUNCTION_NAME": "shopkeeper-api", "DATABASE_URL": "mysql://db/shop"}
    assert load(function).db_pool_size == 1
    assert load({}).db_pool_size > 1
    assert load({**function, "DB_POOL_SIZE": "3"}).db_pool_size == 3


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("https://shop.example", ("https://shop.example",)),
        ("https://a.example/, http://localhost:3000 ,", ("https://a.example", "http://localhost:3000")),
        ("HTTPS://Shop.Example:8443,http://[::1]:3000", ("https://shop.example:8443", "http://[::1]:3000")),
        ("", ()),
    ],
)
def test_origins_are_a_list_with_commas(text: str, origins: tuple[str, ...]) -> None:
    assert load({"CORS_ORIGINS": text}).cors_origins == origins


@pytest.mark.parametrize(
    "text", ["*", "shop.example", "https://shop.example/page", "ftp://shop.example", "https://[", "null"]
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="CORS_ORIGINS"):
        load({"CORS_ORIGINS": text})


@pytest.mark.parametrize("text", ["shop@example.com", "The Shop <shop@mail.example.com>"])
def test_a_sender_is_an_address_with_or_without_a_name(text: str) -> None:
    assert load({"MAIL_FROM": text}).mail_from == text


@pytest.mark.parametrize(
    "text",
    ["shop", "Shop <shop@example.com", "shop@example.com>", "a@b.example, c@d.example", "Shop\n<shop@example.com>"],
)
def test_what_is_no_sender_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="MAIL_FROM"):
        load({"MAIL_FROM": text})


def test_the_site_has_an_address_without_a_slash_at_its_end() -> None:
    assert load({}).site_url == "http://localhost:8000"
    assert load({"SITE_URL": "https://Shop.example/"}).site_url == "https://Shop.example"
    assert load({"SITE_URL": "https://example.com/shop/"}).site_url == "https://example.com/shop"


@pytest.mark.parametrize("text", ["shop.example", "ftp://shop.example", "https://shop.example/?a=1", "https://a b"])
def test_what_is_no_address_of_a_site_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="SITE_URL"):
        load({"SITE_URL": text})


def test_settings_cannot_be_changed() -> None:
    settings = load({})
    for field in dataclasses.fields(Settings):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(settings, field.name, None)


def test_the_password_is_not_shown() -> None:
    for settings in (load(PARTS), load({"DATABASE_URL": "mysql://shop:geheim@db/shop"})):
        assert "geheim" in (settings.database_url or "")
        assert "geheim" not in repr(settings)
        assert "geheim" not in str(settings)


def test_the_environment_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    config.settings.cache_clear()
    monkeypatch.setenv("STAGE", "first")
    first = config.settings()
    monkeypatch.setenv("STAGE", "second")
    assert config.settings() is first
    assert first.stage == "first"
    config.settings.cache_clear()


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("", None),
        ("https://images.example.com", "https://images.example.com"),
        (" https://cdn.example.com/shop/ ", "https://cdn.example.com/shop"),
    ],
)
def test_images_may_come_from_another_place(given: str, url: str | None) -> None:
    assert load({"IMAGES_URL": given}).images_url == url


@pytest.mark.parametrize("given", ["images.example.com", "ftp://x", "https://x/?a=b", "https://x#y", "https:///x"])
def test_the_place_of_images_must_be_a_url(given: str) -> None:
    with pytest.raises(ConfigurationError, match="IMAGES_URL"):
        load({"IMAGES_URL": given})


# --- events ------------------------------------------------------------------------------------------------------


def test_webhooks_go_to_the_public_internet_by_https_unless_told_otherwise() -> None:
    settings = load({})
    assert (settings.webhooks_allow_http, settings.webhooks_allow_private) == (False, False)
    assert settings.webhooks_ports == (443,)
    opened = load({"WEBHOOKS_ALLOW_HTTP": "1", "WEBHOOKS_ALLOW_PRIVATE": "1", "WEBHOOKS_PORTS": "443, 8443"})
    assert (opened.webhooks_allow_http, opened.webhooks_allow_private) == (True, True)
    assert opened.webhooks_ports == (443, 8443)


def test_a_deployed_function_never_sends_into_its_own_network() -> None:
    deployed = {"AWS_LAMBDA_FUNCTION_NAME": "shopkeeper-api", "DATABASE_URL": "sqlite:///x.db"}
    with pytest.raises(ConfigurationError, match="WEBHOOKS_ALLOW_PRIVATE"):
        load({**deployed, "WEBHOOKS_ALLOW_PRIVATE": "1"})
    assert not load({**deployed, "WEBHOOKS_ALLOW_PRIVATE": "0"}).webhooks_allow_private


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEBHOOKS_ALLOW_HTTP", "yes"),
        ("WEBHOOKS_ALLOW_PRIVATE", "true"),
        ("WEBHOOKS_PORTS", "https"),
        ("WEBHOOKS_PORTS", "0"),
        ("WEBHOOKS_PORTS", "443,,"),
        ("WEBHOOKS_PORTS", "70000"),
        ("EVENTS_KEEP_DAYS", "0"),
        ("BEHAVIOUR_KEEP_DAYS", "0"),
    ],
)
def test_a_wrong_setting_of_events_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        load({name: value})


def test_when_idle_conversations_are_closed_is_a_setting() -> None:
    assert (load({}).conversation_idle_minutes, load({}).conversation_complete_days) == (60, 7)
    assert load({"CONVERSATION_IDLE_MINUTES": "5"}).conversation_idle_minutes == 5
    assert load({"CONVERSATION_COMPLETE_DAYS": "30"}).conversation_complete_days == 30
    for bad in ({"CONVERSATION_IDLE_MINUTES": "0"}, {"CONVERSATION_COMPLETE_DAYS": "100000"}):
        with pytest.raises(ConfigurationError):
            load(bad)


def test_how_long_it_is_kept_what_people_do_is_a_setting() -> None:
    assert load({}).behaviour_keep_days == 180
    assert load({"BEHAVIOUR_KEEP_DAYS": "30"}).behaviour_keep_days == 30


def test_how_long_conversations_are_kept_is_a_setting() -> None:
    assert load({}).conversations_keep_days == 365
    assert load({"CONVERSATIONS_KEEP_DAYS": "30"}).conversations_keep_days == 30
    for bad in ("0", "never", "36501"):
        with pytest.raises(ConfigurationError):
            load({"CONVERSATIONS_KEEP_DAYS": bad})


def test_where_events_are_published_is_a_setting() -> None:
    assert (load({}).events_topic_arn, load({}).events_bus, load({}).events_keep_days) == (None, None, 30)
    settings = load({"EVENTS_TOPIC_ARN": "arn:topic", "EVENTS_BUS": "bus", "EVENTS_KEEP_DAYS": "7"})
    assert (settings.events_topic_arn, settings.events_bus, settings.events_keep_days) == ("arn:topic", "bus", 7)


# --- models ------------------------------------------------------------------------------------------------------


def test_a_build_may_take_most_of_what_its_function_has() -> None:
    assert load({}).model_memory_bytes == 2_000_000_000
    function = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "4096"}
    assert load(function).model_memory_bytes == 3_072_000_000
    assert load({**function, "MODEL_MEMORY_MB": "500"}).model_memory_bytes == 500_000_000


def test_how_models_are_kept_and_compared_is_a_setting() -> None:
    settings = load({})
    assert (settings.model_versions_kept, settings.model_margin, settings.model_ttl_s) == (5, 0.1, 60)
    settings = load({"MODEL_VERSIONS_KEPT": "2", "MODEL_MARGIN": "0", "MODEL_TTL_S": "0"})
    assert (settings.model_versions_kept, settings.model_margin, settings.model_ttl_s) == (2, 0.0, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODEL_VERSIONS_KEPT", "0"),
        ("MODEL_MARGIN", "-0.1"),
        ("MODEL_MARGIN", "1.5"),
        ("MODEL_MARGIN", "ten"),
        ("MODEL_MARGIN", "nan"),
        ("MODEL_MEMORY_MB", "5"),
        ("MODEL_TTL_S", "-1"),
        ("ATTRIBUTION_DAYS", "0"),
        ("ATTRIBUTION_DAYS", "31"),
        ("RECOMMENDATION_DRIFT", "-0.1"),
        ("RECOMMENDATION_DRIFT", "20"),
    ],
)
def test_a_wrong_setting_of_models_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        load({name: value})


SPARK = {
    "SPARK_APPLICATION_ID": "00fabc",
    "SPARK_ROLE_ARN": "arn:aws:iam::123456789012:role/shopkeeper-spark",
    "SPARK_ENTRY_POINT": "s3://shop-code/spark/rebuild_job.py",
    "BUCKET": "shop",
}


def test_large_models_are_built_by_spark_where_an_application_is_set() -> None:
    assert (load({}).spark, load({}).model_spark_from) == (None, 20_000_000)
    settings = load({**SPARK, "MODEL_SPARK_FROM": "5", "SPARK_PARAMETERS": "--conf a=b"})
    expected = Spark(SPARK["SPARK_APPLICATION_ID"], SPARK["SPARK_ROLE_ARN"], SPARK["SPARK_ENTRY_POINT"], "--conf a=b")
    assert (settings.spark, settings.model_spark_from) == (expected, 5)


@pytest.mark.parametrize("name", ["SPARK_ROLE_ARN", "SPARK_ENTRY_POINT", "BUCKET"])
def test_what_a_spark_application_lacks_is_named(name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        load({key: value for key, value in SPARK.items() if key != name})


@pytest.mark.parametrize("text", ["rebuild_job.py", "https://shop/job.py", "s3://shop/a b.py", "s3://shop"])
def test_the_entry_point_of_the_spark_job_lies_in_a_bucket(text: str) -> None:
    with pytest.raises(ConfigurationError, match="SPARK_ENTRY_POINT"):
        load({**SPARK, "SPARK_ENTRY_POINT": text})


def test_how_recommendations_are_measured_is_a_setting() -> None:
    assert (load({}).attribution_days, load({}).recommendation_drift) == (7, 0.2)
    settings = load({"ATTRIBUTION_DAYS": "30", "RECOMMENDATION_DRIFT": "0.5"})
    assert (settings.attribution_days, settings.recommendation_drift) == (30, 0.5)


def test_when_stock_is_low_too_much_or_dead_is_a_setting() -> None:
    plain = load({})
    assert (plain.stock_low_days, plain.stock_over_days, plain.stock_dead_days) == (7, 180, 90)
    given = load({"STOCK_LOW_DAYS": "3", "STOCK_OVER_DAYS": "60", "STOCK_DEAD_DAYS": "28"})
    assert (given.stock_low_days, given.stock_over_days, given.stock_dead_days) == (3, 60, 28)
    with pytest.raises(ConfigurationError, match="STOCK_DEAD_DAYS"):
        load({"STOCK_DEAD_DAYS": "27"})


# --- the assistant -----------------------------------------------------------------------------------------------


def test_how_often_the_assistant_may_be_asked_is_a_setting() -> None:
    assert load({}).ask_limit_per_minute == 30
    assert load({"ASK_LIMIT_PER_MINUTE": "5"}).ask_limit_per_minute == 5
    with pytest.raises(ConfigurationError, match="ASK_LIMIT_PER_MINUTE"):
        load({"ASK_LIMIT_PER_MINUTE": "0"})


def test_without_a_model_the_assistant_answers_by_itself() -> None:
    settings = load({"BEDROCK_REGION": "eu-central-1", "ASSISTANT_TOKENS_PER_DAY": "5"})
    assert (settings.bedrock, settings.shop_name, settings.policies_ttl_s) == (None, None, 60)


def test_a_model_of_bedrock_has_limits_from_the_start() -> None:
    assert load({"BEDROCK_MODEL_ID": "amazon.nova-lite-v1:0"}).bedrock == Bedrock(
        model_id="amazon.nova-lite-v1:0",
        region=None,
        max_tokens=800,
        temperature=0.2,
        timeout_s=20,
        max_steps=6,
        price_in_micros=0,
        price_out_micros=0,
        tokens_per_account_day=50_000,
        tokens_per_day=2_000_000,
    )


def test_everything_about_the_model_is_a_setting() -> None:
    arn = "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0"
    given = {
        "BEDROCK_MODEL_ID": arn,
        "BEDROCK_REGION": "eu-central-1",
        "BEDROCK_MAX_TOKENS": "300",
        "BEDROCK_TEMPERATURE": "0",
        "BEDROCK_TIMEOUT_S": "9",
        "BEDROCK_MAX_STEPS": "3",
        "BEDROCK_PRICE_IN": "0.00006",
        "BEDROCK_PRICE_OUT": "0.015",
        "ASSISTANT_TOKENS_PER_ACCOUNT_DAY": "0",
        "ASSISTANT_TOKENS_PER_DAY": "10",
    }
    assert load(given).bedrock == Bedrock(arn, "eu-central-1", 300, 0.0, 9, 3, 60, 15_000, 0, 10)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BEDROCK_MODEL_ID", "a model"),
        ("BEDROCK_REGION", "Frankfurt"),
        ("BEDROCK_MAX_TOKENS", "0"),
        ("BEDROCK_MAX_TOKENS", "4097"),
        ("BEDROCK_TEMPERATURE", "1.1"),
        ("BEDROCK_TIMEOUT_S", "1"),
        ("BEDROCK_TIMEOUT_S", "26"),
        ("BEDROCK_MAX_STEPS", "0"),
        ("BEDROCK_MAX_STEPS", "13"),
        ("BEDROCK_PRICE_IN", "cheap"),
        ("BEDROCK_PRICE_IN", "NaN"),
        ("BEDROCK_PRICE_OUT", "-1"),
        ("BEDROCK_PRICE_OUT", "0.0000001"),
        ("ASSISTANT_TOKENS_PER_ACCOUNT_DAY", "-1"),
        ("ASSISTANT_TOKENS_PER_DAY", "many"),
        ("SHOP_NAME", "The <b>shop</b>"),
        ("SHOP_NAME", "x" * 81),
        ("POLICIES_TTL_S", "-1"),
    ],
)
def test_a_wrong_setting_of_the_assistant_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        load({"BEDROCK_MODEL_ID": "amazon.nova-lite-v1:0", name: value})


def test_the_shop_has_a_name_and_its_policies_a_time_to_live() -> None:
    settings = load({"SHOP_NAME": " Müller & Söhne ", "POLICIES_TTL_S": "0"})
    assert (settings.shop_name, settings.policies_ttl_s) == ("Müller & Söhne", 0)


def test_the_revision_is_a_setting_or_what_the_package_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "_REVISION_FILE", tmp_path / "REVISION")
    assert load({}).git_revision == "unknown"
    (tmp_path / "REVISION").write_text("4c7b1f2\n")
    assert load({}).git_revision == "4c7b1f2"
    assert load({"GIT_REVISION": "abc"}).git_revision == "abc"


class Asked(dict[str, str]):
    """An environment that notes what is looked for in it."""

    def __init__(self, *given: Mapping[str, str]) -> None:
        super().__init__(*given)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return super().__getitem__(name)


def test_the_manual_explains_every_setting_and_no_other() -> None:
    manual = Path(__file__).parents[2] / "docs" / "operations.md"
    table = manual.read_text().partition("## Settings")[2].partition("\n## ")[0]
    explained = {name for row in table.splitlines() for name in re.findall(r"`([A-Z_]+)`", row.partition(" | ")[0])}
    environments = [
        Asked(),
        Asked(PARTS),
        Asked({"STAGE": "prod"}),
        Asked({"PAYMENT_PROVIDER": "test"}),
        Asked(SPARK),
    ]
    for environment in environments:
        load(environment)
    # What Lambda itself sets is no setting.
    ours = {"AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"}
    asked = set().union(*(environment.names for environment in environments)) - ours
    assert explained == asked
