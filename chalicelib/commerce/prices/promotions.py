"""The rules of promotions: who may use a code, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.commerce.prices import promotions_sql
from chalicelib.commerce.prices.pricing import PER_PERCENT, Promotion, PromotionKind
from chalicelib.core import clock
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, NotFound, PreconditionFailed
from chalicelib.core.text import fold

# Times that every engine can hold in any time zone, and that somebody may mean.
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

_USED_UP = "This code has been used as often as it may be."
_USED_UP_BY_CUSTOMER = "You have used this code as often as one customer may."


class PromotionRefused(Conflict):
    """The code gives nothing here and now; the message is for the customer."""

    code = "promotion-refused"
    title = "Promotion refused"


class ImpossibleTerms(Conflict):
    """The terms do not go together."""

    code = "impossible-terms"
    title = "Impossible terms"


class CodeTaken(Conflict):
    """Another promotion has this code (case does not matter)."""

    code = "code-taken"
    title = "Code taken"


class PromotionUsed(Conflict):
    """What was used stays, for the checkouts that name it."""

    code = "promotion-used"
    title = "Promotion used"


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


def create_promotion(connection: Connection, values: Mapping[str, Any]) -> int:
    """Make a promotion of columns such as `code`, `kind`, `value` (as in `pricing.Promotion`) and return its id.

    Raises:
        ImpossibleTerms, CodeTaken: it makes no sense, or would not be the only one of its code.
    """
    now = clock.now()
    whole = {**values, "code_key": fold(values["code"]), "used": 0, "created_at": now, "updated_at": now}
    _check_terms(whole)
    try:
        return promotions_sql.insert_promotion(connection, whole)
    except promotions_sql.NotUnique as error:
        raise CodeTaken(f"There is a promotion with the code {values['code']!r}.") from error


def get_promotion(connection: Connection, promotion_id: int) -> Any:
    """Return a promotion.

    Raises:
        NotFound: there is none of that id.
    """
    row = promotions_sql.find_promotion(connection, promotion_id)
    if row is None:
        raise _not_found(promotion_id)
    return row


def change_promotion(
    connection: Connection, promotion_id: int, values: Mapping[str, Any], *, expected_version: int | None
) -> None:
    """Set columns of a promotion other than `code` and `kind`; what is equal already is no change.

    Raises:
        NotFound, PreconditionFailed: it is gone, or somebody has changed it since.
        ImpossibleTerms: it would make no sense.
    """
    row = _lock(connection, promotion_id, expected_version)
    changes = {name: value for name, value in values.items() if row._mapping[name] != value}
    if changes:
        _check_terms({**row._mapping, **changes})
        promotions_sql.update_promotion(connection, promotion_id, {**changes, "updated_at": clock.now()})


def delete_promotion(connection: Connection, promotion_id: int, *, expected_version: int | None) -> None:
    """Delete a promotion that was never used.

    Raises:
        NotFound, PreconditionFailed: it is gone, or somebody has changed it since.
        PromotionUsed: a checkout has or had a use of it.
    """
    row = _lock(connection, promotion_id, expected_version)
    # The lock keeps new checkouts from naming it meanwhile.
    if row.used or promotions_sql.is_named(connection, promotion_id):
        raise PromotionUsed(f"The promotion {row.code} was used already: switch it off instead.")
    promotions_sql.delete_promotion(connection, promotion_id)


def _lock(connection: Connection, promotion_id: int, expected_version: int | None) -> Any:
    row = promotions_sql.lock_promotion(connection, promotion_id)
    if row is None:
        raise _not_found(promotion_id)
    if expected_version not in (None, row.version):
        raise PreconditionFailed(
            f"The promotion {promotion_id} is at version {row.version} by now, your change is of version "
            f"{expected_version}: read it again."
        )
    return row


def _not_found(promotion_id: int) -> NotFound:
    return NotFound(f"There is no promotion {promotion_id}.")


def _check_terms(whole: Mapping[str, Any]) -> None:
    if whole["kind"] == PromotionKind.PERCENTAGE and whole["value"] > 100 * PER_PERCENT:
        raise ImpossibleTerms("A percentage is 100 at most.")
    starts_at, ends_at = whole["starts_at"], whole["ends_at"]
    if any(moment is not None and not _FIRST <= moment < _LAST for moment in (starts_at, ends_at)):
        raise ImpossibleTerms(f"Times are from {_FIRST.year} on and before {_LAST.year}.")
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise ImpossibleTerms("It must end after it begins.")
    if whole["usage_limit"] is not None and whole["usage_limit"] < whole["used"]:
        raise ImpossibleTerms(f"It was used {whole['used']} times already: the limit cannot be below.")


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
