"""What stands beside a product, and what sells: for everybody the same."""

from __future__ import annotations

from typing import Any

from chalicelib.core import clock
from chalicelib.core.database import Connection
from chalicelib.recommendations.models import live
from chalicelib.recommendations.models.live import LiveModel
from chalicelib.recommendations.serving import from_sales, request_ids
from chalicelib.recommendations.serving.wishes import Found, Item, Wish


def similar_to(connection: Connection, product: Any, wish: Wish) -> Found:
    """Return what is most like a product (its row): by behaviour and attributes, then of its category by brand and
    price.
    """
    model, items = live.current(), list[Item]()
    if model is not None:
        # numpy: only who asks for recommendations pays for it
        from chalicelib.recommendations.serving import from_model

        items = from_model.similar(connection, model, product, wish)
    used = ["model"] if items else []
    if len(items) < wish.limit:
        seen = [item.row.id for item in items]
        more = from_sales.similar(connection, product, wish, leave_out=seen, limit=wish.limit - len(items))
        items, used = [*items, *more], used + ["attributes"] * bool(more)
    return _found(items, "+".join(used) or "attributes", model)


def bought_together_with(connection: Connection, product: Any, wish: Wish) -> Found:
    """Return what was bought in the same orders as a product (its row), most often first; nothing else."""
    model, items = live.current(), None
    if model is not None:
        # numpy: only who asks for recommendations pays for it
        from chalicelib.recommendations.serving import from_model

        items = from_model.bought_together(connection, model, product, wish)
    if items is None:
        return _found(from_sales.bought_together(connection, product, wish), "orders", None)
    return _found(items, "model", model)


def trending(connection: Connection, wish: Wish) -> Found:
    """Return what sells best lately, then what ever sold best."""
    model, now = live.current(), clock.now()
    if model is None:
        return _found(from_sales.trending(connection, wish, now=now), "orders", None)
    # numpy: only who asks for recommendations pays for it
    from chalicelib.recommendations.serving import from_model

    return _found(from_model.trending(connection, model, wish, now=now), "model", model)


def _found(items: list[Item], algorithm: str, model: LiveModel | None) -> Found:
    version = None if model is None else model.version
    return Found(items, algorithm, request_ids.make(version), version)
