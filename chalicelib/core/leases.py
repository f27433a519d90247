"""Who does what only one may do at a time, such as a scheduled job: leases in the database, kept alive."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from chalicelib.core import clock, holders, logging
from chalicelib.core.database import Connection, run
from chalicelib.core.database import leases as sql
from chalicelib.core.errors import AppError, Conflict

LENGTH = timedelta(seconds=90)
_BEAT_S = 20.0  # a lease is renewed by a thread: a step of a job may take minutes
_PAUSE_S = 0.2


class Busy(Conflict):
    """Another process does it."""

    code = "busy"
    title = "Being worked on"


class LeaseLost(Conflict):
    """This process was taken for dead, and another has taken over."""

    code = "lease-lost"
    title = "Taken over by another process"


class Lease:
    """A lease that is held and kept alive."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.holder = holders.new_holder()
        self._lost = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease of {name}", daemon=True)

    def take(self) -> bool:
        """Take it; False while another holds it."""
        return run(self._take, writes=True)

    def _take(self, connection: Connection) -> bool:
        now = clock.now()
        found = sql.find_lease(connection, self.name)
        if found is None:
            sql.insert_lease(connection, self.name, now)
        dead = found.holder if found is not None and holders.is_dead(found.holder) else None
        return sql.take_lease(connection, self.name, self.holder, dead=dead, now=now, until=now + LENGTH)

    def renew(self) -> bool:
        """Hold on to it; False when it was taken over."""
        return run(self._renew, writes=True)

    def _renew(self, connection: Connection) -> bool:
        return sql.renew_lease(connection, self.name, self.holder, clock.now() + LENGTH)

    def keep(self) -> None:
        """Renew it from time to time, in a thread of its own."""
        self._thread.start()

    def _keep(self) -> None:
        while not self._over.wait(_BEAT_S):
            try:
                self._lost = self._lost or not self.renew()
            except Exception:  # the database may be back before the lease is over
                logging.failure("a lease could not be renewed", lease=self.name)

    def check(self) -> None:
        """Renew it.

        Raises:
            LeaseLost: another process has taken over.
        """
        if self._lost or not self.renew():
            self._lost = True
            raise LeaseLost(f"Another process has taken over ({self.name}).")

    def release(self) -> None:
        """Let others take it."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        try:
            run(self._let_go, writes=True)
        except AppError as error:  # it ends by itself; what was done under it is done
            logging.warning("a lease could not be released", lease=self.name, reason=error.message)

    def _let_go(self, connection: Connection) -> None:
        sql.release_lease(connection, self.name, self.holder, clock.now())


def is_held(connection: Connection, name: str) -> bool:
    """Tell whether a process that is alive holds a lease."""
    found = sql.find_lease(connection, name)
    return (
        found is not None
        and found.holder is not None
        and found.held_until > clock.now()
        and not holders.is_dead(found.holder)
    )


def list_held(connection: Connection) -> set[str]:
    """Return the names of the leases that processes hold which are alive."""
    return {row.name for row in sql.list_held(connection, clock.now()) if not holders.is_dead(row.holder)}


@contextmanager
def held(name: str, *, wait_s: float = 0.0) -> Iterator[Lease]:
    """Hold a lease; wait for it at most so long.

    Raises:
        Busy: another process holds it.
    """
    lease = Lease(name)
    give_up_at = time.monotonic() + wait_s
    while not lease.take():
        if time.monotonic() >= give_up_at:
            raise Busy(f"Another process is at it ({name}); try again later.", retry_after_s=30)
        time.sleep(_PAUSE_S)
    lease.keep()
    try:
        yield lease
    finally:
        lease.release()
