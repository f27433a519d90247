"""How the stock of a product stands: out, low, healthy, over or dead. Pure rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# The rate at which something sells is that of so many days, today included.
RATE_DAYS = 28
# Cover where nothing sold in these days: behind every other.
ENDLESS = 2_147_483_647


class StockState(StrEnum):
    """How the stock of a product stands."""

    OUT = "out"
    LOW = "low"
    HEALTHY = "healthy"
    OVER = "over"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Limits:
    """From which cover on there is too little or too much, and after how long without a sale stock is dead; days."""

    low_days: int
    over_days: int
    dead_days: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """A product: its free units, units sold at the rate and within the days of the dead, and since when it lies.

    `low_at`: so many free units are few, whatever sells.
    """

    free: int
    sold: int
    sold_before: int
    oldest_at: datetime | None
    low_at: int
    is_sold: bool


def cover_tenths(free: int, sold: int) -> int:
    """Return for how many tenths of a day the free units last when so many sell in `RATE_DAYS`, rounded down."""
    if free <= 0:
        return 0
    if sold <= 0:
        return ENDLESS
    return min(free * RATE_DAYS * 10 // sold, ENDLESS - 1)


def state_of(shelf: Shelf, limits: Limits, now: datetime) -> StockState | None:
    """Return how a product stands; None where nothing lies there and nobody misses it."""
    if shelf.free <= 0:
        return StockState.OUT if shelf.is_sold and shelf.sold_before > 0 else None
    age = now - shelf.oldest_at if shelf.oldest_at is not None else timedelta()
    if shelf.sold_before <= 0 and age >= timedelta(days=limits.dead_days):
        return StockState.DEAD
    cover = cover_tenths(shelf.free, shelf.sold)
    if shelf.free <= shelf.low_at or cover < limits.low_days * 10:
        return StockState.LOW
    if cover == ENDLESS and age < timedelta(days=RATE_DAYS):
        return StockState.HEALTHY  # it has only come in
    return StockState.OVER if cover > limits.over_days * 10 else StockState.HEALTHY
