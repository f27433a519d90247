"""Changes that name the version they were made on: ETag, If-Match, 428 and 412."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Engine, select, update

from chalicelib.commerce.tables import distribution_centers
from chalicelib.core.auth import PUBLIC
from chalicelib.core.database import Connection, read
from chalicelib.core.errors import PreconditionFailed
from chalicelib.core.http import status_of
from chalicelib.core.openapi import document
from chalicelib.core.responses import etag_of_version, version_of
from chalicelib.core.routes import Reply, Routes, versioned
from tests.client import Answer
from tests.core.test_http import JSON, Edge, problem_of
from tests.factories import make_center


class Name(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str


class Versions:
    """An API of one thing, whose version stands in a column that serves for it here: the latitude."""

    def __init__(self) -> None:
        self.shown: dict[str, Any] = {}
        self.given: list[int | None] = []
        self.area = Routes("Test")

        @self.area.get("/thing", access=PUBLIC, response=dict[str, Any])
        def get_thing(connection: Connection) -> Reply:
            """Show the thing."""
            return self._show(connection)

        @self.area.patch("/thing", access=PUBLIC, response=dict[str, Any])
        def change_thing(connection: Connection, expected_version: int | None, body: Name) -> Reply:
            """Change the thing."""
            self.given.append(expected_version)
            version = distribution_centers.c.latitude
            change = update(distribution_centers).values(name=body.name, latitude=version + 1)
            if expected_version is not None:
                change = change.where(version == expected_version)
            if connection.execute(change).rowcount == 0:
                raise PreconditionFailed("It was changed meanwhile.")
            return self._show(connection)

        self.edge = Edge(self.area)

    def _show(self, connection: Connection) -> Reply:
        row = connection.execute(select(distribution_centers)).one()
        return versioned({"name": row.name, **self.shown}, int(row.latitude), {"X-More": "yes"})

    def get(self, **headers: str) -> Answer:
        return self.edge.get("/thing", headers={name.replace("_", "-"): value for name, value in headers.items()})

    def patch(self, if_match: str | None, name: str = "new") -> Answer:
        sent = JSON if if_match is None else {**JSON, "If-Match": if_match}
        return self.edge.call("PATCH", "/thing", headers=sent, body={"name": name})


@pytest.fixture
def versions(shop: Engine) -> Versions:
    """The thing at its third version."""
    make_center(name="old", latitude=3)
    return Versions()


def present() -> tuple[str, int]:
    with read() as connection:
        row = connection.execute(select(distribution_centers)).one()
    return row.name, int(row.latitude)


# --- the condition ------------------------------------------------------------------------------------------------


def test_a_change_that_names_no_version_is_refused(versions: Versions) -> None:
    answer = versions.patch(None)
    assert answer.status == 428
    assert problem_of(answer)["type"].endswith(":precondition-required")
    assert "If-Match" in answer.json["detail"]
    assert versions.given == []
    assert present() == ("old", 3)


def test_a_change_of_whatever_version_is_there(versions: Versions) -> None:
    assert [versions.patch(star, name).status for star, name in (("*", "a"), (" * ", "b"))] == [200, 200]
    assert versions.given == [None, None]
    assert present() == ("b", 5)


@pytest.mark.parametrize(
    "condition",
    ['"v3"', '"v3."', '"v3.00ff"', ' "v3" ', '"other", "v3"', '"v3.aa","v3.bb"', 'W/"v2", "v3"', ',"v3", ,'],
)
def test_a_tag_names_the_version_that_is_changed(versions: Versions, condition: str) -> None:
    answer = versions.patch(condition)
    assert (answer.status, answer.headers["ETag"]) == (200, '"v4"')
    assert versions.given == [3]
    assert present() == ("new", 4)


@pytest.mark.parametrize(
    "condition",
    [
        'W/"v3"',
        'w/"v3"',
        "v3",
        "3",
        '"3"',
        '"v"',
        '"v-3"',
        '"v+3"',
        '"v3 "',
        '"V3"',
        '"v٣"',
        '"v3.XYZ"',
        '"v3.00FF"',
        '"v1234567890"',
        '"v3',
        'v3"',
        "",
        ",",
        '""',
        '*, "v3"',
        '"*"',
        "**",
        '"v3""v3"',
        '"v3" "v3"',
        '"v3"; "v3"',
        '"v2", "v3"',
        '"x, "v3"',
    ],
)
def test_what_names_no_version_changes_nothing(versions: Versions, condition: str) -> None:
    answer = versions.patch(condition)
    assert answer.status == 412
    assert problem_of(answer)["type"].endswith(":precondition-failed")
    assert versions.given == []
    assert present() == ("old", 3)


@pytest.mark.parametrize("condition", ['"v2"', '"v4"', '"v0"'])
def test_another_version_than_the_present_one_changes_nothing(versions: Versions, condition: str) -> None:
    assert versions.patch(condition).status == 412
    assert present() == ("old", 3)


def test_of_two_who_read_the_same_version_the_second_is_told(versions: Versions) -> None:
    mine, theirs = versions.get().headers["ETag"], versions.get().headers["ETag"]
    assert versions.patch(mine, "mine").status == 200
    assert versions.patch(theirs, "theirs").status == 412
    assert versions.patch(versions.get().headers["ETag"], "theirs").status == 200
    assert present() == ("theirs", 5)


def test_the_tag_of_a_change_serves_for_the_next_one(versions: Versions) -> None:
    tag = versions.get().headers["ETag"]
    for name in ("a", "b", "c"):
        answer = versions.patch(tag, name)
        assert answer.status == 200
        tag = answer.headers["ETag"]
    assert present() == ("c", 6)


@pytest.mark.parametrize("body", ["{", {"colour": "red"}])
def test_what_cannot_be_read_is_told_before_the_version(versions: Versions, body: Any) -> None:
    assert versions.edge.call("PATCH", "/thing", headers=JSON, body=body).status in (400, 422)


# --- the tag ------------------------------------------------------------------------------------------------------


def test_a_tag_holds_the_version_and_the_bytes(versions: Versions) -> None:
    first = versions.get()
    tag = first.headers["ETag"]
    assert tag.startswith('"v3.')
    assert tag == etag_of_version('"v3"', first.text)
    assert version_of(tag) == 3
    assert first.headers["X-More"] == "yes"


def test_other_bytes_under_the_same_version_are_another_copy_of_it(versions: Versions) -> None:
    before = versions.get().headers["ETag"]
    assert versions.get(If_None_Match=before).status == 304
    versions.shown = {"stock": 5}
    after = versions.get(If_None_Match=before)
    assert (after.status, after.json) == (200, {"name": "old", "stock": 5})
    assert after.headers["ETag"] != before
    assert versions.patch(before).status == 200


def test_a_new_version_of_the_same_bytes_is_another_copy(versions: Versions) -> None:
    before = versions.get()
    versions.patch("*", "old")
    after = versions.get(If_None_Match=before.headers["ETag"])
    assert (after.status, after.text) == (200, before.text)


def test_head_has_the_tag_of_get(versions: Versions) -> None:
    tag = versions.get().headers["ETag"]
    head = versions.edge.call("HEAD", "/thing")
    assert (head.status, head.text, head.headers["ETag"]) == (200, "", tag)
    assert versions.edge.call("HEAD", "/thing", headers={"If-None-Match": tag}).status == 304
    assert versions.patch(head.headers["ETag"]).status == 200


def test_a_condition_makes_no_difference_where_none_is_asked_for(versions: Versions) -> None:
    assert versions.get(If_Match='"v1"').status == 200


# --- how it is declared -------------------------------------------------------------------------------------------


def test_the_document_demands_the_header_and_tells_of_its_errors(versions: Versions) -> None:
    described = document(versions.area.all, status_of, "")
    operation = described["paths"]["/thing"]["patch"]
    (header,) = [entry for entry in operation["parameters"] if entry["name"] == "If-Match"]
    assert (header["in"], header["required"]) == ("header", True)
    assert {"412", "428"} <= set(operation["responses"])
    assert "If-Match" not in [entry["name"] for entry in described["paths"]["/thing"]["get"]["parameters"]]


# --- a GET that may write -----------------------------------------------------------------------------------------


def test_a_get_may_say_that_it_writes(shop: Engine) -> None:
    make_center(name="old", latitude=3)
    area = Routes("Test")

    @area.get("/made", access=PUBLIC, response=dict[str, Any], writes=True)
    def find_or_make(connection: Connection) -> dict[str, Any]:
        """Make what is not there yet."""
        connection.execute(update(distribution_centers).values(latitude=distribution_centers.c.latitude + 1))
        assert present() == ("old", 3)
        return {"made": True}

    edge = Edge(area)
    assert edge.get("/made", headers={"Idempotency-Key": "k"}).status == 200
    assert present() == ("old", 4)
    assert area.all[0].idempotency is None


@pytest.mark.parametrize("declare", [lambda area: area.post, lambda area: area.delete])
def test_only_of_a_get_is_it_said_that_it_writes(declare: Callable[[Routes], Any]) -> None:
    def change(connection: Connection) -> None:
        """Change."""

    with pytest.raises(TypeError, match="writes"):
        declare(Routes("Test"))("/x", access=PUBLIC, response=None, writes=True)(change)
    with pytest.raises(TypeError, match="writes"):
        Routes("Test").get("/x", access=PUBLIC, response=None, writes=True, reads=True)(change)
