"""Experiments: what is tried, by whom it is seen, and the life of one from draft to stopped.

One runs at a time, so that what is seen can only be its doing. What was stopped never runs again: the same question
is asked anew by another experiment, which deals the people anew by a salt of its own.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from chalicelib.core import clock, logging
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import Conflict, InvalidInput, NotFound, PreconditionFailed
from chalicelib.recommendations.measuring import experiments_sql
from chalicelib.recommendations.measuring.assignment import WHOLE, Arm, arm_of, variant_name
from chalicelib.recommendations.measuring.assignment import Overrides as Overrides  # a part of what is answered
from chalicelib.recommendations.signals.signals import MAX_AGE

DRAFT, RUNNING, STOPPED = "draft", "running", "stopped"

# How many people a process remembers to have seen an arm: some megabytes.
_MOST_REMEMBERED = 50_000
_PAGE = 1_000
# A transaction that began before the last look may have ended after it.
_OVERLAP = timedelta(minutes=10)


class NameTaken(Conflict):
    """Another experiment has this name."""

    code = "experiment-name-taken"
    title = "Name taken"


class NotDraft(Conflict):
    """It has begun: what it is may not change any more."""

    code = "experiment-not-draft"
    title = "Experiment has begun"


class NotRunning(Conflict):
    """It does not run."""

    code = "experiment-not-running"
    title = "Experiment does not run"


class AnotherRuns(Conflict):
    """One experiment runs at a time."""

    code = "another-experiment-runs"
    title = "Another experiment runs"


@dataclass(frozen=True, slots=True)
class Variant:
    """What a person is served: the name that request ids carry ("-": as everybody), and what is different."""

    name: str
    experiment_id: int | None
    overrides: Overrides


AS_EVERYBODY = Variant("-", None, Overrides())


@dataclass(frozen=True, slots=True)
class Running:
    """The experiment that runs."""

    id: int
    salt: str
    arms: Sequence[Arm]


# --- who sees what -----------------------------------------------------------------------------------------------


def variant_for(connection: Connection, person: str) -> Variant:
    """Return what a person is served: `c:17`, a customer, or `v:…`, a visitor by its public id.

    A customer is written down as one who saw its arm, once; call this from what reads, outside of a transaction, so
    that the row stays. A visitor is when it tells what it was shown (`note_shown`): anybody may ask under any id, and
    shall not fill a table by it.
    """
    found = running(connection)
    if found is None:
        return AS_EVERYBODY
    arm = arm_of(person, found.salt, found.arms)
    if arm is None:
        return AS_EVERYBODY
    kind, _, name = person.partition(":")
    if kind == "c":
        _expose(connection, found, int(name), arm)
    return Variant(variant_name(found.id, arm.name), found.id, arm.overrides)


@dataclass(slots=True)
class _Memory:
    """What this process knows: the experiment that runs, and customers who are written down already."""

    looked_at: float = float("-inf")
    running: Running | None = None


_memory = _Memory()
# By salt, which no two experiments share, in any database.
_exposed: set[tuple[str, int]] = set()
_exposing = threading.Lock()


def running(connection: Connection) -> Running | None:
    """Return the experiment that runs, as this process knows it for as long as it does of the live model."""
    ttl_s = settings().model_ttl_s
    if ttl_s == 0 or time.monotonic() - _memory.looked_at >= ttl_s:
        row = experiments_sql.find_running(connection)
        _memory.running = None if row is None else Running(row.id, row.salt, arms_of(row.arms))
        _memory.looked_at = time.monotonic()
    return _memory.running


def _expose(connection: Connection, found: Running, customer_id: int, arm: Arm) -> None:
    key = (found.salt, customer_id)
    if key in _exposed:
        return
    row = {"experiment_id": found.id, "customer_id": customer_id, "arm": arm.name, "first_at": clock.now()}
    experiments_sql.insert_exposure(connection, row)
    with _exposing:
        if len(_exposed) >= _MOST_REMEMBERED:
            _exposed.clear()
        _exposed.add(key)


def forget(connection: Connection, customer_id: int) -> None:
    """Forget what a customer saw. Its visitors' exposures go with the visitors."""
    experiments_sql.delete_exposures_of(connection, customer_id)


def list_seen(connection: Connection, customer_id: int) -> Sequence[Any]:
    """Return what a customer saw, for who asks what is stored of it: experiment, arm, first_at."""
    return experiments_sql.list_exposures_of(connection, customer_id)


# --- from draft to stopped ---------------------------------------------------------------------------------------


def arms_of(text: str) -> list[Arm]:
    """Return arms as they are stored."""
    return [Arm(each["name"], each["share"], Overrides(**each["overrides"])) for each in json.loads(text)]


def check_arms(arms: Sequence[Mapping[str, Any]]) -> None:
    """Look whether arms go together.

    Raises:
        InvalidInput: two have one name, or together they have more than all people.
    """
    names = [arm["name"] for arm in arms]
    if len(set(names)) < len(names):
        raise InvalidInput.at("body.arms", "have names of their own")
    total = sum(arm["share"] for arm in arms)
    if total > WHOLE:
        raise InvalidInput.at("body.arms", f"have {total} per cent of all people together; {WHOLE} is all there are")


def create_experiment(
    connection: Connection, *, name: str, arms: Sequence[Mapping[str, Any]], planned_people: int | None, by: str
) -> int:
    """Make a draft and return its id.

    Raises:
        InvalidInput: the arms do not go together.
        NameTaken: another has the name.
    """
    check_arms(arms)
    now = clock.now()
    values = {
        "name": name,
        "state": DRAFT,
        "arms": json.dumps(arms),
        "salt": secrets.token_hex(16),
        "planned_people": planned_people,
        "created_by": by,
        "created_at": now,
        "updated_at": now,
    }
    try:
        return experiments_sql.insert_experiment(connection, values)
    except experiments_sql.NotUnique as error:
        raise NameTaken(f"There is an experiment {name!r}.") from error


def get_experiment(connection: Connection, experiment_id: int) -> Any:
    """Return an experiment.

    Raises:
        NotFound: there is none of that id.
    """
    row = experiments_sql.find_experiment(connection, experiment_id)
    if row is None:
        raise NotFound(f"There is no experiment {experiment_id}.")
    return row


def change_experiment(
    connection: Connection, experiment_id: int, changes: Mapping[str, Any], *, expected_version: int | None
) -> None:
    """Change name, arms or planned people of a draft.

    Raises:
        NotFound, PreconditionFailed, NotDraft: it is gone, changed since, or has begun.
        InvalidInput, NameTaken: it would make no sense, or have another's name.
    """
    _lock_draft(connection, experiment_id, expected_version)
    values = dict(changes)
    if "arms" in values:
        check_arms(values["arms"])
        values["arms"] = json.dumps(values["arms"])
    if values:
        _update(connection, experiment_id, values, NameTaken(f"There is an experiment {values.get('name')!r}."))


def delete_experiment(connection: Connection, experiment_id: int, *, expected_version: int | None) -> None:
    """Delete a draft; what has begun stays, with its results.

    Raises:
        NotFound, PreconditionFailed, NotDraft: it is gone, changed since, or has begun.
    """
    _lock_draft(connection, experiment_id, expected_version)
    experiments_sql.delete_experiment(connection, experiment_id)


def start_experiment(connection: Connection, experiment_id: int, *, expected_version: int | None, by: str) -> None:
    """Let a draft run.

    Raises:
        NotFound, PreconditionFailed, NotDraft: it is gone, changed since, or has begun.
        AnotherRuns: one runs already.
    """
    _lock_draft(connection, experiment_id, expected_version)
    values = {"state": RUNNING, "running": 1, "started_at": clock.now()}
    _update(connection, experiment_id, values, AnotherRuns("An experiment runs already: stop it first."))
    logging.info("experiment started", experiment_id=experiment_id, by=by)


def stop_experiment(connection: Connection, experiment_id: int, *, by: str) -> None:
    """Stop an experiment, for good. Processes that served it go on for as long as they trust what they know.

    Raises:
        NotFound, NotRunning: it is gone, or does not run.
    """
    row = _lock(connection, experiment_id)
    if row.state != RUNNING:
        raise NotRunning(f"Experiment {experiment_id} is {row.state}.")
    values = {"state": STOPPED, "running": None, "stopped_at": clock.now()}
    _update(connection, experiment_id, values, None)
    logging.info("experiment stopped", experiment_id=experiment_id, by=by)


def _update(connection: Connection, experiment_id: int, values: Mapping[str, Any], taken: Conflict | None) -> None:
    try:
        experiments_sql.update_experiment(connection, experiment_id, {**values, "updated_at": clock.now()})
    except experiments_sql.NotUnique as error:
        raise taken or Conflict(str(error)) from error


def _lock(connection: Connection, experiment_id: int) -> Any:
    row = experiments_sql.lock_experiment(connection, experiment_id)
    if row is None:
        raise NotFound(f"There is no experiment {experiment_id}.")
    return row


def _lock_draft(connection: Connection, experiment_id: int, expected_version: int | None) -> None:
    row = _lock(connection, experiment_id)
    if expected_version not in (None, row.version):
        raise PreconditionFailed(
            f"Experiment {experiment_id} is at version {row.version} by now, your change is of version "
            f"{expected_version}: read it again."
        )
    if row.state != DRAFT:
        raise NotDraft(f"Experiment {experiment_id} is {row.state}: make another one.")


# --- visitors ----------------------------------------------------------------------------------------------------


def note_shown(*, since: datetime | None) -> int:
    """Write down the visitors that have told since a moment what they were shown of an experiment.

    Whoever sends events may write any variant into them: only what the hash gives its sender is taken. Returns how
    many were taken, also those that were written down already.
    """
    noted = 0
    for row in run(experiments_sql.list_open, writes=False):
        begin = row.started_at if since is None else max(since - _OVERLAP, row.started_at)
        # What is told later than events may come is of no interest.
        if row.stopped_at is None or row.stopped_at + MAX_AGE >= begin:
            arms = arms_of(row.arms)
            noted += sum(_note_shown(row, begin, arms, arm) for arm in arms)
    return noted


def _note_shown(row: Any, since: datetime, arms: Sequence[Arm], arm: Arm) -> int:
    variant, noted, after_id = variant_name(row.id, arm.name), 0, 0
    list_page = partial(
        experiments_sql.list_shown_to,
        variant=variant,
        received_since=since,
        start=row.started_at,
        end=row.stopped_at or clock.now() + MAX_AGE,
        limit=_PAGE,
    )
    while page := run(partial(list_page, after_id=after_id), writes=False):
        rows = [
            {"experiment_id": row.id, "visitor_id": each.visitor_id, "arm": arm.name, "first_at": each.first_at}
            for each in page
            if arm_of(f"v:{each.public_id}", row.salt, arms) == arm
        ]
        run(partial(experiments_sql.insert_exposures, rows=rows), writes=True)
        noted, after_id = noted + len(rows), page[-1].visitor_id
    return noted
