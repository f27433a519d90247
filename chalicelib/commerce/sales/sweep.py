"""The sweep: what was left half-way is brought to its end. Safe to run at any time, twice, and to be killed.

Payments first: what succeeded must become an order before anybody frees its units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from chalicelib.commerce.sales import carts, checkouts, payments, refunds
from chalicelib.core import logging
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import AppError

T = TypeVar("T")

_BATCH = 50
# One outside call may take this long.
_RESERVE_MS = 25_000


@dataclass(frozen=True, slots=True)
class Swept:
    """How many of each kind were brought to their end."""

    payments: int
    refunds: int
    checkouts: int
    carts: int


def sweep(time_left_ms: Callable[[], int]) -> Swept:
    """Finish payments and refunds that were cut off, expire checkouts, forget carts that nobody came back to."""
    settled = _each(payments.list_cut_off, payments.reconcile, lambda payment: payment.id, time_left_ms)
    refunded = _each(refunds.list_waiting, refunds.execute, lambda refund_id: refund_id, time_left_ms)
    expired = _each(checkouts.list_overdue, checkouts.expire, lambda checkout_id: checkout_id, time_left_ms)
    left = 0
    if time_left_ms() > _RESERVE_MS:
        left = run(lambda connection: carts.delete_left(connection, _BATCH), writes=True)
    swept = Swept(settled, refunded, expired, left)
    if any((settled, refunded, expired, left)):
        logging.info("swept", payments=settled, refunds=refunded, checkouts=expired, carts=left)
    return swept


def _each(
    find: Callable[[Connection, int, int], list[T]],
    finish: Callable[[T], object],
    id_of: Callable[[T], int],
    time_left_ms: Callable[[], int],
) -> int:
    """Finish what `find` lists behind each id in turn; one that fails does not hold up the others.

    Return how many were finished: where `finish` says False, there was nothing to do any more.
    """
    behind, count = 0, 0
    while time_left_ms() > _RESERVE_MS:
        found = _next(find, behind)
        for each in found:
            behind = id_of(each)
            if time_left_ms() <= _RESERVE_MS:
                return count
            try:
                if finish(each) is not False:
                    count += 1
            except AppError as error:
                # The provider is away, say: the next run tries again.
                logging.warning("not finished", id=behind, reason=error.message)
            except Exception:
                # A mistake of ours, which a person must look at; all others go on meanwhile.
                logging.failure("not finished", id=behind)
        if len(found) < _BATCH:
            break
    return count


def _next(find: Callable[[Connection, int, int], list[T]], behind: int) -> list[T]:
    return run(lambda connection: find(connection, behind, _BATCH), writes=False)
