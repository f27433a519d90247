"""The private server: what it promises to the tests that stand on it, and that it leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pymysql
import pytest
from pymysql.connections import Connection
from sqlalchemy import create_engine, make_url, text

from infra import apt, private_mariadb
from infra.private_mariadb import PrivateServer, ServerFailed, ServerMissing, find_server, private_server

needs_server = pytest.mark.skipif(find_server() is None, reason=private_mariadb.install_hint())

ROOT = Path(private_mariadb.__file__).parents[1]


@pytest.fixture(scope="module")
def server() -> Iterator[PrivateServer]:
    with private_server() as running:
        yield running


@pytest.fixture
def database(server: PrivateServer) -> Iterator[str]:
    yield server.create_database("shop")
    server.drop_database("shop")


def connect(url: str) -> "Connection[Any]":
    parts = make_url(url)
    return pymysql.connect(
        host=parts.host or "",
        user=parts.username,
        password=parts.password or "",
        port=parts.port or 0,
        database=parts.database or None,
        unix_socket=parts.query.get("unix_socket"),
        ssl_disabled=True,
        autocommit=True,
    )


def ask(url: str, *statements: str) -> Any:
    """Run the statements and return the first value of the last answer, if it gave one."""
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        row = cursor.fetchone()
        return row[0] if row else None


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that only waits for a container's lazy init to reap it does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


def comes_true(condition: Callable[[], bool], *, within_s: float = 5.0) -> bool:
    give_up_at = time.monotonic() + within_s
    while not condition() and time.monotonic() < give_up_at:
        time.sleep(0.02)
    return condition()


def start_python(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@needs_server
def test_it_answers(server: PrivateServer) -> None:
    assert ask(server.url, "SELECT 1") == 1


@needs_server
def test_its_urls_are_what_sqlalchemy_takes(database: str) -> None:
    engine = create_engine(database)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT DATABASE()")).scalar_one() == "shop"
    engine.dispose()


@needs_server
def test_text_of_any_script_comes_back_and_compares_by_its_bytes(database: str) -> None:
    said = "naïve 商店 🛒"
    ask(database, "CREATE TABLE words (word VARCHAR(40))", f"INSERT INTO words VALUES ('{said}')")
    assert ask(database, "SELECT word FROM words") == said
    assert ask(database, "SELECT COUNT(*) FROM words WHERE word = 'NAIVE 商店 🛒'") == 0
    assert ask(database, "SELECT @@collation_database") == "utf8mb4_bin"


@needs_server
def test_it_is_as_strict_as_mysql(database: str) -> None:
    assert "ONLY_FULL_GROUP_BY" in ask(database, "SELECT @@sql_mode")
    ask(database, "CREATE TABLE sums (name VARCHAR(3), amount INT)")
    with pytest.raises(pymysql.err.DataError):
        ask(database, "INSERT INTO sums VALUES ('too long', 1)")
    with pytest.raises(pymysql.err.OperationalError, match="GROUP BY"):
        ask(database, "SELECT name, amount FROM sums GROUP BY name")


@needs_server
def test_it_keeps_utc_and_allows_bulk_loads(server: PrivateServer) -> None:
    assert ask(server.url, "SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW())") == 0
    assert ask(server.url, "SELECT @@local_infile") == 1


@needs_server
def test_a_dropped_database_is_gone(server: PrivateServer) -> None:
    url = server.create_database("brief")
    assert ask(url, "SELECT DATABASE()") == "brief"
    server.drop_database("brief")
    server.drop_database("brief")
    with pytest.raises(pymysql.err.OperationalError, match="Unknown database"):
        ask(url, "SELECT 1")


@needs_server
def test_a_name_that_is_not_plain_is_refused(server: PrivateServer) -> None:
    with pytest.raises(ValueError, match="not a plain database name"):
        server.create_database("a`; DROP DATABASE mysql")


@needs_server
def test_only_its_owner_may_enter_its_folder(server: PrivateServer) -> None:
    assert server.directory.stat().st_mode & 0o077 == 0


@needs_server
def test_what_was_committed_survives_a_crash() -> None:
    with private_server() as crashing:
        url = crashing.create_database("shop")
        ask(url, "CREATE TABLE orders (id INT PRIMARY KEY)")
        for number in range(100):
            ask(url, f"INSERT INTO orders VALUES ({number})")
        crashing.kill()
        assert crashing.pid is None
        crashing.restart()
        assert ask(url, "SELECT COUNT(*) FROM orders") == 100


@needs_server
def test_an_orderly_restart_keeps_the_data_and_the_url() -> None:
    with private_server(tuned_for="bench") as restarted:
        url, first_pid = restarted.create_database("shop"), restarted.pid
        ask(url, "CREATE TABLE orders (id INT PRIMARY KEY)", "INSERT INTO orders VALUES (7)")
        restarted.restart()
        assert restarted.pid != first_pid
        assert ask(url, "SELECT id FROM orders") == 7


@needs_server
def test_nothing_is_left_after_the_context(tmp_path: Path) -> None:
    with private_server(directory=tmp_path) as passing:
        pid = passing.pid
        assert pid is not None
        assert is_alive(pid)
        assert passing.directory.parent == tmp_path.resolve()
    assert not is_alive(pid)
    assert not list(tmp_path.iterdir())
    passing.stop()
    with pytest.raises(ServerFailed, match="no data left"):
        passing.restart()


@needs_server
def test_nothing_is_left_when_the_program_forgets_to_stop_it() -> None:
    script = "from infra.private_mariadb import PrivateServer as P; s = P(); print(s.pid, s.directory)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    pid, directory = done.stdout.split()
    assert not is_alive(int(pid))
    assert not Path(directory).exists()


@needs_server
def test_nothing_is_left_when_the_parent_is_killed_even_if_a_fork_of_it_lives_on() -> None:
    script = (
        "import os, time; from infra.private_mariadb import PrivateServer as P; s = P()\n"
        "if os.fork(): print(s.pid, s.directory, flush=True)\n"
        "time.sleep(60)"
    )
    with start_python("-c", script) as parent:
        try:
            pid, directory = first_line(parent).split()
            assert is_alive(int(pid))
            parent.kill()
            assert comes_true(lambda: not is_alive(int(pid)))
            assert comes_true(lambda: not Path(directory).exists())
        finally:
            os.killpg(parent.pid, signal.SIGKILL)


@needs_server
def test_a_fork_that_ends_leaves_the_server_to_its_parent() -> None:
    script = (
        "import os, sys; from infra.private_mariadb import PrivateServer as P; s = P()\n"
        "child = os.fork()\n"
        "if not child: s.stop(); sys.exit()\n"
        "os.waitpid(child, 0); print(s.create_database('shop'))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "/shop?" in done.stdout


@needs_server
def test_the_command_serves_a_port_until_ctrl_c() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with start_python("-m", "infra.private_mariadb", "--run", "--port", str(port)) as command:
        url = first_line(command)
        assert ask(url, "CREATE TABLE orders (id INT)", "SELECT DATABASE()") == "shopkeeper"
        with pytest.raises(pymysql.err.OperationalError, match=r"denied|not allowed"):
            pymysql.connect(host="127.0.0.1", port=port, user="root", ssl_disabled=True)
        command.send_signal(signal.SIGINT)
        assert command.wait(timeout=5) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


@needs_server
def test_a_server_that_cannot_start_says_why() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ServerFailed, match="already in use"):
        PrivateServer(port=taken.getsockname()[1])


@needs_server
def test_a_folder_too_deep_for_a_socket_is_refused(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    with pytest.raises(ServerFailed, match="shorter directory"):
        PrivateServer(directory=deep)
    assert not list(deep.iterdir())


def test_without_a_server_the_reader_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(private_mariadb, "find_server", lambda: None)
    monkeypatch.setattr(apt, "apt_get", lambda: None)
    with pytest.raises(ServerMissing, match="TEST_DATABASE_URL"):
        PrivateServer()
    assert private_mariadb.main(["--ensure"]) == 1
    complaint = capsys.readouterr().err
    assert "install mariadb-server-core" in complaint
    assert len(complaint.splitlines()) == 1


def test_ensure_installs_a_missing_server_with_apt_get(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stand-in for apt-get notes how it was called and "installs" a server next to itself."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(private_mariadb, "_NAMES", ("server-of-this-test",))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    installed = tmp_path / "server-of-this-test"
    apt_get = tmp_path / "apt-get"
    apt_get.write_text(
        f'#!/bin/sh\necho "$DEBIAN_FRONTEND $*" >>{tmp_path}/calls\n'
        f'case "$*" in *mariadb-server-core) touch {installed}; chmod +x {installed};; esac\n'
    )
    apt_get.chmod(0o755)
    assert private_mariadb.main(["--ensure"]) == 0
    assert private_mariadb.main(["--ensure"]) == 0
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [call.split()[0] for call in calls] == ["noninteractive", "noninteractive"]
    assert calls[1].endswith("install -y --no-install-recommends mariadb-server-core")
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_ensure_is_silent_when_a_server_is_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(private_mariadb, "find_server", lambda: Path("/usr/sbin/mariadbd"))
    assert private_mariadb.main(["--ensure"]) == 0
    assert capsys.readouterr() == ("", "")
