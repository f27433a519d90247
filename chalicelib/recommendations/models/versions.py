"""The versions of models in the bucket: which there are, which is live, which may go. Arrays are not looked into.

What changes which versions there are is done by one at a time (`leases`): the callers see to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from chalicelib.core import logging
from chalicelib.core.blobs import Blobs, read_bytes
from chalicelib.recommendations.models.manifests import (
    FOLDER,
    FORMAT,
    POINTER,
    ArrayFile,
    ArtefactBroken,
    Manifest,
    Pointer,
    begun_at,
    folder_of,
    is_version,
    manifest_key,
)

T = TypeVar("T", bound=BaseModel)

HALF_WRITTEN_FOR = timedelta(days=1)  # how long a version without a manifest may still be in the making
_PIECE = 1024 * 1024

# The lease of who changes which versions there are.
VERSIONS = "versions"


def list_versions(store: Blobs) -> list[str]:
    """Return the versions that have a folder, whole or not, newest first."""
    return sorted(filter(is_version, store.folders(FOLDER)), reverse=True)


def list_manifests(store: Blobs, limit: int) -> list[Manifest]:
    """Return the manifests of the newest whole versions, newest first; what is broken is passed over."""
    return [manifest for manifest, _ in zip(_manifests(store), range(limit), strict=False)]


def _manifests(store: Blobs) -> Iterator[Manifest]:
    for version in list_versions(store):
        try:
            yield read_manifest(store, version)
        except FileNotFoundError:
            continue  # it is being written, or its writer was killed
        except ArtefactBroken as error:
            logging.warning("a stored model is broken", version=version, reason=str(error))


def read_manifest(store: Blobs, version: str, sha256: str | None = None) -> Manifest:
    """Return the manifest of a version, which must have the checksum when one is given.

    Raises:
        FileNotFoundError: there is none.
        ArtefactBroken: it is not one, or another.
    """
    data = read_bytes(store, manifest_key(version))
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise ArtefactBroken(f"the manifest of {version} has another checksum")
    manifest = _parse(Manifest, data, f"the manifest of {version}")
    if manifest.version != version:
        raise ArtefactBroken(f"the manifest of {version} is that of {manifest.version}")
    return manifest


def read_pointer(store: Blobs) -> Pointer | None:
    """Return which version is live, None when none is.

    Raises:
        ArtefactBroken: the pointer cannot be read.
    """
    try:
        data = read_bytes(store, POINTER)
    except FileNotFoundError:
        return None
    return _parse(Pointer, data, "the pointer")


def _parse(model: type[T], data: bytes, what: str) -> T:
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ArtefactBroken(f"{what} is not as it must be: {first['loc']}: {first['msg']}") from None


def live_version(store: Blobs) -> str | None:
    """Return the version that is live; None also where the pointer cannot be read."""
    try:
        pointer = read_pointer(store)
    except ArtefactBroken as error:
        logging.warning("the pointer to the live model is broken", reason=str(error))
        return None
    return None if pointer is None else pointer.version


def point_to(store: Blobs, version: str) -> None:
    """Make a whole version the live one: the last step of all, in one write.

    Raises:
        FileNotFoundError: it has no manifest.
    """
    digest = hashlib.sha256(read_bytes(store, manifest_key(version))).hexdigest()
    pointer = Pointer(format=FORMAT, version=version, manifest_sha256=digest)
    store.put(POINTER, pointer.model_dump_json().encode(), "application/json")


def check_whole(store: Blobs, version: str) -> Manifest:
    """Read every byte of a version and return its manifest.

    Raises:
        FileNotFoundError: it, or a file of it, is not there.
        ArtefactBroken: a file is not what the manifest says.
    """
    manifest = read_manifest(store, version)
    for array in manifest.arrays:
        digest, size = hashlib.sha256(), 0
        with store.open(manifest.key_of(array)) as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
                size += len(piece)
        check_file(array, size, digest.hexdigest())
    return manifest


def check_file(array: ArrayFile, size: int, sha256: str) -> None:
    """Compare a file with what the manifest says of it.

    Raises:
        ArtefactBroken: they differ.
    """
    if (size, sha256) != (array.bytes, array.sha256):
        raise ArtefactBroken(
            f"{array.file} has {size} bytes of {sha256[:8]}…, not {array.bytes} of {array.sha256[:8]}…"
        )


def prune(store: Blobs, *, keep: int, now: datetime, spare: str | None = None) -> list[str]:
    """Take away all but the newest `keep` versions, the live one and `spare`; return what went.

    A version without a manifest goes when it is a day old: younger ones may be in the making.

    Raises:
        ArtefactBroken: the pointer cannot be read, so that nobody knows which is live.
    """
    pointer = read_pointer(store)
    held = {spare, pointer.version if pointer else None}
    whole, gone = 0, []
    for version in list_versions(store):
        if store.find(manifest_key(version)) is not None:
            whole += 1
            goes = whole > keep
        else:
            goes = begun_at(version) < now - HALF_WRITTEN_FOR
        if goes and version not in held:
            # First what makes it whole: a killed prune leaves none that looks so.
            store.delete(manifest_key(version))
            store.delete_folder(folder_of(version))
            gone.append(version)
    return gone
