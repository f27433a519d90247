"""Building a model: read, compute, check, publish. The pointer moves last, so that a kill leaves the live one whole.

numpy and what needs it are imported late: app.py imports this for its schedule.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.core import blobs, clock, leases, logging
from chalicelib.core.blobs import Blobs
from chalicelib.core.config import settings
from chalicelib.core.database import run
from chalicelib.core.errors import AppError
from chalicelib.core.leases import Lease
from chalicelib.recommendations.models import (
    builds,
    builds_sql,
    publishing,
    spark_builds,
    spark_files,
    versions,
)
from chalicelib.recommendations.models.manifests import Manifest, folder_of, new_version, plain

if TYPE_CHECKING:
    from chalicelib.recommendations.models.reading import Learned
    from chalicelib.recommendations.numeric.train import Trained

# (step, share of all work in [0, 1], rows read so far) -> nothing
OnProgress = Callable[[str, float, int], None]

_RESERVE_S = 60.0  # what a build leaves of its function's time for checking and publishing
_LEAST_S = 20.0  # less is no time to train in
_UNLIMITED_S = 3600.0
_READ, _TRAINED, _EXPORTED = 0.2, 0.9, 0.1  # shares of all work at which the steps end
_EVERY_S = 1.0  # between two notes of progress


class _Outgrown(Exception):
    """There is more to read than is to be built here."""


class NotEnoughTime(Exception):
    """Reading took all of the function's time: the shop has outgrown it."""


def rebuild_recommendations(*, time_left_ms: Callable[[], int]) -> None:
    """Build a model when one is due or asked for; called often, and cheap when there is nothing to do.

    A large shop's is built by Spark: this exports what there is to learn, starts the job, follows it from call to
    call, and takes over what it made.

    Raises:
        Exception: the build failed, which its row tells too.
    """
    live = versions.live_version(blobs.store())
    with suppress(leases.Busy):
        _settle_killed(live)
        if _follow_spark():
            return
    if not run(lambda connection: builds.is_due(connection, has_model=live is not None), writes=False):
        return
    with suppress(leases.Busy):
        build(requested_by="schedule", time_left_ms=time_left_ms, by_spark=True)


def _follow_spark() -> bool:
    """Bring the build that Spark works on a step further; False where there is none."""
    if run(builds.find_at_spark, writes=False) is None:
        return False
    with leases.held(builds.BUILD) as lease:
        row = run(builds.find_at_spark, writes=False)
        if row is not None:  # nobody else was quicker
            spark_builds.follow(blobs.store(), lease, row)
    return True


def _settle_killed(live: str | None) -> None:
    """Let nobody believe for longer than needed that a build goes on whose process is gone."""
    if run(builds.is_any_stalled, writes=False):
        with leases.held(builds.BUILD):
            run(lambda connection: builds.settle_killed(connection, live), writes=True)


def build(
    *,
    requested_by: str,
    asked_for: bool = False,
    time_left_ms: Callable[[], int] | None = None,
    on_progress: OnProgress | None = None,
    by_spark: bool = False,
) -> Any:
    """Build a model now and return the row of the build; `asked_for` builds also where nothing has changed.

    `by_spark`: where the shop is large and the settings name a place for it, a Spark job is started instead.

    Raises:
        Busy: another process builds, or a Spark job.
        Exception: the build failed, which its row tells too.
    """
    started = time.monotonic()
    limit_s = _UNLIMITED_S if time_left_ms is None else time_left_ms() / 1000
    with leases.held(builds.BUILD) as lease:
        if run(builds.find_at_spark, writes=False) is not None:
            raise leases.Busy("A Spark job builds a model; try again later.", retry_after_s=300)
        store = blobs.store()
        live = versions.live_version(store)
        run(lambda connection: builds.settle_killed(connection, live), writes=True)
        build_id, queued = run(lambda connection: builds.begin(connection, requested_by=requested_by), writes=True)
        work = _Build(
            build_id, store, lease, started + limit_s, on_progress, by_spark and settings().spark is not None
        )
        try:
            work.run(even_if_unchanged=asked_for or queued)
        except BaseException as error:
            # Also of Ctrl-C: otherwise the row would say that it runs, until the next build.
            work.fail(error)
            raise
    return run(lambda connection: builds_sql.find_build(connection, build_id), writes=False)


def _with_code(learned_from: str) -> str:
    return f"{learned_from}, code {settings().git_revision[:40]}"


@dataclass
class _Build:
    """One build under its lease."""

    id: int
    store: Blobs
    lease: Lease
    ends_at: float
    on_progress: OnProgress | None
    by_spark: bool
    _rows: int = 0
    _noted: tuple[str, float] = ("", float("-inf"))
    _expected_rows: int = 0
    _written: str | None = None
    _pointed: bool = False
    _exported: str | None = None

    def run(self, *, even_if_unchanged: bool) -> None:
        before = run(lambda connection: builds_sql.find_newest(connection, ["done", "rejected"]), writes=False)
        self._expected_rows = before.rows_read if before is not None else 0
        learned = self._read_here()
        if learned is None:
            return self._hand_over(before, even_if_unchanged)
        if self._rows >= settings().model_spark_from:
            logging.warning("the shop is large: its model should be built by Spark", rows_read=self._rows)
        if not len(learned.item_ids):
            return self._end("done", "There are no products to recommend.")
        source = _with_code(learned.fingerprint())
        live = publishing.live_manifest(self.store)
        if live is not None and not even_if_unchanged and before is not None and before.learned_from == source:
            return self._end_unchanged(before, source)
        trained = self._train(learned)
        self._publish(learned, trained, live, source)
        return None

    def _end_unchanged(self, before: Any, source: str) -> None:
        message = f"Nothing has changed since build {before.id}: nothing was built."
        self._end("done", message, learned_from=source)

    # --- read ---------------------------------------------------------------------------------------------------

    def _read_here(self) -> Learned | None:
        """Return what there is to learn; None where that is for Spark, as was known or has turned out."""
        if self.by_spark and self._expected_rows >= settings().model_spark_from:
            return None
        try:
            return self._read()
        except _Outgrown:
            return None

    def _read(self) -> Learned:
        # numpy: not for the functions that only serve the catalogue
        from chalicelib.recommendations.models import reading
        from chalicelib.recommendations.signals import interactions

        self._note("reading", 0.0)
        return reading.read(interactions.stream(now=clock.now()), self._on_rows)

    def _on_rows(self, rows: int) -> None:
        self._rows = rows
        if self.by_spark and rows >= settings().model_spark_from:
            raise _Outgrown
        self._note("reading", _READ * min(rows / max(self._expected_rows, rows + 1), 1.0))

    # --- hand over --------------------------------------------------------------------------------------------------

    def _hand_over(self, before: Any, even_if_unchanged: bool) -> None:
        """Export what there is to learn and start a Spark job; later calls of `rebuild_recommendations` follow it."""
        # numpy, see above
        from chalicelib.recommendations.models import spark_export
        from chalicelib.recommendations.signals import interactions

        spark_builds.tidy(self.store)
        self._exported = spark_files.folder_of(self.id, self._row().started_at)
        self._note("exporting", 0.0)
        stream = interactions.stream(now=clock.now())
        exported = spark_export.export(self.store, self._exported, stream, self._on_exported)
        source = _with_code(exported.learned_from)
        is_known = before is not None and before.learned_from == source and not even_if_unchanged
        if not exported.products or (is_known and publishing.live_manifest(self.store) is not None):
            self.store.delete_folder(self._exported)
            if not exported.products:
                return self._end("done", "There are no products to recommend.")
            return self._end_unchanged(before, source)
        self.lease.check()
        run(lambda connection: builds.hand_over(connection, self.id, source, exported.rows_read), writes=True)
        self._exported = None  # from here on others see to it
        return spark_builds.follow(self.store, self.lease, self._row())

    def _row(self) -> Any:
        return run(lambda connection: builds_sql.find_build(connection, self.id), writes=False)

    def _on_exported(self, rows: int) -> None:
        if time.monotonic() > self.ends_at - _LEAST_S:
            raise NotEnoughTime(f"After exporting {rows:,} interactions no time was left.")
        self._rows = rows
        self._note("exporting", _EXPORTED * min(rows / max(self._expected_rows, rows + 1), 1.0))

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
        if live is not None and publishing.is_of_other_data(live, learned.first, len(learned.interactions)):
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
        publishing.publish(
            self.store,
            self.lease,
            self.id,
            version,
            objection,
            rows_read=self._rows,
            on_pointed=self._on_pointed,
        )
        self._tell("done" if objection is None else "rejected", 1.0)

    def _on_pointed(self) -> None:
        self._pointed = True

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
        for folder in (self._exported, self._written and folder_of(self._written)):
            if folder is not None:
                with suppress(Exception):  # what is left goes with a later build
                    self.store.delete_folder(folder)
        with suppress(AppError):  # the next build sees that this one is gone
            text = error.message if isinstance(error, AppError) else str(error)
            self._end("failed", logging.redact(f"{type(error).__name__}: {text}"))
