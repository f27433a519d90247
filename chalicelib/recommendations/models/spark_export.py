"""What a Spark job learns from, written into the bucket in parts, in bounded memory.

Imports numpy: import it late.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.core.blobs import Blobs
from chalicelib.recommendations.models import reading
from chalicelib.recommendations.models.spark_files import COLUMNS, catalogue_key, interactions_key
from chalicelib.recommendations.numeric.catalogue import Catalogue

PART = 1_000_000  # interactions a part: 28 MB
PRODUCTS = 20_000  # lines a part of the catalogue


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: `learned_from` tells it apart from what another build read, as `Learned.fingerprint` does."""

    products: int
    interactions: int
    rows_read: int
    learned_from: str


def export(
    store: Blobs, folder: str, batches: Iterable[Any], on_rows: Callable[[int], None] = lambda _rows: None
) -> Exported:
    """Write the catalogue and the interactions with its products below `folder`; held is one part, and one batch."""
    item_ids, catalogue = reading.read_catalogue()
    _write_catalogue(store, folder, item_ids, catalogue)
    parts = _Parts(store, folder)
    rows, last = 0, None
    for batch in batches if len(item_ids) else ():
        rows += len(batch.people)
        known = np.isin(batch.products, item_ids)
        if known.any():
            part = np.empty(int(known.sum()), dtype=COLUMNS)
            for name, _kind in COLUMNS:
                part[name] = getattr(batch, name)[known]
            newest = int(part["times"].max())
            last = newest if last is None else max(last, newest)
            parts.add(part)
        on_rows(rows)
    parts.flush()
    until = None if last is None else datetime.fromtimestamp(last, UTC)
    return Exported(len(item_ids), parts.rows, rows, reading.fingerprint(parts.rows, until, item_ids, catalogue))


@dataclass
class _Parts:
    """Rows that become a part when they are enough."""

    store: Blobs
    folder: str
    rows: int = 0
    _waiting: list[NDArray[Any]] = field(default_factory=list)
    _n_waiting: int = 0
    _written: int = 0

    def add(self, rows: NDArray[Any]) -> None:
        self._waiting.append(rows)
        self._n_waiting += len(rows)
        self.rows += len(rows)
        if self._n_waiting >= PART:
            self.flush()

    def flush(self) -> None:
        # A part without rows too: a job finds its folder also where nobody did anything yet.
        if not self._waiting and self._written:
            return
        stream = io.BytesIO()
        np.save(stream, np.concatenate([np.empty(0, dtype=COLUMNS), *self._waiting]), allow_pickle=False)
        self._waiting.clear()
        self._n_waiting = 0
        key = interactions_key(self.folder, self._written)
        self.store.put_stream(key, stream, "application/octet-stream")
        self._written += 1


def _write_catalogue(store: Blobs, folder: str, item_ids: NDArray[np.int64], shown: Catalogue) -> None:
    prices = [] if shown.prices is None else shown.prices.tolist()
    for number, first in enumerate(range(0, len(item_ids), PRODUCTS)):
        lines = [
            json.dumps(
                {
                    "id": int(item_ids[row]),
                    "name": shown.names[row],
                    "category": shown.categories[row],
                    "brand": shown.brands[row],
                    "department": shown.departments[row],
                    "price": None if math.isnan(prices[row]) else prices[row],
                }
            )
            for row in range(first, min(first + PRODUCTS, len(item_ids)))
        ]
        store.put(catalogue_key(folder, number), "\n".join(lines).encode(), "application/x-ndjson")
