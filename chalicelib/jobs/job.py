"""What a job is: plain values, known to whoever declares jobs and to whoever runs them. No database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

TimeLeft = Callable[[], int]

# How far a scheduled run may fall behind before the job counts as late: a run that is missed, and some.
_PATIENCE = 3


@dataclass(frozen=True, slots=True)
class Done:
    """What a run did: so many rows (or whatever the job counts), and how much is left to do for want of time."""

    rows: int = 0
    left: int = 0


# Does what there is to do while there is time; safe to run again whenever it was cut off.
Work = Callable[[TimeLeft], Done]


@dataclass(frozen=True, slots=True)
class Job:
    """Scheduled work. `name` is that of its function, `every` how often it runs, `title` says what it does."""

    name: str
    title: str
    every: timedelta
    work: Work

    @property
    def late_after(self) -> timedelta:
        """How long after its last success a job is late."""
        return max(_PATIENCE * self.every, timedelta(minutes=15))


def counting(work: Callable[..., int]) -> Work:
    """Return work that tells how many rows it did."""
    return lambda time_left_ms: Done(rows=work(time_left_ms=time_left_ms))


def silent(work: Callable[..., object]) -> Work:
    """Return work that tells nothing."""

    def carry_out(time_left_ms: TimeLeft) -> Done:
        work(time_left_ms=time_left_ms)
        return Done()

    return carry_out


def rate(every: timedelta) -> str:
    """Return how often something runs as the expression of a schedule: "rate(5 minutes)"."""
    minutes = int(every.total_seconds()) // 60
    for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes % size == 0:
            count = minutes // size
            return f"rate({count} {unit}{'s' * (count > 1)})"
    raise ValueError(f"a schedule counts minutes, not {every}")


class Jobs:
    """All jobs by name."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.by_name = {job.name: job for job in jobs}
        if len(self.by_name) != len(jobs):
            raise ValueError("two jobs have one name")

    def __iter__(self) -> Iterator[Job]:
        return iter(self.by_name.values())
