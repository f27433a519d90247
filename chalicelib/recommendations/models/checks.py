"""What must be true of a new model before it is shown to anybody. Imports numpy: import it late."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.recommendations.models.artefacts import is_ascending
from chalicelib.recommendations.numeric import model as models
from chalicelib.recommendations.numeric.interactions import History

if TYPE_CHECKING:
    from chalicelib.recommendations.models.manifests import Manifest
    from chalicelib.recommendations.numeric.train import Trained

MIN_PEOPLE = 50  # of a validation: the figures of fewer say nothing
FIGURE = "ndcg10"
_ERRORS = 2.0  # standard errors that are chance
_BLOCK = 4_000_000  # numbers that are looked at in one go
_TRIED = 20  # items that are asked about
# Of the same shop, some builds later: how much the first interaction and the number of all may have moved.
_SAME_START = timedelta(days=30)
_SAME_SIZE = 1.5


class NotSound(Exception):
    """A model that was built cannot be used: nothing of it is kept."""


def check_sound(trained: Trained, item_ids: NDArray[np.int64]) -> None:
    """Look whether the arrays are there and finite, fit the products, and answer.

    Raises:
        NotSound: they do not; the message says which.
    """
    if not len(item_ids) or not is_ascending(item_ids):
        raise NotSound("The product ids are not ascending.")
    if not trained.arrays:
        raise NotSound("The model has no arrays.")
    for name, array in trained.arrays.items():
        if array.dtype.hasobject:
            raise NotSound(f"The array {name} holds objects.")
        if array.dtype.kind == "f" and not _is_finite(array):
            raise NotSound(f"The array {name} holds what is no number.")
    model = models.Model(trained.arrays, trained.settings)
    if model.n_items != len(item_ids):
        raise NotSound(f"The model knows {model.n_items} items, the catalogue {len(item_ids)}.")
    _ask(model)


def _is_finite(array: NDArray[Any]) -> bool:
    # In blocks: the mask of a large array would be a quarter of its size.
    flat = array.reshape(-1) if array.flags.c_contiguous else array.T.reshape(-1)
    return all(bool(np.isfinite(flat[at : at + _BLOCK]).all()) for at in range(0, len(flat), _BLOCK))


def _ask(model: models.Model) -> None:
    """Ask for people who bought nothing, and who bought one of some items."""
    tried = np.unique(np.linspace(0, model.n_items - 1, _TRIED).astype(np.int32))
    for items in (tried[:0], *(tried[at : at + 1] for at in range(len(tried)))):
        history = History(items, np.ones(len(items), np.float32), np.zeros(len(items), np.float32))
        scores = model.score(history)
        if scores.shape != (model.n_items,) or not np.isfinite(scores).all():
            raise NotSound(f"The model has no scores for who bought {items.tolist()}.")


def objection(new: Mapping[str, Any], live: Mapping[str, Any] | None, margin: float) -> str | None:
    """Return why a model should not go live, by the figures of validation: its own, and those of the live model.

    It may be worse than the live model, and than plain popularity (what a shop without a model shows), by `margin`, a
    share of the other's figure, and by chance besides. Where too few people were measured the figures say nothing.
    """
    return _worse(new, new.get("popularity"), "plain popularity", margin) or _worse(
        new, live, "the live model", margin
    )


def _worse(new: Mapping[str, Any], other: Mapping[str, Any] | None, name: str, margin: float) -> str | None:
    now, before = new.get(FIGURE), (other or {}).get(FIGURE)
    if other is None or now is None or before is None:
        return None
    measured, compared = new.get("people") or 0, other.get("people", new.get("people")) or 0
    if min(measured, compared) < MIN_PEOPLE:
        return None
    chance = _ERRORS * (_variance(now) / measured + _variance(before) / compared) ** 0.5
    least = before * (1 - margin) - chance
    if now >= least:
        return None
    return (
        f"It measures {FIGURE} {now:.4f} over {measured:,} people, {name} {before:.4f} over {compared:,}: less than "
        f"the {least:.4f} that a margin of {margin:.0%}, and chance, allow."
    )


def _variance(mean: float) -> float:
    """Return the largest variance that a figure between 0 and 1 of this mean can have among people."""
    return max(mean * (1 - mean), 0.0)


def is_other_data(first: datetime | None, interactions: int, live: Manifest) -> bool:
    """Tell whether what was learned from (so many interactions, since when) is not what the live model knew and some
    more: figures say nothing then.
    """
    before, now = live.sizes.interactions, interactions
    if live.window.first is None or first is None:
        return True
    moved = abs(first - live.window.first)
    return moved > _SAME_START or not before / _SAME_SIZE <= now <= before * _SAME_SIZE
