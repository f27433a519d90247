"""What schemathesis is told before it fuzzes the API: a fresh token of the role and a fresh key for each request.

A fresh token, since some requests revoke the tokens of their account; issued in the server's own database. A fresh
Idempotency-Key, since a key that came with another request is a 422 that no schema can foretell.
"""

from __future__ import annotations

import os
import re
import uuid
from typing import Any

import schemathesis

from chalicelib.accounts import accounts_sql, sign_in
from chalicelib.core.database import Connection, run
from chalicelib.core.idempotency import HEADER, KEY_PATTERN, MAX_KEY_LENGTH

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


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Make a good key one of this request alone; a bad one stays as it is."""
    key = (case.headers or {}).get(HEADER)
    if isinstance(key, str) and re.fullmatch(KEY_PATTERN[1:-1], key):
        case.headers[HEADER] = f"{uuid.uuid4().hex}{key}"[:MAX_KEY_LENGTH]
