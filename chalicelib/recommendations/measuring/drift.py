"""Whether recommendations get worse: live figures against those of the weeks before, models against earlier ones."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import NormalDist
from typing import Any

from chalicelib.core import blobs, logging
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.responses import to_json
from chalicelib.events import outbox
from chalicelib.recommendations.measuring import days_sql, statistics
from chalicelib.recommendations.models import versions

KIND = "recommendations.drifting"
AGGREGATE = "recommendations:live"

# Whole weeks: days of the week differ.
RECENT_DAYS = 7
BEFORE_DAYS = 28
# So unlikely must a fall be by chance. The two live figures are looked at each hour, but of whole days only.
LEAST_P = 0.01
# Of how many a live figure must be, in either time.
LEAST_TRIALS = {"ctr": 1_000, "conversion": 200}
# How many models before the newest it is compared with, and of how many people a figure must be.
MODELS_BEFORE = 4
LEAST_MEASURED = 50
_FIGURE = "ndcg10"

_MOST_DAYS = 400


@dataclass(frozen=True, slots=True)
class Fall:
    """A figure that has fallen by the share `fall`; `p`: how likely by chance."""

    metric: str
    now: float
    before: float
    fall: float
    p: float


def check(now: datetime) -> list[Fall]:
    """Look for figures that fall, and note them as the alarm; without any the alarm ends by itself.

    At most once a day it is recorded as an event, in the transaction that notes it.
    """
    found = [*run(lambda connection: live_falls(connection, now.date()), writes=False), *model_falls()]
    run(lambda connection: _note(connection, found, now), writes=True)
    return found


def _note(connection: Connection, found: Sequence[Fall], now: datetime) -> None:
    noted = days_sql.find_alarm(connection)
    before = None if noted is None or noted.alarm is None else json.loads(noted.alarm)
    if not found:
        if before is not None:
            logging.info("recommendations fall no more")
            days_sql.update_alarm(connection, {"alarm": None})
        return
    alarm = {
        "since": now if before is None else before["since"],
        "metrics": [_told(each) for each in found],
    }
    values: dict[str, Any] = {"alarm": to_json(alarm)}
    if noted is None or noted.told_on != now.date():
        values["told_on"] = now.date()
        outbox.record(connection, KIND, AGGREGATE, {"metrics": alarm["metrics"]})
        logging.warning("recommendations fall", metrics=[each.metric for each in found])
    days_sql.update_alarm(connection, values)


def _told(fall: Fall) -> dict[str, Any]:
    return {
        "metric": fall.metric,
        "now": round(fall.now, 6),
        "before": round(fall.before, 6),
        "fall": round(fall.fall, 4),
        "p": round(fall.p, 6),
    }


# --- what people do ----------------------------------------------------------------------------------------------


def live_falls(connection: Connection, today: date) -> list[Fall]:
    """Return what fell in the last seven whole days against the 28 before."""
    start = today - timedelta(days=RECENT_DAYS + BEFORE_DAYS)
    rows = days_sql.list_figures(connection, start, today - timedelta(days=1), "day", limit=_MOST_DAYS)
    border = today - timedelta(days=RECENT_DAYS)
    recent, before = [row for row in rows if row.group >= border], [row for row in rows if row.group < border]
    # Clicks of impressions, orders of clicks.
    pairs = {"ctr": ("clicks", "impressions"), "conversion": ("orders", "clicks")}
    falls = (_live_fall(metric, _pairs(recent, *names), _pairs(before, *names)) for metric, names in pairs.items())
    return [fall for fall in falls if fall is not None]


def _pairs(rows: Sequence[Any], count: str, trials: str) -> list[tuple[int, int]]:
    return [(int(getattr(row, count)), int(getattr(row, trials))) for row in rows]


def _live_fall(metric: str, recent: statistics.Days, before: statistics.Days) -> Fall | None:
    if min(sum(trials for _, trials in days) for days in (recent, before)) < LEAST_TRIALS[metric]:
        return None
    now, then = statistics.rate_of_days(recent), statistics.rate_of_days(before)
    return _fall(metric, now, then, statistics.fall_p(recent, before))


def _fall(metric: str, now: float, then: float, p: float) -> Fall | None:
    """Return a fall that is both too unlikely by chance and large enough to matter."""
    if then <= 0:
        return None
    fall = 1 - now / then
    return Fall(metric, now, then, fall, p) if p < LEAST_P and fall >= settings().recommendation_drift else None


# --- what models measure -----------------------------------------------------------------------------------------


def model_falls() -> list[Fall]:
    """Return whether the newest published model measured worse than those before it."""
    # Some more than are compared: what was rejected was not published.
    kept = versions.list_manifests(blobs.store(), 2 * (MODELS_BEFORE + 1))
    measured = [each for manifest in kept if manifest.rejected is None and (each := _measured(manifest.metrics))]
    fall = _model_fall(measured[: MODELS_BEFORE + 1])
    return [] if fall is None else [fall]


def _measured(metrics: Mapping[str, Any]) -> tuple[float, int] | None:
    figure, people = metrics.get(_FIGURE), metrics.get("people")
    if not isinstance(figure, int | float) or not isinstance(people, int | float) or people < LEAST_MEASURED:
        return None
    return float(figure), int(people)


def _model_fall(measured: Sequence[tuple[float, int]]) -> Fall | None:
    """Compare the first of some figures, each over so many people, with the mean of the others.

    A figure between 0 and 1 whose mean over people is m varies by no more than m (1 - m) from person to person: the
    test takes that much, so that it is rather too slow than too quick to tell.
    """
    if len(measured) < 2:
        return None
    (now, n_now), others = measured[0], measured[1:]
    n_then = sum(people for _, people in others)
    then = sum(figure * people for figure, people in others) / n_then
    spread = math.sqrt(then * (1 - then) * (1 / n_now + 1 / n_then)) if 0 < then < 1 else 0.0
    if now >= then or spread == 0:
        return None
    return _fall("offline_ndcg10", now, then, NormalDist().cdf((now - then) / spread))
