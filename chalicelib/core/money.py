"""Money: integer cents inside, exact decimals on the wire. Never a float."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Annotated

from pydantic import Field, WithJsonSchema

MAX_CENTS = 99_999_999_999

# A price on the wire: a JSON number with two decimals.
Money = Annotated[Decimal, WithJsonSchema({"type": "number", "examples": [24.5]})]

# A price that a caller sends as a query parameter or in a body.
MoneyLimit = Annotated[
    Decimal,
    Field(ge=0, le=Decimal("999999999.99"), allow_inf_nan=False),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 999_999_999.99, "examples": [100]}),
]

# The same, but not nothing.
SomeMoney = Annotated[
    Decimal,
    Field(ge=Decimal("0.01"), le=Decimal("999999999.99"), allow_inf_nan=False),
    WithJsonSchema({"type": "number", "minimum": 0.01, "maximum": 999_999_999.99, "examples": [100]}),
]


def from_cents(cents: int) -> Decimal:
    """Return `cents` as a decimal amount with two places: 1050 -> 10.50."""
    return Decimal(cents).scaleb(-2)


def to_cents(amount: Decimal) -> int:
    """Return the number of cents nearest to `amount`, a half to the even one, as an import reads prices."""
    return int((amount * 100).to_integral_value(ROUND_HALF_EVEN))


def floor_cents(amount: Decimal) -> int:
    """Return the largest number of cents not above `amount`: an upper price limit keeps its meaning."""
    return int((amount * 100).to_integral_value(ROUND_FLOOR))


def ceil_cents(amount: Decimal) -> int:
    """Return the smallest number of cents not below `amount`: a lower price limit keeps its meaning."""
    return int((amount * 100).to_integral_value(ROUND_CEILING))


def mean_cents(total_cents: int, count: int) -> Decimal:
    """Return total / count as a decimal amount, rounded half-even to cents; 0.00 of nothing."""
    if count == 0:
        return Decimal("0.00")
    return (Decimal(total_cents) / count).quantize(Decimal(1), ROUND_HALF_EVEN).scaleb(-2)
