"""What an experiment shows: what the people of each arm did after they first saw it, and how sure a difference is."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from chalicelib.commerce.sales import kept_sales
from chalicelib.core import clock
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.money import from_cents
from chalicelib.core.responses import to_json
from chalicelib.recommendations.measuring import experiments, experiments_sql, statistics
from chalicelib.recommendations.measuring.statistics import Sample, Uplift

# More people than these are not looked at while somebody waits: the hourly job's results are answered.
LIVE_PEOPLE = 20_000
# A parcel and its way back, beside the days in which a customer may return what it holds.
_PARCELS = timedelta(days=14)
_PAGE = 500
_FORGOTTEN_AT_ONCE = 1_000
# Below it, people have not come to the arms by the shares that were set: something is wrong.
MISMATCH_P = 0.001

PEEKING = (
    "The intervals hold for one look at a size that was planned before. Looking again and again, and stopping when "
    "it first looks good, finds differences where there are none."
)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A customer and what it saw first."""

    customer_id: int
    arm: str
    first_at: datetime


@dataclass(slots=True)
class _Sums:
    """What the people of an arm did: sums over people, and of squares."""

    people: int = 0
    clicks: int = 0
    clicks_squared: int = 0
    buyers: int = 0
    orders: int = 0
    cents: int = 0
    cents_squared: int = 0


@dataclass(slots=True)
class _Tally:
    """The arms while they are counted; `crossed`: people who saw two, as visitors and as customers."""

    arms: dict[str, _Sums]
    crossed: int = 0
    shown: Mapping[str, int] = field(default_factory=dict)


# --- when ---------------------------------------------------------------------------------------------------------


def final_at(row: Any) -> datetime | None:
    """Return when what was bought in an experiment has been sent back, if ever; None while it runs."""
    if row.stopped_at is None:
        return None
    moment: datetime = row.stopped_at + _PARCELS + timedelta(days=settings().return_days)
    return moment


def results_of(connection: Connection, row: Any) -> dict[str, Any] | None:
    """Return the results of an experiment: of this moment, or, of a large or closed one, as they were last kept.

    None of a draft, and of a large one that the job has not come to.
    """
    if row.started_at is None:
        return None
    if row.closed_at is None:
        people = sum(experiments_sql.count_exposures(connection, row.id, _end_of(row)).values())
        if people <= LIVE_PEOPLE:
            return compute(connection, row)
    return None if row.results is None else json.loads(row.results, parse_float=Decimal)


def _end_of(row: Any) -> datetime:
    end: datetime = row.stopped_at or clock.now()
    return end


def keep_all(*, has_time: Callable[[], bool]) -> None:
    """Work out and keep the results of what runs or has run, until they are final; then forget who saw what."""
    for row in run(experiments_sql.list_open, writes=False):
        if not has_time():
            return
        final = final_at(row)
        is_final = final is not None and clock.now() >= final
        told = {**run(partial(compute, row=row), writes=False), "final": is_final}
        values = {"results": to_json(told), "closed_at": clock.now() if is_final else None}
        run(partial(experiments_sql.store_results, experiment_id=row.id, values=values), writes=True)
    for experiment_id in run(experiments_sql.list_to_forget, writes=False):
        delete = partial(experiments_sql.delete_exposures, experiment_id=experiment_id, limit=_FORGOTTEN_AT_ONCE)
        while has_time() and run(delete, writes=True):
            pass


# --- counting ----------------------------------------------------------------------------------------------------


def compute(connection: Connection, row: Any) -> dict[str, Any]:
    """Return the results of an experiment as of now, in the words of the API; plain values."""
    arms, end = experiments.arms_of(row.arms), _end_of(row)
    tally = _Tally({arm.name: _Sums() for arm in arms})
    tally.shown = experiments_sql.count_exposures(connection, row.id, end)
    for name, count in tally.shown.items():
        tally.arms[name].people += count
    for each in experiments_sql.sum_visitors_clicks(connection, row.id, end):
        tally.arms[each.arm].clicks += int(each.clicks)
        tally.arms[each.arm].clicks_squared += int(each.squares)
    for people in _customers(connection, row.id, end, tally):
        _add_customers(connection, people, end, tally)
    return _told(row, arms, end, tally)


def _customers(connection: Connection, experiment_id: int, end: datetime, tally: _Tally) -> Iterator[list[_Seen]]:
    """Yield the customers, some hundred at a time, each once; who saw two arms is left out and counted."""
    linked: defaultdict[int, list[_Seen]] = defaultdict(list)
    for row in experiments_sql.list_linked(connection, experiment_id, end):
        linked[row.customer_id].append(_Seen(row.customer_id, row.arm, row.first_at))
    after_id = 0
    while page := experiments_sql.list_customers(connection, experiment_id, end, after_id=after_id, limit=_PAGE):
        after_id = page[-1].id
        own = [_Seen(row.customer_id, row.arm, row.first_at) for row in page]
        yield _merged([[each, *linked.pop(each.customer_id, [])] for each in own], tally)
    left = list(linked.values())
    for start in range(0, len(left), _PAGE):
        yield _merged(left[start : start + _PAGE], tally)


def _merged(people: Sequence[Sequence[_Seen]], tally: _Tally) -> list[_Seen]:
    """Return each person as it was first seen; the arms count it once, or not at all if it saw two."""
    found = []
    for seen in people:
        first = min(seen, key=lambda each: each.first_at)
        for each in seen:
            tally.arms[each.arm].people -= 1
        if len({each.arm for each in seen}) > 1:
            tally.crossed += 1
            continue
        tally.arms[first.arm].people += 1
        found.append(first)
    return found


def _add_customers(connection: Connection, people: Sequence[_Seen], end: datetime, tally: _Tally) -> None:
    """Add what customers clicked, bought and kept between when they first saw their arm and `end`."""
    if not people:
        return
    seen = {each.customer_id: each for each in people}
    since = min(each.first_at for each in people)
    clicks = _count_clicks(connection, seen, since, end)
    for customer_id, count in clicks.items():
        sums = tally.arms[seen[customer_id].arm]
        sums.clicks += count
        sums.clicks_squared += count * count
    spent: defaultdict[int, int] = defaultdict(int)
    orders: defaultdict[int, set[int]] = defaultdict(set)
    for item in kept_sales.kept_items_of(connection, list(seen), since, end):
        if item.at >= seen[item.customer_id].first_at:
            spent[item.customer_id] += item.cents
            orders[item.customer_id].add(item.order_id)
    for customer_id, cents in spent.items():
        sums = tally.arms[seen[customer_id].arm]
        sums.buyers += 1
        sums.orders += len(orders[customer_id])
        sums.cents += cents
        sums.cents_squared += cents * cents


def _count_clicks(
    connection: Connection, seen: Mapping[int, _Seen], since: datetime, end: datetime
) -> Mapping[int, int]:
    found: defaultdict[int, int] = defaultdict(int)
    customer_ids: Collection[int] = list(seen)
    for click in experiments_sql.list_clicks(connection, customer_ids, since, end):
        if click.at >= seen[click.customer_id].first_at:
            found[click.customer_id] += 1
    return found


# --- telling -----------------------------------------------------------------------------------------------------


def _told(row: Any, arms: Sequence[Any], end: datetime, tally: _Tally) -> dict[str, Any]:
    control = tally.arms[arms[0].name]
    observed = [tally.shown.get(arm.name, 0) for arm in arms]
    p = statistics.chi_square_p(observed, [arm.share for arm in arms])
    return {
        "experiment_id": row.id,
        "as_of": clock.now(),
        "from": row.started_at,
        "to": end,
        "final": False,
        "arms": [
            _told_arm(arm, tally.arms[arm.name], None if place == 0 else control) for place, arm in enumerate(arms)
        ],
        "crossed_people": tally.crossed,
        "sample_ratio": {"p": p, "mismatch": p < MISMATCH_P},
        "planned_people": row.planned_people,
        "warnings": _warnings(row, tally, p),
        "note": PEEKING,
    }


def _told_arm(arm: Any, sums: _Sums, control: _Sums | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": arm.name,
        "share": arm.share,
        "people": sums.people,
        "clicks": sums.clicks,
        "clicks_per_person": sums.clicks / sums.people if sums.people else 0.0,
        "buyers": sums.buyers,
        "conversion": sums.buyers / sums.people if sums.people else 0.0,
        "orders": sums.orders,
        "revenue": from_cents(sums.cents),
        "revenue_per_person": sums.cents / sums.people / 100 if sums.people else 0.0,
        "uplift": None,
    }
    if control is not None:
        told["uplift"] = {
            "clicks_per_person": _told_uplift(statistics.mean_uplift(_clicks(sums), _clicks(control))),
            "conversion": _told_uplift(
                statistics.rate_uplift(sums.buyers, sums.people, control.buyers, control.people)
            ),
            "revenue_per_person": _told_uplift(statistics.mean_uplift(_spent(sums), _spent(control)), scale=100),
        }
    return told


def _clicks(sums: _Sums) -> Sample:
    return statistics.sample_of(sums.people, sums.clicks, sums.clicks_squared)


def _spent(sums: _Sums) -> Sample:
    return statistics.sample_of(sums.people, sums.cents, sums.cents_squared)


def _told_uplift(found: Uplift, scale: int = 1) -> dict[str, Any]:
    between, ratio = found.interval, found.ratio_interval
    return {
        "difference": found.difference / scale,
        "low": None if between is None else between.low / scale,
        "high": None if between is None else between.high / scale,
        "ratio": found.ratio,
        "ratio_low": None if ratio is None else ratio.low,
        "ratio_high": None if ratio is None else ratio.high,
        "significant": between is not None and not between.low <= 0 <= between.high,
    }


def _warnings(row: Any, tally: _Tally, p: float) -> list[str]:
    """Return what keeps the figures from being trusted, in sentences."""
    found = []
    if p < MISMATCH_P:
        found.append(
            "The arms do not have the people that their shares give them: find out why before you believe it."
        )
    for name, sums in tally.arms.items():
        if sums.people < statistics.LEAST_PEOPLE:
            found.append(f"People in {name}: {sums.people}; below {statistics.LEAST_PEOPLE} nothing can be said.")
        elif min(sums.buyers, sums.people - sums.buyers) < statistics.LEAST_SUCCESSES:
            found.append(f"Buyers in {name}: {sums.buyers}; too few, or too many, for its conversion.")
        elif sums.buyers < statistics.LEAST_BUYERS:
            found.append(f"Buyers in {name}: {sums.buyers}; below {statistics.LEAST_BUYERS} revenue says little.")
        if row.planned_people is not None and sums.people < row.planned_people:
            found.append(f"People in {name}: {sums.people}; {row.planned_people} were planned.")
    if row.started_at < clock.now() - timedelta(days=settings().behaviour_keep_days):
        found.append("Clicks of the first days are deleted by now.")
    return found
