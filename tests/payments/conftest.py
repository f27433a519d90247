"""Tests of payments change settings and keys: none of it outlives its test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.core import config
from chalicelib.payments import providers


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    config.settings.cache_clear()
    providers._stripe.cache_clear()
    providers._secret.cache_clear()
