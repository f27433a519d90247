"""The SQL of promotions and of their uses."""

from __future__ import annotations

from sqlalchemy import func, select, update

from chalicelib.commerce.sale_tables import checkouts, promotions
from chalicelib.core.database import AnyRow, Connection

# States of a checkout that has a use of its promotion; the others have given it back.
_WITH_USE = ("open", "paying", "paid")


def find_promotion_by_code(connection: Connection, code_key: str) -> AnyRow | None:
    """Return the promotion of a folded code."""
    return connection.execute(select(promotions).where(promotions.c.code_key == code_key)).first()


def lock_promotion(connection: Connection, promotion_id: int) -> AnyRow | None:
    """Return a promotion, which stays as it is for others until the transaction ends."""
    return connection.execute(select(promotions).where(promotions.c.id == promotion_id).with_for_update()).first()


def count_uses(connection: Connection, promotion_id: int, email_key: str) -> int:
    """Return how many uses of a promotion the checkouts of an e-mail address have."""
    statement = select(func.count()).where(
        checkouts.c.promotion_id == promotion_id,
        checkouts.c.email_key == email_key,
        checkouts.c.state.in_(_WITH_USE),
    )
    return int(connection.execute(statement).scalar_one())


def take_use(connection: Connection, promotion_id: int) -> bool:
    """Count one use more; False, and nothing done, where there is none left."""
    is_left = promotions.c.usage_limit.is_(None) | (promotions.c.used < promotions.c.usage_limit)
    statement = update(promotions).where(promotions.c.id == promotion_id, is_left)
    return connection.execute(statement.values(used=promotions.c.used + 1)).rowcount == 1


def give_use_back(connection: Connection, promotion_id: int) -> None:
    """Count one use less, never below none."""
    statement = update(promotions).where(promotions.c.id == promotion_id, promotions.c.used > 0)
    connection.execute(statement.values(used=promotions.c.used - 1))
