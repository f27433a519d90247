"""Which engine answers, by the settings: the shop's own, which needs nothing else, or a language model before it."""

from __future__ import annotations

from chalicelib.conversations.assistant.turns import Engine
from chalicelib.core.config import settings


def name() -> str:
    """Return which engine answers: "bedrock" where a model is set, else "local"."""
    return "local" if settings().bedrock is None else "bedrock"


def engine(account_id: int) -> Engine:
    """Return the engine that answers an account."""
    # Late: a function that answers no questions pays for none of them, and only who has a model pays for boto3.
    from chalicelib.conversations.assistant.local.engine import LocalEngine

    local = LocalEngine()
    if settings().bedrock is None:
        return local
    from chalicelib.conversations.assistant.bedrock.engine import engine_for  # late, as above

    return engine_for(account_id, local)
