"""`make fuzz`: schemathesis with all checks over the whole API, without a token and as each role.

Starts the shop on a free port with a small sample shop, in a data folder that is thrown away.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_CONFIG = Path(__file__).with_name("schemathesis.toml")

ROLES = ("", "customer", "staff", "service", "admin")


def main() -> int:
    """Run all roles; 0 when no check failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=50, help="examples an operation and phase")
    parser.add_argument("--roles", nargs="*", default=ROLES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="a regular expression that the paths match: a part of the API")
    arguments = parser.parse_args()
    failed = [
        role or "nobody"
        for role in arguments.roles
        if not _fuzz(role, arguments.examples, arguments.seed, arguments.only)
    ]
    print(f"failed: {', '.join(failed)}" if failed else "no failure")
    return 1 if failed else 0


def _fuzz(role: str, examples: int, seed: int, only: str | None) -> bool:
    print(f"--- as {role or 'nobody'}", flush=True)
    # A shop of its own for each role: what one changed is no other's surprise.
    with _shop() as (url, environment):
        command = [
            *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(_CONFIG)),
            *("run", f"{url}/openapi.json"),
            *("--checks", "all", "--max-examples", str(examples), "--seed", str(seed), "--no-color"),
            *("--phases", "examples,coverage,fuzzing,stateful", "--continue-on-failure"),
            *("--suppress-health-check", "all", "--warnings", "off"),
            *(("--include-path-regex", only) if only else ()),
        ]
        hooks = {"SCHEMATHESIS_HOOKS": "tests.fuzz.hooks", "FUZZ_ROLE": role, "PYTHONPATH": "."}
        return subprocess.run(command, env={**environment, **hooks}, check=False).returncode == 0


@contextmanager
def _shop() -> Iterator[tuple[str, dict[str, str]]]:
    with TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        environment = {**os.environ, "DATA_DIR": folder, "LOG_LEVEL": "ERROR"}
        command = [sys.executable, "-m", "infra.run", "--port", str(port), "--scale", "0.002"]
        server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url)
            yield url, environment
        finally:
            server.terminate()
            server.wait(10)


def _wait_for(url: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{url}/health"):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise TimeoutError(f"{url} did not open")


if __name__ == "__main__":
    sys.exit(main())
