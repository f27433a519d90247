"""Versioned arrays in the bucket: what is read is what was written, or nothing."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from numpy.typing import NDArray

from chalicelib.core.blobs import Blobs, FolderBlobs, read_bytes
from chalicelib.recommendations.models import artefacts, versions
from chalicelib.recommendations.models.artefacts import ArrayStream, Origin
from chalicelib.recommendations.models.manifests import (
    POINTER,
    ArtefactBroken,
    begun_at,
    folder_of,
    is_version,
    manifest_key,
    new_version,
    plain,
)

NOON = datetime(2026, 11, 27, 12, 0, 5, 999, tzinfo=UTC)
ORIGIN = Origin(NOON, NOON - timedelta(days=9), NOON, people=2, interactions=5, git_revision="4c7b1f2")
IDS = np.array([3, 7, 9], dtype=np.int64)
ARRAYS: dict[str, NDArray[Any]] = {
    "scores": np.array([[1, 2], [3, 4], [5, 6]], dtype=np.float32),
    "columns": np.asfortranarray(np.arange(12, dtype=np.int64).reshape(3, 4)),
    "every_second": np.arange(10, dtype=np.int16)[::2],
    "one": np.array(4.5),
    "none": np.empty((0, 3), dtype=np.float32),
    "words": np.array(["blue", "jeans"]),
}


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """No database is needed here."""
    return f"sqlite:///{tmp_path / 'none.db'}"


def write(store: Blobs, version: str | None = None, **changed: Any) -> str:
    """Write a version; return its name."""
    name = version or new_version(NOON)
    given: dict[str, Any] = {"parameters": {"k": 50}, "metrics": {"ndcg10": np.float32(0.25)}, "origin": ORIGIN}
    artefacts.write_version(store, name, ARRAYS, IDS, **{**given, **changed})
    return name


# --- names -------------------------------------------------------------------------------------------------------


def test_a_version_is_sorted_by_time_and_safe_as_a_key() -> None:
    earlier, later = new_version(NOON), new_version(NOON + timedelta(seconds=1))
    assert earlier < later
    assert earlier.startswith("20261127T120005Z-")
    assert is_version(earlier)
    assert begun_at(earlier) == NOON.replace(microsecond=0)
    assert new_version(NOON) != new_version(NOON)


@pytest.mark.parametrize(
    "text", ["", "..", "20261127T120005Z", "20261127T120005Z-0123456G", "20261127T120005Z-01234567/x"]
)
def test_what_is_no_version_is_none(text: str) -> None:
    assert not is_version(text)
    assert not is_version(f"20261127T120005Z-01234567\n{text}")


def test_figures_become_what_json_holds() -> None:
    given = {"a": np.float32(0.5), "b": [np.int64(3), float("nan")], 10: (True, None), "c": np.array([1.0, np.inf])}
    assert plain(given) == {"a": 0.5, "b": [3, None], "10": [True, None], "c": [1.0, None]}
    assert json.loads(json.dumps(plain(given), allow_nan=False)) == plain(given)


# --- the bytes of an array ---------------------------------------------------------------------------------------


def saved(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_is_streamed_as_numpy_saves_it(name: str) -> None:
    assert ArrayStream(ARRAYS[name]).read() == saved(ARRAYS[name])


@given(
    st_numpy.arrays(
        st.sampled_from([np.float32, np.int32, np.int64, np.bool_]), st_numpy.array_shapes(min_dims=0, min_side=0)
    ),
    st.integers(1, 100),
)
def test_an_array_is_streamed_in_pieces_of_any_size(array: Any, size: int) -> None:
    stream = ArrayStream(array)
    pieces = b"".join(iter(lambda: stream.read(size) or b"", b""))
    assert pieces == saved(array)
    assert stream.seek(0, io.SEEK_END) == len(pieces)
    stream.seek(-3, io.SEEK_END)
    assert stream.read() == pieces[-3:]


def test_objects_are_not_kept() -> None:
    with pytest.raises(ValueError, match="pickle"):
        ArrayStream(np.array([{}], dtype=object))


# --- writing and reading -----------------------------------------------------------------------------------------


def test_what_is_read_is_what_was_written(store: Blobs, tmp_path: Path) -> None:
    version = write(store)
    found = artefacts.load(store, version, tmp_path / "cache")
    assert found.item_ids.tolist() == [3, 7, 9]
    assert set(found.arrays) == set(ARRAYS)
    for name, array in found.arrays.items():
        assert array.dtype == ARRAYS[name].dtype
        assert np.array_equal(array, ARRAYS[name])
    assert isinstance(found.arrays["scores"], np.memmap)
    assert not found.arrays["scores"].flags.writeable
    manifest = found.manifest
    assert (manifest.version, manifest.built_at, manifest.git_revision) == (version, NOON, "4c7b1f2")
    assert manifest.metrics == {"ndcg10": 0.25}
    assert manifest.parameters == {"k": 50}
    assert (manifest.window.first, manifest.window.last) == (ORIGIN.first, ORIGIN.last)
    assert (manifest.sizes.people, manifest.sizes.items, manifest.sizes.interactions) == (2, 3, 5)


def test_the_manifest_tells_of_each_file(store: Blobs) -> None:
    version = write(store)
    told = json.loads(read_bytes(store, manifest_key(version)))
    assert told["format"] == 1
    assert {each["name"] for each in told["arrays"]} == {*ARRAYS, "item_ids"}
    files = {blob.key: blob.size for blob in store.list(folder_of(version))}
    for each in told["arrays"]:
        data = read_bytes(store, f"{folder_of(version)}/{each['file']}")
        assert hashlib.sha256(data).hexdigest() == each["sha256"]
        assert len(data) == each["bytes"] == files[f"{folder_of(version)}/{each['file']}"]
        array = np.load(io.BytesIO(data), allow_pickle=False)
        assert (array.dtype.str, list(array.shape)) == (each["dtype"], each["shape"])
    assert told["sizes"]["bytes"] == sum(each["bytes"] for each in told["arrays"])
    assert set(files) == {f"{folder_of(version)}/{each['file']}" for each in told["arrays"]} | {manifest_key(version)}


@pytest.mark.parametrize("name", ["item_ids", "../up", "a/b", "", ".hidden"])
def test_an_array_has_a_name_that_a_file_may_have(store: Blobs, name: str) -> None:
    with pytest.raises(ValueError, match=r"item_ids|pattern"):
        artefacts.write_version(store, new_version(NOON), {name: IDS}, IDS, parameters={}, metrics={}, origin=ORIGIN)


def test_a_version_is_not_whole_before_its_manifest(store: Blobs, tmp_path: Path) -> None:
    version = write(store)
    store.delete(manifest_key(version))
    with pytest.raises(FileNotFoundError):
        artefacts.load(store, version, tmp_path)
    with pytest.raises(FileNotFoundError):
        versions.point_to(store, version)
    assert versions.list_versions(store) == [version]
    assert versions.list_manifests(store, 10) == []


def test_nothing_of_an_array_is_copied(tmp_path: Path) -> None:
    array = np.zeros(1000, dtype=np.float32)
    stream = ArrayStream(array)
    array[:] = 7
    found = np.load(io.BytesIO(stream.read() or b""))
    assert (found == 7).all()


# --- what is damaged ---------------------------------------------------------------------------------------------


def change(store: Blobs, key: str, new: Any) -> None:
    store.put(key, new(read_bytes(store, key)), "application/octet-stream")


def flip(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


@pytest.mark.parametrize(
    "damage",
    [flip, lambda data: data[:-1], lambda data: data + b"\0", lambda _data: b"", lambda data: b"\0" + data[1:]],
)
@pytest.mark.parametrize("file", ["scores.npy", "item_ids.npy", "none.npy"])
def test_a_corrupted_file_is_never_loaded(store: Blobs, tmp_path: Path, file: str, damage: Any) -> None:
    version = write(store)
    change(store, f"{folder_of(version)}/{file}", damage)
    with pytest.raises(ArtefactBroken, match=file):
        artefacts.load(store, version, tmp_path / "cache")
    with pytest.raises(ArtefactBroken, match=file):
        versions.check_whole(store, version)
    assert not list((tmp_path / "cache").glob("*")), "nothing is left of it"


def test_a_missing_file_is_missed(store: Blobs, tmp_path: Path) -> None:
    version = write(store)
    store.delete(f"{folder_of(version)}/scores.npy")
    with pytest.raises(FileNotFoundError):
        artefacts.load(store, version, tmp_path / "cache")
    with pytest.raises(FileNotFoundError):
        versions.check_whole(store, version)


def edited(**changed: Any) -> Any:
    return lambda data: json.dumps({**json.loads(data), **changed}).encode()


def first_array(**changed: Any) -> Any:
    def edit(data: bytes) -> bytes:
        told = json.loads(data)
        told["arrays"] = [{**each, **changed} if each["name"] == "scores" else each for each in told["arrays"]]
        return json.dumps(told).encode()

    return edit


@pytest.mark.parametrize(
    "damage",
    [
        lambda _data: b"",
        lambda _data: b"[]",
        lambda data: data[:-5],
        edited(format=2),
        edited(version="20261127T120005Z-01234567"),
        edited(sizes=None),
        edited(arrays=[]),
        edited(arrays="all"),
        first_array(file="../../secret.npy"),
        first_array(file="/etc/passwd"),
        first_array(sha256="0" * 64),
        first_array(bytes=1),
        first_array(dtype="<f8"),
        first_array(shape=[2, 3]),
        first_array(file="item_ids.npy"),
    ],
)
def test_a_bad_manifest_is_never_loaded(store: Blobs, tmp_path: Path, damage: Any) -> None:
    version = write(store)
    change(store, manifest_key(version), damage)
    with pytest.raises(ArtefactBroken):
        artefacts.load(store, version, tmp_path / "cache")


def test_a_manifest_that_was_exchanged_is_seen_by_the_pointers_checksum(store: Blobs, tmp_path: Path) -> None:
    version = write(store)
    versions.point_to(store, version)
    pointer = versions.read_pointer(store)
    assert pointer is not None
    artefacts.load(store, version, tmp_path / "cache", manifest_sha256=pointer.manifest_sha256)
    change(store, manifest_key(version), edited(metrics={"ndcg10": 0.9}))
    with pytest.raises(ArtefactBroken, match="checksum"):
        artefacts.load(store, version, tmp_path / "cache", manifest_sha256=pointer.manifest_sha256)


@pytest.mark.parametrize("ids", [[3, 3, 9], [9, 7, 3]])
def test_product_ids_that_are_not_ascending_are_refused(store: Blobs, tmp_path: Path, ids: list[int]) -> None:
    version = new_version(NOON)
    artefacts.write_version(store, version, ARRAYS, np.array(ids), parameters={}, metrics={}, origin=ORIGIN)
    with pytest.raises(ArtefactBroken, match="ascending"):
        artefacts.load(store, version, tmp_path / "cache")


@pytest.mark.parametrize("data", [b"", b"{}", b"null", b'{"format": 1, "version": "../x", "manifest_sha256": "0"}'])
def test_a_broken_pointer_is_an_error_to_tell_and_no_version(store: Blobs, data: bytes) -> None:
    store.put(POINTER, data, "application/json")
    with pytest.raises(ArtefactBroken, match="pointer"):
        versions.read_pointer(store)
    assert versions.live_version(store) is None
    with pytest.raises(ArtefactBroken):
        versions.prune(store, keep=1, now=NOON)


# --- the cache of downloads --------------------------------------------------------------------------------------


class Remote(FolderBlobs):
    """A folder as if it were on another machine; `opened` counts."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.opened: list[str] = []
        self.broken_after: int | None = None

    def local_path(self, key: str) -> Path | None:
        return None

    def open(self, key: str) -> BinaryIO:
        if self.broken_after is not None and len(self.opened) >= self.broken_after:
            raise OSError("the network is away")
        self.opened.append(key)
        return super().open(key)


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path / "far")


def arrays_opened(remote: Remote) -> int:
    return sum(key.endswith(".npy") for key in remote.opened)


def test_a_version_is_downloaded_once(remote: Remote, tmp_path: Path) -> None:
    version = write(remote)
    for _ in range(2):
        found = artefacts.load(remote, version, tmp_path / "cache")
        assert np.array_equal(found.arrays["scores"], ARRAYS["scores"])
        assert arrays_opened(remote) == len(ARRAYS) + 1


def test_a_download_that_was_cut_off_is_never_taken_for_whole(remote: Remote, tmp_path: Path) -> None:
    version = write(remote)
    remote.broken_after = 4
    with pytest.raises(OSError, match="network"):
        artefacts.load(remote, version, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []
    # As a killed process leaves it.
    (tmp_path / "cache" / f".{version}-x.1").mkdir()
    (tmp_path / "cache" / f".{version}-x.1" / "scores.npy").write_bytes(b"half")
    remote.broken_after = None
    assert np.array_equal(artefacts.load(remote, version, tmp_path / "cache").arrays["scores"], ARRAYS["scores"])


def test_a_download_that_was_spoilt_later_is_made_anew(remote: Remote, tmp_path: Path) -> None:
    version = write(remote)
    artefacts.load(remote, version, tmp_path / "cache")
    (path,) = (tmp_path / "cache").glob("*/scores.npy")
    path.write_bytes(flip(path.read_bytes()))
    assert np.array_equal(artefacts.load(remote, version, tmp_path / "cache").arrays["scores"], ARRAYS["scores"])


def test_other_versions_leave_the_cache_and_stay_readable(remote: Remote, tmp_path: Path) -> None:
    old, new = write(remote), write(remote, new_version(NOON + timedelta(hours=6)))
    held = artefacts.load(remote, old, tmp_path / "cache").arrays["scores"]
    artefacts.load(remote, new, tmp_path / "cache")
    artefacts.forget_others(tmp_path / "cache", [new])
    assert [path.name[: len(new)] for path in (tmp_path / "cache").iterdir()] == [new]
    assert np.array_equal(held, ARRAYS["scores"])


# --- keeping and taking away -------------------------------------------------------------------------------------


def made(store: Blobs, hours: list[int]) -> list[str]:
    return [write(store, new_version(NOON + timedelta(hours=hour))) for hour in hours]


def test_versions_are_listed_newest_first(store: Blobs) -> None:
    first, second, third = made(store, [0, 6, 12])
    store.put("models/recommendations/other/x", b"", "text/plain")
    assert versions.list_versions(store) == [third, second, first]
    assert [each.version for each in versions.list_manifests(store, 2)] == [third, second]


def test_a_broken_version_is_not_listed_and_does_not_hide_others(store: Blobs) -> None:
    first, second, third = made(store, [0, 6, 12])
    change(store, manifest_key(second), lambda _data: b"?")
    assert [each.version for each in versions.list_manifests(store, 10)] == [third, first]


def test_the_newest_and_the_live_one_are_kept(store: Blobs) -> None:
    made_versions = made(store, [0, 6, 12, 18, 24])
    versions.point_to(store, made_versions[0])
    gone = versions.prune(store, keep=2, now=NOON + timedelta(hours=25))
    assert gone == [made_versions[2], made_versions[1]]
    assert versions.list_versions(store) == [made_versions[4], made_versions[3], made_versions[0]]
    for version in versions.list_versions(store):
        versions.check_whole(store, version)
    assert versions.prune(store, keep=2, now=NOON + timedelta(hours=25)) == []


def test_what_is_being_written_is_left_alone_and_what_was_left_half_written_goes_after_a_day(store: Blobs) -> None:
    half, whole = made(store, [0, 6])
    store.delete(manifest_key(half))
    assert versions.prune(store, keep=5, now=NOON + timedelta(hours=23)) == []
    assert versions.prune(store, keep=5, now=NOON + timedelta(hours=25), spare=half) == []
    assert versions.prune(store, keep=5, now=NOON + timedelta(hours=25)) == [half]
    assert versions.list_versions(store) == [whole]


def test_one_that_is_spared_stays_whatever_its_age(store: Blobs) -> None:
    old, new = made(store, [0, 6])
    assert versions.prune(store, keep=1, now=NOON, spare=old) == []
    assert versions.prune(store, keep=1, now=NOON) == [old]
    assert versions.list_versions(store) == [new]


def test_pruning_leaves_other_things_of_the_bucket(store: Blobs) -> None:
    store.put("models/other/x", b"x", "text/plain")
    store.put("models/recommendations/notes/x", b"x", "text/plain")
    made(store, [0, 6])
    versions.prune(store, keep=1, now=NOON + timedelta(days=9))
    assert read_bytes(store, "models/other/x") == read_bytes(store, "models/recommendations/notes/x") == b"x"
