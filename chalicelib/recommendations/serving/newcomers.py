"""What a person did with products that are newer than the model: what is like them speaks for itself at once.

Loads numpy; no database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.interactions import Reals
from chalicelib.recommendations.numeric.model import NEW_SHARE
from chalicelib.recommendations.serving.stand import Stand
from chalicelib.recommendations.serving.wishes import Deed

# The newest few say enough until the next build; each older one says a little less.
_MOST = 5
_FADING = 0.8
# Who did nothing else wants what is like it rather than what all buy.
_ALONE = 2.0


@dataclass(frozen=True, slots=True)
class Newcomers:
    """`deeds`, newest first, and how much each adds to each row of the shelf: (n_deeds, n_rows) float32."""

    deeds: Sequence[Deed]
    added: Reals

    @property
    def total(self) -> Reals:
        """What is added to each row: (n_rows,) float32; deeds alike do not add up."""
        total: Reals = self.added.max(axis=0)
        return total

    def because(self, row: int) -> Deed:
        """Return the deed that speaks most for a row."""
        return self.deeds[int(np.argmax(self.added[:, row]))]


def newcomers_of(stand: Stand, unknown: Sequence[Deed], scores: Reals, *, alone: bool) -> Newcomers | None:
    """Return what the deeds add (oldest first, with products that the model does not know) to `scores`, (n_rows,),
    on the same scale; None where they add nothing. `alone`: the person did nothing else.
    """
    ids = stand.shelf.ids[stand.new]
    latest: dict[int, Deed] = {}
    for deed in reversed(unknown):
        found = np.flatnonzero(ids == deed.product_id)
        if len(found):
            latest.setdefault(int(found[0]), deed)
        if len(latest) == _MOST:
            break
    if not latest or not stand.live.model.n_items:
        return None
    alike = stand.live.model.likeness_to(_of(stand.new_catalogue, list(latest)))
    best = float(scores.max(initial=0.0)) or 1.0
    share = (_ALONE if alone else NEW_SHARE) * best * _FADING ** np.arange(len(latest))
    added = np.where(stand.codes >= 0, alike[:, stand.codes], 0.0) * share[:, None]
    return Newcomers(list(latest.values()), added.astype(np.float32))


def _of(catalogue: Catalogue, places: Sequence[int]) -> Catalogue:
    columns = (catalogue.names, catalogue.categories, catalogue.brands, catalogue.departments)
    names, categories, brands, departments = ([column[place] for place in places] for column in columns)
    prices = None if catalogue.prices is None else catalogue.prices[list(places)]
    return Catalogue(names, categories, brands, departments, prices)
