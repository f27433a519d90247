"""Profiles of who talks over HTTP."""

from __future__ import annotations

from typing import Any

import msgspec
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.accounts import accounts
from chalicelib.conversations.history import fields, profiles, profiles_sql
from chalicelib.conversations.history.session_answers import Person, present_person
from chalicelib.core.auth import SIGNED_IN, Caller, Role
from chalicelib.core.bodies import Change, without_default
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import Listed, NumberedPage, NumberedQuery
from chalicelib.core.routes import Reply, Routes

routes = Routes("Conversations", also=("/api", "/api/conversations"))

_EXAMPLE: dict[str, Any] = {"preferences": {"language": "en", "theme": "dark"}}


class Profile(BaseModel):
    """Who talks, with the totals of its conversations."""

    id: int
    user: Person
    created_at: AwareDatetime
    updated_at: AwareDatetime
    is_active: bool = Field(description="The client's own mark; nothing here depends on it.")
    preferences: dict[str, Any] = Field(description="The client's own.")
    total_conversations: int
    total_messages: int


class ProfileBody(BaseModel):
    """A profile to be made, or all that is one's own to write of one: what is left out is empty."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    is_active: bool = True
    preferences: fields.JsonObject = Field(default_factory=dict)


class ProfileChange(Change):
    """What to change of a profile; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"minProperties": 1, "examples": [_EXAMPLE]})

    is_active: bool = Field(True, json_schema_extra=without_default)
    preferences: fields.JsonObject = Field(default_factory=dict)


def _present(row: Any, person: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "user": present_person(person),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "is_active": bool(row.is_active),
        "preferences": msgspec.json.decode(row.preferences),
        "total_conversations": row.total_conversations,
        "total_messages": row.total_messages,
    }


def _answer(connection: Connection, row: Any) -> dict[str, Any]:
    return _present(row, accounts.find_people(connection, [row.account_id])[row.account_id])


def _whose(caller: Caller) -> int | None:
    """Return whose profiles the caller may see and change: an admin everybody's."""
    return None if caller.role is Role.ADMIN else caller.account_id


@routes.get("/api/profiles/me", access=SIGNED_IN, response=Profile, status=200, or_status=201, writes=True)
def get_own_profile(connection: Connection, caller: Caller) -> Reply:
    """Read one's own profile; at the first time it is made, and the answer is a 201."""
    row, is_new = profiles.open_profile(connection, caller.account_id)
    return Reply(_answer(connection, row), status=201 if is_new else 200)


@routes.get("/api/profiles", access=SIGNED_IN, response=Listed[Profile])
def list_profiles(connection: Connection, caller: Caller, query: NumberedQuery) -> NumberedPage[dict[str, Any]]:
    """List profiles by id: one's own, and as an admin all."""
    page = profiles_sql.list_profiles(connection, query, _whose(caller))
    people = accounts.find_people(connection, {row.account_id for row in page.items})
    return page.with_items([_present(row, people[row.account_id]) for row in page.items])


@routes.post("/api/profiles", access=SIGNED_IN, response=Profile, status=201, errors=[profiles.ProfileExists])
def create_profile(connection: Connection, caller: Caller, base_path: str, body: ProfileBody) -> Reply:
    """Make one's own profile, where there is none."""
    row = profiles.create_profile(connection, caller.account_id, dict(body))
    return Reply(_answer(connection, row), {"Location": f"{base_path}/api/profiles/{row.id}"})


@routes.get("/api/profiles/{profile_id}", access=SIGNED_IN, response=Profile, errors=[NotFound])
def get_profile(connection: Connection, caller: Caller, profile_id: int) -> dict[str, Any]:
    """Read a profile: one's own, and as an admin any."""
    return _answer(connection, profiles.get_profile(connection, profile_id, account_id=_whose(caller)))


@routes.put("/api/profiles/{profile_id}", access=SIGNED_IN, response=Profile, errors=[NotFound])
def replace_profile(connection: Connection, caller: Caller, profile_id: int, body: ProfileBody) -> dict[str, Any]:
    """Write anew all that can be written of a profile: what is left out becomes empty."""
    row = profiles.change_profile(connection, profile_id, dict(body), account_id=_whose(caller))
    return _answer(connection, row)


@routes.patch("/api/profiles/{profile_id}", access=SIGNED_IN, response=Profile, errors=[NotFound])
def change_profile(connection: Connection, caller: Caller, profile_id: int, body: ProfileChange) -> dict[str, Any]:
    """Change a profile."""
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    row = profiles.change_profile(connection, profile_id, changes, account_id=_whose(caller))
    return _answer(connection, row)


@routes.delete("/api/profiles/{profile_id}", access=SIGNED_IN, response=None, status=204, errors=[NotFound])
def delete_profile(connection: Connection, caller: Caller, profile_id: int) -> None:
    """Delete a profile with its preferences. The sessions stay; at the next use it is made anew and counts them."""
    profiles.delete_profile(connection, profile_id, account_id=_whose(caller))
