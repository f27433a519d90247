"""A sample shop makes room for a real one: imported data is not mixed with generated data.

Only an untouched sample goes: as soon as anything was added to it, it is somebody's and stays.
"""

from __future__ import annotations

from chalicelib.core.database import Connection, run
from infra import demo_sql

SAMPLE = "sample shop"  # who asked for the import that put it in


def make_room() -> bool:
    """Remove an untouched sample shop; tell whether there was one."""
    return run(_make_room, writes=True)


def _make_room(connection: Connection) -> bool:
    sample = demo_sql.find_only_import(connection, requested_by=SAMPLE)
    if sample is None or demo_sql.count_rows(connection) != demo_sql.count_inserted(connection, sample):
        return False
    return demo_sql.delete_shop(connection)


def link_demo_customer() -> None:
    """Let a demo customer whose customer is gone shop as the best customer there is."""

    def link(connection: Connection) -> None:
        best = demo_sql.find_best_customer(connection)
        if best is not None:
            demo_sql.link_customer(connection, "customer", best)

    run(link, writes=True)
