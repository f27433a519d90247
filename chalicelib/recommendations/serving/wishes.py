"""What is asked for, and what is found: plain values that views, rules and fall-backs share. No numbers, no SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from chalicelib.commerce.catalogue.choices import ProductFilter
from chalicelib.commerce.sales.sales import Preference
from chalicelib.recommendations.serving.reasons import Reason

Source = Literal["collaborative", "content", "popularity"]

# How much a list avoids being all of one category, where the caller does not say.
DIVERSITY: Final = 0.1


@dataclass(frozen=True, slots=True)
class Wish:
    """Of what to recommend how many. `stock_first`: what is sold out comes behind all that is in stock.

    `diversity` None: as the shop has it. `context`: product ids of the present visit, oldest first.
    """

    wanted: ProductFilter
    limit: int
    stock_first: bool = True
    exclude_purchased: bool = True
    diversity: float | None = None
    context: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """For whom: a customer, or a visitor by its public id, or nobody that is known."""

    customer_id: int | None = None
    visitor: str | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that the person did with a product; `kind` in the words of signals, `weight` 1 for a purchase."""

    product_id: int
    kind: str
    at: datetime
    weight: float


@dataclass(frozen=True, slots=True)
class Item:
    """A product (its row as it is now), and why it is here; `preference` in [0, 1]; `count` of shared orders."""

    row: Any
    score: float
    preference: float
    source: Source
    reason: Reason
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An answer: items in order, what made it, and the id under which it is told what became of it."""

    items: Sequence[Item]
    algorithm: str
    request_id: str
    model_version: str | None = None
    variant: str | None = None
    preferences: Sequence[Preference] = field(default=())
