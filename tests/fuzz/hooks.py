"""What schemathesis is told before it fuzzes the API: a fresh token of the role for each request.

Fresh, since some requests revoke the tokens of their account. Issued in the server's own database.
"""

from __future__ import annotations

import os
from typing import Any

import schemathesis

from chalicelib.accounts import accounts_sql, sign_in
from chalicelib.core.database import Connection, run

ROLE = os.environ.get("FUZZ_ROLE", "")


def _issue(connection: Connection) -> str:
    account = accounts_sql.find_account_by_name(connection, ROLE)
    if account is None:
        raise LookupError(f"there is no account {ROLE!r}")
    return sign_in.issue_token(connection, int(account.id))


class FreshToken:
    """Signs each request in as the demo account of the role."""

    def get(self, case: Any, context: Any) -> str:
        """Return a new token."""
        return run(_issue, writes=True)

    def set(self, case: Any, data: str, context: Any) -> None:
        """Send it."""
        case.headers["Authorization"] = f"Token {data}"


if ROLE:
    schemathesis.auth(refresh_interval=None)(FreshToken)
