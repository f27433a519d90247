"""Bytes by key, in an S3 bucket or in a local folder: one interface, and the only user of boto3's S3."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, BinaryIO, Protocol, cast

from chalicelib.core.config import Settings, settings

# For keys that never hold other bytes.
IMMUTABLE = "public, max-age=31536000, immutable"

# How files are named while they are being written: a killed writer leaves one, which is no blob.
_UNFINISHED = ".unfinished-"
_PIECE = 1024 * 1024  # bytes of a stream that are held at a time


@dataclass(frozen=True, slots=True)
class Blob:
    """What is known of a blob without reading it; `version` changes when its bytes do. Size in bytes."""

    key: str
    size: int
    version: str


@dataclass(frozen=True, slots=True)
class UploadForm:
    """Where a browser posts a file to, as multipart/form-data: `fields` first, then the field `file`."""

    url: str
    fields: dict[str, str]


class Blobs(Protocol):
    """A place that keeps bytes by key. Keys use `/`, never begin with it, never hold `..`."""

    def list(self, prefix: str) -> Iterator[Blob]:
        """Yield the blobs directly below the folder `prefix`, by key."""

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the names of the folders directly below the folder `prefix`, in order."""

    def open(self, key: str) -> BinaryIO:
        """Open a blob for streaming; FileNotFoundError when there is none."""

    def find(self, key: str) -> Blob | None:
        """Return what is known of a blob, None when there is none."""

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Keep bytes under a key, in place of what was there; ValueError when the key leads out."""

    def put_stream(self, key: str, stream: BinaryIO, content_type: str) -> None:
        """Keep what a stream that can seek holds from its start to its end, read in pieces; else as `put`."""

    def delete(self, key: str) -> None:
        """Forget a blob; nothing happens when there is none."""

    def delete_folder(self, prefix: str) -> None:
        """Forget everything below the folder `prefix`, which is not the root; ValueError when it leads out."""

    def local_path(self, key: str) -> Path | None:
        """Return the file of this machine that is the blob, None where there is no such file."""

    def upload_form(self, key: str, content_type: str, size: int, ttl_s: int) -> UploadForm | None:
        """Return a form that lets anybody put `size` bytes under `key` for a while; None where there is no such."""


class FolderBlobs:
    """Blobs as files below one folder; `follow_links` for a folder that its own user named."""

    def __init__(self, root: Path, *, follow_links: bool = False) -> None:
        self.root = root.resolve()
        self._follow_links = follow_links

    def list(self, prefix: str) -> Iterator[Blob]:
        """Yield the files directly in the folder `prefix`."""
        folder = self._path(prefix.strip("/"))
        for path in sorted(folder.iterdir()) if folder is not None and folder.is_dir() else ():
            if path.is_file() and not path.name.startswith(_UNFINISHED):
                yield self._blob(path)

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the names of the folders directly in the folder `prefix`."""
        folder = self._path(prefix.strip("/"))
        for path in sorted(folder.iterdir()) if folder is not None and folder.is_dir() else ():
            if path.is_dir():
                yield path.name

    def open(self, key: str) -> BinaryIO:
        """Open the file of `key`."""
        path = self._path(key)
        if path is None or not path.is_file():
            raise FileNotFoundError(key)
        return path.open("rb")

    def find(self, key: str) -> Blob | None:
        """Look at the file of `key`."""
        path = self._path(key)
        return self._blob(path) if path is not None and path.is_file() else None

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Write the file of `key`, whole or not at all; its type is in its name."""
        self.put_stream(key, io.BytesIO(data), content_type)

    def put_stream(self, key: str, stream: BinaryIO, content_type: str) -> None:  # noqa: ARG002 - see below
        """Write the file of `key`, whole or not at all."""
        path = self._inside(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        stream.seek(0)
        with NamedTemporaryFile(dir=path.parent, prefix=_UNFINISHED, delete=False) as file:
            try:
                shutil.copyfileobj(stream, file, _PIECE)
            except BaseException:
                Path(file.name).unlink()
                raise
        Path(file.name).replace(path)

    def delete(self, key: str) -> None:
        """Remove the file of `key`."""
        with suppress(FileNotFoundError, IsADirectoryError, PermissionError, NotADirectoryError):
            self._inside(key).unlink()

    def delete_folder(self, prefix: str) -> None:
        """Remove the folder and all that is in it."""
        with suppress(FileNotFoundError, NotADirectoryError):
            shutil.rmtree(self._inside(prefix.strip("/")))

    def local_path(self, key: str) -> Path | None:
        """Return the file of `key`."""
        path = self._path(key)
        return path if path is not None and path.is_file() else None

    def upload_form(  # the signature is that of all places
        self,
        key: str,  # noqa: ARG002
        content_type: str,  # noqa: ARG002
        size: int,  # noqa: ARG002
        ttl_s: int,  # noqa: ARG002
    ) -> UploadForm | None:
        """A folder takes no forms."""
        return None

    def _blob(self, path: Path) -> Blob:
        facts = path.stat()
        version = f"{facts.st_size}-{facts.st_mtime_ns}"
        return Blob(path.relative_to(self.root).as_posix(), facts.st_size, version)

    def _inside(self, key: str) -> Path:
        path = self._path(key)
        if path is None or path == self.root:
            raise ValueError(key)
        return path

    def _path(self, key: str) -> Path | None:
        """Return where a key is kept; None for what no bucket would hold either: a way out of the folder."""
        if ".." in key.split("/") or "\0" in key:
            return None
        path = self.root / key
        return path if self._follow_links or path.resolve().is_relative_to(self.root) else None


class BucketBlobs:
    """Blobs as objects of an S3 bucket."""

    def __init__(self, bucket: str) -> None:
        # Function-level: most cold starts never touch S3.
        import boto3
        from botocore.config import Config

        self.bucket = bucket
        # Forms are signed for the newest signature, which every region takes.
        self._client: Any = boto3.client("s3", config=Config(signature_version="s3v4"))

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

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the names that objects below `prefix` share up to the next `/`."""
        folder = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=folder, Delimiter="/"
        )
        for page in pages:
            for found in page.get("CommonPrefixes", []):
                yield found["Prefix"].removeprefix(folder).rstrip("/")

    def open(self, key: str) -> BinaryIO:
        """Open the object `key` as a stream."""
        try:
            return cast(BinaryIO, self._client.get_object(Bucket=self.bucket, Key=key)["Body"])
        except self._client.exceptions.NoSuchKey:
            raise FileNotFoundError(key) from None

    def find(self, key: str) -> Blob | None:
        """Look at the object `key`."""
        from botocore.exceptions import ClientError  # see above

        try:
            found = self._client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey", "NotFound"):
                return None
            raise
        return Blob(key, found["ContentLength"], found["ETag"].strip('"'))

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Put the object `key`."""
        self._client.put_object(Bucket=self.bucket, Key=key, Body=data, ContentType=content_type)

    def put_stream(self, key: str, stream: BinaryIO, content_type: str) -> None:
        """Put the object `key`, at most 5 GB: in one request, so that a killed writer leaves nothing behind."""
        stream.seek(0)
        self._client.put_object(Bucket=self.bucket, Key=key, Body=stream, ContentType=content_type)

    def delete(self, key: str) -> None:
        """Delete the object `key`."""
        self._client.delete_object(Bucket=self.bucket, Key=key)

    def delete_folder(self, prefix: str) -> None:
        """Delete the objects below `prefix`, a page at a time."""
        if not prefix.strip("/"):
            raise ValueError(prefix)
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=f"{prefix.strip('/')}/"
        )
        for page in pages:
            keys = [{"Key": found["Key"]} for found in page.get("Contents", [])]
            if keys:
                done = self._client.delete_objects(Bucket=self.bucket, Delete={"Objects": keys, "Quiet": True})
                if done.get("Errors"):
                    raise OSError(f"{len(done['Errors'])} objects below {prefix} could not be deleted")

    def local_path(self, key: str) -> Path | None:  # noqa: ARG002 - the signature is that of all places
        """An object is no file."""
        return None

    def upload_form(self, key: str, content_type: str, size: int, ttl_s: int) -> UploadForm:
        """Return a presigned form of the bucket for exactly this key, type and size."""
        kept = {"Content-Type": content_type, "Cache-Control": IMMUTABLE}
        made = self._client.generate_presigned_post(
            self.bucket,
            key,
            Fields=kept,
            Conditions=[*({name: value} for name, value in kept.items()), ["content-length-range", size, size]],
            ExpiresIn=ttl_s,
        )
        return UploadForm(made["url"], made["fields"])


def read_bytes(place: Blobs, key: str) -> bytes:
    """Return all bytes of a small blob; FileNotFoundError when there is none."""
    with place.open(key) as stream:
        return stream.read()


@cache
def _store(config: Settings) -> Blobs:
    return BucketBlobs(config.bucket) if config.bucket else FolderBlobs(config.data_dir / "bucket")


def store() -> Blobs:
    """Return the place that the settings name: the bucket, or locally the folder `bucket` of the data folder."""
    return _store(settings())
