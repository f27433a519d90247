"""What is known of a stored model without its arrays: version names, manifests, the pointer. Pure.

The format, for whoever else writes it, is told in docs/recommendations-models.md.
"""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

FORMAT = 1
FOLDER = "models/recommendations"
POINTER = f"{FOLDER}/current.json"
MANIFEST = "manifest.json"

_VERSION = r"^\d{8}T\d{6}Z-[0-9a-f]{8}$"
_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$"
_SHA256 = r"^[0-9a-f]{64}$"
_STAMP = "%Y%m%dT%H%M%SZ"


class ArtefactBroken(Exception):
    """A stored model is not what its manifest says, or the manifest is none."""


class ArrayFile(BaseModel):
    """One array: a file of NumPy's format (.npy) beside the manifest. Bytes of the whole file."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(pattern=_NAME)
    file: str = Field(pattern=_NAME)
    dtype: str
    shape: list[int]
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=_SHA256)


class Window(BaseModel):
    """From when to when the interactions are that were learned from; null when there are none."""

    model_config = ConfigDict(frozen=True)

    first: AwareDatetime | None
    last: AwareDatetime | None


class Sizes(BaseModel):
    """How much was learned from, and how many bytes the arrays have together."""

    model_config = ConfigDict(frozen=True)

    people: int = Field(ge=0)
    items: int = Field(ge=0)
    interactions: int = Field(ge=0)
    bytes: int = Field(ge=0)


class Manifest(BaseModel):
    """What a version holds and how it came to be. It is written last: a version without one is not whole."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1]
    version: str = Field(pattern=_VERSION)
    built_at: AwareDatetime
    window: Window
    sizes: Sizes
    parameters: dict[str, Any]
    metrics: dict[str, Any]
    git_revision: str
    # Why the build did not make it live; it may be by hand.
    rejected: str | None = None
    arrays: list[ArrayFile]

    def key_of(self, array: ArrayFile) -> str:
        """Return the key of an array's file."""
        return f"{FOLDER}/{self.version}/{array.file}"


class Pointer(BaseModel):
    """Which version is live, and the checksum of its manifest."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1]
    version: str = Field(pattern=_VERSION)
    manifest_sha256: str = Field(pattern=_SHA256)


def new_version(now: datetime) -> str:
    """Return a name for a version made `now`: sorted by time, safe as a key."""
    return f"{now.astimezone(UTC).strftime(_STAMP)}-{secrets.token_hex(4)}"


def is_version(text: str) -> bool:
    """Tell whether `text` is the name of a version."""
    return re.fullmatch(_VERSION, text) is not None


def begun_at(version: str) -> datetime:
    """Return the moment in the name of a version."""
    return datetime.strptime(version.partition("-")[0], _STAMP).replace(tzinfo=UTC)


def folder_of(version: str) -> str:
    """Return the folder of a version."""
    return f"{FOLDER}/{version}"


def manifest_key(version: str) -> str:
    """Return the key of a version's manifest."""
    return f"{folder_of(version)}/{MANIFEST}"


def plain(value: Any) -> Any:
    """Return figures as JSON can hold them: numbers of NumPy become Python's, what is not finite null."""
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
