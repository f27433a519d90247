"""Imports over HTTP, worked on by the schedule, from a local folder and from a bucket."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from moto import mock_aws
from sqlalchemy import Engine

import app
from chalicelib.core import blobs
from chalicelib.core.auth import Role
from chalicelib.core.config import Settings
from chalicelib.core.errors import Unavailable
from chalicelib.csv_import import imports
from tests.client import Answer, Client
from tests.conftest import set_settings
from tests.csv_import.csv_files import center, order, outcome, stored, user, write_files, write_shop
from tests.factories import signed_in

Put = Callable[[str, Path], None]


def put_into_folder(root: Path, place: str, folder: Path) -> None:
    for file in folder.iterdir():
        target = root / place / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())


@pytest.fixture
def put(settings: Settings) -> Put:
    """Copy the files of a folder to a place below the local folder that stands for the bucket."""
    return partial(put_into_folder, settings.data_dir / "bucket")


@pytest.fixture
def s3(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """S3, with the bucket of the settings."""
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="shop-files")
        set_settings(monkeypatch, replace(settings, bucket="shop-files"))
        yield client


def put_into_bucket(client: Any, place: str, folder: Path) -> None:
    for file in folder.iterdir():
        client.put_object(Bucket="shop-files", Key=f"{place}/{file.name}", Body=file.read_bytes())


@pytest.fixture
def staff(client: Client) -> Client:
    return signed_in(Role.STAFF)


class LambdaContext:
    """What a Lambda function is told about its own run."""

    def __init__(self, times_left_ms: list[int] | None = None) -> None:
        self._times = times_left_ms

    def get_remaining_time_in_millis(self) -> int:
        """Return what is left of the function's time."""
        if self._times is None:
            return 900_000
        return self._times.pop(0) if self._times else 0


def run_schedule(context: LambdaContext | None = None) -> None:
    """Call the Lambda entry of the schedule with EventBridge's event."""
    event = {
        "version": "0",
        "id": "1",
        "account": "123456789012",
        "region": "eu-central-1",
        "detail": {},
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "time": "2026-03-01T12:00:00Z",
        "resources": [],
    }
    app.app.handler_map["continue_imports"](event, context or LambdaContext())


def rejections(answer: Answer) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(answer.text)))


class TestAnImport:
    @pytest.fixture(params=["folder", "bucket"])
    def put(self, request: pytest.FixtureRequest, settings: Settings) -> Put:
        """Copy the files of a folder to where imports find them, on this machine or in S3."""
        if request.param == "bucket":
            return partial(put_into_bucket, request.getfixturevalue("s3"))
        return partial(put_into_folder, settings.data_dir / "bucket")

    def test_is_asked_for_and_worked_on_by_the_schedule(
        self, staff: Client, shop: Engine, put: Put, tmp_path: Path
    ) -> None:
        put("imports/january", write_shop(tmp_path / "csv", 4, users=[user(1), user(2, age="old"), user(3), user(4)]))
        asked = staff.post("/imports", {"folder": "imports/january"})
        assert asked.status == 202
        number = asked.json["id"]
        assert asked.headers["Location"] == f"/imports/{number}"
        assert (asked.json["state"], asked.json["progress"], asked.json["folder"]) == (
            "queued",
            0.0,
            "imports/january",
        )
        assert asked.json["requested_by"].startswith("staff")
        assert stored(shop, "users") == []

        run_schedule()
        done = staff.get(f"/imports/{number}").json
        assert (done["state"], done["progress"], done["message"], done["rejected"]) == ("done", 1.0, None, 3)
        assert done["finished_at"] is not None
        assert [row["id"] for row in stored(shop, "users")] == [1, 3, 4]
        users = next(file for file in done["files"] if file["table"] == "users")
        assert users | {"size_bytes": 0, "bytes_done": 0, "notes": []} == {
            "table": "users",
            "file": "users.csv",
            "state": "done",
            "size_bytes": 0,
            "bytes_done": 0,
            "rows_read": 4,
            "inserted": 3,
            "updated": 0,
            "unchanged": 0,
            "rejected": 1,
            "notes": [],
            "error": None,
        }
        assert users["bytes_done"] == users["size_bytes"] == (tmp_path / "csv" / "users.csv").stat().st_size

        listed = rejections(staff.get(done["rejections_csv"]))
        assert listed[0] == {
            "file": "users.csv",
            "line": "3",
            "column": "age",
            "value": "old",
            "reason": "is not a whole number",
        }
        assert [row["file"] for row in listed[1:]] == ["orders.csv", "order_items.csv"]

    def test_of_the_same_folder_again_changes_nothing(
        self, staff: Client, shop: Engine, put: Put, tmp_path: Path
    ) -> None:
        put("shop", write_shop(tmp_path / "csv"))
        for _ in range(2):
            staff.post("/imports", {"folder": "shop/"})
            run_schedule()
        newest, first = staff.get("/imports").json
        assert newest["id"] > first["id"]
        assert [file["inserted"] for file in first["files"]] == [1, 3, 3, 3, 3, 3]
        assert [file["unchanged"] for file in newest["files"]] == [1, 3, 3, 3, 3, 3]

    def test_is_continued_by_the_next_run_when_time_runs_short(
        self, staff: Client, shop: Engine, put: Put, tmp_path: Path
    ) -> None:
        """One batch a run here: each of the files is one."""
        put("shop", write_shop(tmp_path / "csv"))
        number = staff.post("/imports", {"folder": "shop"}).json["id"]
        seen = []
        for _ in range(6):
            run_schedule(LambdaContext([900_000]))
            seen.append(staff.get(f"/imports/{number}").json)
        assert [sum(file["rows_read"] for file in each["files"]) for each in seen] == [1, 4, 7, 10, 13, 16]
        assert [each["state"] for each in seen] == ["running"] * 5 + ["done"]
        progress = [each["progress"] for each in seen]
        assert progress == sorted(set(progress))
        assert progress[-1] == 1.0

    def test_reads_packed_files(self, staff: Client, shop: Engine, put: Put, tmp_path: Path) -> None:
        folder = write_files(tmp_path / "csv", users=[user(number) for number in range(1, 2001)])
        (folder / "users.csv.gz").write_bytes(gzip.compress((folder / "users.csv").read_bytes()))
        (folder / "users.csv").unlink()
        put("shop", folder)
        staff.post("/imports", {"folder": "shop"})
        run_schedule()
        assert len(stored(shop, "users")) == 2000

    def test_that_is_strict_loads_nothing_beside_a_bad_row(
        self, staff: Client, shop: Engine, put: Put, tmp_path: Path
    ) -> None:
        put("shop", write_shop(tmp_path / "csv", users=[user(1), user(2), user(3, age="old")]))
        number = staff.post("/imports", {"folder": "shop", "strict": True}).json["id"]
        run_schedule()
        done = staff.get(f"/imports/{number}").json
        assert (done["state"], done["strict"], done["rejected"]) == ("failed", True, 3)
        assert done["message"] == "Nothing was imported: 3 rows were rejected."
        assert stored(shop, "distribution_centers") == []
        assert len(rejections(staff.get(done["rejections_csv"]))) == 3

    def test_takes_only_the_files_of_its_own_folder(
        self, staff: Client, shop: Engine, put: Put, tmp_path: Path
    ) -> None:
        put("a", write_files(tmp_path / "a", users=[user(1)]))
        put("a/b", write_files(tmp_path / "b", orders=[order(1, user_id="")]))
        put("ab", write_files(tmp_path / "ab", distribution_centers=[center()]))
        answer = staff.post("/imports", {"folder": "a"})
        assert [file["table"] for file in answer.json["files"]] == ["users"]

    def test_names_the_file_that_failed(self, staff: Client, shop: Engine, put: Put, tmp_path: Path) -> None:
        put(
            "shop", write_files(tmp_path / "csv", users=[{"id": 1, "email": "a@x.io"}], orders=[order(1, user_id="")])
        )
        number = staff.post("/imports", {"folder": "shop"}).json["id"]
        run_schedule()
        done = staff.get(f"/imports/{number}").json
        assert done["state"] == "failed"
        assert done["message"] == "users: the header lacks the required column created_at"
        assert [(file["table"], file["state"], file["inserted"]) for file in done["files"]] == [
            ("users", "failed", 0),
            ("orders", "done", 1),
        ]


class TestTheRejections:
    def ended_import(self, staff: Client, put: Put, folder: Path) -> int:
        put("shop", folder)
        number = int(staff.post("/imports", {"folder": "shop"}).json["id"])
        run_schedule()
        return number

    def test_are_paged_by_a_cursor(self, staff: Client, put: Put, tmp_path: Path) -> None:
        folder = write_files(tmp_path / "csv", users=[user(number, age="old") for number in range(1, 26)])
        number = self.ended_import(staff, put, folder)
        pages, cursor = [], "0"
        while cursor:
            answer = staff.get(f"/imports/{number}/rejections?limit=10&after={cursor}")
            assert answer.text.splitlines()[0] == "file,line,column,value,reason"
            pages.append([int(row["line"]) for row in rejections(answer)])
            cursor = answer.headers.get("X-Next-Cursor", "")
        assert pages == [list(range(2, 12)), list(range(12, 22)), list(range(22, 27))]

    def test_the_last_page_has_no_cursor_even_when_it_is_full(self, staff: Client, put: Put, tmp_path: Path) -> None:
        folder = write_files(tmp_path / "csv", users=[user(number, age="old") for number in range(1, 11)])
        number = self.ended_import(staff, put, folder)
        answer = staff.get(f"/imports/{number}/rejections?limit=10")
        assert len(rejections(answer)) == 10
        assert "X-Next-Cursor" not in answer.headers

    def test_are_those_of_this_import_alone(self, staff: Client, put: Put, tmp_path: Path) -> None:
        folder = write_files(tmp_path / "csv", users=[user(1, age="old")])
        first = self.ended_import(staff, put, folder)
        second = self.ended_import(staff, put, folder)
        for number in (first, second):
            assert len(rejections(staff.get(f"/imports/{number}/rejections"))) == 1

    def test_are_a_file_to_save_in_which_any_value_is_kept(self, staff: Client, put: Put, tmp_path: Path) -> None:
        value = 'a "quoted", \N{GRINNING FACE}\tvalue\nof two lines'
        number = self.ended_import(staff, put, write_files(tmp_path / "csv", users=[user(1, age=value)]))
        answer = staff.get(f"/imports/{number}/rejections")
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="import-{number}-rejections.csv"'
        assert [row["value"] for row in rejections(answer)] == [value]

    def test_hold_nothing_that_a_spreadsheet_computes(self, staff: Client, put: Put, tmp_path: Path) -> None:
        value = '=HYPERLINK("https://evil.example")'
        number = self.ended_import(staff, put, write_files(tmp_path / "csv", users=[user(1, age=value)]))
        assert [row["value"] for row in rejections(staff.get(f"/imports/{number}/rejections"))] == [f"'{value}"]

    def test_of_an_import_without_any_are_a_header(self, staff: Client, put: Put, tmp_path: Path) -> None:
        number = self.ended_import(staff, put, write_files(tmp_path / "csv", users=[user(1)]))
        assert staff.get(f"/imports/{number}/rejections").text == "file,line,column,value,reason\r\n"

    def test_cannot_be_asked_for_in_any_other_way(self, staff: Client) -> None:
        for query in ("limit=0", "limit=5001", "after=-1", "after=x", "skip=1"):
            assert staff.get(f"/imports/1/rejections?{query}").status == 422, query


class TestWhoMayAsk:
    REQUESTS = (
        ("POST", "/imports", {"folder": "shop"}),
        ("GET", "/imports", None),
        ("GET", "/imports/1", None),
        ("GET", "/imports/1/rejections", None),
    )

    def test_nobody_without_a_token(self, client: Client) -> None:
        for method, path, body in self.REQUESTS:
            assert client.request(method, path, body).status == 401, path

    def test_no_customer(self, client: Client) -> None:
        customer = signed_in(Role.CUSTOMER)
        for method, path, body in self.REQUESTS:
            assert customer.request(method, path, body).status == 403, path

    def test_a_refused_caller_begins_nothing(self, client: Client, shop: Engine, put: Put, tmp_path: Path) -> None:
        put("shop", write_files(tmp_path / "csv", users=[user(1)]))
        for caller in (client, signed_in(Role.CUSTOMER)):
            caller.post("/imports", {"folder": "shop"})
        assert stored(shop, "imports") == []


class TestWhatMayBeAsked:
    ELSEWHERE = (
        *("..", "../shop", "a/../../shop", "a/..", "./shop", ".", "a/./b", "/etc", "//shop", "a//b", "", "/", "a\\b"),
        *("C:/shop", "folder:/etc", "file:///etc", "s3://shop/a", "a\x00b", "a\n", "a b", "~", "%2e%2e/shop"),
        *(".hidden", "x" * 401),
    )

    def test_a_folder_that_leads_elsewhere_is_refused(
        self, staff: Client, shop: Engine, settings: Settings, tmp_path: Path
    ) -> None:
        files = write_files(tmp_path / "csv", users=[user(1)])
        put_into_folder(settings.data_dir, "shop", files)  # beside the folder that stands for the bucket
        put_into_folder(settings.data_dir / "bucket", "", files)
        answers = {folder: staff.post("/imports", {"folder": folder}) for folder in self.ELSEWHERE}
        assert {folder: answer.status for folder, answer in answers.items()} == dict.fromkeys(self.ELSEWHERE, 422)
        assert {answer.json["errors"][0]["location"] for answer in answers.values()} == {"body.folder"}
        assert stored(shop, "imports") == []

    def test_a_link_that_leads_out_of_the_folder_is_not_followed(
        self, staff: Client, shop: Engine, settings: Settings, tmp_path: Path
    ) -> None:
        outside = write_files(tmp_path / "outside", users=[user(1)])
        (settings.data_dir / "bucket").mkdir()
        (settings.data_dir / "bucket" / "link").symlink_to(outside)
        assert staff.post("/imports", {"folder": "link"}).status == 404

    def test_a_folder_without_any_of_the_files_is_refused(self, staff: Client, put: Put, tmp_path: Path) -> None:
        put("shop", write_files(tmp_path / "csv", users=[user(1)]))
        for folder in ("nowhere", "shop/none"):
            answer = staff.post("/imports", {"folder": folder})
            assert answer.status == 404
            assert f"{folder} holds none of distribution_centers.csv, users.csv" in answer.json["detail"]

    def test_anything_else_than_a_folder_and_strict_is_refused(self, staff: Client) -> None:
        bodies: list[Any] = [{}, {"folder": 1}, {"folder": "a", "strict": "yes"}, {"folder": "a", "x": 1}, []]
        for body in bodies:
            assert staff.post("/imports", body).status == 422, body

    def test_an_unknown_import_is_not_found(self, staff: Client) -> None:
        for path in ("/imports/404", "/imports/404/rejections"):
            assert staff.get(path).status == 404


class TestTheList:
    def test_is_newest_first_and_paged(self, staff: Client, put: Put, tmp_path: Path) -> None:
        put("shop", write_files(tmp_path / "csv", users=[user(1)]))
        numbers = [staff.post("/imports", {"folder": "shop"}).json["id"] for _ in range(5)]
        first = staff.get("/imports?limit=2&after=")
        assert [each["id"] for each in first.json] == [numbers[4], numbers[3]]
        assert [file["table"] for file in first.json[0]["files"]] == ["users"]
        second = staff.get(f"/imports?limit=2&after={first.headers['X-Next-Cursor']}")
        assert [each["id"] for each in second.json] == [numbers[2], numbers[1]]
        assert staff.get("/imports?skip=4").headers["X-Total-Count"] == "5"

    def test_is_empty_at_first(self, staff: Client, shop: Engine) -> None:
        assert staff.get("/imports").json == []


def test_a_bucket_object_that_is_deleted_before_its_turn_fails_alone(
    staff: Client, s3: Any, shop: Engine, tmp_path: Path
) -> None:
    put_into_bucket(s3, "shop", write_files(tmp_path / "csv", users=[user(1)], orders=[order(1, user_id="")]))
    number = staff.post("/imports", {"folder": "shop"}).json["id"]
    s3.delete_object(Bucket="shop-files", Key="shop/users.csv")
    run_schedule()
    done = outcome(number)
    assert done.files["users"].error == "the file is gone"
    assert done.counts("orders") == (1, 0, 0, 0)


def test_a_download_that_breaks_off_is_not_the_end_of_the_file(
    staff: Client, s3: Any, shop: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection closes early, as it does in life: what was read is kept, the rest comes with the next run."""
    folder = write_files(tmp_path / "csv", users=[user(number) for number in range(1, 11)])
    put_into_bucket(s3, "shop", folder)
    number = staff.post("/imports", {"folder": "shop"}).json["id"]
    content = (folder / "users.csv").read_bytes()
    store = blobs.store()
    with monkeypatch.context() as patch:
        patch.setattr(store, "open", lambda _key: StreamingBody(BytesIO(content[:-5]), len(content)))
        with pytest.raises(Unavailable, match="continues where it stands"):
            imports.continue_imports(time_left_ms=LambdaContext().get_remaining_time_in_millis, batch_rows=4)
    assert outcome(number).row.state == "running"
    run_schedule()
    assert outcome(number).counts("users") == (10, 0, 0, 0)
    assert stored(shop, "users")[9]["first_name"] == "Robin 10"
