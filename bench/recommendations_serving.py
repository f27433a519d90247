"""The numeric part of an answer: score, rank, explain ten, by length of history; and how long a cold model takes."""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.fresh import run_fresh
from bench.markdown import table
from bench.recommendations_cold import opened
from bench.recommendations_made_up import END, Size, load

_LENGTHS = (1, 5, 20, 100)
_SHOWN = 10
_DAY_S = 86_400
_GOAL_MS, _COLD_GOAL_MS = 1, 300


def report(size: Size, folder: Path, requests: int, starts: int) -> dict[str, Any]:
    """Measure on the model that was built in `folder`; print the tables; return the figures."""
    rows = run_fresh(__name__, str(folder), "--requests", str(requests))
    print(f"\n### Answering, the numeric part, {size.items:,} items\n")
    print(
        table(
            [
                "history",
                f"p50 (goal: under {_GOAL_MS} ms)",
                "p99",
                "of it scores",
                "ranking",
                "reasons of 10",
                "load",
            ],
            [
                (
                    *(f"{row['length']} items", f"**{row['p50_ms']:.2f} ms**", f"{row['p99_ms']:.2f} ms"),
                    *(f"{row['score_ms']:.2f}", f"{row['rank_ms']:.2f}", f"{row['explain_ms']:.2f}"),
                    f"{row['load']:.1f}",
                )
                for row in rows
            ],
        )
    )
    cold = {name: _cold(folder, starts, drop=name == "disk") for name in ("disk", "page cache")}
    print(f"\n### A cold model, {size.items:,} items, memory-mapped\n")
    print(
        table(
            [
                "files in",
                f"ready p50 (goal: under {_COLD_GOAL_MS} ms)",
                "slowest",
                "numpy's import",
                "to open",
                "first score",
            ],
            [
                (
                    *(name, f"**{found['ready_ms']:.0f} ms**", f"{found['slowest_ms']:.0f} ms"),
                    *(f"{found['numpy_ms']:.0f} ms", f"{found['load_ms']:.0f} ms", f"{found['first_ms']:.0f} ms"),
                )
                for name, found in cold.items()
            ],
        )
    )
    print(
        "\nReady: opened, and a first person's scores returned; numpy's import comes on top. "
        f"{starts} fresh processes each."
    )
    return {"items": size.items, "answering": rows, "cold": cold}


def _cold(folder: Path, starts: int, *, drop: bool) -> dict[str, float]:
    found = []
    for _ in range(starts):
        if drop:
            _out_of_cache(folder / "model")
        found.append(run_fresh("bench.recommendations_cold", str(folder / "model")))
    medians = {name: median(each[name] for each in found) for name in found[0]}
    return {**medians, "slowest_ms": max(each["ready_ms"] for each in found)}


def _out_of_cache(folder: Path) -> None:
    """Let the system forget what it holds of the files, so that they are read from the disk."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measure(folder: Path, requests: int) -> list[dict[str, Any]]:
    """Ask for people with histories of each length; return what took how long."""
    import numpy as np

    from chalicelib.recommendations.numeric.ranking import top

    model = opened(folder / "model")
    rows = []
    for length in _LENGTHS:
        histories = _histories(folder, length, requests + 20)
        times = []
        for history in histories:
            began = time.perf_counter()
            scores = model.score(history)
            scored = time.perf_counter()
            allowed = np.ones(model.n_items, dtype=bool)
            allowed[history.items] = False
            best = top(scores, _SHOWN, allowed)
            ranked = time.perf_counter()
            for item in best:
                model.explain(history, int(item))
            done = time.perf_counter()
            times.append((done - began, scored - began, ranked - scored, done - ranked))
        whole, score, rank, explain = (sorted(each) for each in zip(*times[20:], strict=True))
        rows.append(
            {
                "length": length,
                "p50_ms": median(whole) * 1e3,
                "p99_ms": quantiles(whole, n=100)[98] * 1e3,
                "score_ms": median(score) * 1e3,
                "rank_ms": median(rank) * 1e3,
                "explain_ms": median(explain) * 1e3,
                "load": os.getloadavg()[0],
            }
        )
    return rows


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
