"""What somebody did, from what is remembered of it and from the present visit, each thing once. Pure rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from chalicelib.recommendations.serving.wishes import Deed
from chalicelib.recommendations.signals.interactions import Signal
from chalicelib.recommendations.signals.weights import PURCHASE, weight_of


def deeds_of(signals: Iterable[Signal], context: Sequence[int], now: datetime) -> list[Deed]:
    """Return what a person did, oldest first: each purchase, and of all else the last of its kind with a product.

    Who looks at a page ten times wants it hardly more than who looks twice; and a loop that reports views would
    drown what was bought. The products of the present visit are views of this moment.
    """
    done = [Deed(each.product_id, each.kind, each.at, each.weight) for each in signals]
    done += [Deed(product_id, "view", now, weight_of("view")) for product_id in context]
    seen: set[tuple[int, str]] = set()
    kept: list[Deed] = []
    for deed in reversed(done):
        if deed.kind != PURCHASE:
            if (deed.product_id, deed.kind) in seen:
                continue
            seen.add((deed.product_id, deed.kind))
        kept.append(deed)
    return kept[::-1]
