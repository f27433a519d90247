"""A throw-away MariaDB (or MySQL) server of one's own, for tests, benches and trying things out.

It lives in memory where it can, listens on a unix socket in a folder that only its owner may enter, and
vanishes with the process that asked for it, however that process ends. Nothing here knows the shop's
tables, and nothing here may be used for data that somebody wants to keep.

    python -m infra.private_mariadb --ensure    is a server installed? install one where that is easy
    python -m infra.private_mariadb --run       run one until Ctrl-C and print its URL
"""

import argparse
import atexit
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, Literal
from urllib.parse import quote

import pymysql
from pymysql.connections import Connection

from infra import apt

Tuning = Literal["tests", "bench"]

_NAMES = ("mariadbd", "mysqld")
_PLACES = (
    "/usr/sbin",
    "/usr/libexec",
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/local/libexec",
    "/usr/local/mysql/bin",
    "/opt/homebrew/bin",
    "/opt/homebrew/opt/mariadb/bin",
    "/opt/homebrew/opt/mysql/bin",
    "/usr/local/opt/mariadb/bin",
    "/usr/local/opt/mysql/bin",
)

# Per tuning: buffer pool, log file, and the room that the folder should find, all in MiB.
_SIZES_MIB = {"tests": (64, 16, 300), "bench": (512, 256, 2048)}
_PREPARE_LIMIT_S = 120.0
_START_LIMIT_S = 60.0
_SOCKET_PATH_LIMIT = 100  # The kernel's limit: 108 bytes on Linux, 104 on macOS.

# What MySQL 8 does unless told otherwise; MariaDB alone would let pass what MySQL refuses.
_SQL_MODE = (
    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
)

# The keeper reads from us the id of the process to end, an empty line for none. Our death, of whatever
# kind, closes the pipe: it then ends that process and removes the folder. Unlike PR_SET_PDEATHSIG this
# does not hang on the thread that started the server, and it works beyond Linux.
_KEEPER = """
pid=
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then kill -s KILL "$pid"; sleep 0.2; fi
rm -rf -- "$1"
"""
# The process announces itself to the keeper (its standard output) before it turns into the server, so there
# is no moment at which it could be left over.
_LAUNCH = 'echo "$$"; exec "$@" >>"$0" 2>&1'


class ServerMissing(RuntimeError):
    """No MariaDB or MySQL server is installed; the message says what to do."""


class ServerFailed(RuntimeError):
    """The server refused to be prepared or to start; the message ends with its last words."""


def install_hint() -> str:
    """Say in one line how to get a server."""
    return (
        "no MariaDB or MySQL server found: install one (apt-get install mariadb-server-core, "
        "brew install mariadb) or set TEST_DATABASE_URL to a server you have"
    )


def find_server() -> Path | None:
    """Find the server program on the PATH or where packages put it, MariaDB first."""
    search_path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_PLACES])
    found = (shutil.which(name, path=search_path) for name in _NAMES)
    return next((Path(program) for program in found if program), None)


class PrivateServer:
    """A running server with root access for the current process and whoever is given its URL.

    `url` and `pid` describe the server; `directory` is its folder, which goes away with it. Use
    `private_server()` where a `with` fits, else call `stop()`; forgetting it is repaired at exit.
    """

    def __init__(
        self, *, directory: Path | None = None, tuned_for: Tuning = "tests", port: int | None = None
    ) -> None:
        program = find_server()
        if program is None:
            raise ServerMissing(install_hint())
        self._port = port
        self._password = ""
        self.directory = _new_folder(directory, room_mib=_SIZES_MIB[tuned_for][2])
        self._socket = self.directory / "socket"
        self._log = self.directory / "server.log"
        self._keeper = _start_keeper(self.directory)
        self._server: subprocess.Popen[bytes] | None = None
        _OWNED.add(self)
        try:
            self._command = [*_command(program, self.directory, tuned_for), *self._network_options()]
            self._prepare(program)
            self._start()
            if port is not None:
                self._admit_over_tcp()
        except BaseException:
            self.stop()
            raise

    @property
    def url(self) -> str:
        """The URL of the server without a database, in SQLAlchemy's form."""
        return self.url_of("")

    @property
    def pid(self) -> int | None:
        """The id of the server's process; None while it is down."""
        return self._server.pid if self._server and self._server.poll() is None else None

    def url_of(self, name: str) -> str:
        """Return the URL of one database of this server, free of what a shell would need quotes for."""
        if self._port is not None:
            return f"mysql+pymysql://shopkeeper:{self._password}@127.0.0.1:{self._port}/{name}"
        path = quote(str(self._socket), safe="/")
        return f"mysql+pymysql://root@localhost/{name}?unix_socket={path}"

    def create_database(self, name: str) -> str:
        """Create an empty database and return its URL."""
        self._execute(f"CREATE DATABASE {_checked(name)} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        """Drop a database if it exists."""
        self._execute(f"DROP DATABASE IF EXISTS {_checked(name)}")

    def kill(self) -> None:
        """End the server with SIGKILL and keep its files, as a crash would."""
        if self._server:
            self._server.kill()
            self._reap(self._server)

    def restart(self) -> None:
        """Start the server again with its data, after an orderly shutdown if it is running."""
        if self not in _OWNED:
            raise ServerFailed("a stopped server has no data left to start with")
        if self._server:
            self._server.terminate()
            self._reap(self._server)
        self._start()

    def stop(self) -> None:
        """End the server for good and remove its folder; harmless when that has happened already."""
        if self not in _OWNED:
            return
        self.kill()  # Nobody needs the data any more: an orderly shutdown would be lost time.
        self._let_go()
        self._keeper.wait()
        _OWNED.discard(self)

    def wait(self) -> None:
        """Block until the server ends."""
        if self._server:
            self._server.wait()

    def _let_go(self) -> None:
        """Close our end of the keeper's pipe."""
        _pipe_to(self._keeper).close()

    def _reap(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        # Before the system gives that id to somebody else's process.
        _pipe_to(self._keeper).write(b"\n")
        self._server = None

    def _network_options(self) -> list[str]:
        if self._port is None:
            return ["--skip-networking"]
        return ["--bind-address=127.0.0.1", f"--port={self._port}"]

    def _prepare(self, program: Path) -> None:
        """Make the system tables."""
        (self.directory / "data").mkdir()
        (self.directory / "tmp").mkdir()
        if not _is_mariadb(program):
            self._run_to_end("--initialize-insecure")
            return
        script = self.directory / "prepare.sql"
        script.write_text(_system_tables_sql(program), encoding="utf-8")
        with script.open("rb") as stdin:
            self._run_to_end("--bootstrap", stdin)

    def _run_to_end(self, option: str, stdin: IO[bytes] | None = None) -> None:
        process = self._server = self._launch([*self._command, option], stdin)
        try:
            code = process.wait(timeout=_PREPARE_LIMIT_S)
        except subprocess.TimeoutExpired:
            raise self._failure("took too long to be prepared") from None
        self._reap(process)
        if code != 0:
            raise self._failure("could not be prepared")

    def _start(self) -> None:
        """Start the server and wait until it answers."""
        process = self._server = self._launch(self._command)
        give_up_at = time.monotonic() + _START_LIMIT_S
        while not self._greets():
            if process.poll() is not None or time.monotonic() > give_up_at:
                raise self._failure("did not start")
            time.sleep(0.01)

    def _greets(self) -> bool:
        """Tell whether the server sends its greeting; PyMySQL's failed attempts would leave sockets open."""
        with socket.socket(socket.AF_UNIX) as visitor:
            visitor.settimeout(1.0)
            try:
                visitor.connect(str(self._socket))
                return bool(visitor.recv(1))
            except OSError:
                return False

    def _launch(self, command: Sequence[str], stdin: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["/bin/sh", "-c", _LAUNCH, str(self._log), *command],
            stdin=stdin or subprocess.DEVNULL,
            stdout=_pipe_to(self._keeper),
            start_new_session=True,  # Ctrl-C is for us; we end the server when we are done with it.
        )

    def _failure(self, what: str) -> ServerFailed:
        words = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return ServerFailed("\n".join([f"the private database server {what}", *words[-15:]]))

    def _connect(self) -> "Connection[Any]":
        # PyMySQL prefers TLS even on a socket, which costs 40 ms per connection.
        return pymysql.connect(
            user="root", unix_socket=str(self._socket), autocommit=True, ssl_disabled=True, connect_timeout=10
        )

    def _execute(self, *statements: str) -> None:
        with closing(self._connect()) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def _admit_over_tcp(self) -> None:
        """Make a user with a password: unlike the socket, the port is open to all users of the machine."""
        self._password = secrets.token_hex(16)
        self._execute(
            f"CREATE USER shopkeeper@127.0.0.1 IDENTIFIED BY '{self._password}'",
            "GRANT ALL PRIVILEGES ON *.* TO shopkeeper@127.0.0.1",
        )


@contextmanager
def private_server(
    *, directory: Path | None = None, tuned_for: Tuning = "tests", port: int | None = None
) -> Iterator[PrivateServer]:
    """Run a private server for the length of a `with` block.

    `directory` is where the server's own folder is made (default: memory, else the temporary folder), and
    `port` opens it on 127.0.0.1 as well. Raises ServerMissing or ServerFailed.
    """
    server = PrivateServer(directory=directory, tuned_for=tuned_for, port=port)
    try:
        yield server
    finally:
        server.stop()


# The servers that this process has to end. A forked child has none, whatever it inherited.
_OWNED: set[PrivateServer] = set()


@atexit.register
def _stop_all() -> None:
    for server in tuple(_OWNED):
        server.stop()


def _disown_all() -> None:
    """In a forked child: let go of the pipes, or the child's life would prolong the servers'."""
    for server in _OWNED:
        server._let_go()
    _OWNED.clear()


os.register_at_fork(after_in_child=_disown_all)


def _new_folder(parent: Path | None, *, room_mib: int) -> Path:
    """Make the server's folder, readable by us only, where its socket's path is not too long."""
    folder = Path(tempfile.mkdtemp(prefix="shop-db-", dir=parent or _roomy_place(room_mib))).resolve()
    if len(os.fsencode(folder / "socket")) > _SOCKET_PATH_LIMIT:
        folder.rmdir()
        raise ServerFailed(f"the path is too long for a unix socket, choose a shorter directory: {folder}")
    return folder


def _roomy_place(room_mib: int) -> Path:
    """Prefer memory, unless it is as small as a container's usual 64 MiB."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder made in it has a random name and mode 0700
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= room_mib * 2**20:
        return memory
    return Path(tempfile.gettempdir())


def _start_keeper(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["/bin/sh", "-c", _KEEPER, "keeper", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        start_new_session=True,  # It must survive what is sent to our whole process group.
    )


def _pipe_to(keeper: subprocess.Popen[bytes]) -> IO[bytes]:
    assert keeper.stdin is not None  # noqa: S101 - for the type checker: it was started with a pipe
    return keeper.stdin


def _command(program: Path, folder: Path, tuned_for: Tuning) -> list[str]:
    """Return the command line common to preparing and running.

    `loose` marks options that only one of MariaDB and MySQL knows. No write is forced to the disk (nosync),
    yet a commit leaves the process at once (2) and pages are written twice (the default): neither costs
    anything measurable in memory, and a test may kill the server and find all that was committed.
    """
    pool_mib, log_mib, _ = _SIZES_MIB[tuned_for]
    return [
        str(program),
        "--no-defaults",  # Must come first.
        *(["--user=root"] if os.geteuid() == 0 else []),
        f"--datadir={folder / 'data'}",
        f"--tmpdir={folder / 'tmp'}",
        f"--socket={folder / 'socket'}",
        "--character-set-server=utf8mb4",
        "--collation-server=utf8mb4_bin",
        f"--sql-mode={_SQL_MODE}",
        "--default-time-zone=+00:00",
        "--local-infile=ON",
        "--skip-name-resolve",
        "--skip-log-bin",
        "--performance-schema=OFF",
        "--innodb-flush-method=nosync",
        "--innodb-flush-log-at-trx-commit=2",
        "--innodb-use-native-aio=OFF",
        f"--innodb-buffer-pool-size={pool_mib}M",
        f"--loose-innodb-log-file-size={log_mib}M",
        f"--loose-innodb-redo-log-capacity={log_mib}M",
        "--loose-mysqlx=OFF",
    ]


def _is_mariadb(program: Path) -> bool:
    """Ask the program: a `mysqld` may be either."""
    asked = subprocess.run([program, "--no-defaults", "--version"], capture_output=True, text=True, check=False)
    return "MariaDB" in asked.stdout


def _system_tables_sql(program: Path) -> str:
    """Return what MariaDB's bootstrap mode is fed: the package's scripts, and root on the socket only."""
    parts = ["CREATE DATABASE mysql;", "USE mysql;"]
    parts += [script.read_text(encoding="utf-8") for script in _system_tables_scripts(program)]
    parts += ["DELETE FROM global_priv WHERE User = 'root' AND Host <> 'localhost';", ""]
    return "\n".join(parts)


def _system_tables_scripts(program: Path) -> tuple[Path, Path]:
    """Find the scripts, which MariaDB 11 renamed and moved."""
    prefix = program.resolve().parent.parent
    shares = [root / "share" / name for root in (prefix, Path("/usr")) for name in ("mariadb", "mysql", "")]
    for share in shares:
        for brand in ("mariadb", "mysql"):
            tables, rows = (share / f"{brand}_system_tables{end}.sql" for end in ("", "_data"))
            if tables.is_file() and rows.is_file():
                return tables, rows
    raise ServerFailed(f"{program} is installed without the SQL files of its system tables")


def _checked(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_]{1,64}", name):
        raise ValueError(f"not a plain database name: {name!r}")
    return f"`{name}`"


def ensure_server() -> bool:
    """Tell whether a server is installed, after installing one where apt-get can do it unasked."""
    if find_server() is None:
        apt.install("mariadb-server-core", "the tests need")
    return find_server() is not None


def _run_until_interrupted(port: int | None) -> None:
    with private_server(port=port) as server:
        try:
            print(server.create_database("shopkeeper"), flush=True)
            print("Ctrl-C stops the server and removes its data.", file=sys.stderr)
            server.wait()
        except KeyboardInterrupt:
            return
        raise ServerFailed("the private database server ended by itself")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.private_mariadb", description="A private MariaDB.")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--ensure", action="store_true", help="exit 0 if a server is installed or could be")
    action.add_argument("--run", action="store_true", help="run a server until Ctrl-C and print its URL")
    parser.add_argument("--port", type=int, help="with --run: listen on this port of 127.0.0.1 as well")
    options = parser.parse_args(arguments)
    try:
        if options.run:
            _run_until_interrupted(options.port)
        elif not ensure_server():
            raise ServerMissing(install_hint())
    except (ServerMissing, ServerFailed) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
