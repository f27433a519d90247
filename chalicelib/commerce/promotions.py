"""The rules of promotions: who may use a code, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.commerce import promotions_sql
from chalicelib.commerce.pricing import Promotion, PromotionKind
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict
from chalicelib.core.text import fold

_USED_UP = "This code has been used as often as it may be."
_USED_UP_BY_CUSTOMER = "You have used this code as often as one customer may."


class PromotionRefused(Conflict):
    """The code gives nothing here and now; the message is for the customer."""

    code = "promotion-refused"
    title = "Promotion refused"


@dataclass(frozen=True, slots=True)
class FoundPromotion:
    """A promotion with what it takes off, how often it may be used, and how often it was; None is no limit."""

    id: int
    code: str
    terms: Promotion
    usage_limit: int | None
    customer_limit: int | None
    used: int


def find_promotion(connection: Connection, code: str) -> FoundPromotion | None:
    """Return the promotion of a code in any spelling, usable or not."""
    row = promotions_sql.find_promotion_by_code(connection, fold(code))
    return None if row is None else _found(row)


def check(
    connection: Connection, found: FoundPromotion, *, items_cents: int, email_key: str | None, now: datetime
) -> str | None:
    """Return why a promotion cannot be used now, as a sentence for the customer; None when it can.

    `items_cents` is the sum before any discount; `email_key` is the folded address, None while it is not known.
    """
    refusal = found.terms.refusal(items_cents, now)
    if refusal is not None:
        return refusal
    if found.usage_limit is not None and found.used >= found.usage_limit:
        return _USED_UP
    if found.customer_limit is None or email_key is None:
        return None
    used = promotions_sql.count_uses(connection, found.id, email_key)
    return _USED_UP_BY_CUSTOMER if used >= found.customer_limit else None


def take_use(
    connection: Connection, promotion_id: int, *, items_cents: int, email_key: str, now: datetime
) -> FoundPromotion:
    """Count a use for the checkout that this transaction makes; return the promotion that was checked.

    Call it before the checkout is inserted, which will count as a use of its address, and price the purchase by the
    terms that are returned: the promotion is locked until the transaction ends, so that two checkouts cannot both
    have the last use, nor both have the one use of a customer.

    Raises:
        PromotionRefused: it cannot be used (any more); nothing is counted.
    """
    row = promotions_sql.lock_promotion(connection, promotion_id)
    if row is None:
        raise PromotionRefused("This code is not in use.")
    found = _found(row)
    refusal = check(connection, found, items_cents=items_cents, email_key=email_key, now=now)
    if refusal is not None:
        raise PromotionRefused(refusal)
    if not promotions_sql.take_use(connection, promotion_id):
        raise PromotionRefused(_USED_UP)
    return found


def give_use_back(connection: Connection, promotion_id: int) -> None:
    """Count a use less, in the transaction that expires or cancels the checkout which had it."""
    promotions_sql.give_use_back(connection, promotion_id)


def _found(row: Any) -> FoundPromotion:
    return FoundPromotion(
        id=row.id,
        code=row.code,
        terms=Promotion(
            kind=PromotionKind(row.kind),
            value=row.value,
            minimum_cents=row.minimum_cents,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            is_active=bool(row.is_active),
        ),
        usage_limit=row.usage_limit,
        customer_limit=row.customer_limit,
        used=row.used,
    )
