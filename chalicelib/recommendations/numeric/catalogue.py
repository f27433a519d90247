"""What is known of items without anybody having bought them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.recommendations.numeric.interactions import Reals


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Attributes by item code; each field has one entry per item, or is empty where it is known of none.

    `prices`: (n_items,) float32, NaN where unknown. Texts are compared as they are: fold them before.
    """

    names: Sequence[str] = ()
    categories: Sequence[str] = ()
    brands: Sequence[str] = ()
    departments: Sequence[str] = ()
    prices: Reals | None = None
