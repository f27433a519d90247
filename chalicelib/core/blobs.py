"""Bytes by key, in an S3 bucket or in a local folder: one interface, and the only user of boto3's S3."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from chalicelib.core.config import Settings, settings


@dataclass(frozen=True, slots=True)
class Blob:
    """What is known of a blob without reading it; `version` changes when its bytes do. Size in bytes."""

    key: str
    size: int
    version: str


class Blobs(Protocol):
    """A place that keeps bytes by key. Keys use `/`, never begin with it, never hold `..`."""

    def list(self, prefix: str) -> Iterator[Blob]:
        """Yield the blobs directly below the folder `prefix`, by key."""

    def open(self, key: str) -> BinaryIO:
        """Open a blob for streaming; FileNotFoundError when there is none."""


class FolderBlobs:
    """Blobs as files below one folder; `follow_links` for a folder that its own user named."""

    def __init__(self, root: Path, *, follow_links: bool = False) -> None:
        self.root = root.resolve()
        self._follow_links = follow_links

    def list(self, prefix: str) -> Iterator[Blob]:
        """Yield the files directly in the folder `prefix`."""
        folder = self._path(prefix.strip("/"))
        for path in sorted(folder.iterdir()) if folder is not None and folder.is_dir() else ():
            if path.is_file():
                facts = path.stat()
                version = f"{facts.st_size}-{facts.st_mtime_ns}"
                yield Blob(path.relative_to(self.root).as_posix(), facts.st_size, version)

    def open(self, key: str) -> BinaryIO:
        """Open the file of `key`."""
        path = self._path(key)
        if path is None or not path.is_file():
            raise FileNotFoundError(key)
        return path.open("rb")

    def _path(self, key: str) -> Path | None:
        """Return where a key is kept; None for what no bucket would hold either: a way out of the folder."""
        if ".." in key.split("/") or "\0" in key:
            return None
        path = self.root / key
        return path if self._follow_links or path.resolve().is_relative_to(self.root) else None


class BucketBlobs:
    """Blobs as objects of an S3 bucket."""

    def __init__(self, bucket: str) -> None:
        import boto3  # function-level: most cold starts never touch S3

        self.bucket = bucket
        self._client: Any = boto3.client("s3")

    def list(self, prefix: str) -> Iterator[Blob]:
        """Yield the objects directly below `prefix`."""
        folder = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=folder, Delimiter="/"
        )
        for page in pages:
            for found in page.get("Contents", []):
                if found["Key"] != folder:
                    yield Blob(found["Key"], found["Size"], found["ETag"].strip('"'))

    def open(self, key: str) -> BinaryIO:
        """Open the object `key` as a stream."""
        try:
            return cast(BinaryIO, self._client.get_object(Bucket=self.bucket, Key=key)["Body"])
        except self._client.exceptions.NoSuchKey:
            raise FileNotFoundError(key) from None


@cache
def _store(config: Settings) -> Blobs:
    return BucketBlobs(config.bucket) if config.bucket else FolderBlobs(config.data_dir / "bucket")


def store() -> Blobs:
    """Return the place that the settings name: the bucket, or locally the folder `bucket` of the data folder."""
    return _store(settings())
