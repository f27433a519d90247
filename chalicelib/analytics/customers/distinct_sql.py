"""The SQL that reads how many customers there were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ScalarSelect, func, select

from chalicelib.analytics.customers.customer_tables import customer_counts, customer_gaps
from chalicelib.analytics.days import Span
from chalicelib.core.database import Connection

_count, _gap = customer_counts.c, customer_gaps.c

# A statement sums up so many blocks: SQLite knows no statement of more than some thousand columns and 32,766 values.
_BLOCKS = 400


@dataclass(frozen=True, slots=True)
class Block:
    """Pairs of `customer_gaps`: a level, the later days (or months), and from when to when the earlier ones are."""

    level: str
    later: Sequence[date]
    earlier: Span


def list_counts(connection: Connection, span: Span) -> dict[date, tuple[int, int, int, int]]:
    """Return by day that has any: customers, and those whose first day it was in its week, its month, ever."""
    columns = (_count.customers, _count.week_firsts, _count.month_firsts, _count.new_customers)
    found = select(_count.day, *columns).where(_count.day.between(span.first, span.last))
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in connection.execute(found)}


def count_all(connection: Connection) -> int:
    """Return how many customers there are that ever ordered."""
    return int(connection.scalar(select(func.coalesce(func.sum(_count.new_customers), 0))) or 0)


def sum_pairs(connection: Connection, blocks: Sequence[Block]) -> list[int]:
    """Return how many pairs there are in each block."""
    found: list[int] = []
    for first in range(0, len(blocks), _BLOCKS):
        row = connection.execute(select(*map(_sum_of, blocks[first : first + _BLOCKS]))).one()
        found += [int(value) for value in row]
    return found


def _sum_of(block: Block) -> ScalarSelect[int]:
    # Each later day by itself, not from when to when: so the earlier ones are a range of the key and no more is read.
    inside = (
        _gap.level == block.level,
        _gap.later.in_(block.later),
        _gap.earlier.between(block.earlier.first, block.earlier.last),
    )
    return select(func.coalesce(func.sum(_gap.pairs), 0)).where(*inside).scalar_subquery()
