"""Templates over HTTP, and beginning a session with one."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.accounts import accounts
from chalicelib.conversations.history import templates
from chalicelib.conversations.history.session_answers import Person, Session, present_person_to, present_session
from chalicelib.core import bodies
from chalicelib.core.auth import SIGNED_IN, Caller
from chalicelib.core.bodies import Change, without_default
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, Forbidden, NotFound
from chalicelib.core.inputs import Line, Prose
from chalicelib.core.paging import Listed, NumberedPage, NumberedQuery
from chalicelib.core.responses import to_json
from chalicelib.core.routes import Reply, Routes

routes = Routes("Templates", also=("/api", "/api/conversations"))

_MOST_DATA = 50_000


def _bounded(data: dict[str, Any]) -> dict[str, Any]:
    if len(to_json(data)) > _MOST_DATA:
        raise ValueError(f"must be at most {_MOST_DATA} characters as JSON")
    return data


Name = Annotated[Line, Field(max_length=200)]
Description = Annotated[Prose, Field(max_length=10_000)]
Category = Annotated[bodies.Text, Field(max_length=100)]
Data = Annotated[
    dict[str, Any],
    AfterValidator(_bounded),
    Field(description="The context of a session that begins with it; at most 50,000 characters as JSON."),
]


class Template(BaseModel):
    """A beginning of conversations."""

    id: int
    name: str
    description: str
    category: str
    template_data: dict[str, Any]
    is_active: bool = Field(description="Whether it may be used; if not, only its author and staff see it.")
    usage_count: int = Field(description="How many sessions began with it.")
    created_by: Person | None = Field(description="Null where the account was erased.")
    created_at: AwareDatetime
    updated_at: AwareDatetime


class NewTemplate(BaseModel):
    """A template to be made, or what one is to be; its name is no other's, whatever the case."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "Find a gift",
                    "description": "For people who look for a present.",
                    "category": "shopping",
                    "template_data": {"occasion": "birthday"},
                }
            ]
        },
    )

    name: Name
    description: Description = ""
    category: Category = ""
    template_data: Data = Field(default_factory=dict)
    is_active: bool = True


class TemplateChange(Change):
    """What to change of a template; what is left out stays."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"minProperties": 1, "examples": [{"is_active": False}]}
    )

    # The defaults only fill the fields that are left out, which nobody reads: they are none of the document's.
    name: Name = Field("", json_schema_extra=without_default)
    description: Description = Field("", json_schema_extra=without_default)
    category: Category = Field("", json_schema_extra=without_default)
    template_data: Data = Field(default_factory=dict, json_schema_extra=without_default)
    is_active: bool = Field(True, json_schema_extra=without_default)


class TemplatesQuery(NumberedQuery):
    """Which templates to list."""

    category: str | None = Field(None, max_length=100, description="Only those of this category, as it is written.")
    is_active: bool | None = Field(None, description="Only those that are, or are not, switched on.")
    search: str | None = Field(
        None, max_length=200, description="Only those with this text in name or description; case is ignored."
    )


def _present(row: Any, people: Any, caller: Caller) -> dict[str, Any]:
    person = people.get(row.created_by)
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "category": row.category,
        "template_data": msgspec.json.decode(row.template_data),
        "is_active": bool(row.is_active),
        "usage_count": row.usage_count,
        "created_by": None if person is None else present_person_to(caller, person),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _answer(connection: Connection, row: Any, caller: Caller) -> dict[str, Any]:
    authors = [] if row.created_by is None else [row.created_by]
    return _present(row, accounts.find_people(connection, authors) if authors else {}, caller)


@routes.get("/api/templates", access=SIGNED_IN, response=Listed[Template])
def list_templates(connection: Connection, caller: Caller, query: TemplatesQuery) -> NumberedPage[dict[str, Any]]:
    """List the templates that may be used, and all of one's own; staff see all."""
    found = templates.list_templates(
        connection, query, caller, category=query.category, is_active=query.is_active, search=query.search
    )
    authors = {row.created_by for row in found.items if row.created_by is not None}
    people = accounts.find_people(connection, authors) if authors else {}
    return found.with_items([_present(row, people, caller) for row in found.items])


@routes.post("/api/templates", access=SIGNED_IN, response=Template, status=201, errors=[Conflict])
def create_template(connection: Connection, caller: Caller, base_path: str, body: NewTemplate) -> Reply:
    """Make a template, of which one is the author."""
    row = templates.create_template(connection, body.model_dump(), caller)
    return Reply(_answer(connection, row, caller), {"Location": f"{base_path}/api/templates/{row.id}"})


@routes.get("/api/templates/{template_id}", access=SIGNED_IN, response=Template, errors=[NotFound])
def get_template(connection: Connection, caller: Caller, template_id: int) -> dict[str, Any]:
    """Read a template; one that is switched off is seen by its author and staff only."""
    return _answer(connection, templates.get_template(connection, template_id, caller), caller)


_CHANGING: dict[str, Any] = {
    "access": SIGNED_IN,
    "response": Template,
    "errors": [NotFound, Forbidden, Conflict],
}


@routes.put("/api/templates/{template_id}", **_CHANGING)
def replace_template(connection: Connection, caller: Caller, template_id: int, body: NewTemplate) -> dict[str, Any]:
    """Change all of a template, as its author or staff; what is left out is as in a new one."""
    return _answer(connection, templates.change_template(connection, template_id, body.model_dump(), caller), caller)


@routes.patch("/api/templates/{template_id}", **_CHANGING)
def change_template(connection: Connection, caller: Caller, template_id: int, body: TemplateChange) -> dict[str, Any]:
    """Change a template, as its author or staff."""
    changes = body.model_dump(exclude_unset=True)
    return _answer(connection, templates.change_template(connection, template_id, changes, caller), caller)


@routes.delete(
    "/api/templates/{template_id}", access=SIGNED_IN, response=None, status=204, errors=[NotFound, Forbidden]
)
def delete_template(connection: Connection, caller: Caller, template_id: int) -> None:
    """Delete a template, as its author or staff; sessions that began with it stay."""
    templates.delete_template(connection, template_id, caller)


@routes.post(
    "/api/templates/{template_id}/use_template",
    access=SIGNED_IN,
    response=Session,
    status=201,
    errors=[NotFound, Conflict],
)
def use_template(connection: Connection, caller: Caller, base_path: str, template_id: int) -> Reply:
    """Begin a session with a template: titled after it, with its data as context and its category as tag."""
    session = templates.use_template(connection, template_id, caller)
    person = accounts.find_people(connection, [caller.account_id])[caller.account_id]
    location = {"Location": f"{base_path}/api/sessions/{session.public_id}"}
    return Reply(present_session(session, person, []), location)
