"""The arrays of models in the bucket: written with a manifest, read memory-mapped. No database.

Imports numpy: import it late, where a request or a job needs arrays.
"""

from __future__ import annotations

import hashlib
import io
import secrets
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from chalicelib.core.blobs import Blobs
from chalicelib.recommendations.models import versions
from chalicelib.recommendations.models.manifests import (
    FORMAT,
    ArrayFile,
    ArtefactBroken,
    Manifest,
    Sizes,
    Window,
    folder_of,
    manifest_key,
    plain,
)

ITEM_IDS = "item_ids"
if TYPE_CHECKING:
    from typing_extensions import Buffer

_PIECE = 1024 * 1024
_AT_ONCE = 4  # files that are downloaded or checked side by side

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """What a model was made of: when, of which interactions, by which code."""

    built_at: datetime
    first: datetime | None
    last: datetime | None
    people: int
    interactions: int
    git_revision: str


@dataclass(frozen=True, slots=True)
class Artefact:
    """A version with its arrays, memory-mapped; `item_ids`: (n_items,) int64, ascending product ids."""

    manifest: Manifest
    item_ids: NDArray[np.int64]
    arrays: Mapping[str, Array]


# --- writing -----------------------------------------------------------------------------------------------------


def write_version(
    store: Blobs,
    version: str,
    arrays: Mapping[str, Array],
    item_ids: Array,
    *,
    parameters: Mapping[str, Any],
    metrics: Mapping[str, Any],
    origin: Origin,
    rejected: str | None = None,
) -> Manifest:
    """Put a version into the bucket, its manifest last. Nothing is copied in memory that is contiguous.

    Raises:
        ValueError: an array holds objects, or has a name that no file may have.
    """
    if ITEM_IDS in arrays:
        raise ValueError(f"{ITEM_IDS} is the name of the product ids")
    named = {**arrays, ITEM_IDS: np.asarray(item_ids, dtype=np.int64)}
    files = [_write_array(store, version, name, named[name]) for name in sorted(named)]
    manifest = Manifest(
        format=FORMAT,
        version=version,
        built_at=origin.built_at,
        window=Window(first=origin.first, last=origin.last),
        sizes=Sizes(
            people=origin.people,
            items=len(item_ids),
            interactions=origin.interactions,
            bytes=sum(file.bytes for file in files),
        ),
        parameters=plain(parameters),
        metrics=plain(metrics),
        git_revision=origin.git_revision,
        rejected=rejected,
        arrays=files,
    )
    store.put(manifest_key(version), manifest.model_dump_json(indent=1).encode(), "application/json")
    return manifest


def _write_array(store: Blobs, version: str, name: str, array: Array) -> ArrayFile:
    stream = ArrayStream(array)
    digest, size = hashlib.sha256(), 0
    while piece := stream.read(_PIECE):
        digest.update(piece)
        size += len(piece)
    shown = ArrayFile(
        name=name,
        file=f"{name}.npy",
        dtype=array.dtype.str,
        shape=list(array.shape),
        bytes=size,
        sha256=digest.hexdigest(),
    )
    store.put_stream(f"{folder_of(version)}/{shown.file}", cast(BinaryIO, stream), "application/octet-stream")
    return shown


class ArrayStream(io.RawIOBase):
    """An array as the bytes of its .npy file, to be read without a copy of it, in memory or on a disk."""

    def __init__(self, array: Array) -> None:
        super().__init__()
        if array.dtype.hasobject:
            raise ValueError("an array of objects would need pickle")
        if not (array.flags.c_contiguous or array.flags.f_contiguous):
            array = np.ascontiguousarray(array)
        header = io.BytesIO()
        facts = np.lib.format.header_data_from_array_1_0(array)  # type: ignore[no-untyped-call]
        np.lib.format.write_array_header_1_0(header, facts)  # type: ignore[no-untyped-call]
        rows = array if array.flags.c_contiguous else array.T
        body = cast("Buffer", rows.reshape(-1).view(np.uint8))
        self._parts = (memoryview(header.getvalue()), memoryview(body))
        self._size = sum(map(len, self._parts))
        self._at = 0

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def seekable(self) -> bool:
        """It can be read again."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` from one of the two parts."""
        header, body = self._parts
        part, start = (header, self._at) if self._at < len(header) else (body, self._at - len(header))
        piece = part[start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


# --- reading -----------------------------------------------------------------------------------------------------


def load(store: Blobs, version: str, cache: Path, *, manifest_sha256: str | None = None) -> Artefact:
    """Return a version with its arrays memory-mapped: from the local bucket's files, else downloaded into `cache`.

    Every byte is checked before it is used: of a file that is there already, and while one is downloaded.

    Raises:
        FileNotFoundError: the version, or a file of it, is not there.
        ArtefactBroken: a file is not what the manifest says.
    """
    manifest = versions.read_manifest(store, version, manifest_sha256)
    local = _local_files(store, manifest)
    if local is None:
        folder = _download(store, manifest, cache)
        local = {array.name: folder / array.file for array in manifest.arrays}
    arrays = {array.name: _map(local[array.name], array) for array in manifest.arrays}
    item_ids = arrays.pop(ITEM_IDS, None)
    if item_ids is None or item_ids.dtype != np.int64 or item_ids.shape != (manifest.sizes.items,):
        raise ArtefactBroken(f"{version} has no product ids that fit")
    if not is_ascending(item_ids):
        raise ArtefactBroken(f"the product ids of {version} are not ascending")
    return Artefact(manifest, item_ids, arrays)


def is_ascending(ids: Array) -> bool:
    """Tell whether each id is above the one before it."""
    return bool(np.all(ids[1:] > ids[:-1]))


def _local_files(store: Blobs, manifest: Manifest) -> dict[str, Path] | None:
    found: dict[str, Path] = {}
    for array in manifest.arrays:
        path = store.local_path(manifest.key_of(array))
        if path is None:
            return None
        found[array.name] = path
    _check_all(found, manifest)
    return found


def _check_all(files: Mapping[str, Path], manifest: Manifest) -> None:
    """Compare files with what the manifest says, side by side: the sums are computed without Python's lock."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(lambda array: _check(files[array.name], array), manifest.arrays):
            pass


def _check(path: Path, array: ArrayFile) -> None:
    with path.open("rb") as file:
        versions.check_file(array, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _download(store: Blobs, manifest: Manifest, cache: Path) -> Path:
    """Return the folder with the files; it gets its name when all of them are there and checked."""
    # The name tells the bytes: another bucket may hold another version of this name.
    folder = cache / f"{manifest.version}-{_digest_of(manifest)}"
    if folder.is_dir() and _is_good(folder, manifest):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    making = cache / f".{folder.name}.{secrets.token_hex(4)}"
    making.mkdir(parents=True)
    try:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(lambda array: _fetch(store, manifest, array, making / array.file), manifest.arrays):
                pass
        _put_in_place(making, folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return folder


def _is_good(folder: Path, manifest: Manifest) -> bool:
    """Tell whether what an earlier process downloaded is still what it was."""
    try:
        _check_all({array.name: folder / array.file for array in manifest.arrays}, manifest)
    except (OSError, ArtefactBroken):
        return False
    return True


def _put_in_place(made: Path, folder: Path) -> None:
    try:
        made.rename(folder)
    except OSError:
        if not folder.is_dir():  # another thread or process was quicker: its files are as good
            raise


def _digest_of(manifest: Manifest) -> str:
    return hashlib.sha256("".join(array.sha256 for array in manifest.arrays).encode()).hexdigest()[:16]


def _fetch(store: Blobs, manifest: Manifest, array: ArrayFile, path: Path) -> None:
    digest, size = hashlib.sha256(), 0
    with store.open(manifest.key_of(array)) as stream, path.open("wb") as file:
        while piece := stream.read(_PIECE):
            digest.update(piece)
            size += file.write(piece)
    versions.check_file(array, size, digest.hexdigest())


def _map(path: Path, array: ArrayFile) -> Array:
    # Nothing can be mapped of an empty array.
    empty = 0 in array.shape
    try:
        found: Array = np.load(path, mmap_mode=None if empty else "r", allow_pickle=False)
    except ValueError as error:
        raise ArtefactBroken(f"{array.file} is no array: {error}") from None
    if found.dtype.str != array.dtype or list(found.shape) != array.shape:
        raise ArtefactBroken(f"{array.file} holds {found.dtype.str} {found.shape}, not {array.dtype} {array.shape}")
    return found


def forget_others(cache: Path, kept: Sequence[str]) -> None:
    """Remove from the cache what was downloaded of other versions; who has it mapped still reads it."""
    for folder in cache.iterdir() if cache.is_dir() else ():
        if not folder.name.startswith((".", *kept)):
            shutil.rmtree(folder, ignore_errors=True)
