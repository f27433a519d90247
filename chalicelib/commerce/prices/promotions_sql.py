"""The SQL of promotions and of their uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from chalicelib.commerce.sale_tables import checkouts, promotions
from chalicelib.core.database import AnyRow, Connection, insert_row
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest

# States of a checkout that has a use of its promotion; the others have given it back.
_WITH_USE = ("open", "paying", "paid")


class NotUnique(Exception):
    """Another promotion has the code; the transaction can go on."""


def find_promotion(connection: Connection, promotion_id: int) -> AnyRow | None:
    """Return a promotion."""
    return connection.execute(select(promotions).where(promotions.c.id == promotion_id)).first()


def list_promotions(
    connection: Connection, page: PageRequest, *, is_active: bool | None, code_key: str | None
) -> Page[AnyRow]:
    """Return promotions by id."""
    statement = select(promotions)
    if is_active is not None:
        statement = statement.where(promotions.c.is_active.is_(is_active))
    if code_key is not None:
        statement = statement.where(promotions.c.code_key == code_key)
    return fetch_page(connection, statement, page, order=[promotions.c.id])


def insert_promotion(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert a promotion and return its id.

    Raises:
        NotUnique: another has its code.
    """
    try:
        return insert_row(connection, promotions, values)
    except IntegrityError as error:
        raise NotUnique from error


def update_promotion(connection: Connection, promotion_id: int, values: Mapping[str, Any]) -> None:
    """Change columns of a promotion, which gets a new version."""
    statement = update(promotions).where(promotions.c.id == promotion_id)
    connection.execute(statement.values(**values, version=promotions.c.version + 1))


def delete_promotion(connection: Connection, promotion_id: int) -> None:
    """Delete a promotion that no checkout names."""
    connection.execute(delete(promotions).where(promotions.c.id == promotion_id))


def is_named(connection: Connection, promotion_id: int) -> bool:
    """Tell whether any checkout, alive or not, names the promotion."""
    statement = select(checkouts.c.id).where(checkouts.c.promotion_id == promotion_id).limit(1)
    return connection.execute(statement).first() is not None


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
