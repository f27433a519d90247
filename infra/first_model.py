"""The model that a shop on this machine opens with: a demo customer gets personal recommendations at once."""

from __future__ import annotations

import time

from chalicelib.core import blobs
from chalicelib.core.database import run
from chalicelib.events import outbox
from chalicelib.recommendations.models import rebuild, versions
from chalicelib.recommendations.models.manifests import ArtefactBroken
from infra import demo_sql

QUICK_UNITS = 100_000  # sold units that are learned from within some seconds
LIMIT_S = 120


def learn_before_opening() -> str | None:
    """Build a model where there is none, or data was imported since, and that is quick; return a line that says so.

    A large shop opens without: the schedule builds its model while popular products are shown.
    """
    if not _is_wanted():
        return None
    if run(demo_sql.count_units_sold, writes=False) > QUICK_UNITS:
        return "Recommendations will be learned when the shop is open; until then it shows what is popular."
    started = time.monotonic()
    try:
        built = rebuild.build(
            requested_by="make run", time_left_ms=lambda: int(1000 * (LIMIT_S - (time.monotonic() - started)))
        )
    except Exception as error:  # the shop opens all the same; its log and GET /ai/model tell more
        return f"Recommendations could not be learned, so that what is popular is shown: {type(error).__name__}."
    if built.version is None:
        return None  # there are no products, or nothing has changed
    if built.state == "rejected":
        return f"What was learned is not good enough to recommend by: {built.message}"
    seconds = time.monotonic() - started
    return f"Recommendations were learned from {built.rows_read:,} interactions in {seconds:.1f} s."


def _is_wanted() -> bool:
    store = blobs.store()
    live = versions.live_version(store)
    if live is None:
        return True
    imported = run(lambda connection: outbox.last_recorded(connection, "import.finished"), writes=False)
    try:
        return imported is not None and imported > versions.read_manifest(store, live).built_at
    except (ArtefactBroken, FileNotFoundError):
        return True
