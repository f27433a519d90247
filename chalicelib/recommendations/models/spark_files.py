"""What lies in the bucket between the function that hands a build over to Spark and the job: names and small files.

One folder a build: what was exported, `job.json` (which job was started), and by the job `progress.json` and
`result.json`. Pure: the job imports it too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib.core.blobs import Blobs, read_bytes

FOLDER = "models/spark"
# Columns of an exported part, one structured .npy file: those of the stream of interactions.
COLUMNS = [("people", "<i8"), ("products", "<i8"), ("times", "<i8"), ("weights", "<f4")]

T = TypeVar("T", bound=BaseModel)


class Started(BaseModel):
    """The job that works on a build."""

    model_config = ConfigDict(frozen=True)

    job_run_id: str


class Progress(BaseModel):
    """How far the job is; `share` of all its work."""

    model_config = ConfigDict(frozen=True)

    step: str = Field(max_length=80)
    share: float = Field(ge=0, le=1)


class Result(BaseModel):
    """The version that the job has written, whole, and the checksum of its manifest."""

    model_config = ConfigDict(frozen=True)

    version: str
    manifest_sha256: str


def folder_of(build_id: int, started_at: datetime) -> str:
    """Return the folder of a build; another shop on the same bucket, or a restored one, numbers its builds too."""
    return f"{FOLDER}/{name_of(build_id, started_at)}"


def name_of(build_id: int, started_at: datetime) -> str:
    """Return what a build is called outside of the shop: at most 64 letters, digits and hyphens."""
    return f"{build_id}-{started_at.astimezone(UTC).strftime('%Y%m%dT%H%M%S%fZ')}"


def interactions_key(folder: str, part: int) -> str:
    """Return the key of a part of the interactions."""
    return f"{folder}/interactions/part-{part:05d}.npy"


def catalogue_key(folder: str, part: int) -> str:
    """Return the key of a part of the catalogue: one JSON object a line."""
    return f"{folder}/catalogue/part-{part:05d}.jsonl"


def job_key(folder: str) -> str:
    """Return the key of what tells which job was started."""
    return f"{folder}/job.json"


def progress_key(folder: str) -> str:
    """Return the key of what tells how far the job is."""
    return f"{folder}/progress.json"


def result_key(folder: str) -> str:
    """Return the key of what tells what the job has made."""
    return f"{folder}/result.json"


def write(store: Blobs, key: str, content: BaseModel) -> None:
    """Put a small file into the bucket."""
    store.put(key, content.model_dump_json().encode(), "application/json")


def read(store: Blobs, key: str, kind: type[T]) -> T | None:
    """Return a small file; None where it is not there, or is none."""
    try:
        return kind.model_validate_json(read_bytes(store, key))
    except (FileNotFoundError, ValidationError):
        return None
