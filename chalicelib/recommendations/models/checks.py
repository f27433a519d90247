"""What must be true of a new model before it is shown to anybody. Imports numpy: import it late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.recommendations.models.artefacts import is_ascending
from chalicelib.recommendations.numeric.interactions import History
from chalicelib.recommendations.numeric import model as models

if TYPE_CHECKING:
    from chalicelib.recommendations.numeric.train import Trained

MIN_PEOPLE = 50  # of a validation: the figures of fewer say nothing
FIGURE = "ndcg10"
_BLOCK = 4_000_000  # numbers that are looked at in one go
_TRIED = 20  # items that are asked about


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
    """Return why a model should not take the place of the live one, by their figures on their validation slices.

    A model that measures worse by more than `margin` (a share of the live one's figure) is not let in; where too few
    people were measured the figures say nothing.
    """
    if live is None:
        return None
    now, before = new.get(FIGURE), live.get(FIGURE)
    if now is None or before is None or min(new.get("people") or 0, live.get("people") or 0) < MIN_PEOPLE:
        return None
    least = before * (1 - margin)
    if now >= least:
        return None
    return (
        f"It measures {FIGURE} {now:.4f} over {new['people']:,} people, the live model {before:.4f} over "
        f"{live['people']:,}: less than the {least:.4f} that a margin of {margin:.0%} allows."
    )
