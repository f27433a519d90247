"""Which engine answers, by the settings: the shop's own, which needs nothing else, or a language model before it."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from chalicelib.conversations.assistant.turns import Engine
from chalicelib.core.config import settings

_ROOM = "chalicelib.conversations.assistant"


def name() -> str:
    """Return which engine answers: "bedrock" where a model is set, else "local"."""
    return "local" if settings().bedrock is None else "bedrock"


def engine(account_id: int) -> Engine:
    """Return the engine that answers an account."""
    # Loaded late: a function that answers no questions pays for none of them, and only the second one for boto3.
    local = cast(Engine, import_module(f"{_ROOM}.local.engine").LocalEngine())
    if settings().bedrock is None:
        return local
    return cast(Engine, import_module(f"{_ROOM}.bedrock.engine").engine_for(account_id, local))
