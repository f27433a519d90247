"""`make run`: the shop on this machine, from an empty database to an open door."""

from __future__ import annotations

import argparse
import signal
import socket
import sys
import threading
from typing import Any

from chalicelib.core.config import ConfigurationError, settings
from chalicelib.core.errors import AppError
from chalicelib.core.mail import local_folder
from infra import demo
from infra.first_model import learn_before_opening
from infra.migrate import migrate_configured

HOST = "127.0.0.1"


def main() -> int:
    """Run the command line; 0 when it was stopped by hand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--scale", type=float, default=0.02, help="size of the sample shop; 1 is 100,000 customers")
    arguments = parser.parse_args()
    if not 0 < arguments.port < 65536:
        print("PORT must be between 1 and 65535.", file=sys.stderr)
        return 1
    if not 0 < arguments.scale <= 20:
        print("SCALE must be above 0 and at most 20.", file=sys.stderr)
        return 1
    if _taken(arguments.port):
        print(
            f"Port {arguments.port} is taken. Stop what uses it, or choose another: make run PORT=8001",
            file=sys.stderr,
        )
        return 1
    try:
        migrate_configured()
        if demo.add_sample_data(arguments.scale):
            print("The database was empty: a sample shop was put into it.")
        with_accounts = demo.add_demo_accounts()
        if learned := learn_before_opening():
            print(learned)
    except (ConfigurationError, AppError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.")
        return 0
    serve(arguments.port, with_accounts)
    return 0


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def serve(port: int, with_accounts: bool) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    from app import app  # reads the settings and builds the API: not before they are known to be good
    from infra.server import Schedules, make_server

    server = make_server(app, HOST, port)
    schedules = Schedules(app)
    schedules.start()

    def stop(_signal: int, _frame: Any) -> None:
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    _welcome(f"http://localhost:{port}", with_accounts)
    server.server.serve_forever(poll_interval=0.1)
    schedules.stop()
    server.server.server_close()
    print("\nStopped.")


def _welcome(url: str, with_accounts: bool) -> None:
    print(f"\nThe shop is open: {url}")
    print(f"  API to read and try  {url}/docs")
    print(f"  OpenAPI document     {url}/openapi.json")
    print(f"  Put CSV files into   {settings().data_dir / 'bucket'}  (then POST /imports)")
    if settings().mail_from is None:
        print(f"  Mails are put into   {local_folder(settings())}")
    if with_accounts:
        print("\nDemo accounts (user name, password):")
        for each in demo.DEMO_ACCOUNTS:
            print(f"  {each.username:<10}{each.password}")
    else:
        print("\nNo demo accounts: this database has its own, or is on another machine. Add one: make account")
    print("\nCtrl-C stops it.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
