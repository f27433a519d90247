"""The local server: the manners of the deployed gateway over real sockets, and a start and an end without traces."""

from __future__ import annotations

import dataclasses
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from chalice import Chalice
from chalice.app import ScheduledEventConfig
from sqlalchemy import insert

import infra.run
import infra.server
from app import app
from chalicelib.commerce.tables import distribution_centers
from chalicelib.core import config, local_uploads
from chalicelib.core.config import Settings
from chalicelib.core.database import transaction, use_engine
from chalicelib.core.database.dialect import make_engine
from chalicelib.core.local_uploads import Permission
from infra.migrate import migrate
from infra.server import MAX_BODY_BYTES, PACE_S, Schedules, make_server
from tests.conftest import set_settings
from tests.factories import NOON

ROOT = Path(__file__).resolve().parent.parent.parent
ORIGIN = "http://localhost:3000"
JSON = {"Content-Type": "application/json"}
CENTERS = 20


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a running server, whose shop has some distribution centers."""
    url = f"sqlite:///{tmp_path_factory.mktemp('server') / 'shop.db'}"
    engine = make_engine(url, Settings())
    migrate(engine)
    before = use_engine(engine)
    with pytest.MonkeyPatch.context() as patches:
        set_settings(patches, Settings(database_url=url, cors_origins=(ORIGIN,)))
        with transaction() as connection:
            place = {"latitude": 0, "longitude": 0, "created_at": NOON, "updated_at": NOON}
            rows = [{"id": number, "name": f"center {number}", **place} for number in range(1, CENTERS + 1)]
            connection.execute(insert(distribution_centers), rows)
        server = make_server(app, "127.0.0.1", 0)
        thread = threading.Thread(target=server.server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield int(server.server.server_address[1])
        server.shutdown()
        thread.join(timeout=10)
        server.server.server_close()
    use_engine(before)
    config.settings.cache_clear()
    engine.dispose()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@contextmanager
def connected(port: int) -> Iterator[http.client.HTTPConnection]:
    """Give one connection to the server."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        yield connection


def ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    connection.request(method, path, body, dict(headers or {}))
    response = connection.getresponse()
    return Answer(response.status, response.headers, response.read())


def send_raw(port: int, request: bytes) -> bytes:
    """Send bytes and return everything that comes back until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(request)
        received = b""
        while piece := wire.recv(65536):
            received += piece
    return received


def problem_of(answer: Answer) -> dict[str, Any]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    found: dict[str, Any] = answer.json
    assert found["status"] == answer.status
    assert found["request_id"] == answer.headers["X-Request-Id"]
    assert found["type"].startswith("urn:shopkeeper:problem:")
    return found


# --- what the gateway refuses ------------------------------------------------------------------------------------


def test_an_unknown_path_is_a_problem_that_a_page_can_read(port: int) -> None:
    with connected(port) as connection:
        answer = ask(connection, "GET", "/nothing/here?secret=x", {"Origin": ORIGIN})
    assert answer.status == 404
    assert problem_of(answer)["instance"] == "/nothing/here"
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize(("method", "path"), [("PUT", "/products/export"), ("DELETE", "/"), ("TRACE", "/orders/1")])
def test_a_method_that_the_path_has_not_is_a_problem_that_names_those_it_has(
    port: int, method: str, path: str
) -> None:
    with connected(port) as connection:
        answer = ask(connection, method, path, {"Origin": ORIGIN})
    assert answer.status == 405
    problem_of(answer)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert {word.strip() for word in answer.headers["Allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}


def test_a_refusal_of_head_has_no_body(port: int) -> None:
    with connected(port) as connection:
        for path, status in (("/nothing", 404), ("/imports/1/nothing", 404), ("/api/auth/token", 405)):
            answer = ask(connection, "HEAD", path)
            assert (answer.status, answer.body) == (status, b"")
        assert ask(connection, "GET", "/").status == 200


@pytest.mark.parametrize(
    ("length", "status"),
    [("abc", 411), ("-5", 411), ("1.5", 411), ("", 411), (str(MAX_BODY_BYTES + 1), 413), ("9" * 5000, 413)],
    ids=lambda value: str(value)[:12],
)
def test_a_length_that_cannot_be_is_refused_and_the_connection_closed(port: int, length: str, status: int) -> None:
    received = send_raw(
        port, f"POST /api/auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode()
    )
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert json.loads(body)["status"] == status


def test_a_body_in_chunks_is_refused_and_the_connection_closed(port: int) -> None:
    request = (
        b"POST /api/auth/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"
    )
    received = send_raw(port, request)
    assert received.startswith(b"HTTP/1.1 411 ")
    # What was smuggled in behind it is not answered.
    assert received.count(b"HTTP/1.1 ") == 1


# --- connections -------------------------------------------------------------------------------------------------


def test_one_connection_serves_many_requests(port: int) -> None:
    with connected(port) as connection:
        connection.connect()
        wire = connection.sock
        for number in (1, 2, 3):
            assert ask(connection, "GET", f"/distribution-centers/{number}").json["id"] == number
            assert connection.sock is wire


def test_an_answer_leaves_in_one_piece(port: int) -> None:
    """In two, the second would wait for the acknowledgement of the first: 40 ms a request."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        for _ in range(10):
            wire.sendall(b"GET /distribution-centers/1 HTTP/1.1\r\nHost: x\r\n\r\n")
            head, _, body = wire.recv(65536).partition(b"\r\n\r\n")
            length = re.search(rb"Content-Length: (\d+)", head)
            assert length
            assert len(body) == int(length[1])


def pairs_of(answer: Answer) -> set[tuple[str, str]]:
    """Return the headers but those that may differ between GET and HEAD."""
    return {pair for pair in answer.headers.items() if pair[0].lower() not in ("date", "content-length")}


@pytest.mark.parametrize("path", ["/", "/distribution-centers", "/openapi.json"])
def test_head_is_get_without_the_body_and_the_connection_goes_on(port: int, path: str) -> None:
    sent = {"X-Request-Id": "same", "Origin": ORIGIN}
    with connected(port) as connection:
        get, head = ask(connection, "GET", path, sent), ask(connection, "HEAD", path, sent)
        again = ask(connection, "GET", path, sent)
    assert (head.status, head.body) == (200, b"")
    assert again.body == get.body
    assert pairs_of(head) == pairs_of(get)
    # A length, where one is told, is that of the GET.
    assert head.headers["Content-Length"] in (None, get.headers["Content-Length"])


def test_an_answer_that_has_no_body_tells_no_length_and_no_type(port: int) -> None:
    with connected(port) as connection:
        tag = ask(connection, "GET", "/products").headers["ETag"]
        for method, headers, status in (("GET", {"If-None-Match": tag}, 304), ("OPTIONS", {"Origin": ORIGIN}, 204)):
            answer = ask(connection, method, "/products", headers)
            assert (answer.status, answer.body) == (status, b"")
            assert answer.headers["Content-Length"] is None
            assert answer.headers["Content-Type"] is None
        assert ask(connection, "GET", "/").status == 200


def test_a_token_that_is_not_ascii_is_merely_unknown(port: int) -> None:
    with connected(port) as connection:
        connection.connect()
        wire = connection.sock
        for path in ("/orders", "/products"):
            connection.putrequest("GET", path)
            connection.putheader("Authorization", "Token gehe\xefm\xff".encode("latin-1"))
            connection.endheaders()
            response = connection.getresponse()
            assert (response.status, json.loads(response.read())["status"]) == (401, 401)
        assert connection.sock is wire


@pytest.mark.parametrize("path", ["/%ff%fe", "//", "//[", "/products/%00", "/a?%ff=%fe&&&=", "/" + "x" * 4000, "*"])
def test_no_path_whatever_ends_the_connection(port: int, path: str) -> None:
    with connected(port) as connection:
        answer = ask(connection, "GET", path)
        assert answer.status < 500
        if answer.status != 200:  # "//" may well be the welcome
            problem_of(answer)
        assert ask(connection, "GET", "/").status == 200


def test_bytes_that_are_no_text_are_a_bad_body(port: int) -> None:
    with connected(port) as connection:
        answer = ask(connection, "POST", "/api/auth/token", JSON, b'{"a": "\xff\xfe"}')
        assert answer.status == 400
        problem_of(answer)


def test_text_goes_both_ways_in_utf_8(port: int) -> None:
    body = json.dumps({"username": "nobody", "password": "пароль 🗝"}, ensure_ascii=False).encode()
    with connected(port) as connection:
        assert ask(connection, "POST", "/api/auth/token", JSON, body).status == 401
        answer = ask(connection, "GET", "/products?category=%E5%95%86%E5%BA%97&limit=5")
        assert (answer.status, answer.json) == (200, [])


def test_a_preflight_is_answered_as_the_functions_do(port: int) -> None:
    with connected(port) as connection:
        answer = ask(connection, "OPTIONS", "/products/", {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"})
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "GET" in answer.headers["Access-Control-Allow-Methods"]


def test_clients_at_once_get_their_own_answers(port: int) -> None:
    def ask_many(worker: int) -> list[tuple[int, str, str]]:
        found = []
        with connected(port) as connection:
            for number in range(1, CENTERS + 1):
                number = (number + worker) % CENTERS + 1
                answer = ask(
                    connection, "GET", f"/distribution-centers/{number}", {"X-Request-Id": f"w{worker}-{number}"}
                )
                found.append((number, answer.json["name"], answer.headers["X-Request-Id"]))
        return found

    with ThreadPoolExecutor(8) as pool:
        for worker, found in enumerate(pool.map(ask_many, range(8))):
            assert len(found) == CENTERS
            assert all((name, rid) == (f"center {n}", f"w{worker}-{n}") for n, name, rid in found)


def test_a_client_that_hangs_up_half_way_harms_nobody(port: int, capfd: pytest.CaptureFixture[str]) -> None:
    for beginning in (b"", b"GET /", b"POST /imports HTTP/1.1\r\nContent-Length: 50\r\n\r\n{"):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
            wire.sendall(beginning)
    with connected(port) as connection:
        assert ask(connection, "GET", "/health").status == 200
    assert "Traceback" not in capfd.readouterr().err


def test_a_port_that_is_taken_is_an_error_at_once(port: int) -> None:
    with pytest.raises(OSError, match="in use"):
        make_server(app, "127.0.0.1", port)


# --- the schedule ------------------------------------------------------------------------------------------------


def schedules_of(**handlers: Callable[[dict[str, Any], Any], None]) -> Schedules:
    """Return the schedules of an app that has these functions."""
    made = Chalice(app_name="schedules")
    for name, handler in handlers.items():
        handler.__name__ = name
        made.schedule("rate(1 day)", name=name)(
            lambda event, handler=handler: handler(event.to_dict(), event.context)
        )
    return Schedules(made)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infra.server, "OTHER_PACE_S", 0.001)


@pytest.mark.usefixtures("quick")
def test_a_schedule_goes_on_after_a_failure_until_it_is_stopped() -> None:
    runs: list[int] = []
    enough = threading.Event()

    def handler(event: dict[str, Any], context: Any) -> None:
        runs.append(context.get_remaining_time_in_millis())
        assert event["detail-type"] == "Scheduled Event"
        if len(runs) == 3:
            enough.set()
        raise RuntimeError("it failed")

    schedules = schedules_of(any_function=handler)
    schedules.start()
    assert enough.wait(timeout=10)
    schedules.stop()
    assert schedules.join(10)
    assert all(left > 60_000 for left in runs)


@pytest.mark.usefixtures("quick")
def test_a_function_that_takes_long_holds_no_other_up_and_never_runs_twice_at_once() -> None:
    release, enough = threading.Event(), threading.Event()
    runs = {"slow": 0, "quick": 0}

    def slow(_event: dict[str, Any], _context: Any) -> None:
        runs["slow"] += 1
        release.wait(timeout=10)

    def quick(_event: dict[str, Any], _context: Any) -> None:
        runs["quick"] += 1
        if runs["quick"] >= 5 and runs["slow"]:
            enough.set()

    schedules = schedules_of(slow=slow, quick=quick)
    schedules.start()
    assert enough.wait(timeout=10)
    assert runs["slow"] == 1
    schedules.stop()
    release.set()
    assert schedules.join(10)


def test_every_scheduled_function_of_the_app_runs_here_and_nothing_else() -> None:
    made = Chalice(app_name="events")
    made.on_sqs_message(queue="orders", name="not_scheduled")(lambda event: None)
    assert Schedules(made).names == []
    declared = {each.name for each in app.event_sources if isinstance(each, ScheduledEventConfig)}
    assert {"continue_imports", "deliver_events", "purge_events"} <= declared
    assert set(Schedules(app).names) == declared
    assert set(PACE_S) == declared, "each function has a pace of its own, none that is gone"


# --- python -m infra.run -----------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def environment_of(**given: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DB_", "DATABASE_", "AWS_"))}
    return {**kept, "PYTHONUNBUFFERED": "1", **given}


def run_to_end(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.run", *arguments],
        cwd=ROOT,
        env=environment_of(**environment),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that the first run fills and the next ones find."""
    return tmp_path_factory.mktemp("run")


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_shop_that_is_told_to_stop_leaves_nothing_behind(data_dir: Path, end: signal.Signals) -> None:
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "infra.run", "--port", str(port), "--scale", "0.001"],
        cwd=ROOT,
        env=environment_of(DATA_DIR=str(data_dir)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            wait_for(port, running)
            with connected(port) as connection:
                assert ask(connection, "GET", "/health").json["status"] == "healthy"
                assert ask(connection, "GET", "/products?limit=1").json
                # The connection stays open: the server does not wait for its clients.
                running.send_signal(end)
                out, err = running.communicate(timeout=15)
        finally:
            if running.poll() is None:
                running.kill()
    assert running.returncode == 0
    assert f"http://localhost:{port}" in out
    assert out.rstrip().endswith("Stopped.")
    assert "Traceback" not in err
    with pytest.raises(ProcessLookupError):
        os.killpg(running.pid, 0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def wait_for(port: int, running: subprocess.Popen[str]) -> None:
    """Wait until the server answers."""
    give_up_at = time.monotonic() + 60
    while time.monotonic() < give_up_at:
        assert running.poll() is None, running.communicate()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server does not answer")


def test_a_taken_port_is_said_in_one_line_before_anything_is_done(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run_to_end("--port", port, DATA_DIR=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert port in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "mysql+pymysql://shop:geheim%20lang@127.0.0.1:1/shop",
        "mysql+pymysql://shop:geheim lang",
        "postgresql://shop:geheim%20lang@127.0.0.1/shop",
        "sqlite:////dev/null/geheim/shop.db",
        "sqlite:////dev",
    ],
)
def test_a_database_that_cannot_be_used_is_said_in_one_line(tmp_path: Path, url: str) -> None:
    done = run_to_end("--port", str(free_port()), DATABASE_URL=url, DATA_DIR=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "geheim%20lang" not in done.stderr
    assert "geheim lang" not in done.stderr


@pytest.mark.parametrize("setting", [{"DB_PORT": "many"}, {"LOG_LEVEL": "loud"}, {"CORS_ORIGINS": "*"}])
def test_a_wrong_setting_is_said_in_one_line(tmp_path: Path, setting: dict[str, str]) -> None:
    done = run_to_end("--port", str(free_port()), DATA_DIR=str(tmp_path), **setting)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert next(iter(setting)) in done.stderr


@pytest.mark.parametrize("arguments", [("--port", "0"), ("--port", "70000"), ("--scale", "0"), ("--scale", "21")])
def test_a_number_that_cannot_be_is_said_in_one_line(
    arguments: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["infra.run", *arguments])
    assert infra.run.main() == 1
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)


@pytest.mark.parametrize("content_type", ["image/png", "application/octet-stream", "text/plain"])
def test_bytes_come_and_go_as_they_are(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content_type: str
) -> None:
    set_settings(monkeypatch, dataclasses.replace(config.settings(), data_dir=tmp_path))
    data = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    key = f"images/products/1/{'A' * 22}.png"
    until = datetime.now(UTC) + timedelta(minutes=1)
    token = local_uploads.sign(tmp_path, Permission(key, "image/png", len(data), until))
    with connected(port) as connection:
        put = ask(connection, "PUT", f"/local-uploads/{token}", {"Content-Type": content_type}, data)
        assert (put.status, put.body) == (204, b"")
        shown = ask(connection, "GET", f"/{key}")
        assert (shown.status, shown.body) == (200, data)
        assert shown.headers["Content-Type"] == "image/png"
        head = ask(connection, "HEAD", f"/{key}")
        assert (head.status, head.body) == (200, b"")
        missing = ask(connection, "GET", f"/{key.replace('A', 'B')}")
        assert problem_of(missing)["status"] == 404
