"""Building a model: read, compute, check, publish. The pointer moves last, so that a kill leaves the live one whole.

numpy and what needs it are imported late: app.py imports this for its schedule.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.core import blobs, clock, logging
from chalicelib.core.blobs import Blobs
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import AppError
from chalicelib.events import outbox
from chalicelib.recommendations.models import builds, builds_sql, leases, versions
from chalicelib.recommendations.models.leases import Lease
from chalicelib.recommendations.models.manifests import ArtefactBroken, Manifest, folder_of, new_version, plain

if TYPE_CHECKING:
    from chalicelib.recommendations.models.reading import Learned
    from chalicelib.recommendations.numeric.train import Trained

# (step, share of all work in [0, 1], rows read so far) -> nothing
OnProgress = Callable[[str, float, int], None]

_RESERVE_S = 60.0  # what a build leaves of its function's time for checking and publishing
_LEAST_S = 20.0  # less is no time to train in
_UNLIMITED_S = 3600.0
_READ, _TRAINED = 0.2, 0.9  # shares of all work at which the steps end
_EVERY_S = 1.0  # between two notes of progress
_WAIT_S = 60.0  # for who changes which versions there are


class NotEnoughTime(Exception):
    """Reading took all of the function's time: the shop has outgrown it."""


def rebuild_recommendations(*, time_left_ms: Callable[[], int]) -> None:
    """Build a model when one is due or asked for; called often, and cheap when there is nothing to do.

    Raises:
        Exception: the build failed, which its row tells too.
    """
    live = versions.live_version(blobs.store())
    with suppress(leases.Busy):
        _settle_killed(live)
    if not run(lambda connection: builds.is_due(connection, has_model=live is not None), writes=False):
        return
    with suppress(leases.Busy):
        build(requested_by="schedule", time_left_ms=time_left_ms)


def _settle_killed(live: str | None) -> None:
    """Let nobody believe for longer than needed that a build goes on whose process is gone."""
    if run(builds.is_any_stalled, writes=False):
        with leases.held(leases.BUILD):
            run(lambda connection: builds.settle_killed(connection, live), writes=True)


def build(
    *,
    requested_by: str,
    asked_for: bool = False,
    time_left_ms: Callable[[], int] | None = None,
    on_progress: OnProgress | None = None,
) -> Any:
    """Build a model now and return the row of the build; `asked_for` builds also where nothing has changed.

    Raises:
        Busy: another process builds.
        Exception: the build failed, which its row tells too.
    """
    started = time.monotonic()
    limit_s = _UNLIMITED_S if time_left_ms is None else time_left_ms() / 1000
    with leases.held(leases.BUILD) as lease:
        store = blobs.store()
        live = versions.live_version(store)
        run(lambda connection: builds.settle_killed(connection, live), writes=True)
        build_id, queued = run(lambda connection: builds.begin(connection, requested_by=requested_by), writes=True)
        work = _Build(build_id, store, lease, started + limit_s, on_progress)
        try:
            work.run(even_if_unchanged=asked_for or queued)
        except BaseException as error:
            # Also of Ctrl-C: otherwise the row would say that it runs, until the next build.
            work.fail(error)
            raise
    return run(lambda connection: builds_sql.find_build(connection, build_id), writes=False)


def _imported_since(live: Manifest) -> bool:
    imported = run(lambda connection: outbox.last_recorded(connection, "import.finished"), writes=False)
    return imported is not None and imported > live.built_at


@dataclass
class _Build:
    """One build under its lease."""

    id: int
    store: Blobs
    lease: Lease
    ends_at: float
    on_progress: OnProgress | None
    _rows: int = 0
    _noted: tuple[str, float] = ("", float("-inf"))
    _expected_rows: int = 0
    _written: str | None = None
    _pointed: bool = False

    def run(self, *, even_if_unchanged: bool) -> None:
        before = run(lambda connection: builds_sql.find_newest(connection, ["done", "rejected"]), writes=False)
        self._expected_rows = before.rows_read if before is not None else 0
        learned = self._read()
        if not len(learned.item_ids):
            return self._end("done", "There are no products to recommend.")
        source = f"{learned.fingerprint()}, code {settings().git_revision[:40]}"
        live = self._live()
        if live is not None and not even_if_unchanged and before is not None and before.learned_from == source:
            return self._end(
                "done", f"Nothing has changed since build {before.id}: nothing was built.", learned_from=source
            )
        trained = self._train(learned)
        self._publish(learned, trained, live, source)
        return None

    # --- read ---------------------------------------------------------------------------------------------------

    def _read(self) -> Learned:
        # numpy: not for the functions that only serve the catalogue
        from chalicelib.recommendations.models import reading
        from chalicelib.recommendations.signals import interactions

        self._note("reading", 0.0)
        return reading.read(interactions.stream(now=clock.now()), self._on_rows)

    def _on_rows(self, rows: int) -> None:
        self._rows = rows
        self._note("reading", _READ * min(rows / max(self._expected_rows, rows + 1), 1.0))

    def _live(self) -> Manifest | None:
        """Return the manifest of the live model, None where there is none that is whole."""
        try:
            pointer = versions.read_pointer(self.store)
            if pointer is None:
                return None
            return versions.read_manifest(self.store, pointer.version, pointer.manifest_sha256)
        except (ArtefactBroken, FileNotFoundError) as error:
            logging.warning("the live model is broken", reason=str(error))
            return None

    # --- compute ------------------------------------------------------------------------------------------------

    def _train(self, learned: Learned) -> Trained:
        # numpy, see above
        from chalicelib.recommendations.numeric import train as training

        time_s = self.ends_at - time.monotonic() - _RESERVE_S
        if time_s < _LEAST_S:
            raise NotEnoughTime(f"After reading {learned.rows_read:,} interactions no time was left to learn.")
        return training.train(
            learned.interactions,
            learned.catalogue,
            now=int(clock.now().timestamp()),
            budget=training.Budget(settings().model_memory_bytes, time_s),
            report=lambda step, share: self._note(step, _READ + (_TRAINED - _READ) * share),
        )

    # --- check and publish --------------------------------------------------------------------------------------

    def _publish(self, learned: Learned, trained: Trained, live: Manifest | None, source: str) -> None:
        # numpy, see above
        from chalicelib.recommendations.models import artefacts, checks

        self._note("checking", _TRAINED)
        checks.check_sound(trained, learned.item_ids)
        metrics = plain(trained.metrics)
        if live is not None and _imported_since(live) and checks.is_other_data(learned, live):
            logging.info("other data was imported: the live model's figures say nothing of it", live=live.version)
            live = None
        objection = checks.objection(metrics, None if live is None else live.metrics, settings().model_margin)
        version = new_version(clock.now())
        run(lambda connection: builds.note_version(connection, self.id, version, metrics, source), writes=True)
        self._note("publishing", _TRAINED + 0.02)
        self._written = version
        artefacts.write_version(
            self.store,
            version,
            trained.arrays,
            learned.item_ids,
            parameters=trained.settings,
            metrics=metrics,
            origin=artefacts.Origin(
                built_at=clock.now(),
                first=learned.first,
                last=learned.last,
                people=learned.interactions.n_people,
                interactions=len(learned.interactions),
                git_revision=settings().git_revision,
            ),
            rejected=objection,
        )
        self._written = None
        with leases.held(leases.VERSIONS, wait_s=_WAIT_S):
            self.lease.check()
            if objection is None:
                versions.point_to(self.store, version)
                self._pointed = True
            self._end_with(version, objection)
            self._prune(version)

    def _end_with(self, version: str, objection: str | None) -> None:
        state, kind = ("done", "model.published") if objection is None else ("rejected", "model.rejected")

        def note(connection: Connection) -> None:
            builds.end(connection, self.id, state, objection, rows_read=self._rows)
            builds.tell(connection, self.id, kind, version, objection)

        run(note, writes=True)
        self._tell(state, 1.0)

    def _prune(self, version: str) -> None:
        """Take old versions away; the model is published, whatever becomes of this."""
        try:
            gone = versions.prune(self.store, keep=settings().model_versions_kept, now=clock.now(), spare=version)
        except Exception:
            logging.failure("old models could not be taken away")
        else:
            logging.info("old models taken away", versions=gone)

    # --- notes --------------------------------------------------------------------------------------------------

    def _note(self, step: str, share: float) -> None:
        """Write down how far the build is, when it is in another step or a moment has passed; keep the lease."""
        self._tell(step, share)
        now = time.monotonic()
        if step == self._noted[0] and now - self._noted[1] < _EVERY_S:
            return
        self._noted = (step, now)
        percent = min(99, int(share * 100))
        logging.info("building a model", build_id=self.id, step=step, percent=percent, rows_read=self._rows)
        self.lease.check()
        run(
            lambda connection: builds.note_progress(
                connection, self.id, step=step, progress=percent, rows_read=self._rows
            ),
            writes=True,
        )

    def _tell(self, step: str, share: float) -> None:
        if self.on_progress is not None:
            self.on_progress(step, share, self._rows)

    def _end(self, state: str, message: str, **values: Any) -> None:
        run(
            lambda connection: builds.end(connection, self.id, state, message, rows_read=self._rows, **values),
            writes=True,
        )
        self._tell(state, 1.0)

    def fail(self, error: BaseException) -> None:
        """Write down that the build failed, and leave nothing half-written."""
        logging.failure("build failed", build_id=self.id)
        if self._pointed:
            return  # its model is live: only the note failed, which the next build makes up for
        if self._written is not None:
            with suppress(Exception):  # what is left goes with a later prune
                self.store.delete_folder(folder_of(self._written))
        with suppress(AppError):  # the next build sees that this one is gone
            text = error.message if isinstance(error, AppError) else str(error)
            self._end("failed", logging.redact(f"{type(error).__name__}: {text}"))
