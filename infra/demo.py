"""What makes a first run a shop: sample data in an empty database, and accounts to sign in with."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from chalicelib.accounts import accounts
from chalicelib.core import auth, clock
from chalicelib.core.auth import Role
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.database.engine import database_url
from chalicelib.core.errors import Conflict
from chalicelib.csv_import import imports
from infra import demo_behaviour, demo_conversations, demo_prices, demo_sql
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
    # One folder for all tries: an import that was interrupted is given up by the next.
    folder = settings().data_dir / "sample"
    generate(folder, scale=scale, today=clock.now().date() - timedelta(days=1))
    import_id = import_folder(folder, strict=True, bars=False, requested_by=SAMPLE)
    found, _ = run(lambda connection: imports.get_import(connection, import_id), writes=False)
    shutil.rmtree(folder)
    if found.state != "done":
        raise Conflict(f"The sample shop could not be put in: {found.message}")
    run(demo_prices.add, writes=True)
    run(demo_behaviour.add, writes=True)
    return True


def add_demo_accounts() -> bool:
    """Make the demo accounts where there is no account at all; tell whether they are there.

    A database that has accounts, or is on another machine, is somebody's: it gets no account whose password is
    public.
    """
    if urlsplit(database_url(settings())).hostname not in (None, "", "localhost", "127.0.0.1", "::1"):
        return False
    return run(_add_demo_accounts, writes=True)


def _add_demo_accounts(connection: Connection) -> bool:
    present = demo_sql.list_usernames(connection, len(DEMO_ACCOUNTS) + 1)
    if present:
        return {each.username for each in DEMO_ACCOUNTS} <= set(present)
    # A handful of hashes inside the transaction: nobody else is there yet.
    best = demo_sql.find_best_customer(connection)
    made = {
        each.role: accounts.create_account(
            connection,
            username=each.username,
            password_hash=auth.hash_password(each.password),
            role=each.role,
            customer_id=best if each.role is Role.CUSTOMER else None,
        )
        for each in DEMO_ACCOUNTS
    }
    demo_conversations.add(connection, made[Role.CUSTOMER], made[Role.STAFF])
    return True
