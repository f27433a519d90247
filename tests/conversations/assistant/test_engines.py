"""Which engine answers: by the settings alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.conversations.assistant import engines
from chalicelib.core.config import Settings, load
from tests.conftest import set_settings


@pytest.mark.parametrize(("model", "name"), [(None, "local"), ("amazon.nova-lite-v1:0", "bedrock")])
def test_a_model_answers_where_one_is_set(monkeypatch: pytest.MonkeyPatch, model: str | None, name: str) -> None:
    environment = {} if model is None else {"BEDROCK_MODEL_ID": model}
    set_settings(monkeypatch, replace(Settings(), bedrock=load(environment).bedrock))
    assert engines.name() == name
