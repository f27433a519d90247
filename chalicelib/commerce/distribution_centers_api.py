"""Distribution centers over HTTP."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.commerce import distribution_centers, distribution_centers_sql
from chalicelib.core.auth import PUBLIC, STAFF, Caller
from chalicelib.core.bodies import Latitude, Longitude, without_default
from chalicelib.core.database import Connection, as_dict
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.inputs import Line
from chalicelib.core.paging import Page, PageQuery
from chalicelib.core.routes import Reply, Routes, versioned

routes = Routes("Catalogue")


class DistributionCenter(BaseModel):
    """A place that units are kept in and shipped from. `version` and `archived_at` are there for staff only."""

    id: int
    name: str
    latitude: float
    longitude: float
    created_at: AwareDatetime
    updated_at: AwareDatetime
    version: int
    archived_at: AwareDatetime | None

    model_config = {
        "json_schema_extra": lambda schema: schema.update(required=schema["required"][:-2]),
    }


class NewDistributionCenter(BaseModel):
    """A distribution center to be made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "Memphis TN", "latitude": 35.1174, "longitude": -89.9711}]},
    )

    name: Line = Field(max_length=255)
    latitude: Latitude
    longitude: Longitude


class DistributionCenterChange(BaseModel):
    """What to change of a distribution center; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Memphis TN (new hall)"}]})

    # The defaults only fill the fields that are left out, which nobody reads: they are none of the document's.
    name: Line = Field("", max_length=255, json_schema_extra=without_default)
    latitude: Latitude = Field(0, json_schema_extra=without_default)
    longitude: Longitude = Field(0, json_schema_extra=without_default)


def _present(row: Any, *, for_staff: bool) -> dict[str, Any]:
    shown = as_dict(row)
    if not for_staff:
        del shown["version"], shown["archived_at"]
    return shown


def _is_staff(caller: Caller | None) -> bool:
    return caller is not None and caller.is_staff


@routes.get("/distribution-centers", access=PUBLIC, response=list[DistributionCenter])
def list_distribution_centers(
    connection: Connection, caller: Caller | None, query: PageQuery
) -> Page[dict[str, Any]]:
    """List the distribution centers, by id. Staff sees archived ones too."""
    for_staff = _is_staff(caller)
    page = distribution_centers_sql.list_distribution_centers(connection, query.page(), archived=for_staff)
    return page.with_items([_present(row, for_staff=for_staff) for row in page.items])


@routes.get("/distribution-centers/{center_id}", access=PUBLIC, response=DistributionCenter, errors=[NotFound])
def get_distribution_center(connection: Connection, caller: Caller | None, center_id: int) -> Reply:
    """Read a distribution center. Its ETag is for the If-Match of a change."""
    for_staff = _is_staff(caller)
    row = distribution_centers.get_center(connection, center_id, archived=for_staff)
    return versioned(_present(row, for_staff=for_staff), row.version)


@routes.post("/distribution-centers", access=STAFF, response=DistributionCenter, status=201)
def create_distribution_center(connection: Connection, base_path: str, body: NewDistributionCenter) -> Reply:
    """Make a distribution center."""
    center_id = distribution_centers.create_center(connection, body.model_dump())
    location = {"Location": f"{base_path}/distribution-centers/{center_id}"}
    return _answer(connection, center_id, location)


@routes.patch("/distribution-centers/{center_id}", access=STAFF, response=DistributionCenter, errors=[NotFound])
def change_distribution_center(
    connection: Connection, center_id: int, expected_version: int | None, body: DistributionCenterChange
) -> Reply:
    """Change name or place of a distribution center."""
    values = {name: getattr(body, name) for name in body.model_fields_set}
    distribution_centers.change_center(connection, center_id, values, expected_version=expected_version)
    return _answer(connection, center_id)


@routes.post(
    "/distribution-centers/{center_id}/archive",
    access=STAFF,
    response=DistributionCenter,
    errors=[NotFound, Conflict],
)
def archive_distribution_center(connection: Connection, center_id: int, expected_version: int | None) -> Reply:
    """Retire a distribution center: the public sees it no more, no product may be moved to it.

    Refused while it holds free or reserved units, or a product that is not archived calls it its home.
    """
    distribution_centers.archive_center(connection, center_id, expected_version=expected_version)
    return _answer(connection, center_id)


@routes.post(
    "/distribution-centers/{center_id}/restore", access=STAFF, response=DistributionCenter, errors=[NotFound]
)
def restore_distribution_center(connection: Connection, center_id: int, expected_version: int | None) -> Reply:
    """Bring an archived distribution center back."""
    distribution_centers.restore_center(connection, center_id, expected_version=expected_version)
    return _answer(connection, center_id)


def _answer(connection: Connection, center_id: int, headers: dict[str, str] | None = None) -> Reply:
    row = distribution_centers.get_center(connection, center_id, archived=True)
    return versioned(_present(row, for_staff=True), row.version, headers)
