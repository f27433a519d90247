"""What can be said without a model: what people buy of which kind, what sells, what is alike. By SQL, and marked so.

Loads no numpy.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.commerce.catalogue import choices
from chalicelib.commerce.sales.sales import Preference
from chalicelib.core.database import Connection
from chalicelib.core.text import fold
from chalicelib.recommendations.serving import reasons
from chalicelib.recommendations.serving.picks import what_it_is
from chalicelib.recommendations.serving.reasons import Reason
from chalicelib.recommendations.serving.wishes import Deed, Item, Source, Wish
from chalicelib.recommendations.signals.weights import PURCHASE

TRENDING_DAYS = 30

# (category, brand) as they are spelled, by their folded keys, with what they weigh.
_Taste = Mapping[tuple[str, str], tuple[str, str | None, float]]


def personal(
    connection: Connection,
    customer_id: int | None,
    deeds: Sequence[Deed],
    preferences: Sequence[Preference],
    wish: Wish,
    *,
    now: datetime,
) -> tuple[list[Item], str]:
    """Return items by what the person buys and looks at, then what all buy; and by which of them.

    A product of a (category, brand) scores the share that it has of the person's kept units and views, or half of
    the best share of its category where that is more; the greatest possible score is 1.
    """
    bought = _taste_of(preferences)
    viewed = _views(connection, deeds)
    weights = _shares(bought, viewed)
    limits: dict[str, Any] = {
        "not_bought_by": customer_id if wish.exclude_purchased else None,
        "in_stock_first": wish.stock_first,
        "limit": wish.limit,
    }
    matches = choices.best_matches(connection, weights, wish.wanted, leave_out=wish.context, **limits)
    new_since = choices.new_since(choices.opened_at(connection), now)
    items = [_match(row, bought, viewed, new_since) for row in matches]
    if sum(not wish.stock_first or item.row.available > 0 for item in items) < wish.limit:
        seen = {*wish.context, *(row.id for row in matches)}
        rest = choices.popular(connection, wish.wanted, leave_out=sorted(seen), **limits)
        items += [_popular(row, new_since) for row in rest]
        if wish.stock_first:
            items.sort(key=lambda item: item.row.available <= 0)  # in order otherwise: the sort is stable
    shown = items[: wish.limit]
    used = [
        name
        for name, source in (("preferences", "content"), ("popularity", "popularity"))
        if any(item.source == source for item in shown)
    ]
    return shown, "+".join(used) or "preferences"


def similar(
    connection: Connection, like: Any, wish: Wish, *, leave_out: Collection[int] = (), limit: int
) -> list[Item]:
    """Return items of the category of a product (a row), by brand and price."""
    rows = choices.alike(
        connection, like, wish.wanted, leave_out=leave_out, in_stock_first=wish.stock_first, limit=limit
    )
    reason = reasons.similar_to(like)
    return [_item(row, float(row.score), "content", reason) for row in rows]


def bought_together(connection: Connection, bought: Any, wish: Wish) -> list[Item]:
    """Return items that share most orders with a product (a row)."""
    rows = choices.bought_together(
        connection, bought.id, wish.wanted, in_stock_first=wish.stock_first, limit=wish.limit
    )
    most = max((row.orders for row in rows), default=1)
    return [
        Item(
            row,
            row.orders / most,
            row.orders / most,
            "popularity",
            reasons.together_with(bought, row.orders),
            row.orders,
        )
        for row in rows
    ]


def trending(connection: Connection, wish: Wish, *, now: datetime) -> list[Item]:
    """Return items by what was bought in the last days, then by what was ever bought."""
    rows = choices.trending(
        connection,
        wish.wanted,
        since=now - timedelta(days=TRENDING_DAYS),
        in_stock_first=wish.stock_first,
        limit=wish.limit,
    )
    most = max((row.units for row in rows), default=1)
    items = [_item(row, row.units / most, "popularity", reasons.sold(row.units, TRENDING_DAYS)) for row in rows]
    if sum(not wish.stock_first or row.available > 0 for row in rows) < wish.limit:
        new_since = choices.new_since(choices.opened_at(connection), now)
        rest = choices.popular(
            connection,
            wish.wanted,
            not_bought_by=None,
            leave_out=[row.id for row in rows],
            in_stock_first=wish.stock_first,
            limit=wish.limit,
        )
        items += [_popular(row, new_since) for row in rest]
        if wish.stock_first:
            items.sort(key=lambda item: item.row.available <= 0)
    return items[: wish.limit]


def _item(row: Any, score: float, source: Source, reason: Reason) -> Item:
    return Item(row, score, min(1.0, score), source, reason)


def _popular(row: Any, new_since: datetime) -> Item:
    # Nothing that is known of the person speaks for it.
    return Item(row, 0.0, 0.0, "popularity", reasons.sold(row.units) if row.units else what_it_is(row, new_since))


def _match(row: Any, bought: _Taste, viewed: _Taste, new_since: datetime) -> Item:
    category, brand = fold(row.category), fold(row.brand or "")
    reason = what_it_is(row, new_since)
    for taste, looked_at in ((bought, False), (viewed, True)):
        if (category, brand) in taste and brand:
            reason = reasons.prefers(row.category, row.brand, viewed=looked_at)
            break
        if any(key[0] == category for key in taste):
            reason = reasons.prefers(row.category, None, viewed=looked_at)
            break
    return _item(row, float(row.score), "content", reason)


def _taste_of(preferences: Sequence[Preference]) -> _Taste:
    return {
        (fold(each.category), fold(each.brand or "")): (each.category, each.brand, float(each.units))
        for each in preferences
    }


def _views(connection: Connection, deeds: Sequence[Deed]) -> _Taste:
    """Return what was looked at or put into a cart, by category and brand: one statement where there is any."""
    looked_at = [deed for deed in deeds if deed.kind != PURCHASE]
    rows = choices.find_shown(connection, {deed.product_id for deed in looked_at}) if looked_at else {}
    found: dict[tuple[str, str], tuple[str, str | None, float]] = {}
    for deed in looked_at:
        row = rows.get(deed.product_id)
        if row is None or row.status != "published":
            continue
        key = (fold(row.category), fold(row.brand or ""))
        category, brand, weight = found.get(key, (row.category, row.brand, 0.0))
        found[key] = (category, brand, weight + deed.weight)
    return found


def _shares(*tastes: _Taste) -> list[tuple[str, str | None, float]]:
    added: dict[tuple[str, str], tuple[str, str | None, float]] = {}
    for taste in tastes:
        for key, (category, brand, weight) in taste.items():
            added[key] = (category, brand, weight + (added[key][2] if key in added else 0.0))
    total = sum(weight for _, _, weight in added.values())
    return [(category, brand, weight / total) for category, brand, weight in added.values()]
