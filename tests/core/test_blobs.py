"""One contract for both places that keep bytes: a local folder and an S3 bucket."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.core import blobs, config
from chalicelib.core.auth import Role
from chalicelib.core.blobs import Blobs, BucketBlobs, FolderBlobs
from chalicelib.core.config import Settings
from tests.client import Client
from tests.conftest import set_settings
from tests.factories import signed_in

PAGE = 5  # keys in an answer of S3, which in truth holds a thousand

Put = Callable[[str, bytes], None]


_numbers = count(1)


@pytest.fixture(scope="module")
def aws() -> Iterator[Any]:
    """An S3 of this module's own."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        environment.setenv("MOTO_S3_DEFAULT_MAX_KEYS", str(PAGE))
        yield boto3.client("s3")


@pytest.fixture
def bucket(aws: Any) -> str:
    """An empty bucket."""
    name = f"shop-{next(_numbers)}"
    aws.create_bucket(Bucket=name)
    return name


@pytest.fixture(autouse=True)
def settings_of_this_test_end_with_it() -> Iterator[None]:
    yield
    config.settings.cache_clear()


class BlobsContract:
    """What any place of bytes must do; `place` and `put` come from the class that is tested."""

    @pytest.fixture
    def place(self) -> Blobs:
        raise NotImplementedError

    @pytest.fixture
    def put(self) -> Put:
        raise NotImplementedError

    def test_what_was_put_can_be_read(self, place: Blobs, put: Put) -> None:
        put("imports/users.csv", b"id\r\n1\r\n\x00\xff")
        with place.open("imports/users.csv") as stream:
            assert stream.read() == b"id\r\n1\r\n\x00\xff"

    def test_a_blob_is_read_in_pieces(self, place: Blobs, put: Put) -> None:
        put("large.bin", bytes(range(256)) * 1000)
        with place.open("large.bin") as stream:
            pieces = [stream.read(256), stream.read(256), stream.read()]
        assert pieces[0] == pieces[1] == bytes(range(256))
        assert sum(map(len, pieces)) == 256_000

    def test_a_stream_can_be_unpacked_and_read_by_lines(self, place: Blobs, put: Put) -> None:
        put("users.csv.gz", gzip.compress(b"id\n1\n2\n"))
        with place.open("users.csv.gz") as stream, gzip.open(stream) as unpacked:
            assert list(io.TextIOWrapper(unpacked)) == ["id\n", "1\n", "2\n"]

    def test_an_empty_blob_is_there(self, place: Blobs, put: Put) -> None:
        put("empty", b"")
        assert [(blob.key, blob.size) for blob in place.list("")] == [("empty", 0)]
        with place.open("empty") as stream:
            assert stream.read() == b""

    def test_a_folder_lists_what_is_directly_in_it_by_key(self, place: Blobs, put: Put) -> None:
        for key in ("in/b.csv", "in/a.csv", "in/C.csv", "in/deeper/d.csv", "other.csv", "inside.csv"):
            put(key, key.encode())
        found = list(place.list("in"))
        assert [blob.key for blob in found] == ["in/C.csv", "in/a.csv", "in/b.csv"]
        assert [blob.size for blob in found] == [8, 8, 8]

    @pytest.mark.parametrize("prefix", ["in", "in/", "/in/"])
    def test_slashes_around_a_folder_do_not_matter(self, place: Blobs, put: Put, prefix: str) -> None:
        put("in/a.csv", b"a")
        assert [blob.key for blob in place.list(prefix)] == ["in/a.csv"]

    @pytest.mark.parametrize("prefix", ["", "/"])
    def test_the_top_is_a_folder_too(self, place: Blobs, put: Put, prefix: str) -> None:
        put("a.csv", b"a")
        put("in/b.csv", b"b")
        assert [blob.key for blob in place.list(prefix)] == ["a.csv"]

    def test_a_folder_that_is_not_there_is_empty(self, place: Blobs) -> None:
        assert list(place.list("nowhere")) == []

    def test_more_blobs_than_a_page_of_s3_are_all_listed(self, place: Blobs, put: Put) -> None:
        keys = [f"many/{number:02}" for number in range(2 * PAGE + 1)]
        for key in keys:
            put(key, b"")
        assert [blob.key for blob in place.list("many")] == keys

    def test_the_version_changes_with_the_bytes_and_only_then(self, place: Blobs, put: Put) -> None:
        put("a.csv", b"first")
        (before,) = place.list("")
        assert list(place.list("")) == [before]
        put("a.csv", b"other")
        (after,) = place.list("")
        assert after.size == before.size
        assert after.version != before.version

    @pytest.mark.parametrize("key", ["nothing", "in", "in/", "in/nothing", "in/a.csv/b"])
    def test_what_is_not_there_is_not_found(self, place: Blobs, put: Put, key: str) -> None:
        put("in/a.csv", b"a")
        with pytest.raises(FileNotFoundError):
            place.open(key)

    @pytest.mark.parametrize("key", ["../secret", "in/../../secret", "in/../a.csv"])
    def test_no_key_leads_out(self, place: Blobs, put: Put, key: str) -> None:
        put("a.csv", b"a")
        put("in/b.csv", b"b")
        with pytest.raises(FileNotFoundError):
            place.open(key)

    @pytest.mark.parametrize("prefix", ["..", "../", "../..", "in/../.."])
    def test_no_folder_leads_out(self, place: Blobs, put: Put, prefix: str) -> None:
        put("in/a.csv", b"a")
        assert list(place.list(prefix)) == []

    def test_bytes_that_are_put_are_found_and_read(self, place: Blobs) -> None:
        place.put("images/a.png", b"first", "image/png")
        place.put("images/a.png", b"second one", "image/png")
        (listed,) = place.list("images")
        assert place.find("images/a.png") == listed
        assert (listed.key, listed.size) == ("images/a.png", 10)
        with place.open("images/a.png") as stream:
            assert stream.read() == b"second one"

    def test_a_stream_is_put_from_its_start(self, place: Blobs) -> None:
        stream = io.BytesIO(b"x" * 3_000_000 + b"end")
        stream.seek(7)
        place.put_stream("models/a.npy", stream, "application/octet-stream")
        found = blobs.read_bytes(place, "models/a.npy")
        assert (len(found), found[-4:]) == (3_000_003, b"xend")

    def test_reading_the_bytes_of_nothing_is_an_error(self, place: Blobs) -> None:
        with pytest.raises(FileNotFoundError):
            blobs.read_bytes(place, "nothing")

    def test_the_folders_of_a_folder_are_named_in_order(self, place: Blobs, put: Put) -> None:
        for name in ("c", "a", "b", "d", "e", "f", "g"):  # more than a page
            put(f"models/{name}/x", b"")
            put(f"models/{name}/deep/y", b"")
        put("models/file", b"")
        put("modelsandmore/z/x", b"")
        assert list(place.folders("models")) == ["a", "b", "c", "d", "e", "f", "g"]
        assert list(place.folders("models/a/")) == ["deep"]
        assert list(place.folders("models/a/deep")) == list(place.folders("nothing")) == []
        assert list(place.folders("")) == ["models", "modelsandmore"]

    def test_what_was_deleted_is_gone_and_nothing_else(self, place: Blobs, put: Put) -> None:
        put("models/a", b"a")
        put("models/b", b"b")
        place.delete("models/a")
        place.delete("models/a")
        place.delete("models")
        place.delete("nothing/at/all")
        assert [blob.key for blob in place.list("models")] == ["models/b"]

    def test_a_folder_is_deleted_with_all_below_it(self, place: Blobs, put: Put) -> None:
        for number in range(2 * PAGE + 1):
            put(f"models/old/{number}", b"x")
        put("models/old/deep/x", b"x")
        put("models/older", b"x")
        put("models/older2/x", b"x")
        place.delete_folder("models/old/")
        place.delete_folder("models/old")
        assert list(place.list("models/old")) == []
        assert place.find("models/old/deep/x") is None
        assert list(place.folders("models")) == ["older2"]
        assert [blob.key for blob in place.list("models")] == ["models/older"]

    @pytest.mark.parametrize("prefix", ["", "/"])
    def test_the_whole_place_is_not_deleted(self, place: Blobs, put: Put, prefix: str) -> None:
        put("a", b"a")
        with pytest.raises(ValueError, match=r"^/?$"):
            place.delete_folder(prefix)
        assert [blob.key for blob in place.list("")] == ["a"]

    @pytest.mark.parametrize("key", ["nothing", "images", "images/", "../secret"])
    def test_what_is_not_there_is_none(self, place: Blobs, key: str) -> None:
        place.put("images/a.png", b"a", "image/png")
        assert place.find(key) is None


class TestFolderBlobs(BlobsContract):
    @pytest.fixture
    def place(self, tmp_path: Path) -> FolderBlobs:
        (tmp_path / "secret").write_bytes(b"not yours")
        return FolderBlobs(tmp_path / "bucket")

    @pytest.fixture
    def put(self, place: FolderBlobs) -> Put:
        written: list[Path] = []

        def write(key: str, data: bytes) -> None:
            path = place.root / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            # The clock of a file system is coarse; writers of real files are not that quick.
            written.append(path)
            os.utime(path, ns=(0, len(written)))

        return write

    def test_a_link_does_not_lead_out(self, place: FolderBlobs, put: Put) -> None:
        put("a.csv", b"a")
        (place.root / "link").symlink_to(place.root.parent / "secret")
        with pytest.raises(FileNotFoundError):
            place.open("link")

    @pytest.mark.parametrize("key", ["../secret", "in/../../secret", "/etc/passwd", ""])
    def test_nothing_is_put_outside(self, place: FolderBlobs, key: str) -> None:
        with pytest.raises(ValueError, match=key.replace(".", r"\.") or "^$"):
            place.put(key, b"x", "text/plain")
        assert (place.root.parent / "secret").read_bytes() == b"not yours"

    def test_nothing_half_written_is_left(self, place: FolderBlobs) -> None:
        place.put("in/a", b"a", "text/plain")
        assert [path.name for path in (place.root / "in").iterdir()] == ["a"]

    def test_what_a_killed_writer_left_is_no_blob(self, place: FolderBlobs, put: Put) -> None:
        put("in/a", b"a")

        class Broken(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            place.put_stream("in/b", Broken(), "text/plain")
        assert [path.name for path in (place.root / "in").iterdir()] == ["a"]
        # As of a process that had no time to tidy up.
        put("in/.unfinished-x", b"half")
        assert [blob.key for blob in place.list("in")] == ["in/a"]

    def test_a_blob_is_a_file_of_this_machine(self, place: FolderBlobs, put: Put) -> None:
        put("in/a", b"a")
        assert place.local_path("in/a") == place.root / "in" / "a"
        assert place.local_path("in") is place.local_path("b") is place.local_path("../secret") is None

    @pytest.mark.parametrize("key", ["../secret", "in/../../secret"])
    def test_nothing_outside_is_deleted(self, place: FolderBlobs, key: str) -> None:
        with pytest.raises(ValueError, match="secret"):
            place.delete(key)
        with pytest.raises(ValueError, match="secret"):
            place.delete_folder(key)
        assert (place.root.parent / "secret").read_bytes() == b"not yours"

    def test_a_folder_gives_no_forms(self, place: FolderBlobs) -> None:
        assert place.upload_form("a.png", "image/png", 1, 600) is None

    def test_an_absolute_path_is_no_key(self, place: FolderBlobs) -> None:
        with pytest.raises(FileNotFoundError):
            place.open(str(place.root.parent / "secret"))

    @pytest.mark.parametrize("key", ["", "a\0b"])
    def test_what_no_file_may_be_named_is_not_found(self, place: FolderBlobs, put: Put, key: str) -> None:
        put("a", b"a")
        with pytest.raises(FileNotFoundError):
            place.open(key)

    def test_a_folder_may_come_into_being_later(self, place: FolderBlobs, put: Put) -> None:
        assert list(place.list("")) == []
        put("a.csv", b"a")
        assert [blob.key for blob in place.list("")] == ["a.csv"]


class TestBucketBlobs(BlobsContract):
    @pytest.fixture
    def place(self, bucket: str) -> BucketBlobs:
        return BucketBlobs(bucket)

    @pytest.fixture
    def put(self, aws: Any, bucket: str) -> Put:
        def write(key: str, data: bytes) -> None:
            aws.put_object(Bucket=bucket, Key=key, Body=data)

        return write

    def test_the_mark_of_a_folder_that_consoles_make_is_no_blob(self, place: BucketBlobs, put: Put) -> None:
        put("in/", b"")
        put("in/a.csv", b"a")
        assert [blob.key for blob in place.list("in")] == ["in/a.csv"]

    def test_a_type_is_kept_with_the_bytes(self, place: BucketBlobs, aws: Any) -> None:
        place.put("a.png", b"a", "image/png")
        assert aws.head_object(Bucket=place.bucket, Key="a.png")["ContentType"] == "image/png"

    def test_a_form_holds_its_key_type_size_and_end(self, place: BucketBlobs) -> None:
        form = place.upload_form("images/a.png", "image/png", 7, 600)
        assert place.bucket in form.url
        assert (form.fields["key"], form.fields["Content-Type"]) == ("images/a.png", "image/png")
        policy = json.loads(base64.b64decode(form.fields["policy"]))
        conditions = policy["conditions"]
        assert {"bucket": place.bucket} in conditions
        assert {"key": "images/a.png"} in conditions
        assert {"Content-Type": "image/png"} in conditions
        assert ["content-length-range", 7, 7] in conditions
        left = datetime.fromisoformat(policy["expiration"]) - datetime.now(UTC)
        assert timedelta(seconds=590) < left <= timedelta(seconds=601)

    def test_an_object_is_no_file_of_this_machine(self, place: BucketBlobs, put: Put) -> None:
        put("a", b"a")
        assert place.local_path("a") is None

    def test_a_missing_bucket_is_an_error_and_not_an_empty_one(self, aws: Any) -> None:
        with pytest.raises(aws.exceptions.NoSuchBucket):
            list(BucketBlobs("another").list(""))


def test_a_bucket_in_the_settings_is_used(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_settings(monkeypatch, Settings(bucket=bucket))
    chosen = blobs.store()
    assert isinstance(chosen, BucketBlobs)
    assert chosen.bucket == bucket
    assert blobs.store() is chosen


def test_without_a_bucket_a_folder_of_the_data_folder_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_settings(monkeypatch, Settings(data_dir=tmp_path))
    chosen = blobs.store()
    assert isinstance(chosen, FolderBlobs)
    assert chosen.root == tmp_path / "bucket"


@pytest.mark.parametrize("folder", ["..", "../..", "in/../.."])
def test_an_import_of_a_folder_that_leads_out_is_bad_input(client: Client, folder: str) -> None:
    assert signed_in(Role.STAFF).post("/imports", {"folder": folder}).status == 422
