"""The rules of profiles: one of each account that talks, whose totals are always what counting would give.

Whoever changes how many sessions or messages an account has says so here, after the session and in its transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.conversations.history import profiles_sql
from chalicelib.core import clock
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.responses import to_json


class ProfileExists(Conflict):
    """The account has a profile already."""

    code = "profile-exists"
    title = "Profile exists"


def add_to_totals(connection: Connection, account_id: int, *, conversations: int = 0, messages: int = 0) -> None:
    """Add to the totals of an account what its session, changed before, has more or less; a profile is made."""
    if not profiles_sql.add_to_totals(connection, account_id, conversations, messages):
        # It is counted with the others, unless another transaction makes the profile just now: then it is added.
        now = clock.now()
        profiles_sql.upsert_counted(connection, account_id, now, conversations=conversations, messages=messages)


def open_profile(connection: Connection, account_id: int) -> tuple[Any, bool]:
    """Return the profile of an account, made where there is none, and whether it is new."""
    found = profiles_sql.find_of_account(connection, account_id)
    if found is not None:
        return found, False
    profiles_sql.upsert_counted(connection, account_id, clock.now())
    return profiles_sql.find_of_account(connection, account_id), True


def create_profile(connection: Connection, account_id: int, values: Mapping[str, Any]) -> Any:
    """Make the profile of an account, with `is_active` and `preferences`, and return it.

    Raises:
        ProfileExists: it has one.
    """
    row, is_new = open_profile(connection, account_id)
    if not is_new:
        raise ProfileExists(f"You have a profile already: change {row.id}.")
    return change_profile(connection, row.id, values, account_id=account_id)


def get_profile(connection: Connection, profile_id: int, *, account_id: int | None) -> Any:
    """Return a profile of an account; of any, for an admin, where it is None.

    Raises:
        NotFound: there is none of that id, or it is another's.
    """
    found = profiles_sql.find_profile(connection, profile_id, account_id)
    if found is None:
        raise NotFound(f"There is no profile {profile_id}.")
    return found


def change_profile(
    connection: Connection, profile_id: int, values: Mapping[str, Any], *, account_id: int | None
) -> Any:
    """Change `is_active` or `preferences` of a profile and return it.

    Raises:
        NotFound: there is none of that id, or it is another's.
    """
    get_profile(connection, profile_id, account_id=account_id)
    changes = {name: to_json(value) if name == "preferences" else value for name, value in values.items()}
    profiles_sql.update_profile(connection, profile_id, {**changes, "updated_at": clock.now()})
    return get_profile(connection, profile_id, account_id=account_id)


def delete_profile(connection: Connection, profile_id: int, *, account_id: int | None) -> None:
    """Delete a profile with its preferences; the conversations stay.

    Raises:
        NotFound: there is none of that id, or it is another's.
    """
    get_profile(connection, profile_id, account_id=account_id)
    profiles_sql.delete_profile(connection, profile_id)
