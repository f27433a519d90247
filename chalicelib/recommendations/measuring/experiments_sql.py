"""The SQL of experiments and of who saw which arm."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, func, or_, select, union_all, update
from sqlalchemy.exc import IntegrityError

from chalicelib.core.database import AnyRow, Connection, insert_row
from chalicelib.core.database.dialect import insert_new, upsert_sums
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest
from chalicelib.recommendations.measuring.experiment_tables import experiment_exposures, recommendation_experiments
from chalicelib.recommendations.signals.signal_tables import behaviour_events, visitors

_experiments = recommendation_experiments.c
_seen = experiment_exposures.c
_events = behaviour_events.c


class NotUnique(Exception):
    """Another experiment has the name, or runs; the transaction can go on."""


# --- experiments -------------------------------------------------------------------------------------------------


def find_running(connection: Connection) -> AnyRow | None:
    """Return the experiment that runs: id, salt, arms."""
    statement = select(_experiments.id, _experiments.salt, _experiments.arms).where(_experiments.running == 1)
    return connection.execute(statement).first()


def find_experiment(connection: Connection, experiment_id: int) -> AnyRow | None:
    """Return an experiment."""
    return connection.execute(select(recommendation_experiments).where(_experiments.id == experiment_id)).first()


def lock_experiment(connection: Connection, experiment_id: int) -> AnyRow | None:
    """Return an experiment, which stays as it is for others until the transaction ends."""
    statement = select(recommendation_experiments).where(_experiments.id == experiment_id)
    return connection.execute(statement.with_for_update()).first()


def list_experiments(connection: Connection, page: PageRequest, *, state: str | None) -> Page[AnyRow]:
    """Return experiments, newest first."""
    statement = select(recommendation_experiments)
    if state is not None:
        statement = statement.where(_experiments.state == state)
    return fetch_page(connection, statement, page, order=[_experiments.id], descending=True)


def list_open(connection: Connection) -> Sequence[AnyRow]:
    """Return the experiments that have begun and whose results are not final, oldest first."""
    statement = select(recommendation_experiments).where(
        _experiments.started_at.is_not(None), _experiments.closed_at.is_(None)
    )
    return connection.execute(statement.order_by(_experiments.id)).all()


def list_run(connection: Connection, start: datetime, end: datetime, limit: int) -> Sequence[AnyRow]:
    """Return the experiments that ran at some time from `start` until before `end`, the latest first."""
    ran = select(recommendation_experiments).where(
        _experiments.started_at < end, or_(_experiments.stopped_at.is_(None), _experiments.stopped_at > start)
    )
    return connection.execute(ran.order_by(_experiments.started_at.desc(), _experiments.id).limit(limit)).all()


def list_to_forget(connection: Connection) -> Sequence[int]:
    """Return the experiments whose results are final and of which somebody is still written down."""
    seen = exists().where(_seen.experiment_id == _experiments.id)
    return connection.scalars(select(_experiments.id).where(_experiments.closed_at.is_not(None), seen)).all()


def insert_experiment(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert an experiment and return its id.

    Raises:
        NotUnique: another has its name.
    """
    try:
        return insert_row(connection, recommendation_experiments, values)
    except IntegrityError as error:
        raise NotUnique from error


def update_experiment(connection: Connection, experiment_id: int, values: Mapping[str, Any]) -> None:
    """Change columns of an experiment, which gets a new version.

    Raises:
        NotUnique: another has its name, or runs.
    """
    statement = update(recommendation_experiments).where(_experiments.id == experiment_id)
    try:
        connection.execute(statement.values(**values, version=_experiments.version + 1))
    except IntegrityError as error:
        raise NotUnique from error


def store_results(connection: Connection, experiment_id: int, values: Mapping[str, Any]) -> None:
    """Keep what the schedule worked out of an experiment: no change of its own, so that its version stays."""
    connection.execute(update(recommendation_experiments).where(_experiments.id == experiment_id).values(**values))


def delete_experiment(connection: Connection, experiment_id: int) -> None:
    """Delete an experiment that nobody has seen."""
    connection.execute(delete(recommendation_experiments).where(_experiments.id == experiment_id))


# --- who saw what ------------------------------------------------------------------------------------------------


def insert_exposure(connection: Connection, values: Mapping[str, Any]) -> None:
    """Note that a person saw an arm; who has seen one of the experiment already keeps it."""
    insert_new(connection, experiment_exposures, values)


def insert_exposures(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note what visitors saw, as `insert_exposure` does, of those that are still there."""
    ids = sorted(row["visitor_id"] for row in rows)
    # Visitors first, as who forgets them does: whose row is deleted meanwhile is left out.
    there = set(connection.scalars(select(visitors.c.id).where(visitors.c.id.in_(ids)).with_for_update(read=True)))
    rows = [row for row in rows if row["visitor_id"] in there]
    upsert_sums(connection, experiment_exposures, rows, keys=["experiment_id", "visitor_id"], sums=[])


def list_shown_to(
    connection: Connection,
    *,
    variant: str,
    received_since: datetime,
    start: datetime,
    end: datetime,
    after_id: int,
    limit: int,
) -> Sequence[AnyRow]:
    """Return the visitors that told of something shown by a variant, by id: visitor_id, public_id, first_at."""
    # The name stands between two dots, and there is no dot in it: no other variant is found.
    shown = (_events.kind == "impression") & _events.request_id.contains(f".{variant}.", autoescape=True)
    statement = (
        select(_events.visitor_id, visitors.c.public_id, func.min(_events.at).label("first_at"))
        .join_from(behaviour_events, visitors, visitors.c.id == _events.visitor_id)
        .where(_events.received_at >= received_since, _events.at >= start, _events.at < end)
        .where(shown, _events.visitor_id > after_id)
        .group_by(_events.visitor_id, visitors.c.public_id)
        .order_by(_events.visitor_id)
        .limit(limit)
    )
    return connection.execute(statement).all()


def delete_exposures_of(connection: Connection, customer_id: int) -> None:
    """Delete what a customer saw."""
    connection.execute(delete(experiment_exposures).where(_seen.customer_id == customer_id))


def list_exposures_of(connection: Connection, customer_id: int) -> Sequence[AnyRow]:
    """Return what a customer, and the visitors at which it signed in, saw: experiment, arm, first_at."""
    shown = select(_experiments.name.label("experiment"), _seen.arm, _seen.first_at).join_from(
        experiment_exposures, recommendation_experiments
    )
    own = shown.where(_seen.customer_id == customer_id)
    browsers = shown.join(visitors, visitors.c.id == _seen.visitor_id).where(visitors.c.customer_id == customer_id)
    return connection.execute(union_all(own, browsers)).all()


def delete_exposures(connection: Connection, experiment_id: int, limit: int) -> int:
    """Delete some exposures of an experiment and return how many."""
    ids = connection.scalars(select(_seen.id).where(_seen.experiment_id == experiment_id).limit(limit)).all()
    return connection.execute(delete(experiment_exposures).where(_seen.id.in_(ids))).rowcount if ids else 0


# --- what they did -----------------------------------------------------------------------------------------------


def _of(experiment_id: int, end: datetime) -> ColumnElement[bool]:
    return (_seen.experiment_id == experiment_id) & (_seen.first_at < end)


def count_exposures(connection: Connection, experiment_id: int, end: datetime) -> dict[str, int]:
    """Return how many people saw each arm before `end`."""
    statement = select(_seen.arm, func.count().label("people")).where(_of(experiment_id, end)).group_by(_seen.arm)
    return {row.arm: row.people for row in connection.execute(statement)}


def list_linked(connection: Connection, experiment_id: int, end: datetime) -> Sequence[AnyRow]:
    """Return what visitors saw that are known as customers by now: customer_id, arm, first_at."""
    statement = (
        select(visitors.c.customer_id, _seen.arm, _seen.first_at)
        .join_from(experiment_exposures, visitors, visitors.c.id == _seen.visitor_id)
        .where(_of(experiment_id, end), visitors.c.customer_id.is_not(None))
    )
    return connection.execute(statement).all()


def list_customers(
    connection: Connection, experiment_id: int, end: datetime, *, after_id: int, limit: int
) -> Sequence[AnyRow]:
    """Return what customers saw themselves, by id: id, customer_id, arm, first_at."""
    statement = select(_seen.id, _seen.customer_id, _seen.arm, _seen.first_at).where(
        _of(experiment_id, end), _seen.customer_id.is_not(None), _seen.id > after_id
    )
    return connection.execute(statement.order_by(_seen.id).limit(limit)).all()


def _clicked(end: datetime) -> ColumnElement[bool]:
    clicked: ColumnElement[bool] = (_events.interest == 1) & (_events.kind == "click") & (_events.at < end)
    return clicked & _events.request_id.is_not(None)


def list_clicks(
    connection: Connection, customer_ids: Collection[int], since: datetime, end: datetime
) -> Sequence[AnyRow]:
    """Return the clicks of customers on recommendations: customer_id, at."""
    statement = select(_events.customer_id, _events.at).where(
        _events.customer_id.in_(customer_ids), _events.at >= since, _clicked(end)
    )
    return connection.execute(statement).all()


def sum_visitors_clicks(connection: Connection, experiment_id: int, end: datetime) -> Sequence[AnyRow]:
    """Return of each arm what visitors clicked that are no customers: arm, clicks, squares (sums over people)."""
    each: Select[Any] = (
        select(_seen.id, _seen.arm, func.count().label("clicks"))
        .join_from(experiment_exposures, visitors, visitors.c.id == _seen.visitor_id)
        .join(behaviour_events, _events.visitor_id == _seen.visitor_id)
        .where(_of(experiment_id, end), visitors.c.customer_id.is_(None))
        .where(_events.at >= _seen.first_at, _clicked(end))
        .group_by(_seen.id, _seen.arm)
    )
    people = each.subquery("people")
    sums = func.sum(people.c.clicks).label("clicks"), func.sum(people.c.clicks * people.c.clicks).label("squares")
    return connection.execute(select(people.c.arm, *sums).group_by(people.c.arm)).all()
