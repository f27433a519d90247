"""Two ways of doing the same, by turns: how many times longer one takes, on a machine that others work on too."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

_MOST = 101


@dataclass(frozen=True, slots=True)
class Timed:
    """What one run took: `wall` seconds by the clock, `cpu` seconds of all threads of this process."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Beside:
    """Medians in seconds, and ratios own / other.

    `ratio` is the median of the ratios of neighbours in time, which a load that comes and goes touches alike; `low`
    and `high` are its quartiles. `ratio_of_medians` and `cpu_ratio` (the processor's time instead of the clock's)
    stand by, as does `ratio_of_fastest`, of each one's least disturbed run: where they differ much, the machine was
    too busy for a verdict.
    """

    own: float
    other: float
    ratio: float
    low: float
    high: float
    ratio_of_medians: float
    ratio_of_fastest: float
    cpu_ratio: float
    turns: int
    load: float

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as JSON holds them."""
        return asdict(self)


def timed(call: Callable[[], Any]) -> Timed:
    """Run once; what it returns is dropped after the clock has stopped."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    taken = Timed(time.perf_counter() - wall, time.process_time() - cpu)
    del result
    return taken


def beside(own: Callable[[], Any], other: Callable[[], Any], turns: int, at_least_s: float = 0) -> Beside:
    """Run both `turns` times after one to warm up, each time in the other order; short runs more often.

    Turns go on until both took `at_least_s` in all, or there were `_MOST` of them.
    """
    pairs: list[tuple[Timed, Timed]] = []
    while len(pairs) <= turns or (len(pairs) <= _MOST and _spent(pairs[1:]) < at_least_s):
        if len(pairs) % 2:
            second, first = timed(other), timed(own)
        else:
            first, second = timed(own), timed(other)
        pairs.append((first, second))
    return compared(pairs[1:])


def _spent(pairs: list[tuple[Timed, Timed]]) -> float:
    return sum(own.wall + other.wall for own, other in pairs)


def compared(pairs: list[tuple[Timed, Timed]]) -> Beside:
    """Return the figures of runs that took turns, own first in each pair."""
    ratios = sorted(own.wall / other.wall for own, other in pairs)
    own, other = median(own.wall for own, _ in pairs), median(other.wall for _, other in pairs)
    return Beside(
        own=own,
        other=other,
        ratio=median(ratios),
        low=ratios[len(ratios) // 4],
        high=ratios[-1 - len(ratios) // 4],
        ratio_of_medians=own / other,
        ratio_of_fastest=min(own.wall for own, _ in pairs) / min(other.wall for _, other in pairs),
        cpu_ratio=median(own.cpu / other.cpu for own, other in pairs),
        turns=len(pairs),
        load=os.getloadavg()[0],
    )
