"""The settings of the assistant: what the shop is called, and the model of Amazon Bedrock that may answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.core import config_values as values
from chalicelib.core.config_values import ConfigurationError

# An id of a model or an inference profile, or the ARN of either.
_MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,2047}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_NAME = re.compile(r"[^\x00-\x1f\x7f<>{}]{1,80}")
# The gateway ends a request after 29 s, and what a turn was worth is to be stored before.
_MOST_S = 25


@dataclass(frozen=True, slots=True)
class Bedrock:
    """A model of Amazon Bedrock, and what it may cost.

    `timeout_s` is for a whole turn with all its steps. Prices are in micro-dollars for 1,000 tokens, 0 where they are
    not known; tokens are counted by day in UTC.
    """

    model_id: str
    region: str | None = None
    max_tokens: int = 800
    temperature: float = 0.2
    timeout_s: int = 20
    max_steps: int = 6
    price_in_micros: int = 0
    price_out_micros: int = 0
    tokens_per_account_day: int = 50_000
    tokens_per_day: int = 2_000_000


def load_bedrock(environment: Mapping[str, str]) -> Bedrock | None:
    """Return the model that answers; None where no BEDROCK_MODEL_ID is set.

    Raises:
        ConfigurationError: a value is wrong.
    """
    loaded = Bedrock(
        model_id=environment.get("BEDROCK_MODEL_ID") or "",
        region=environment.get("BEDROCK_REGION") or None,
        max_tokens=values.integer(environment, "BEDROCK_MAX_TOKENS", 800, most=4096),
        temperature=values.share(environment, "BEDROCK_TEMPERATURE", 0.2),
        timeout_s=values.integer(environment, "BEDROCK_TIMEOUT_S", 20, least=2, most=_MOST_S),
        max_steps=values.integer(environment, "BEDROCK_MAX_STEPS", 6, most=12),
        price_in_micros=values.micros(environment, "BEDROCK_PRICE_IN"),
        price_out_micros=values.micros(environment, "BEDROCK_PRICE_OUT"),
        tokens_per_account_day=values.integer(environment, "ASSISTANT_TOKENS_PER_ACCOUNT_DAY", 50_000, least=0),
        tokens_per_day=values.integer(environment, "ASSISTANT_TOKENS_PER_DAY", 2_000_000, least=0),
    )
    if not loaded.model_id:
        return None
    if not _MODEL_ID.fullmatch(loaded.model_id):
        raise ConfigurationError(f"BEDROCK_MODEL_ID must be an id or an ARN of a model, not {loaded.model_id!r}.")
    if loaded.region is not None and not _REGION.fullmatch(loaded.region):
        raise ConfigurationError(f"BEDROCK_REGION must be a region such as eu-central-1, not {loaded.region!r}.")
    return loaded


def shop_name(environment: Mapping[str, str]) -> str | None:
    """Return what the shop calls itself; None where it is not told."""
    text = (environment.get("SHOP_NAME") or "").strip()
    if text and not _NAME.fullmatch(text):
        raise ConfigurationError("SHOP_NAME must be at most 80 characters, in one line, without < > { }.")
    return text or None
