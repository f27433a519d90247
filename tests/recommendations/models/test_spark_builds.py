"""Models that a Spark job builds: exported, started once, followed from call to call, taken over or refused."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import moto.emrserverless.models
import numpy as np
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto.backends import get_backend
from sqlalchemy import Engine, select

from chalicelib.core import clock, config, leases
from chalicelib.core.auth import Role
from chalicelib.core.blobs import Blobs, read_bytes
from chalicelib.core.config import Spark
from chalicelib.recommendations.models import (
    builds,
    publishing,
    rebuild,
    spark_builds,
    spark_export,
    spark_files,
    spark_start,
    versions,
)
from chalicelib.recommendations.models.manifests import manifest_key
from chalicelib.recommendations.models.model_tables import recommendation_builds
from chalicelib.recommendations.models.spark_builds import SparkFailed
from tests.client import Client
from tests.conftest import set_settings
from tests.factories import signed_in
from tests.recommendations.models.conftest import ModelShop
from tests.recommendations.models.fakes import BASE, batch, write_model

DEFAULT_ACCOUNT_ID = "123456789012"  # moto's
ROLE = f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:role/shopkeeper-spark"


@pytest.fixture
def kind_of_bucket() -> str:
    """Spark is for buckets alone."""
    return "bucket"


@dataclass
class Emr:
    """What EMR Serverless knows of the shop's application."""

    application_id: str
    store: Blobs

    @property
    def runs(self) -> list[Any]:
        """The job runs that were started."""
        backend = get_backend("emr-serverless")[DEFAULT_ACCOUNT_ID]["us-east-1"]
        found: list[Any] = backend.job_runs.get(self.application_id, [])
        return found

    def folder(self) -> str:
        """Return the folder that the newest job was given."""
        arguments: list[str] = self.runs[-1].job_driver["sparkSubmit"]["entryPointArguments"]
        return dict(zip(arguments[::2], arguments[1::2], strict=True))["--folder"]

    def end(self, state: str = "SUCCESS", *, detail: str | None = None) -> None:
        """Let the newest job end."""
        self.runs[-1].state = state
        self.runs[-1].state_details = detail

    def leave_model(self, *, ndcg: float = 0.3, at: datetime | None = None) -> str:
        """Do what the job does when all goes well; return the version."""
        version = write_model(self.store, (2.0, 1.0, 0.0), at)
        self._measured(version, ndcg)
        data = read_bytes(self.store, manifest_key(version))
        digest = hashlib.sha256(data).hexdigest()
        result = spark_files.Result(version=version, manifest_sha256=digest)
        spark_files.write(self.store, spark_files.result_key(self.folder()), result)
        return version

    def _measured(self, version: str, ndcg: float) -> None:
        manifest = versions.read_manifest(self.store, version)
        metrics = {"ndcg10": ndcg, "people": 100_000}
        changed = manifest.model_copy(update={"metrics": metrics})
        self.store.put(manifest_key(version), changed.model_dump_json().encode(), "application/json")


@pytest.fixture
def emr(model_shop: ModelShop, monkeypatch: pytest.MonkeyPatch) -> Emr:
    """An application, and a shop that is large from three interactions on."""
    monkeypatch.setattr(moto.emrserverless.models, "JOB_STATUS", "RUNNING")
    made = boto3.client("emr-serverless").create_application(
        name="shop", type="SPARK", releaseLabel="emr-7.5.0", clientToken="t"
    )
    spark = Spark(made["applicationId"], ROLE, "s3://code/spark/rebuild_job.py", "--conf spark.driver.cores=8")
    set_settings(monkeypatch, dataclasses.replace(config.settings(), spark=spark, model_spark_from=3))
    return Emr(made["applicationId"], model_shop.store)


def tick() -> None:
    """Let the schedule come round."""
    rebuild.rebuild_recommendations(time_left_ms=lambda: 900_000)


def on(monkeypatch: pytest.MonkeyPatch, after: timedelta) -> None:
    moment = clock.now() + after
    monkeypatch.setattr(clock, "now", lambda: moment)


def rows(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(recommendation_builds).order_by(recommendation_builds.c.id)))


def left(store: Blobs) -> list[str]:
    return list(store.folders(spark_files.FOLDER))


# --- export ------------------------------------------------------------------------------------------------------


def test_what_there_is_to_learn_is_exported_and_nothing_of_unknown_products(
    model_shop: ModelShop, emr: Emr, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, c = model_shop.products
    monkeypatch.setattr(spark_export, "PART", 2)
    model_shop.stream.batches = [
        batch((1, a, 0, 1.0), (2, 999_999, 10, 1.0), (2, a, 50, 1.5)),
        batch((3, 999_999, 60, 1.0)),
        batch((-7, b, 100, 0.25)),
    ]
    tick()
    store, folder = model_shop.store, emr.folder()
    keys = [blob.key for blob in store.list(f"{folder}/interactions")]
    parts = [np.load(io.BytesIO(read_bytes(store, key)), allow_pickle=False) for key in keys]
    assert [part.tolist() for part in parts] == [
        [(1, a, BASE, 1.0), (2, a, BASE + 50, 1.5)],
        [(-7, b, BASE + 100, 0.25)],
    ]
    lines = read_bytes(store, spark_files.catalogue_key(folder, 0)).decode().splitlines()
    assert [json.loads(line)["id"] for line in lines] == [a, b, c]
    assert set(json.loads(lines[0])) == {"id", "name", "category", "brand", "department", "price"}


def test_a_shop_that_grows_large_while_it_is_read_is_handed_over(
    model_shop: ModelShop, emr: Emr, shop: Engine
) -> None:
    tick()
    [row] = rows(shop)
    assert (row.state, row.rows_read, model_shop.trainer.calls) == (builds.SPARK, 3, [])
    [run] = emr.runs
    assert run.client_token == spark_files.name_of(row.id, row.started_at)
    submitted = run.job_driver["sparkSubmit"]
    assert submitted["entryPoint"] == "s3://code/spark/rebuild_job.py"
    assert "spark.submit.pyFiles=s3://code/spark/shopkeeper.zip" in submitted["sparkSubmitParameters"]
    assert submitted["sparkSubmitParameters"].endswith("--conf spark.driver.cores=8")
    assert submitted["entryPointArguments"][:2] == ["--place", f"s3://{config.settings().bucket}"]
    assert run.execution_timeout_minutes == spark_start.LIMIT_MINUTES


def test_a_smaller_shop_is_built_here(
    model_shop: ModelShop, emr: Emr, shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_settings(monkeypatch, dataclasses.replace(config.settings(), model_spark_from=4))
    tick()
    assert [(row.state, row.rows_read) for row in rows(shop)] == [("done", 3)]
    assert (emr.runs, len(model_shop.trainer.calls)) == ([], 1)


def test_without_spark_a_large_shop_is_built_here_and_the_log_says_so(
    model_shop: ModelShop, emr: Emr, shop: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    set_settings(monkeypatch, dataclasses.replace(config.settings(), spark=None))
    tick()
    assert [row.state for row in rows(shop)] == ["done"]
    assert "the shop is large: its model should be built by Spark" in caplog.text


def test_the_command_line_builds_here_whatever_the_size(model_shop: ModelShop, emr: Emr) -> None:
    assert rebuild.build(requested_by="robin").state == "done"
    assert emr.runs == []


def test_where_nothing_has_changed_no_job_is_started(
    model_shop: ModelShop, emr: Emr, shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick()
    emr.leave_model()
    emr.end()
    tick()
    on(monkeypatch, builds.EVERY)
    tick()
    first, second = rows(shop)
    assert second.message == f"Nothing has changed since build {first.id}: nothing was built."
    assert (second.learned_from, len(emr.runs), left(model_shop.store)) == (first.learned_from, 1, [])


def test_the_same_data_is_known_again_wherever_it_was_built(
    model_shop: ModelShop, emr: Emr, shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuild.build(requested_by="robin")
    on(monkeypatch, builds.EVERY)
    tick()
    first, second = rows(shop)
    assert first.learned_from == second.learned_from
    assert emr.runs == []


def test_an_export_that_fails_leaves_nothing(
    model_shop: ModelShop, emr: Emr, shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: Any, **_named: Any) -> None:
        raise OSError("the bucket is full")

    monkeypatch.setattr(spark_export._Parts, "flush", fail)
    with pytest.raises(OSError, match="full"):
        tick()
    [row] = rows(shop)
    assert (row.state, row.message, left(model_shop.store)) == ("failed", "OSError: the bucket is full", [])


def test_what_a_killed_export_left_goes_with_the_next_build(model_shop: ModelShop, emr: Emr) -> None:
    model_shop.store.put(f"{spark_files.FOLDER}/7-20260101T000000Z/interactions/part-00000.npy", b"x", "text/plain")
    tick()
    assert left(model_shop.store) == [emr.folder().rpartition("/")[2]]


# --- following ---------------------------------------------------------------------------------------------------


def test_a_job_is_followed_and_its_version_goes_live(
    model_shop: ModelShop, emr: Emr, shop: Engine, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick()
    folder = emr.folder()
    progress = spark_files.Progress(step="fitting", share=0.5)
    spark_files.write(model_shop.store, spark_files.progress_key(folder), progress)
    on(monkeypatch, timedelta(minutes=5))
    tick()
    shown = signed_in(Role.STAFF).get("/ai/model").json["running"]
    [row] = rows(shop)
    assert (row.state, row.step, row.progress) == (builds.SPARK, "Spark: fitting", 52)
    assert (shown["state"], shown["stalled"], shown["step"]) == ("running", False, "Spark: fitting")
    assert versions.live_version(model_shop.store) is None
    version = emr.leave_model()
    emr.end()
    tick()
    [row] = rows(shop)
    assert (row.state, row.version, row.progress, row.step, row.rows_read) == ("done", version, 100, None, 3)
    assert json.loads(row.metrics)["ndcg10"] == 0.3
    assert versions.live_version(model_shop.store) == version
    assert (left(model_shop.store), len(emr.runs)) == ([], 1)


def test_while_spark_builds_nobody_else_does(model_shop: ModelShop, emr: Emr, shop: Engine) -> None:
    tick()
    with pytest.raises(leases.Busy, match="Spark"):
        rebuild.build(requested_by="robin")
    tick()
    assert (len(rows(shop)), len(emr.runs), model_shop.trainer.calls) == (1, 1, [])


def test_a_job_whose_start_was_not_noted_is_asked_for_by_the_same_token(
    model_shop: ModelShop, emr: Emr, shop: Engine
) -> None:
    tick()
    model_shop.store.delete(spark_files.job_key(emr.folder()))
    tick()
    assert len({run.client_token for run in emr.runs}) == 1  # EMR Serverless starts it once
    assert [row.state for row in rows(shop)] == [builds.SPARK]


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_a_job_that_failed_fails_its_build_and_the_function(
    model_shop: ModelShop, emr: Emr, shop: Engine, state: str
) -> None:
    live = write_model(model_shop.store)
    versions.point_to(model_shop.store, live)
    tick()
    emr.end(state, detail="Job failed, please check the driver's log")
    with pytest.raises(SparkFailed, match="check the driver"):
        tick()
    [row] = rows(shop)
    assert row.state == "failed"
    assert f"has failed: {state}: Job failed, please check the driver's log" in row.message
    assert (versions.live_version(model_shop.store), left(model_shop.store)) == (live, [])


def test_a_job_without_a_result_fails_its_build(model_shop: ModelShop, emr: Emr, shop: Engine) -> None:
    tick()
    emr.end()
    with pytest.raises(SparkFailed, match="left no result"):
        tick()
    assert [row.state for row in rows(shop)] == ["failed"]


def test_a_job_that_takes_too_long_is_cancelled(
    model_shop: ModelShop, emr: Emr, shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick()
    on(monkeypatch, spark_builds.LIMIT + timedelta(minutes=1))
    with pytest.raises(SparkFailed, match="did not end within 3:00:00"):
        tick()
    assert ([row.state for row in rows(shop)], emr.runs[0].state) == (["failed"], "CANCELLED")


def test_what_a_job_finished_in_time_is_taken_over_late(
    model_shop: ModelShop, emr: Emr, shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick()
    version = emr.leave_model()
    emr.end()
    on(monkeypatch, spark_builds.LIMIT * 2)
    tick()
    assert versions.live_version(model_shop.store) == version


def test_a_job_that_may_not_be_started_fails_its_build(
    model_shop: ModelShop, emr: Emr, shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = Spark(emr.application_id, "arn:aws:iam::999999999999:role/shopkeeper-spark", "s3://code/job.py")
    set_settings(monkeypatch, dataclasses.replace(config.settings(), spark=foreign))
    with pytest.raises(SparkFailed, match="does not start the job"):
        tick()
    [row] = rows(shop)
    assert (row.state, left(model_shop.store)) == ("failed", [])
    assert "Cross-account" in row.message


def test_emr_that_is_busy_is_asked_again(
    model_shop: ModelShop, emr: Emr, shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubbed = boto3.client("emr-serverless")
    with Stubber(stubbed) as stub, monkeypatch.context() as patch:
        patch.setattr(spark_start, "_client", lambda: stubbed)
        stub.add_client_error("start_job_run", "InternalServerException")
        with pytest.raises(ClientError):
            tick()
    assert [row.state for row in rows(shop)] == [builds.SPARK]
    tick()
    assert len(emr.runs) == 1


# --- taking over -------------------------------------------------------------------------------------------------


def test_a_version_that_measures_worse_is_kept_but_not_live(
    model_shop: ModelShop, emr: Emr, shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick()
    live = emr.leave_model(ndcg=0.4)
    emr.end()
    tick()
    on(monkeypatch, builds.EVERY)
    model_shop.stream.batches = [*model_shop.stream.batches, batch((9, model_shop.products[2], 200, 1.0))]
    tick()
    worse = emr.leave_model(ndcg=0.2, at=clock.now())
    emr.end()
    tick()
    row = rows(shop)[-1]
    assert (row.state, row.version) == ("rejected", worse)
    assert versions.live_version(model_shop.store) == live
    assert versions.check_whole(model_shop.store, worse).rejected == row.message


def test_a_version_with_a_changed_byte_is_refused(model_shop: ModelShop, emr: Emr, shop: Engine) -> None:
    tick()
    version = emr.leave_model()
    emr.end()
    key = f"models/recommendations/{version}/popularity.npy"
    data = bytearray(read_bytes(model_shop.store, key))
    data[-1] ^= 1
    model_shop.store.put(key, bytes(data), "application/octet-stream")
    with pytest.raises(SparkFailed, match="not whole"):
        tick()
    assert ([row.state for row in rows(shop)], versions.live_version(model_shop.store)) == (["failed"], None)


def test_a_manifest_that_is_not_the_jobs_is_refused(model_shop: ModelShop, emr: Emr, shop: Engine) -> None:
    tick()
    version = emr.leave_model()
    emr.end()
    emr._measured(version, 0.9)
    with pytest.raises(SparkFailed, match="checksum"):
        tick()
    assert versions.live_version(model_shop.store) is None


@pytest.mark.parametrize("step", ["before the pointer", "after the pointer", "after the books"])
@pytest.mark.parametrize("is_worse", [False, True])
def test_a_function_killed_while_it_takes_over_is_made_up_for(
    model_shop: ModelShop, emr: Emr, shop: Engine, monkeypatch: pytest.MonkeyPatch, step: str, is_worse: bool
) -> None:
    live = write_model(model_shop.store, at=datetime(2026, 1, 1, tzinfo=UTC))
    emr_metrics = {"ndcg10": 0.2, "people": 100_000}
    manifest = versions.read_manifest(model_shop.store, live).model_copy(update={"metrics": emr_metrics})
    model_shop.store.put(manifest_key(live), manifest.model_dump_json().encode(), "application/json")
    versions.point_to(model_shop.store, live)
    tick()
    version = emr.leave_model(ndcg=0.1 if is_worse else 0.3)
    emr.end()

    class Killed(BaseException):
        pass

    def die(*_given: Any, **_named: Any) -> None:
        raise Killed

    place = {
        "before the pointer": (publishing, "publish"),
        "after the pointer": (builds, "end"),
        "after the books": (spark_builds, "_forget"),
    }[step]
    with monkeypatch.context() as patch:
        patch.setattr(*place, die)
        with pytest.raises(Killed):
            tick()
    assert versions.live_version(model_shop.store) in (live, version)
    tick()
    [row] = rows(shop)[:1]
    assert (row.state, row.version) == ("rejected" if is_worse else "done", version)
    assert versions.live_version(model_shop.store) == (live if is_worse else version)
    versions.check_whole(model_shop.store, version)
