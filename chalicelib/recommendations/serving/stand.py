"""The live model beside the shelf: which row is which item, what is new since the build, what sells in each category.

Made once for each model and each catalogue. Loads numpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.commerce.catalogue import choices, products
from chalicelib.core.database import Connection
from chalicelib.core.text import fold
from chalicelib.recommendations.models.live import LiveModel
from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.interactions import Codes, Reals
from chalicelib.recommendations.numeric.model import Asked
from chalicelib.recommendations.numeric.sparse import Sparse
from chalicelib.recommendations.serving.shelf import Facet, Shelf

# A product is popular in its category when it is among so many of it that were bought most, and was bought at all. Of
# a small category only a share is: where all are, the word says nothing.
TOP_OF_CATEGORY = 20
TOP_SHARE = 0.25
# Products that came after the build and are scored by what they are, newest first; others come last.
_MOST_NEW = 2_000


@dataclass(frozen=True, slots=True)
class Stand:
    """`codes`: (n_rows,) int32, the model's item of each row of the shelf, -1 of a product that is newer than it.

    `new`: (m,) rows of such products with their attributes, and these as the model's vectors; `popular`, `trending`:
    (n_rows,) bool, which are among the best sold of their category, of all times and lately; `trend`: (n_rows,)
    float32 in [0, 1], the place by recent popularity, then by all of it; `opened_at`: when the shop's first product
    came.
    """

    live: LiveModel
    shelf: Shelf
    codes: Codes
    new: NDArray[np.int64]
    new_catalogue: Catalogue
    new_vectors: Sparse
    popular: NDArray[np.bool_]
    trending: NDArray[np.bool_]
    trend: Reals
    opened_at: datetime | None

    def scores(self, asked: Asked) -> Reals:
        """Return how much speaks for each row: (n_rows,) float32, comparable with each other only."""
        items = asked.scores
        found: Reals = items[self.codes] if len(items) else np.zeros(len(self.codes), dtype=np.float32)
        if len(self.new):
            found[self.codes < 0] = items.min(initial=0.0)
            found[self.new] = self.live.model.score_new(asked, self.new_vectors)
        return found

    def category_of(self, row: int, among: NDArray[np.bool_]) -> str | None:
        """Return the folded category of a row that is `among` those, else None."""
        categories = self.shelf.categories
        return fold(categories.spellings[categories.codes[row]]) if among[row] else None


class _Memory:
    """One stand, and what it was made of: threads see all or nothing."""

    made: Stand | None = None


def stand_of(connection: Connection, live: LiveModel, shelf: Shelf) -> Stand:
    """Return the stand of a model beside a shelf; only new products cost a statement, and only once."""
    made = _Memory.made
    if made is not None and made.live is live and made.shelf is shelf:
        return made
    if made is not None and made.live is live and made.shelf.ids is shelf.ids:
        stand = replace(made, shelf=shelf)  # only the stock is another
    else:
        stand = _make(connection, live, shelf)
    _Memory.made = stand
    return stand


def _make(connection: Connection, live: LiveModel, shelf: Shelf) -> Stand:
    codes = np.asarray(live.codes_of(shelf.ids), dtype=np.int32)
    new = np.flatnonzero(codes < 0)[::-1][:_MOST_NEW]
    bought = _of_rows(live.model.popularity, codes)
    lately = _of_rows(live.model.recent_popularity, codes)
    groups = _by_key(shelf.categories)
    trend = np.empty(len(codes), dtype=np.float32)
    # Of equal ones the lower row is the better.
    trend[np.lexsort((-np.arange(len(codes)), bought, lately))] = np.arange(1, len(codes) + 1) / max(len(codes), 1)
    new_catalogue = _attributes(connection, [int(each) for each in shelf.ids[new]])
    return Stand(
        live=live,
        shelf=shelf,
        codes=codes,
        new=new,
        new_catalogue=new_catalogue,
        new_vectors=live.model.encode(new_catalogue),
        popular=top_of_groups(bought, groups, TOP_OF_CATEGORY, TOP_SHARE),
        trending=top_of_groups(lately, groups, TOP_OF_CATEGORY, TOP_SHARE),
        trend=trend,
        opened_at=choices.opened_at(connection),
    )


def _of_rows(values: Reals, codes: Codes) -> Reals:
    found = np.zeros(len(codes), dtype=np.float32)
    known = codes >= 0
    found[known] = values[codes[known]]
    return found


def _by_key(facet: Facet) -> NDArray[np.int32]:
    """Return the codes of a facet with one code for all spellings of a value."""
    one = np.arange(len(facet.spellings), dtype=np.int32)
    for codes in facet.by_key.values():
        one[list(codes)] = min(codes)
    found: NDArray[np.int32] = one[facet.codes]
    return found


def top_of_groups(values: Reals, groups: NDArray[np.int32], n: int, share: float = 1.0) -> NDArray[np.bool_]:
    """Return which rows are among the `n` highest above 0 of their group, and among that `share` of it (one at
    least): (n_rows,) bool, ties by row.
    """
    order = np.lexsort((np.arange(len(values)), -values, groups))
    ordered = groups[order]
    starts, ends = np.searchsorted(ordered, ordered), np.searchsorted(ordered, ordered, side="right")
    most = np.minimum(np.ceil((ends - starts) * share), n)
    found = np.zeros(len(values), dtype=bool)
    found[order] = (np.arange(len(values)) - starts < most) & (values[order] > 0)
    return found


def _attributes(connection: Connection, product_ids: list[int]) -> Catalogue:
    """Return what products are, in the order of their ids given; as the build sees products."""
    rows: Mapping[int, Any] = products.find_whole(connection, product_ids, lock=False) if product_ids else {}
    found = [rows.get(product_id) for product_id in product_ids]

    def texts(name: str) -> list[str]:
        return ["" if row is None else fold(getattr(row, name) or "") for row in found]

    prices = [np.nan if row is None else row.retail_price_cents / 100 for row in found]
    return Catalogue(
        texts("name"), texts("category"), texts("brand"), texts("department"), np.array(prices, dtype=np.float32)
    )
