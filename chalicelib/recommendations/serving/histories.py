"""What somebody did, as a model takes it in. Loads numpy; no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from chalicelib.recommendations.models.live import LiveModel
from chalicelib.recommendations.numeric.interactions import History
from chalicelib.recommendations.serving.wishes import Deed


@dataclass(frozen=True, slots=True)
class Known:
    """A history for the model, and beside it which deed each of its entries is; and deeds with products that it does
    not know, oldest first.
    """

    history: History
    deeds: Sequence[Deed]
    unknown: Sequence[Deed]


def known_to(live: LiveModel, deeds: Sequence[Deed], now: datetime) -> Known:
    """Return the history of those deeds whose products the model knows."""
    codes = live.codes_of(np.array([deed.product_id for deed in deeds], dtype=np.int64))
    known = [deed for deed, code in zip(deeds, codes, strict=True) if code >= 0]
    day = timedelta(seconds=live.model.unit_s)  # shorter than one of 24 hours where the shop was young
    return Known(
        History(
            np.asarray(codes[codes >= 0], dtype=np.int32),
            np.array([deed.weight for deed in known], dtype=np.float32),
            np.array([max(0.0, (now - deed.at) / day) for deed in known], dtype=np.float32),
        ),
        known,
        [deed for deed, code in zip(deeds, codes, strict=True) if code < 0],
    )
