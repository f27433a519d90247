"""Builds that a Spark job computes: started, followed, and their version taken over or refused. See `rebuild`.

Every step may be repeated: a function that is killed between two of them is made up for by the next one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NoReturn

from chalicelib.core import clock, logging
from chalicelib.core.blobs import Blobs
from chalicelib.core.config import settings
from chalicelib.core.database import run
from chalicelib.core.leases import Lease
from chalicelib.recommendations.models import builds, publishing, spark_files, spark_start, versions
from chalicelib.recommendations.models.manifests import ArtefactBroken, Manifest, manifest_key
from chalicelib.recommendations.models.spark_files import Progress, Result, Started

# Waiting for machines included; EMR ends the job itself before (`spark_start.LIMIT_MINUTES`).
LIMIT = timedelta(hours=3)
# Shares of all work, in percent, at which the job begins and has ended.
_BEGUN, _ENDED = 10, 95


def follow(store: Blobs, lease: Lease, row: Any) -> None:
    """Bring a build that Spark works on a step further: start its job, note how far it is, or take over its version.

    Raises:
        Exception: nothing could be found out now; the next call tries again.
    """
    folder = spark_files.folder_of(row.id, row.started_at)
    result = spark_files.read(store, spark_files.result_key(folder), Result)
    if result is None and clock.now() - row.started_at > LIMIT:
        _cancel(store, folder)
        _fail(store, row, f"The Spark job did not end within {LIMIT}.")
    try:
        started = spark_files.read(store, spark_files.job_key(folder), Started) or start(store, row)
        job = spark_start.look(started.job_run_id)
    except spark_start.Refused as error:
        _fail(store, row, str(error))
    if job.state == "failed":
        _fail(store, row, f"The Spark job {started.job_run_id} has failed: {job.detail}")
    if job.state == "under way":
        _note(store, row, folder, job.detail)
        return
    result = result or spark_files.read(store, spark_files.result_key(folder), Result)
    if result is None:
        _fail(store, row, f"The Spark job {started.job_run_id} left no result.")
    _take_over(store, lease, row, result)


def start(store: Blobs, row: Any) -> Started:
    """Start the job of a build, once: its name is a token that EMR Serverless knows again.

    Raises:
        Refused: it cannot be started.
    """
    folder = spark_files.folder_of(row.id, row.started_at)
    arguments = {
        "place": f"s3://{settings().bucket}",
        "folder": folder,
        "now": row.started_at.isoformat(),
        "revision": settings().git_revision,
    }
    run_id = spark_start.start(
        spark_files.name_of(row.id, row.started_at),
        [part for name, value in arguments.items() for part in (f"--{name}", value)],
    )
    started = Started(job_run_id=run_id)
    spark_files.write(store, spark_files.job_key(folder), started)
    return started


def tidy(store: Blobs) -> None:
    """Take away what builds left that nobody works on any more."""
    for name in store.folders(spark_files.FOLDER):
        store.delete_folder(f"{spark_files.FOLDER}/{name}")


def _note(store: Blobs, row: Any, folder: str, detail: str) -> None:
    progress = spark_files.read(store, spark_files.progress_key(folder), Progress)
    step, share = (detail.lower(), 0.0) if progress is None else (progress.step, progress.share)
    percent = _BEGUN + int((_ENDED - _BEGUN) * share)
    logging.info("Spark builds a model", build_id=row.id, step=step, percent=percent)
    run(
        lambda connection: builds.note_progress(
            connection, row.id, step=f"Spark: {step}", progress=percent, state=builds.SPARK
        ),
        writes=True,
    )


def _take_over(store: Blobs, lease: Lease, row: Any, result: Result) -> None:
    # numpy: not for the functions that only serve the catalogue
    from chalicelib.recommendations.models import checks

    try:
        manifest = _checked(store, result)
    except (ArtefactBroken, FileNotFoundError) as error:
        _fail(store, row, f"The version that the Spark job left is not whole: {error}")
    objection = manifest.rejected
    if objection is None and versions.live_version(store) != result.version:
        live = _comparable(store, manifest)
        objection = checks.objection(
            manifest.metrics, None if live is None else live.metrics, settings().model_margin
        )
        if objection is not None:
            rejected = manifest.model_copy(update={"rejected": objection})
            store.put(manifest_key(result.version), rejected.model_dump_json(indent=1).encode(), "application/json")
    run(
        lambda connection: builds.note_version(
            connection, row.id, result.version, manifest.metrics, row.learned_from, state=builds.SPARK
        ),
        writes=True,
    )
    publishing.publish(store, lease, row.id, result.version, objection, rows_read=row.rows_read, was=builds.SPARK)
    _forget(store, row)


def _checked(store: Blobs, result: Result) -> Manifest:
    """Return the manifest of the version, every byte of which was read; as the job wrote it, or rejected since."""
    manifest = versions.check_whole(store, result.version)
    if manifest.rejected is None:
        versions.read_manifest(store, result.version, result.manifest_sha256)
    return manifest


def _comparable(store: Blobs, new: Manifest) -> Manifest | None:
    """Return the manifest of the live model; None where its figures say nothing of what the new one learned from."""
    live = publishing.live_manifest(store)
    if live is not None and publishing.is_of_other_data(live, new.window.first, new.sizes.interactions):
        return None
    return live


def _cancel(store: Blobs, folder: str) -> None:
    """End a job that takes too long; it may be over, or EMR out of reach: it ends it by itself then."""
    started = spark_files.read(store, spark_files.job_key(folder), Started)
    if started is not None:
        try:
            spark_start.cancel(started.job_run_id)
        except Exception:
            logging.failure("a Spark job could not be cancelled", job_run_id=started.job_run_id)


def _fail(store: Blobs, row: Any, message: str) -> NoReturn:
    logging.warning("a build on Spark failed", build_id=row.id, reason=message)
    run(
        lambda connection: builds.end(connection, row.id, "failed", logging.redact(message), was=builds.SPARK),
        writes=True,
    )
    _forget(store, row)
    raise SparkFailed(message)


def _forget(store: Blobs, row: Any) -> None:
    """Take the build's folder away; what is left goes with the next build's `tidy`."""
    try:
        store.delete_folder(spark_files.folder_of(row.id, row.started_at))
    except Exception:
        logging.failure("what was exported could not be taken away", build_id=row.id)


class SparkFailed(Exception):
    """A build that Spark was to compute has failed; its row tells why."""
