"""The SQL of templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from chalicelib.conversations.history.history_tables import conversation_templates as templates
from chalicelib.core.database import AnyRow, Connection, insert_row
from chalicelib.core.database.pages import fetch_numbered
from chalicelib.core.paging import NumberedPage, NumberedQuery


class NotUnique(Exception):
    """Another template has the name; the transaction can go on."""


def find_template(connection: Connection, template_id: int) -> AnyRow | None:
    """Return a template."""
    return connection.execute(select(templates).where(templates.c.id == template_id)).first()


def lock_template(connection: Connection, template_id: int) -> AnyRow | None:
    """Return a template, which stays as it is for others until the transaction ends."""
    return connection.execute(select(templates).where(templates.c.id == template_id).with_for_update()).first()


def find_template_by_name(connection: Connection, name_key: str) -> AnyRow | None:
    """Return the template of a folded name."""
    return connection.execute(select(templates).where(templates.c.name_key == name_key)).first()


def list_templates(
    connection: Connection,
    page: NumberedQuery,
    *,
    seen_by: int | None,
    category: str | None,
    is_active: bool | None,
    search_key: str | None,
) -> NumberedPage[AnyRow]:
    """Return templates by id; with `seen_by` those that are active, and those that this account made."""
    statement = select(templates)
    if seen_by is not None:
        statement = statement.where(or_(templates.c.is_active, templates.c.created_by == seen_by))
    if category is not None:
        statement = statement.where(templates.c.category == category)
    if is_active is not None:
        statement = statement.where(templates.c.is_active.is_(is_active))
    if search_key is not None:
        statement = statement.where(templates.c.search_key.contains(search_key, autoescape=True))
    return fetch_numbered(connection, statement, page, order=[templates.c.id])


def insert_template(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert a template and return its id.

    Raises:
        NotUnique: another has its name.
    """
    try:
        return insert_row(connection, templates, values)
    except IntegrityError as error:
        raise NotUnique from error


def update_template(connection: Connection, template_id: int, values: Mapping[str, Any]) -> None:
    """Change columns of a template.

    Raises:
        NotUnique: another has its name.
    """
    try:
        connection.execute(update(templates).where(templates.c.id == template_id).values(**values))
    except IntegrityError as error:
        raise NotUnique from error


def count_use(connection: Connection, template_id: int) -> bool:
    """Count one use more of an active template; False where there is none."""
    statement = update(templates).where(templates.c.id == template_id, templates.c.is_active)
    return bool(connection.execute(statement.values(usage_count=templates.c.usage_count + 1)).rowcount)


def delete_template(connection: Connection, template_id: int) -> None:
    """Delete a template; the sessions that were made of it stay."""
    connection.execute(delete(templates).where(templates.c.id == template_id))


def forget_author(connection: Connection, account_id: int) -> None:
    """Leave the templates of an account to nobody."""
    connection.execute(update(templates).where(templates.c.created_by == account_id).values(created_by=None))
