"""Why a product is recommended: a fact that can be looked up, in words and for programs. Pure rules.

A reason never says more than is known: where nothing special speaks for a product, it says what it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

Kind = Literal[
    "bought", "carted", "viewed", "bought_before", "similar", "bought_together", "preference", "popular", "trending",
    "sold", "new", "category",
]  # fmt: skip
KINDS: Final[tuple[Kind, ...]] = Kind.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Reason:
    """`kind` and what it names: a product, a category (and brand), how often; null is what it does not name."""

    kind: Kind
    text: str
    product_id: int | None = None
    product_name: str | None = None
    category: str | None = None
    brand: str | None = None
    count: int | None = None


# What people did, in the words of signals, and the reason that it makes.
_DEEDS: Final[dict[str, tuple[Kind, str]]] = {
    "purchase": ("bought", "Because you bought {}"),
    "cart": ("carted", "Because you put {} into your cart"),
    "view": ("viewed", "Because you looked at {}"),
    "click": ("viewed", "Because you looked at {}"),
}


def because(deed: str, product: Any) -> Reason:
    """Return the reason that somebody did something with a product (a row with id and name)."""
    kind, text = _DEEDS[deed]
    return Reason(kind, text.format(product.name), product.id, product.name)


def bought_before(product: Any) -> Reason:
    """Return the reason that somebody bought the very product."""
    return Reason("bought_before", "You bought this before", product.id, product.name)


def similar_to(product: Any) -> Reason:
    """Return the reason that a product is like another."""
    return Reason("similar", f"Similar to {product.name}", product.id, product.name)


def together_with(product: Any, count: int) -> Reason:
    """Return the reason that a product was bought in one order with another, `count` times."""
    return Reason(
        "bought_together",
        f"Bought together with {product.name} {_times(count)}",
        product.id,
        product.name,
        count=count,
    )


def prefers(category: str, brand: str | None, *, viewed: bool) -> Reason:
    """Return the reason that somebody buys, or looked at, a category, of a brand where one is given."""
    goods = category if brand is None else f"{category} by {brand}"
    return Reason("preference", f"You {'looked at' if viewed else 'buy'} {goods}", category=category, brand=brand)


def popular_in(category: str) -> Reason:
    """Return the reason that a product is among those bought most of its category."""
    return Reason("popular", f"Popular in {category}", category=category)


def trending_in(category: str) -> Reason:
    """Return the reason that a product is among those that sell best of its category lately."""
    return Reason("trending", f"Trending in {category}", category=category)


def sold(units: int, days: int | None = None) -> Reason:
    """Return the reason that so many units (at least 1) were bought, within the last `days` where they are given."""
    lately = "" if days is None else f" in the last {days} days"
    return Reason("sold", f"Bought {_times(units)}{lately}", count=units)


def new_in(category: str) -> Reason:
    """Return the reason that a product came lately."""
    return Reason("new", f"New in {category}", category=category)


def of_category(category: str) -> Reason:
    """Return what a product is, where nothing more can be said."""
    return Reason("category", f"From {category}", category=category)


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
