"""A small model with the interface of the real one: it counts who bought what with what, which tests can foresee."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from typing import Any, cast

import numpy as np
from sqlalchemy import select

from chalicelib.commerce import tables
from chalicelib.commerce.catalogue import search
from chalicelib.core.database import Connection, read, transaction
from chalicelib.core.text import fold
from chalicelib.recommendations.models.live import LiveModel
from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.interactions import Codes, History, Reals
from chalicelib.recommendations.numeric.model import Evidence

SAME_CATEGORY = 0.1
POPULAR = 0.001
VERSION = "20260301T120000Z-0badcafe"
BUILT_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class CountingModel:
    """Scores an item by how many people bought it with what one has, a little by category, least by popularity."""

    categories: Sequence[str]
    together: np.ndarray[Any, Any]
    in_orders: Mapping[tuple[int, int], int]
    popularity: Reals
    recent_popularity: Reals
    unit_s: float = 86_400.0

    @property
    def n_items(self) -> int:
        return len(self.categories)

    def _parts(self, history: History, item: int) -> tuple[list[float], list[float], float]:
        beside = [
            float(self.together[code, item]) * float(weight)
            for code, weight in zip(history.items, history.weights, strict=True)
        ]
        alike = [
            SAME_CATEGORY * float(weight) * (self.categories[code] == self.categories[item])
            for code, weight in zip(history.items, history.weights, strict=True)
        ]
        return beside, alike, POPULAR * float(self.popularity[item])

    def score(self, history: History, question: str = "next") -> Reals:
        found = []
        for item in range(self.n_items):
            beside, alike, popular = self._parts(history, item)
            found.append(sum(beside) + sum(alike) + popular)
        return np.array(found, dtype=np.float32)

    def explain(self, history: History, item: int, question: str = "next") -> Evidence:
        beside, alike, popular = self._parts(history, item)
        total = sum(beside) + sum(alike) + popular
        for source, parts in (("collaborative", beside), ("content", alike)):
            if sum(parts) > 0:
                return Evidence(cast(Any, source), int(np.argmax(parts)), sum(parts) / total)
        return Evidence("popularity", None, 1.0)

    def ask(self, history: History, question: str = "next") -> CountingAnswer:
        return CountingAnswer(self, history)

    def encode(self, catalogue: Catalogue) -> Catalogue:
        return catalogue

    def score_new(self, asked: CountingAnswer, catalogue: Catalogue) -> Reals:
        history = asked.history
        return np.array(
            [
                sum(
                    SAME_CATEGORY * float(weight) * (self.categories[code] == category)
                    for code, weight in zip(history.items, history.weights, strict=True)
                )
                for category in catalogue.categories
            ],
            dtype=np.float32,
        )

    def likeness_to(self, catalogue: Catalogue) -> Reals:
        rows = [[float(category == other) for other in self.categories] for category in catalogue.categories]
        return np.array(rows, dtype=np.float32).reshape(len(rows), self.n_items)

    def similar(self, item: int) -> tuple[Codes, Reals]:
        most = max(float(self.together[item].max(initial=0)), 1.0)
        scores = np.array(
            [
                float(self.together[item, other]) / most * 0.5
                + 0.5 * (self.categories[other] == self.categories[item])
                if other != item
                else 0.0
                for other in range(self.n_items)
            ],
            dtype=np.float32,
        )
        order = np.lexsort((np.arange(self.n_items), -scores))
        order = order[scores[order] > 0]
        return order.astype(np.int32), scores[order]

    def bought_together(self, item: int) -> tuple[Codes, Codes]:
        counts = sorted(
            ((count, other) for (one, other), count in self.in_orders.items() if one == item),
            key=lambda pair: (-pair[0], pair[1]),
        )
        codes = np.array([other for _, other in counts], dtype=np.int32)
        return codes, np.array([count for count, _ in counts], dtype=np.int32)


@dataclass(frozen=True)
class CountingAnswer:
    """What the model says of one history."""

    model: CountingModel
    history: History

    @property
    def scores(self) -> Reals:
        return self.model.score(self.history)

    def explain(self, items: Codes) -> list[Evidence]:
        return [self.model.explain(self.history, int(item)) for item in items]


def build(connection: Connection, *, version: str = VERSION, since: datetime | None = None) -> LiveModel:
    """Build the model of what stands in the database; purchases `since` then are the recent ones."""
    products = connection.execute(
        select(tables.products.c.id, tables.products.c.category)
        .where(tables.products.c.status != "draft")
        .order_by(tables.products.c.id)
    ).all()
    ids = np.array([row.id for row in products], dtype=np.int64)
    code_of = {int(product_id): code for code, product_id in enumerate(ids)}
    items = tables.order_items.c
    bought = connection.execute(
        select(items.user_id, items.order_id, items.product_id, items.created_at)
        .where(items.status.not_in(["cancelled", "returned"]))
        .order_by(items.id)
    ).all()
    rows = [
        (row.user_id, row.order_id, code_of[row.product_id], row.created_at)
        for row in bought
        if row.product_id in code_of
    ]
    model = CountingModel(
        [fold(row.category) for row in products],
        _pairs(len(ids), ((user, code) for user, _, code, _ in rows if user is not None)),
        _counts((order, code) for _, order, code, _ in rows),
        _popularity(len(ids), (code for _, _, code, _ in rows)),
        _popularity(len(ids), (code for _, _, code, at in rows if since is None or at >= since)),
    )
    return LiveModel(version, cast(Any, model), ids, BUILT_AT, {})


def live_model(**given: Any) -> LiveModel:
    """Build the model of what is committed."""
    with read() as connection:
        return build(connection, **given)


def _sets(pairs: Iterable[tuple[int, int]]) -> list[set[int]]:
    found: dict[int, set[int]] = {}
    for holder, code in pairs:
        found.setdefault(holder, set()).add(code)
    return list(found.values())


def _pairs(n_items: int, pairs: Iterable[tuple[int, int]]) -> np.ndarray[Any, Any]:
    together = np.zeros((n_items, n_items))
    for codes in _sets(pairs):
        for one, other in combinations(sorted(codes), 2):
            together[one, other] += 1
            together[other, one] += 1
    return together


def _counts(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    found: Counter[tuple[int, int]] = Counter()
    for codes in _sets(pairs):
        for one, other in combinations(sorted(codes), 2):
            found[one, other] += 1
            found[other, one] += 1
    return found


def _popularity(n_items: int, codes: Iterable[int]) -> Reals:
    found = np.zeros(n_items, dtype=np.float32)
    for code in codes:
        found[code] += 1
    return found


def search_knows(*product_ids: int) -> None:
    """Let the product search, and so the memory of serving, know products as they are: factories do not."""
    with transaction() as connection:
        search.index_products(connection, product_ids)
