"""Which engine answers, by the settings; each is made once a process, at the first question."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from chalicelib.conversations.assistant.turns import Engine
from chalicelib.core.config import settings

_ROOM = "chalicelib.conversations.assistant"
# Loaded late: a function that answers no questions pays for none of them, and only one of them for boto3.
_ENGINES = {"local": ("local.engine", "LocalEngine"), "bedrock": ("bedrock.engine", "BedrockEngine")}


def name() -> str:
    """Return which engine answers: "bedrock" where a model is set, else "local", which needs nothing but the shop."""
    return "local" if settings().bedrock is None else "bedrock"


def engine() -> Engine:
    """Return the engine that answers."""
    return _made(name())


@cache
def _made(which: str) -> Engine:
    module, kind = _ENGINES[which]
    return cast(Engine, getattr(import_module(f"{_ROOM}.{module}"), kind)())
