"""The rules of distribution centers: how staff makes, changes and retires them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from chalicelib.commerce.catalogue import distribution_centers_sql
from chalicelib.core import clock
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, NotFound, PreconditionFailed
from chalicelib.events import outbox


class DistributionCenterUnavailable(Conflict):
    """There is no such center, or it is archived."""

    code = "distribution-center-unavailable"
    title = "Distribution center unavailable"


class DistributionCenterInUse(Conflict):
    """It still holds units, or products call it their home."""

    code = "distribution-center-in-use"
    title = "Distribution center in use"


def get_center(connection: Connection, center_id: int, *, archived: bool) -> Any:
    """Return a distribution center; an archived one only when `archived`.

    Raises:
        NotFound: there is none of that id to be seen.
    """
    row = distribution_centers_sql.find_distribution_center(connection, center_id)
    if row is None or not (archived or row.archived_at is None):
        raise _not_found(center_id)
    return row


def names_of(connection: Connection, center_ids: Collection[int]) -> dict[int, str]:
    """Return the names of centers, archived ones too."""
    if not center_ids:
        return {}
    rows = distribution_centers_sql.list_names(connection, center_ids)
    return {row.id: row.name for row in rows}


def require_open(connection: Connection, center_ids: Collection[int]) -> None:
    """Make sure that centers are there and not archived, and stay so until the transaction ends.

    Raises:
        DistributionCenterUnavailable: one is not.
    """
    for message in unavailable(connection, center_ids, lock=True).values():
        raise DistributionCenterUnavailable(message)


def unavailable(connection: Connection, center_ids: Collection[int], *, lock: bool = False) -> dict[int, str]:
    """Return which of the centers cannot be a product's home, and why; `lock` makes that last as long as the work."""
    if not center_ids:
        return {}
    rows = distribution_centers_sql.list_centers(connection, sorted(center_ids), lock=lock)
    found = {row.id: row.archived_at for row in rows}
    reasons: dict[int, str] = {}
    for center_id in sorted(center_ids):
        if center_id not in found:
            reasons[center_id] = f"There is no distribution center {center_id}."
        elif found[center_id] is not None:
            reasons[center_id] = f"Distribution center {center_id} is archived."
    return reasons


def create_center(connection: Connection, values: Mapping[str, Any]) -> int:
    """Make a distribution center and return its id."""
    now = clock.now()
    center_id = distribution_centers_sql.insert_distribution_center(
        connection, {**values, "created_at": now, "updated_at": now}
    )
    _note(connection, "created", center_id)
    return center_id


def change_center(
    connection: Connection, center_id: int, values: Mapping[str, Any], *, expected_version: int | None
) -> None:
    """Set columns of a distribution center; what is equal already is no change.

    Raises:
        NotFound, PreconditionFailed: it is gone, or somebody has changed it since.
    """
    row = _lock(connection, center_id, expected_version)
    changes = {name: value for name, value in values.items() if row._mapping[name] != value}
    if changes:
        distribution_centers_sql.update_distribution_center(
            connection, center_id, {**changes, "updated_at": clock.now()}
        )
        _note(connection, "changed", center_id)


def archive_center(connection: Connection, center_id: int, *, expected_version: int | None) -> None:
    """Archive a distribution center; an archived one stays as it is.

    Raises:
        DistributionCenterInUse: it holds units that can be sold or are reserved, or is the home of a product.
        NotFound, PreconditionFailed: it is gone, or somebody has changed it since.
    """
    row = _lock(connection, center_id, expected_version)
    if row.archived_at is not None:
        return
    units = distribution_centers_sql.count_units(connection, center_id)
    if units:
        raise DistributionCenterInUse(
            f"Distribution center {center_id} holds {units} free or reserved units: transfer them first."
        )
    homes = distribution_centers_sql.count_products(connection, center_id)
    if homes:
        raise DistributionCenterInUse(
            f"{homes} products call distribution center {center_id} their home: give them another, or archive them."
        )
    _set_archived(connection, center_id, clock.now())


def restore_center(connection: Connection, center_id: int, *, expected_version: int | None) -> None:
    """Bring an archived distribution center back; any other stays as it is.

    Raises:
        NotFound, PreconditionFailed: it is gone, or somebody has changed it since.
    """
    if _lock(connection, center_id, expected_version).archived_at is not None:
        _set_archived(connection, center_id, None)


def _set_archived(connection: Connection, center_id: int, archived_at: Any) -> None:
    distribution_centers_sql.update_distribution_center(
        connection, center_id, {"archived_at": archived_at, "updated_at": clock.now()}
    )
    _note(connection, "changed", center_id)


def _lock(connection: Connection, center_id: int, expected_version: int | None) -> Any:
    row = distribution_centers_sql.lock_distribution_center(connection, center_id)
    if row is None:
        raise _not_found(center_id)
    if expected_version not in (None, row.version):
        raise PreconditionFailed(
            f"Distribution center {center_id} is at version {row.version} by now, your change is of version "
            f"{expected_version}: read it again."
        )
    return row


def _not_found(center_id: int) -> NotFound:
    return NotFound(f"There is no distribution center {center_id}.")


def _note(connection: Connection, what: str, center_id: int) -> None:
    outbox.record(
        connection,
        f"distribution_center.{what}",
        f"distribution_center:{center_id}",
        {"distribution_center_id": center_id},
    )
