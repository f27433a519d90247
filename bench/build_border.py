"""What a build in one process takes: time and peak memory by the number of interactions, planted and synthetic.

python -m bench.build_border --interactions 1500000 5000000
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Sequence

import numpy as np

from chalicelib.recommendations.numeric import train
from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.interactions import Interactions, coded_interactions

_GROUPS = 40
_HISTORY = 15  # interactions a person, in the mean
_SPAN_S = 300 * 86_400
_START_S = 1_750_000_000


def planted(n_interactions: int, n_items: int, *, seed: int = 0) -> Interactions:
    """Return people who buy popular items, seven of ten from the group of items that is theirs."""
    rng = np.random.default_rng(seed)
    n_people = max(n_interactions // _HISTORY, 1)
    # Most people do little, some do a lot.
    shares = rng.pareto(1.5, n_people) + 1.0
    people = rng.choice(n_people, n_interactions, p=shares / shares.sum())
    rank = (rng.random(n_interactions) ** 2.5 * (n_items // _GROUPS)).astype(np.int64)
    group = np.where(rng.random(n_interactions) < 0.7, people % _GROUPS, rng.integers(0, _GROUPS, n_interactions))
    items = rank * _GROUPS + group
    times = _START_S + rng.integers(0, _SPAN_S, n_interactions)
    weights = np.where(rng.random(n_interactions) < 0.7, 1.0, 0.25).astype(np.float32)
    return coded_interactions(people, items, times, weights, np.arange(n_items, dtype=np.int64))


def measure(n_interactions: int, n_items: int, memory_mb: int, time_s: float) -> None:
    """Build once in this process and print what it took."""
    interactions = planted(n_interactions, n_items)
    catalogue = Catalogue([f"thing {item % 997} of kind {item % 89}" for item in range(n_items)])
    before = _peak_mb()
    started = time.monotonic()
    trained = train.train(
        interactions, catalogue, now=_START_S + _SPAN_S, budget=train.Budget(memory_mb * 1_000_000, time_s)
    )
    seconds = time.monotonic() - started
    sizes = sum(array.nbytes for array in trained.arrays.values()) / 1e6
    print(
        f"{len(interactions):>12,} interactions {interactions.n_people:>9,} people {n_items:>7,} items: "
        f"{seconds:6.0f} s, peak {_peak_mb():6.0f} MB ({before:.0f} MB before), model {sizes:.0f} MB",
        flush=True,
    )


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure each size in a process of its own: the peak is that of a process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interactions", type=int, nargs="+", default=[500_000, 1_500_000, 5_000_000])
    parser.add_argument("--items", type=int, default=30_000)
    parser.add_argument(
        "--memory-mb", type=int, default=3_072, help="of the budget: three quarters of the function's"
    )
    parser.add_argument("--time-s", type=float, default=780.0)
    options = parser.parse_args(arguments)
    if len(options.interactions) == 1:
        return measure(options.interactions[0], options.items, options.memory_mb, options.time_s)
    for size in options.interactions:
        given = {
            "interactions": size,
            "items": options.items,
            "memory-mb": options.memory_mb,
            "time-s": options.time_s,
        }
        command = [part for name, value in given.items() for part in (f"--{name}", str(value))]
        subprocess.run([sys.executable, "-m", "bench.build_border", *command], check=True)
    return None


if __name__ == "__main__":
    main()
