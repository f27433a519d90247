"""A live model of what is in the shop, for tests of answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from chalicelib.commerce import tables
from chalicelib.core.database import read
from chalicelib.recommendations.models import live
from chalicelib.recommendations.models.live import LiveModel
from tests.recommendations.fakes import live_model, search_knows

Rebuild = Callable[..., LiveModel]


@pytest.fixture
def rebuild(monkeypatch: pytest.MonkeyPatch) -> Rebuild:
    """Build the small model of what is in the shop and make it the live one; the search knows all products too."""

    def build(**given: Any) -> LiveModel:
        with read() as connection:
            ids = list(connection.scalars(select(tables.products.c.id)))
        search_knows(*ids)
        made = live_model(**given)
        monkeypatch.setattr(live, "current", lambda: made)
        return made

    return build
