"""What the live model has to say: picks for a person, of what is like a product, of what sells. Loads numpy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.commerce.catalogue import choices, search
from chalicelib.commerce.catalogue.choices import ProductFilter
from chalicelib.core.database import Connection
from chalicelib.core.text import fold
from chalicelib.recommendations.models.live import LiveModel
from chalicelib.recommendations.numeric.interactions import Codes, Reals
from chalicelib.recommendations.numeric.model import Asked, Evidence
from chalicelib.recommendations.serving import reasons
from chalicelib.recommendations.serving.histories import Known, known_to
from chalicelib.recommendations.serving.newcomers import Newcomers, newcomers_of
from chalicelib.recommendations.serving.picks import Pick, look_up
from chalicelib.recommendations.serving.ranks import in_order
from chalicelib.recommendations.serving.shelf import shelf_of
from chalicelib.recommendations.serving.stand import Stand, stand_of
from chalicelib.recommendations.serving.wishes import DIVERSITY, Deed, Item, Wish

_Blocks = Iterator[Sequence[Pick]]


def personal(
    connection: Connection, live: LiveModel, deeds: Sequence[Deed], wish: Wish, *, without: set[int], now: datetime
) -> list[Item]:
    """Return the items that speak most to who did `deeds`, but for the products `without`."""
    known = known_to(live, deeds, now)
    asked = live.model.ask(known.history)

    def blocks(stand: Stand) -> _Blocks:
        scores, alone = stand.scores(asked), not len(known.history)
        newcomers = newcomers_of(stand, known.unknown, scores, alone=alone) if known.unknown else None
        if newcomers is not None:
            scores, alone = scores + newcomers.total, False
        low = np.inf if alone else float(scores.min(initial=0.0))
        tiers, groups = _tiers(stand, wish, without), _groups(stand, wish.wanted)
        diversity = DIVERSITY if wish.diversity is None else wish.diversity
        high: float | None = None
        for rows in in_order(scores, tiers, groups, wish.limit, diversity):
            high = float(scores[rows[0]]) if high is None else high
            picks = _personal_picks(stand, known, asked, rows, scores, low, high)
            yield picks if newcomers is None else [_new_reason(pick, stand, newcomers) for pick in picks]

    return _shown(connection, live, blocks, wish, now)


def _new_reason(pick: Pick, stand: Stand, newcomers: Newcomers) -> Pick:
    """Return a pick with what was done with a product newer than the model as its reason, where that speaks most."""
    [row] = stand.shelf.rows_of([pick.product_id])
    if float(newcomers.total[row]) <= pick.score / 2:
        return pick
    deed = newcomers.because(int(row))
    return replace(pick, source="content", because=(deed.product_id, deed.kind))


def trending(connection: Connection, live: LiveModel, wish: Wish, *, now: datetime) -> list[Item]:
    """Return the items that sell best lately."""

    def blocks(stand: Stand) -> _Blocks:
        tiers = _tiers(stand, wish, set())
        for rows in in_order(stand.trend, tiers, stand.shelf.categories.codes, wish.limit, 0.0):
            yield [_trending_pick(stand, int(row)) for row in rows]

    return _shown(connection, live, blocks, wish, now)


def _trending_pick(stand: Stand, row: int) -> Pick:
    score = float(stand.trend[row])
    return Pick(
        int(stand.shelf.ids[row]),
        score,
        score,
        "popularity",
        popular_in=stand.category_of(row, stand.popular),
        trending_in=stand.category_of(row, stand.trending),
    )


def _shown(
    connection: Connection, live: LiveModel, blocks: Callable[[Stand], _Blocks], wish: Wish, now: datetime
) -> list[Item]:
    """Return the items of the picks as they are now; once more from the newest catalogue where they are too few."""
    began = time.monotonic()
    kept = search.in_memory(connection)
    items: list[Item] = []
    while True:
        stand = stand_of(connection, live, shelf_of(kept))
        new_since = choices.new_since(stand.opened_at, now)
        items = look_up(connection, blocks(stand), wish.wanted, limit=wish.limit, new_since=new_since)
        if len(items) >= wish.limit or kept.read_at >= began:
            return items
        before, kept = kept, search.in_memory(connection, not_before=began)
        if kept.catalogue is before.catalogue and kept.in_stock == before.in_stock:
            return items


def _tiers(stand: Stand, wish: Wish, without: set[int]) -> list[NDArray[np.bool_]]:
    allowed = stand.shelf.passing(wish.wanted, without=without)
    if not wish.stock_first or wish.wanted.in_stock:
        return [allowed]
    return [allowed & stand.shelf.in_stock, allowed & ~stand.shelf.in_stock]


def _groups(stand: Stand, wanted: ProductFilter) -> NDArray[np.int32]:
    """Return of what a list is not to be full: one category, or one brand where all are of one category anyway."""
    return (stand.shelf.brands if fold(wanted.category or "") else stand.shelf.categories).codes


def _personal_picks(
    stand: Stand, known: Known, asked: Asked, rows: Codes, scores: Reals, low: float, high: float
) -> list[Pick]:
    items = stand.codes[rows]
    there = items >= 0
    evidence = iter(asked.explain(items[there]))
    return [
        _personal_pick(stand, known, int(row), next(evidence) if is_known else None, float(scores[row]), low, high)
        for row, is_known in zip(rows, there, strict=True)
    ]


def _personal_pick(
    stand: Stand, known: Known, row: int, evidence: Evidence | None, score: float, low: float, high: float
) -> Pick:
    # 0 where nothing is known of the person; a sold out product may score more than the first that is in stock.
    preference = 0.0 if low == np.inf else min(1.0, (score - low) / (high - low)) if high > low else 1.0
    product_id = int(stand.shelf.ids[row])
    if evidence is None:  # newer than the model
        return Pick(product_id, score, preference, "content" if len(known.history) else "popularity")
    because = None if evidence.because is None else known.deeds[evidence.because]
    return Pick(
        product_id,
        score,
        preference,
        evidence.source,
        because=None if because is None else (because.product_id, because.kind),
        popular_in=stand.category_of(row, stand.popular),
    )


def similar(connection: Connection, live: LiveModel, like: Any, wish: Wish) -> list[Item]:
    """Return the items most like a product (a row), none where the model does not know it."""
    item = int(live.codes_of(np.array([like.id], dtype=np.int64))[0])
    if item < 0:
        return []
    items, scores = live.model.similar(item)
    reason = reasons.similar_to(like)
    picks = [
        Pick(int(product_id), float(score), float(score), "collaborative", reason=reason)
        for product_id, score in zip(live.item_ids[items], scores, strict=True)
        if product_id != like.id
    ]
    return _neighbours(connection, picks, wish)


def bought_together(connection: Connection, live: LiveModel, bought: Any, wish: Wish) -> list[Item] | None:
    """Return the items that were bought with a product (a row) most often, None where the model does not know it."""
    item = int(live.codes_of(np.array([bought.id], dtype=np.int64))[0])
    if item < 0:
        return None
    items, counts = live.model.bought_together(item)
    most = max(int(counts.max(initial=1)), 1)
    picks = [
        Pick(
            int(product_id),
            int(count) / most,
            int(count) / most,
            "collaborative",
            reason=reasons.together_with(bought, int(count)),
            count=int(count),
        )
        for product_id, count in zip(live.item_ids[items], counts, strict=True)
        if product_id != bought.id
    ]
    return _neighbours(connection, picks, wish)


def _neighbours(connection: Connection, picks: Sequence[Pick], wish: Wish) -> list[Item]:
    """Return the items of picks that are in order already: first those in stock, if the wish is so."""
    shelf = shelf_of(search.in_memory(connection))
    ids = np.array([pick.product_id for pick in picks], dtype=np.int64)
    rows = np.searchsorted(shelf.ids, ids).clip(max=max(len(shelf) - 1, 0))
    there = shelf.ids[rows] == ids if len(shelf) else np.zeros(len(ids), dtype=bool)
    # What the memory does not hold may have been published a moment ago: it is looked up behind the others.
    fits = np.zeros(len(ids), dtype=bool)
    fits[there] = shelf.passing(wish.wanted)[rows[there]]
    order = np.flatnonzero(fits | ~there)
    if wish.stock_first:
        stocked = np.zeros(len(ids), dtype=bool)
        stocked[there] = shelf.in_stock[rows[there]]
        order = order[np.argsort(~stocked[order], kind="stable")]
    chosen = [picks[at] for at in order]
    blocks = (chosen[at : at + wish.limit] for at in range(0, len(chosen), max(wish.limit, 1)))
    return look_up(connection, blocks, wish.wanted, limit=wish.limit, new_since=None)
