"""The entry point of the Spark job: reads interactions and catalogue, leaves a version of the model in the bucket.

It moves no pointer: `rebuild_recommendations` checks the version, compares it with the live one and takes it over.
Killed at any point, nothing that anybody looks at has changed. How to start it: docs/recommendations-spark.md.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pyspark.sql import SparkSession

from chalicelib.core.blobs import Blobs, BucketBlobs, FolderBlobs, read_bytes
from chalicelib.recommendations.models import artefacts, checks, spark_files
from chalicelib.recommendations.models.manifests import manifest_key, new_version, plain
from chalicelib.recommendations.models.spark_files import Progress, Result
from chalicelib.recommendations.numeric.fit import Budget
from infra.spark import fitting, sources
from infra.spark.fitting import Built
from infra.spark.sources import BadSource

_EVERY_S = 5.0  # between two notes of progress


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the job; 0 when a version was written."""
    options = _parser().parse_args(arguments)
    spark = session()
    try:
        result = run(spark, options)
    except (BadSource, checks.NotSound) as error:
        print(f"No model was written: {error}", file=sys.stderr)
        return 1
    finally:
        spark.stop()
    print(f"Version {result.version} was written.")
    return 0


def session() -> SparkSession:
    """Return the session, with what the job needs beside the settings of who started it."""
    return (
        SparkSession.builder.appName("shopkeeper: recommendations")
        .config("spark.driver.maxResultSize", "0")  # rows of dense products come back: bounded by the sizes of parts
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "200000")
        .getOrCreate()
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--place", required=True, help="s3://bucket, or a folder: where models are kept")
    parser.add_argument("--folder", required=True, help="folder of this build there: exported data, progress, result")
    parser.add_argument("--interactions", help="where they are, when not exported to the folder")
    parser.add_argument("--interactions-format", choices=sources.FORMATS, default="npy")
    parser.add_argument("--catalogue", help="where it is, when not exported to the folder")
    parser.add_argument("--catalogue-format", choices=sources.FORMATS[1:], default="json")
    parser.add_argument("--now", type=datetime.fromisoformat, help="the moment of the build, with its zone")
    parser.add_argument("--memory-mb", type=int, default=8_000, help="what the driver's arrays may take")
    parser.add_argument("--time-s", type=float, default=3_600.0, help="bounds the size of the linear model")
    parser.add_argument("--revision", default="unknown", help="of the code, for the manifest")
    return parser


def run(spark: SparkSession, options: argparse.Namespace) -> Result:
    """Build, check and write a version, then the result that names it.

    Raises:
        BadSource: what is to be read is not as it must be.
        NotSound: the model cannot be used.
    """
    store, root = _place(options.place)
    folder: str = options.folder.strip("/")
    interactions = options.interactions or f"{root}/{folder}/interactions"
    catalogue_path = options.catalogue or f"{root}/{folder}/catalogue"
    note = _Notes(store, folder)
    item_ids, catalogue = sources.read_catalogue(spark, catalogue_path, options.catalogue_format)
    if not len(item_ids):
        raise BadSource("The catalogue is empty.")
    now: datetime = options.now or datetime.now(UTC)
    with TemporaryDirectory(prefix="shopkeeper-") as scratch:
        built = fitting.build(
            spark,
            sources.read_interactions(spark, interactions, options.interactions_format),
            item_ids,
            catalogue,
            now=int(now.timestamp()),
            budget=Budget(options.memory_mb * 1_000_000, options.time_s),
            folder=Path(scratch),
            report=note,
        )
    checks.check_sound(built.trained, item_ids)
    note("publishing", 0.99)
    version = new_version(datetime.now(UTC))
    artefacts.write_version(
        store,
        version,
        built.trained.arrays,
        item_ids,
        parameters=built.trained.settings,
        metrics=plain(built.trained.metrics),
        origin=_origin(built, options.revision),
    )
    digest = hashlib.sha256(read_bytes(store, manifest_key(version))).hexdigest()
    result = Result(version=version, manifest_sha256=digest)
    spark_files.write(store, spark_files.result_key(folder), result)
    return result


def _origin(built: Built, revision: str) -> artefacts.Origin:
    times = [datetime.fromtimestamp(each, UTC) for each in (built.first_s, built.last_s)]
    first, last = times if built.n_interactions else (None, None)
    return artefacts.Origin(
        built_at=datetime.now(UTC),
        first=first,
        last=last,
        people=built.n_people,
        interactions=built.n_interactions,
        git_revision=revision,
    )


def _place(text: str) -> tuple[Blobs, str]:
    """Return the place of bytes, and what Spark calls it."""
    if text.startswith("s3://"):
        bucket = text.removeprefix("s3://").strip("/")
        return BucketBlobs(bucket), f"s3://{bucket}"
    path = Path(text).resolve()
    return FolderBlobs(path), path.as_uri()


class _Notes:
    """Progress, left where the function that waits for the job finds it."""

    def __init__(self, store: Blobs, folder: str) -> None:
        self._store, self._key = store, spark_files.progress_key(folder)
        self._noted = ("", float("-inf"))

    def __call__(self, step: str, share: float) -> None:
        """Note a step, and how far it is from time to time."""
        now = time.monotonic()
        if step == self._noted[0] and now - self._noted[1] < _EVERY_S:
            return
        self._noted = (step, now)
        print(f"{share:4.0%} {step}", flush=True)
        spark_files.write(self._store, self._key, Progress(step=step[:80], share=min(max(share, 0.0), 1.0)))


if __name__ == "__main__":
    # Spark takes an exit for a failure, even with 0.
    if status := main():
        sys.exit(status)
