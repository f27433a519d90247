"""Jobs of EMR Serverless: started, looked at, cancelled. Nothing of what they compute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chalicelib.core import logging
from chalicelib.core.config import Spark, settings

# A job that takes longer is ended by EMR, so that it costs nothing more.
LIMIT_MINUTES = 150

_FAILED = ("FAILED", "CANCELLED", "CANCELLING")
# Answers that will be the same at the next try.
_FOR_GOOD = ("AccessDeniedException", "ValidationException", "ResourceNotFoundException")


class Refused(Exception):
    """EMR Serverless does not start the job: a setting or a right is wrong."""


@dataclass(frozen=True, slots=True)
class Job:
    """How a job is; `detail` in the words of EMR Serverless."""

    state: Literal["under way", "done", "failed"]
    detail: str


def start(name: str, arguments: Sequence[str]) -> str:
    """Start the job and return the id of its run; one that was started under this name is not started again.

    Raises:
        Refused: it cannot be started, now or later.
    """
    from botocore.exceptions import ClientError  # late: see _client

    given = _configured()
    try:
        started = _client().start_job_run(
            applicationId=given.application_id,
            clientToken=name,
            name=f"shopkeeper-recommendations-{name}",
            executionRoleArn=given.role_arn,
            executionTimeoutMinutes=LIMIT_MINUTES,
            jobDriver={
                "sparkSubmit": {
                    "entryPoint": given.entry_point,
                    "entryPointArguments": list(arguments),
                    "sparkSubmitParameters": submit_parameters(given),
                }
            },
        )
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _FOR_GOOD:
            raise Refused(f"EMR Serverless does not start the job: {error}") from None
        raise
    job_run_id: str = started["jobRunId"]
    logging.info("a Spark job was started", job=name, job_run_id=job_run_id)
    return job_run_id


def submit_parameters(given: Spark) -> str:
    """Return the parameters of spark-submit: what `make spark-package` made lies beside the entry point."""
    home = given.entry_point.rpartition("/")[0]
    python = "./environment/bin/python"
    settled = {
        "spark.submit.pyFiles": f"{home}/shopkeeper.zip",
        "spark.archives": f"{home}/environment.tar.gz#environment",
        "spark.emr-serverless.driverEnv.PYSPARK_DRIVER_PYTHON": python,
        "spark.emr-serverless.driverEnv.PYSPARK_PYTHON": python,
        "spark.executorEnv.PYSPARK_PYTHON": python,
    }
    own = [given.parameters] if given.parameters else []
    return " ".join([*(f"--conf {key}={value}" for key, value in settled.items()), *own])


def look(job_run_id: str) -> Job:
    """Return how a job is."""
    found = _client().get_job_run(applicationId=_configured().application_id, jobRunId=job_run_id)["jobRun"]
    state = found["state"]
    detail = f"{state}: {found['stateDetails']}" if found.get("stateDetails") else str(state)
    if state == "SUCCESS":
        return Job("done", detail)
    return Job("failed" if state in _FAILED else "under way", detail)


def cancel(job_run_id: str) -> None:
    """End a job."""
    _client().cancel_job_run(applicationId=_configured().application_id, jobRunId=job_run_id)


def _configured() -> Spark:
    given = settings().spark
    if given is None:
        raise Refused("SPARK_APPLICATION_ID is not set.")
    return given


def _client() -> Any:
    # Function-level: `import app` must not load it, and only large shops need it.
    import boto3

    return boto3.client("emr-serverless")
