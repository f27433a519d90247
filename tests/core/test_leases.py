"""Leases: one at a time, over when their holder is, and never held by two who think so."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from chalicelib.core import clock, leases
from chalicelib.core.database import leases as leases_sql
from chalicelib.core.database import run, transaction
from chalicelib.core.leases import Busy, Lease, LeaseLost


def later(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    moment = clock.now() + by
    monkeypatch.setattr(clock, "now", lambda: moment)


def test_one_holds_a_lease_until_it_lets_go(shop: Engine) -> None:
    with leases.held("build"):
        assert run(lambda connection: leases.is_held(connection, "build"), writes=False)
        with pytest.raises(Busy), leases.held("build"):
            pass
        with leases.held("versions"):
            pass
    assert not run(lambda connection: leases.is_held(connection, "build"), writes=False)
    with leases.held("build"):
        pass


def test_a_lease_is_let_go_of_after_an_error(shop: Engine) -> None:
    with pytest.raises(KeyError), leases.held("build"):
        raise KeyError
    with leases.held("build"):
        pass


def test_who_waits_gets_it_next(shop: Engine) -> None:
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with leases.held("versions"):
            held.set()
            release.wait(10)

    with ThreadPoolExecutor() as pool:
        first = pool.submit(hold)
        assert held.wait(10)
        threading.Timer(0.3, release.set).start()
        with leases.held("versions", wait_s=10):
            assert release.is_set()
        first.result()


def test_of_many_at_once_one_holds_it(shop: Engine) -> None:
    start = threading.Barrier(8)

    def attempt(_number: int) -> bool:
        lease = Lease("build")
        start.wait()
        return lease.take()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(attempt, range(8))) == [False] * 7 + [True]


def test_a_lease_that_was_not_renewed_is_taken_over_and_its_holder_is_told(
    shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Lease("build"), Lease("build")
    assert first.take()
    later(monkeypatch, leases.LENGTH - timedelta(seconds=1))
    assert not second.take()
    later(monkeypatch, timedelta(seconds=1))
    assert second.take()
    with pytest.raises(LeaseLost):
        first.check()
    second.check()
    # What is no longer one's own is not let go of.
    first.release()
    assert not Lease("build").take()


def test_who_was_overtaken_does_not_go_on_when_the_other_has_let_go(
    shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Lease("build")
    assert first.take()
    later(monkeypatch, leases.LENGTH)
    with leases.held("build"):
        pass
    with pytest.raises(LeaseLost):
        first.check()


def test_a_lease_that_ran_out_and_that_nobody_took_is_still_ones_own(
    shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Lease("build")
    assert first.take()
    later(monkeypatch, 2 * leases.LENGTH)
    first.check()
    assert not Lease("build").take()


def test_a_lease_is_renewed_while_its_holder_works(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "_BEAT_S", 0.02)
    renewed = threading.Event()
    with leases.held("build") as lease:
        renew = lease.renew

        def note() -> bool:
            held = renew()
            renewed.set()
            return held

        monkeypatch.setattr(lease, "renew", note)
        assert renewed.wait(10)
        lease.check()


def test_the_lease_of_a_process_of_this_machine_that_is_gone_need_not_be_waited_for(shop: Engine) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    with transaction() as connection:
        now = clock.now()
        leases_sql.insert_lease(connection, "build", now)
        holder = f"{socket.gethostname()}:{gone.pid}:0"
        assert leases_sql.take_lease(connection, "build", holder, dead=None, now=now, until=now + leases.LENGTH)
    assert not run(lambda connection: leases.is_held(connection, "build"), writes=False)
    assert Lease("build").take()


def test_the_lease_of_a_process_that_lives_is_waited_for(shop: Engine) -> None:
    with transaction() as connection:
        now = clock.now()
        leases_sql.insert_lease(connection, "build", now)
        for holder in (f"{socket.gethostname()}:{os.getppid()}:0",):
            assert leases_sql.take_lease(connection, "build", holder, dead=None, now=now, until=now + leases.LENGTH)
    assert not Lease("build").take()
