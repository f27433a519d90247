"""What a build learns from: the stream of interactions and the catalogue, as arrays.

Imports numpy: import it late.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.commerce.catalogue import products
from chalicelib.core.database import run
from chalicelib.core.text import fold
from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.interactions import Interactions, coded_interactions

_PAGE = 2_000
_CENTS = np.float32(100)

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Learned:
    """What was read. `item_ids`: (n_items,) int64, ascending: the product of each item code.

    `rows_read` counts all interactions that came, also those with products that are no longer shown to anybody.
    """

    interactions: Interactions
    catalogue: Catalogue
    item_ids: NDArray[np.int64]
    rows_read: int

    @property
    def first(self) -> datetime | None:
        """When the earliest interaction was."""
        return _moment(self.interactions.times, np.min)

    @property
    def last(self) -> datetime | None:
        """When the latest interaction was."""
        return _moment(self.interactions.times, np.max)

    def fingerprint(self) -> str:
        """Return a text that is another when there is something else to learn."""
        return fingerprint(len(self.interactions), self.last, self.item_ids, self.catalogue)


def fingerprint(n: int, last: datetime | None, item_ids: NDArray[np.int64], shown: Catalogue) -> str:
    """Return a text that tells apart what was read: so many interactions until `last`, and the catalogue."""
    digest = hashlib.sha256(item_ids.tobytes())
    for texts in (shown.names, shown.categories, shown.brands, shown.departments):
        digest.update("\0".join(texts).encode())
    if shown.prices is not None:
        digest.update(shown.prices.tobytes())
    return f"{n} until {last.isoformat() if last else 'never'}, catalogue {digest.hexdigest()[:16]}"


def _moment(times: Array, choose: Callable[[Array], Any]) -> datetime | None:
    return datetime.fromtimestamp(int(choose(times)), UTC) if len(times) else None


def read(batches: Iterable[Any], on_rows: Callable[[int], None] = lambda _rows: None) -> Learned:
    """Read the catalogue, then the batches of the stream; `on_rows` is told how many rows were read.

    Held are the columns once (28 bytes a row) and one column more while it is put together.
    """
    item_ids, catalogue = read_catalogue()
    columns: tuple[list[Array], ...] = ([], [], [], [])
    rows = 0
    for batch in batches:
        for column, part in zip(columns, (batch.people, batch.products, batch.times, batch.weights), strict=True):
            column.append(part)
        rows += len(batch.people)
        on_rows(rows)
    kinds = (np.int64, np.int64, np.int64, np.float32)
    people, product_ids, times, weights = (_joined(parts, kind) for parts, kind in zip(columns, kinds, strict=True))
    return Learned(coded_interactions(people, product_ids, times, weights, item_ids), catalogue, item_ids, rows)


def _joined(parts: list[Array], kind: Any) -> Array:
    """Return the parts of a column as one, and let go of them."""
    whole = np.concatenate(parts) if parts else np.empty(0, dtype=kind)
    parts.clear()
    return whole.astype(kind, copy=False)


def read_catalogue() -> tuple[NDArray[np.int64], Catalogue]:
    """Return the ids of the products that shoppers know or knew, ascending, and what they are known by."""
    ids: list[int] = []
    names, categories, brands, departments = [], [], [], []
    cents: list[float] = []
    for row in _described():
        ids.append(row.id)
        names.append(fold(row.name or ""))
        categories.append(fold(row.category or ""))
        brands.append(fold(row.brand or ""))
        departments.append(fold(row.department or ""))
        cents.append(row.retail_price_cents or float("nan"))  # without a price it was never sold
    prices = np.array(cents, dtype=np.float32) / _CENTS
    return np.array(ids, dtype=np.int64), Catalogue(names, categories, brands, departments, prices)


def _described() -> Iterator[Any]:
    after = 0
    while page := run(partial(products.list_described, after=after, limit=_PAGE), writes=False):
        yield from page
        after = page[-1].id
