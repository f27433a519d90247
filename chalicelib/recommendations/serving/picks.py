"""From picks to items: what a model chose is looked up as it is now, and shown only where it still passes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.commerce.catalogue import choices
from chalicelib.commerce.catalogue.choices import ProductFilter
from chalicelib.core.database import Connection
from chalicelib.core.text import fold
from chalicelib.recommendations.serving import reasons
from chalicelib.recommendations.serving.reasons import Reason
from chalicelib.recommendations.serving.wishes import Item, Source


@dataclass(frozen=True, slots=True)
class Pick:
    """A product that is to be shown if it still passes, and what is known of why.

    `because`: a product and what the person did with it, in the words of signals; `popular_in`, `trending_in`: the
    folded category of which it is among those that sell best, of all times and lately; `reason`: where it is certain
    already; `count` of shared orders.
    """

    product_id: int
    score: float
    preference: float
    source: Source
    because: tuple[int, str] | None = None
    popular_in: str | None = None
    trending_in: str | None = None
    reason: Reason | None = None
    count: int | None = None


def look_up(
    connection: Connection,
    blocks: Iterable[Sequence[Pick]],
    wanted: ProductFilter,
    *,
    limit: int,
    new_since: datetime | None,
) -> list[Item]:
    """Return items of the first `limit` picks that pass as they are now: a statement for each block that it takes.

    `new_since`: what came after it is new in the shop; None where all picks have a reason.
    """
    items: list[Item] = []
    for block in blocks:
        ids = {pick.product_id for pick in block} | {pick.because[0] for pick in block if pick.because}
        rows = choices.find_shown(connection, ids)
        for pick in block:
            row = rows.get(pick.product_id)
            if row is None or not passes(row, wanted):
                continue
            reason = pick.reason or _reason(pick, row, rows, new_since)
            items.append(Item(row, pick.score, pick.preference, pick.source, reason, pick.count))
            if len(items) == limit:
                return items
    return items


def passes(row: Any, wanted: ProductFilter) -> bool:
    """Tell whether a product is for sale and passes the filter, as it is now."""
    return row.status == "published" and wanted.takes(row)


def _reason(pick: Pick, row: Any, rows: Mapping[int, Any], new_since: datetime | None) -> Reason:
    if pick.because == (pick.product_id, "purchase"):
        return reasons.bought_before(row)
    if pick.because is not None and pick.because[0] != pick.product_id:
        product_id, deed = pick.because
        known = rows.get(product_id)
        # What one bought one may be reminded of for ever; the name of a draft is nobody's business.
        if known is not None and (deed == "purchase" or known.status == "published"):
            return reasons.because(deed, known)
    category = fold(row.category)  # which may be another than when it was picked
    if pick.trending_in == category:
        return reasons.trending_in(row.category)
    if pick.popular_in == category:
        return reasons.popular_in(row.category)
    return what_it_is(row, new_since)


def what_it_is(row: Any, new_since: datetime | None) -> Reason:
    """Return the reason of a product for which nothing special speaks: new in its category, or just of it."""
    if new_since is not None and row.created_at >= new_since:
        return reasons.new_in(row.category)
    return reasons.of_category(row.category)
