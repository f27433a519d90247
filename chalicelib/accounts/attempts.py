"""How often something may be tried: passwords, and what sends mails. Counted in the database, for all functions.

The rule for passwords: of one counter, the tries that failed in its window and those under way, of which nobody knows
yet, are together never more than its limit. A try that finds the limit reached by failures is refused; one that
finds it reached only with those under way waits for them. So no burst of guesses gets further than single ones, and
any number of right passwords at once get in, a few at a time.
"""

from __future__ import annotations

import hashlib
import math
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.accounts import attempts_sql
from chalicelib.core import clock
from chalicelib.core.database import AnyRow, Connection, run
from chalicelib.core.errors import Forbidden, TooManyRequests, Unauthenticated
from chalicelib.core.text import fold

WINDOW = timedelta(minutes=15)
# Failures within a window: an account from one address; an account from anywhere; an address at any account. The
# first stops a guesser without locking out the owner elsewhere, the other two stop guessing in breadth.
LIMITS = {"both": 5, "account": 50, "address": 100}

MAIL_WINDOW = timedelta(hours=1)
# What makes the shop send a mail to whom anybody names: to somebody from one place, to somebody, from one place. Few
# who ask elsewhere do not keep an owner from its own reset.
MAIL_LIMITS = {"mail to by": 5, "mail to": 20, "mail by": 50}

# Together some five seconds, much longer than a hash takes and much shorter than a request may.
_LOOKS = 80
_PAUSE_S = (0.03, 0.09)


class _UnderWay(Exception):
    """The limit is reached with tries of which nobody knows yet."""


@dataclass(frozen=True, slots=True)
class Try:
    """A try that is under way: its counters by kind, and the end of the window of each."""

    subjects: Mapping[str, str]
    windows: Mapping[str, datetime]


@contextmanager
def counted(name: str, address: str) -> Iterator[Try]:
    """Count a try of a password before it is looked at; it has failed if the block ends as not authenticated.

    Where it succeeds, the block says so by `succeed`, in the transaction of what it succeeds in. Any other end says
    nothing of the password, and is not counted.

    Raises:
        TooManyRequests: too many failed lately, whether the account exists or not.
    """
    tried = _begin(_subjects(name, address))
    try:
        yield tried
    except (Unauthenticated, Forbidden):
        run(lambda connection: _fail(connection, tried), writes=True)
        raise
    except Exception:
        run(lambda connection: _take_back(connection, tried), writes=True)
        raise


def succeed(connection: Connection, tried: Try) -> None:
    """Note in the caller's transaction that the password was right: what failed before is forgotten."""
    # Before any row is locked: its scan stops at a row that others may hold.
    attempts_sql.delete_over(connection, clock.now())
    for kind, subject in sorted(tried.subjects.items(), key=lambda each: each[1]):
        # Of an address nothing is forgiven: who has an account of his own may still be guessing at others.
        forgiven = kind != "address"
        attempts_sql.end_forgiven(connection, subject, tried.windows[subject], failures_too=forgiven)


def forgive(connection: Connection, name: str, address: str) -> None:
    """Forget the failures of an account whose owner has shown who it is in another way."""
    subjects = _subjects(name, address)
    attempts_sql.delete_attempts(connection, sorted((subjects["both"], subjects["account"])))


def count_mail(email: str, address: str) -> None:
    """Count a request that sends a mail to `email`, whether it has an account or not.

    Raises:
        TooManyRequests: too many lately to this address, or from this place.
    """
    key = fold(email)
    subjects = {
        "mail to by": _subject("mail to by", key, address),
        "mail to": _subject("mail to", key),
        "mail by": _subject("mail by", address),
    }

    def work(connection: Connection) -> None:
        rows = _count(connection, subjects, MAIL_WINDOW, under_way=False)
        over = [row.window_ends_at for kind, row in rows.items() if row.attempts > MAIL_LIMITS[kind]]
        if over:
            raise _refused("Too many requests for mails; wait before the next.", over)

    run(work, writes=True)


def count_request(connection: Connection, kind: str, name: str, *, limit: int, window: timedelta) -> None:
    """Count a request of a `kind` that costs the shop something; it is taken back with the caller's transaction.

    Raises:
        TooManyRequests: it is one more than `limit` within a window.
    """
    rows = _count(connection, {kind: _subject(kind, name)}, window, under_way=False)
    if rows[kind].attempts > limit:
        raise _refused("Too many requests; wait before the next.", [rows[kind].window_ends_at])


def _begin(subjects: Mapping[str, str]) -> Try:
    for _ in range(_LOOKS):
        try:
            return run(lambda connection: _take_place(connection, subjects), writes=True)
        except _UnderWay:
            time.sleep(random.uniform(*_PAUSE_S))  # noqa: S311 - no secret
    raise TooManyRequests("Too many sign in at once; try again.", retry_after_s=1)


def _take_place(connection: Connection, subjects: Mapping[str, str]) -> Try:
    rows = _count(connection, subjects, WINDOW, under_way=True)
    over = [(row, LIMITS[kind]) for kind, row in rows.items() if row.attempts > LIMITS[kind]]
    # Leaving by an exception takes this try back: what is refused prolongs nothing.
    if failed := [row.window_ends_at for row, limit in over if row.attempts - row.under_way >= limit]:
        raise _refused("Too many tries to sign in; wait before the next.", failed)
    if over:
        raise _UnderWay
    return Try(subjects, {row.subject: row.window_ends_at for row in rows.values()})


def _count(
    connection: Connection, subjects: Mapping[str, str], window: timedelta, *, under_way: bool
) -> dict[str, AnyRow]:
    now = clock.now()
    for subject in sorted(subjects.values()):  # always in key order: no deadlocks
        attempts_sql.count_attempt(connection, subject, now, now + window, under_way=under_way)
    # Read behind the writes, whose locks let parallel tries through one by one.
    found = {row.subject: row for row in attempts_sql.list_attempts(connection, list(subjects.values()))}
    return {kind: found[subject] for kind, subject in subjects.items()}


def _fail(connection: Connection, tried: Try) -> None:
    for subject in sorted(tried.windows):
        attempts_sql.end_failed(connection, subject, tried.windows[subject])


def _take_back(connection: Connection, tried: Try) -> None:
    for subject in sorted(tried.windows):
        attempts_sql.end_forgiven(connection, subject, tried.windows[subject], failures_too=False)


def _refused(message: str, windows: list[datetime]) -> TooManyRequests:
    wait = math.ceil((max(windows) - clock.now()).total_seconds())
    return TooManyRequests(message, retry_after_s=max(1, wait))


def _subjects(name: str, address: str) -> dict[str, str]:
    key = fold(name)
    return {
        "both": _subject("both", key, address),
        "account": _subject("account", key),
        "address": _subject("address", address),
    }


def _subject(kind: str, *values: str) -> str:
    """Return the key of a counter; hashed, since people type passwords into the wrong field."""
    return hashlib.sha256("\0".join((kind, *values)).encode("utf-8", "surrogatepass")).hexdigest()
