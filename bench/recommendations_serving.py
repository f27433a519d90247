"""The numeric part of an answer: score, rank, explain ten, by length of history; and how long a cold model takes."""

from __future__ import annotations

import argparse
import json
import os
import time
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.fresh import run_fresh
from bench.markdown import table
from bench.recommendations_cold import BUCKET, opened
from bench.recommendations_made_up import END, Size, load

_LENGTHS = (1, 5, 20, 100)
_SHOWN = 10
_WARM = 20
_DAY_S = 86_400
_GOAL_MS, _COLD_GOAL_MS = 1, 300


def report(size: Size, folder: Path, requests: int, starts: int) -> dict[str, Any]:
    """Measure on the model that was built in `folder`; print the tables; return the figures."""
    rows = run_fresh(__name__, str(folder), "--requests", str(requests))
    print(f"\n### Answering, the numeric part, {size.items:,} items\n")
    header = ["history", f"p50 (goal: under {_GOAL_MS} ms)", "p99", "processor p50"]
    print(table([*header, "of it scores", "ranking", "reasons of 10", "load"], [_cells(row) for row in rows]))
    print("\nProcessor: its time instead of the clock's, which runs on while others are served.")
    cold = {name: _cold(folder, starts, drop=name == "disk") for name in ("disk", "page cache")}
    print(f"\n### A cold model, {size.items:,} items, memory-mapped\n")
    header = [
        "files in",
        f"ready p50 (goal: under {_COLD_GOAL_MS} ms)",
        "slowest",
        "imports",
        "to open",
        "first score",
    ]
    names = ("ready_ms", "slowest_ms", "import_ms", "load_ms", "first_ms")
    print(table(header, [[place, *(f"{found[name]:.0f} ms" for name in names)] for place, found in cold.items()]))
    print(
        "\nReady: opened, and a first person's scores returned; importing numpy and the code comes on top. "
        f"{starts} fresh processes each."
    )
    return {"items": size.items, "answering": rows, "cold": cold}


def _cells(row: dict[str, Any]) -> list[str]:
    name = f"{row['length']} item{'s' if row['length'] > 1 else ''}"
    inside = [f"{row[part]:.2f} ms" for part in ("p99_ms", "processor_ms", "score_ms", "rank_ms", "explain_ms")]
    return [name, f"**{row['p50_ms']:.2f} ms**", *inside, f"{row['load']:.1f}"]


def _cold(folder: Path, starts: int, *, drop: bool) -> dict[str, float]:
    found = []
    for _ in range(starts):
        if drop:
            _out_of_cache(folder / BUCKET)
        found.append(run_fresh("bench.recommendations_cold", str(folder)))
    medians = {name: median(each[name] for each in found) for name in found[0]}
    return {**medians, "slowest_ms": max(each["ready_ms"] for each in found)}


def _out_of_cache(folder: Path) -> None:
    """Let the system forget what it holds of the files, so that they are read from the disk."""
    for path in filter(Path.is_file, folder.rglob("*")):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measure(folder: Path, requests: int) -> list[dict[str, Any]]:
    """Ask for people with histories of each length; return what took how long."""
    model = opened(folder)
    rows = []
    for length in _LENGTHS:
        steps = [_steps(model, history) for history in _histories(folder, length, requests + _WARM)][_WARM:]
        whole = [sum(wall for wall, _cpu in each) for each in steps]
        processor = [sum(cpu for _wall, cpu in each) for each in steps]
        score, rank, explain = (median(cpu for _wall, cpu in each) for each in zip(*steps, strict=True))
        rows.append(
            {
                "length": length,
                "p50_ms": median(whole) * 1e3,
                "p99_ms": quantiles(whole, n=100)[98] * 1e3,
                "processor_ms": median(processor) * 1e3,
                "score_ms": score * 1e3,
                "rank_ms": rank * 1e3,
                "explain_ms": explain * 1e3,
                "load": os.getloadavg()[0],
            }
        )
    return rows


def _steps(model: Any, history: Any) -> list[tuple[float, float]]:
    """Answer once; return the seconds of scoring, ranking and explaining, by the clock and of the processor."""
    import numpy as np

    from chalicelib.recommendations.numeric.ranking import top

    marks = [(time.perf_counter(), time.thread_time())]
    asked = model.ask(history)
    marks.append((time.perf_counter(), time.thread_time()))
    allowed = np.ones(model.n_items, dtype=bool)
    allowed[history.items] = False
    best = top(asked.scores, _SHOWN, allowed)
    marks.append((time.perf_counter(), time.thread_time()))
    asked.explain(best)
    marks.append((time.perf_counter(), time.thread_time()))
    return [(after[0] - before[0], after[1] - before[1]) for before, after in pairwise(marks)]


def _histories(folder: Path, length: int, count: int) -> list[Any]:
    """Return the last `length` items of people who have as many; those of few long histories come again."""
    import numpy as np

    from chalicelib.recommendations.numeric.interactions import History

    interactions = load(folder)
    starts = interactions.starts
    able = np.flatnonzero(np.diff(starts) >= length)
    histories = []
    for person in np.random.default_rng(20).choice(able, count, replace=len(able) < count):
        rows = slice(starts[person + 1] - length, starts[person + 1])
        ages = ((END - interactions.times[rows]) / _DAY_S).astype(np.float32)
        histories.append(History(interactions.items[rows], interactions.weights[rows], ages))
    return histories


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--requests", type=int, default=1000)
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.folder, arguments.requests)))
