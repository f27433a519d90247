"""What makes a first run a shop: sample data in an empty database, and accounts to sign in with."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from chalicelib.accounts import accounts
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import Connection, run
from infra import demo_sql
from infra.import_csv import import_folder
from infra.make_room import SAMPLE
from infra.sample_shop import generate


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account of a demo, whose password everybody may know."""

    username: str
    password: str
    role: Role


DEMO_ACCOUNTS = (
    DemoAccount("admin", "demo-admin-password", Role.ADMIN),
    DemoAccount("staff", "demo-staff-password", Role.STAFF),
    DemoAccount("customer", "demo-customer-password", Role.CUSTOMER),
    DemoAccount("service", "demo-service-password", Role.SERVICE),
)


def add_sample_data(scale: float) -> bool:
    """Fill an empty shop with generated data; tell whether it did.

    Generated rows have ids from 1 on: where there are customers or orders already, they would overwrite them.
    """
    if run(demo_sql.has_data, writes=False):
        return False
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), scale=scale, today=clock.now().date())
        import_folder(Path(folder), strict=True, bars=False, requested_by=SAMPLE)
    return True


def add_demo_accounts() -> bool:
    """Make the demo accounts where there is no account at all; tell whether they are there.

    A database that has accounts is somebody's: it gets no account whose password is public.
    """
    return run(_add_demo_accounts, writes=True)


def _add_demo_accounts(connection: Connection) -> bool:
    present = demo_sql.list_usernames(connection, len(DEMO_ACCOUNTS) + 1)
    if present:
        return {each.username for each in DEMO_ACCOUNTS} <= set(present)
    best = demo_sql.find_best_customer(connection)
    for each in DEMO_ACCOUNTS:
        accounts.create_account(
            connection,
            username=each.username,
            password=each.password,
            role=each.role,
            customer_id=best if each.role is Role.CUSTOMER else None,
        )
    return True
