"""Distribution centers over HTTP."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel

from chalicelib.commerce import distribution_centers_sql
from chalicelib.core.auth import PUBLIC
from chalicelib.core.database import Connection, as_dict
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import Page, PageQuery
from chalicelib.core.routes import Routes

routes = Routes("Catalogue")


class DistributionCenter(BaseModel):
    """A place that units are kept in and shipped from."""

    id: int
    name: str
    latitude: float
    longitude: float
    created_at: AwareDatetime
    updated_at: AwareDatetime


@routes.get("/distribution-centers", access=PUBLIC, response=list[DistributionCenter])
def list_distribution_centers(connection: Connection, query: PageQuery) -> Page[dict[str, Any]]:
    """List the distribution centers, by id."""
    page = distribution_centers_sql.list_distribution_centers(connection, query.page())
    return page.with_items([as_dict(row) for row in page.items])


@routes.get("/distribution-centers/{center_id}", access=PUBLIC, response=DistributionCenter, errors=[NotFound])
def get_distribution_center(connection: Connection, center_id: int) -> dict[str, Any]:
    """Read a distribution center."""
    row = distribution_centers_sql.find_distribution_center(connection, center_id)
    if row is None:
        raise NotFound(f"There is no distribution center {center_id}.")
    return as_dict(row)
