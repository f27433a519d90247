"""The last steps of a build, wherever it was computed: the pointer moves, the books and the outbox say so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from chalicelib.core import clock, leases, logging
from chalicelib.core.blobs import Blobs
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.leases import Lease
from chalicelib.events import outbox
from chalicelib.recommendations.models import builds, versions
from chalicelib.recommendations.models.manifests import ArtefactBroken, Manifest

_WAIT_S = 60.0  # for who changes which versions there are


def publish(
    store: Blobs,
    lease: Lease,
    build_id: int,
    version: str,
    objection: str | None,
    *,
    rows_read: int,
    was: str = "running",
    on_pointed: Callable[[], None] = lambda: None,
) -> None:
    """Make a whole version live unless there is an objection, end its build, and take old versions away.

    `lease` is that of the build, `was` its state so far. `on_pointed`: called when nothing may undo it any more.
    """
    with leases.held(versions.VERSIONS, wait_s=_WAIT_S):
        lease.check()
        if objection is None:
            versions.point_to(store, version)
            on_pointed()
        state, kind = ("done", "model.published") if objection is None else ("rejected", "model.rejected")

        def note(connection: Connection) -> None:
            builds.end(connection, build_id, state, objection, was=was, rows_read=rows_read)
            builds.tell(connection, build_id, kind, version, objection)

        run(note, writes=True)
        _prune(store, version)


def live_manifest(store: Blobs) -> Manifest | None:
    """Return the manifest of the live model, None where there is none that is whole."""
    try:
        pointer = versions.read_pointer(store)
        if pointer is None:
            return None
        return versions.read_manifest(store, pointer.version, pointer.manifest_sha256)
    except (ArtefactBroken, FileNotFoundError) as error:
        logging.warning("the live model is broken", reason=str(error))
        return None


def is_of_other_data(live: Manifest, first: datetime | None, interactions: int) -> bool:
    """Tell whether the live model's figures say nothing of so many interactions since `first`: see `checks`."""
    # numpy: not for the functions that only serve the catalogue
    from chalicelib.recommendations.models import checks

    imported = run(lambda connection: outbox.last_recorded(connection, "import.finished"), writes=False)
    if imported is None or imported <= live.built_at or not checks.is_other_data(first, interactions, live):
        return False
    logging.info("other data was imported: the live model's figures say nothing of it", live=live.version)
    return True


def _prune(store: Blobs, version: str) -> None:
    """Take old versions away; the model is published, whatever becomes of this."""
    try:
        gone = versions.prune(store, keep=settings().model_versions_kept, now=clock.now(), spare=version)
    except Exception:
        logging.failure("old models could not be taken away")
    else:
        logging.info("old models taken away", versions=gone)
