"""When things happen: the years the shop has been open, its seasons, weeks and hours."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from .draw import Ints, Reals, Rng, pick

DAY = 86_400
YEAR = 365.2425
EPOCH = date(1970, 1, 1)
DAYS_OPEN = 5 * 365 + 1
# The share of sign-ups and orders by weekday (Monday first) and by local hour.
WEEKDAYS = np.array([1.05, 0.97, 0.95, 0.96, 0.98, 1.02, 1.15])
HOURS = np.array([
    1.4, 0.8, 0.5, 0.4, 0.4, 0.6, 1.2, 2.2, 3.4, 4.4, 5.0, 5.2,
    5.6, 5.3, 4.8, 4.7, 4.9, 5.3, 6.0, 6.9, 7.6, 7.2, 5.4, 3.0,
])  # fmt: skip


@dataclass(frozen=True)
class Span:
    """The time the shop has been open, in seconds since 1970 (UTC); `now` is the last second of today."""

    opening: int
    now: int

    def days(self) -> Ints:
        """The first second of every day."""
        return np.arange(self.opening, self.now, DAY, dtype=np.int64)


def make_span(today: date) -> Span:
    """Five years that end with `today`."""
    end = ((today - EPOCH).days + 1) * DAY
    return Span(opening=end - DAYS_OPEN * DAY, now=end - 1)


def year_angle(seconds: Ints) -> Reals:
    """Where in the year a moment lies, from 0 to 2 pi."""
    days: Reals = seconds / DAY
    return (days % YEAR) * (2 * np.pi / YEAR)


def demand(rng: Rng, days: Ints) -> Reals:
    """How busy each day is, growth aside: a fourth quarter peak, sales in January and July, the week, luck."""
    number = days // DAY
    day_of_year = number % YEAR

    def bump(centre: float, width: float, height: float) -> Reals:
        # The distance goes around the turn of the year.
        distance = (day_of_year - centre + YEAR / 2) % YEAR - YEAR / 2
        bell: Reals = height * np.exp(-((distance / width) ** 2))
        return bell

    season = 1.0 + bump(338, 24, 0.85) + bump(12, 9, 0.2) + bump(188, 14, 0.15) - bump(45, 18, 0.15)
    weekday = WEEKDAYS[(number + 3) % 7]  # 1970-01-01 was a Thursday
    busy: Reals = season * weekday * np.exp(rng.normal(0, 0.08, len(days)))
    return busy


def sale_season(seconds: Ints) -> Reals:
    """The share of items sold below the price tag: high around Black Friday, in January and in July."""
    angle = year_angle(seconds)
    peaks = [2 * np.pi * day / YEAR for day in (330, 14, 190)]
    near = np.max([np.cos(angle - peak) for peak in peaks], axis=0)
    share: Reals = np.where(near > np.cos(2 * np.pi * 16 / YEAR), 0.5, 0.2)
    return share


def moments(rng: Rng, span: Span, day: Ints, longitude: Reals) -> Ints:
    """A second on each given day by the clocks at `longitude`, within the span."""
    hour = pick(rng, HOURS, len(day))
    local = hour * 3600 + rng.integers(3600, size=len(day))
    moment = day + local - np.rint(longitude / 15).astype(np.int64) * 3600
    moment = np.where(moment > span.now, moment - DAY, moment)
    return np.where(moment < span.opening, moment + DAY, moment)
