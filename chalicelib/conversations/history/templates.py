"""Templates: beginnings of conversations that everybody may use, and their authors and staff look after."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.conversations.history import sessions
from chalicelib.conversations.history import templates_sql as sql
from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, Forbidden, InvalidInput, NotFound
from chalicelib.core.paging import NumberedPage, NumberedQuery
from chalicelib.core.responses import to_json
from chalicelib.core.text import fold

_KEY_LENGTH = 255


class TemplateNameTaken(Conflict):
    """Another template has this name (case does not matter)."""

    code = "template-name-taken"
    title = "Template name taken"


class TemplateInactive(Conflict):
    """The template is switched off."""

    code = "template-inactive"
    title = "Template switched off"


def list_templates(
    connection: Connection,
    page: NumberedQuery,
    caller: Caller,
    *,
    category: str | None = None,
    is_active: bool | None = None,
    search: str | None = None,
) -> NumberedPage[Any]:
    """Return the templates that the caller sees, by id; `search` looks in names and descriptions, case ignored."""
    return sql.list_templates(
        connection,
        page,
        seen_by=None if caller.is_staff else caller.account_id,
        category=category,
        is_active=is_active,
        search_key=fold(search) if search else None,
    )


def get_template(connection: Connection, template_id: int, caller: Caller) -> Any:
    """Return a template.

    Raises:
        NotFound: there is none, or it is switched off and somebody else's.
    """
    return _seen(sql.find_template(connection, template_id), template_id, caller)


def create_template(connection: Connection, values: Mapping[str, Any], caller: Caller) -> Any:
    """Make a template of the caller and return it.

    Raises:
        TemplateNameTaken: there is one of that name.
    """
    now = clock.now()
    own = {"usage_count": 0, "created_by": caller.account_id, "created_at": now, "updated_at": now}
    row = {**_stored(values), **own}
    _check_free(connection, row["name_key"], values["name"])
    try:
        template_id = sql.insert_template(connection, row)
    except sql.NotUnique:
        raise _taken(values["name"]) from None  # somebody was quicker by a moment
    return sql.find_template(connection, template_id)


def change_template(connection: Connection, template_id: int, changes: Mapping[str, Any], caller: Caller) -> Any:
    """Change a template and return it.

    Raises:
        NotFound: there is none that the caller sees.
        Forbidden: it is somebody else's.
        TemplateNameTaken: another has that name.
    """
    before = _lock_own(connection, template_id, caller)
    described = {"name": before.name, "description": before.description}
    values = _stored({**described, **changes})
    if values["name_key"] != before.name_key:
        _check_free(connection, values["name_key"], values["name"])
    try:
        sql.update_template(connection, template_id, {**values, "updated_at": clock.now()})
    except sql.NotUnique:
        raise _taken(values["name"]) from None
    return sql.find_template(connection, template_id)


def delete_template(connection: Connection, template_id: int, caller: Caller) -> None:
    """Delete a template; sessions that were made of it stay.

    Raises:
        NotFound, Forbidden: as for a change.
    """
    _lock_own(connection, template_id, caller)
    sql.delete_template(connection, template_id)


def use_template(connection: Connection, template_id: int, caller: Caller) -> Any:
    """Begin a session of the caller with a template and return it.

    It is titled after the template, has its data as context and its category as tag.

    Raises:
        NotFound: there is none that the caller sees.
        TemplateInactive: it is switched off.
    """
    # The row stays locked by the count: nobody switches it off or changes it until the session is there.
    is_active = sql.count_use(connection, template_id)
    template = get_template(connection, template_id, caller)
    if not is_active:
        raise TemplateInactive(f"The template {template.name!r} is switched off.")
    begun = sessions.NewSession(
        title=template.name,
        session_context=json.loads(template.template_data),
        tags=[template.category] if template.category else [],
    )
    return sessions.create_session(connection, caller.account_id, begun)


def forget_author(connection: Connection, account_id: int) -> None:
    """Leave the templates of an account to nobody: staff look after them."""
    sql.forget_author(connection, account_id)


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is given of a template, name and description included, as columns."""
    columns = dict(values)
    columns["name_key"] = fold(values["name"])
    columns["search_key"] = fold(f"{values['name']}\n{values['description']}")
    if len(columns["name_key"]) > _KEY_LENGTH:  # ligatures come apart
        raise InvalidInput.at("body.name", "is too long")
    if "template_data" in values:
        columns["template_data"] = to_json(values["template_data"])
    return columns


def _seen(row: Any | None, template_id: int, caller: Caller) -> Any:
    if row is None or not (row.is_active or _may_change(row, caller)):
        raise NotFound(f"There is no template {template_id}.")
    return row


def _lock_own(connection: Connection, template_id: int, caller: Caller) -> Any:
    row = _seen(sql.lock_template(connection, template_id), template_id, caller)
    if not _may_change(row, caller):
        raise Forbidden("A template is changed by who made it, and by staff.")
    return row


def _may_change(row: Any, caller: Caller) -> bool:
    return caller.is_staff or row.created_by == caller.account_id


def _check_free(connection: Connection, name_key: str, name: str) -> None:
    if sql.find_template_by_name(connection, name_key) is not None:
        raise _taken(name)


def _taken(name: str) -> TemplateNameTaken:
    return TemplateNameTaken(f"There is a template named {name!r}.")
