"""The whole build, as the job does it but for reading: choosing, fitting, blending, evaluating. Time and memory."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import log
from pathlib import Path
from typing import Any

import numpy as np

from bench.fresh import peak_mb, run_fresh
from bench.markdown import table
from bench.recommendations_cold import BUCKET, VERSION
from bench.recommendations_made_up import END, Size, load, made_up_catalogue
from chalicelib.core.blobs import FolderBlobs
from chalicelib.recommendations.models import artefacts
from chalicelib.recommendations.models.manifests import plain
from chalicelib.recommendations.numeric.interactions import Interactions
from chalicelib.recommendations.numeric.train import Budget, Trained, train

_GOAL_MINUTES, _GOAL_GB = 15, 10


def report(pairs: Sequence[tuple[Size, Size]], folders: Mapping[Size, Path]) -> list[dict[str, Any]]:
    """Build at each size and at its tenth, each in a fresh process; print the tables; return the figures.

    Each model stays in the bucket in the folder of its size.
    """
    found: dict[Size, dict[str, Any]] = {}
    for size in dict.fromkeys(size for whole, tenth in pairs for size in (tenth, whole)):
        found[size] = {"size": str(size), "pairs": size.pairs, **run_fresh(__name__, str(folders[size]))}
    print("\n### The whole build\n")
    header = ["people x items x pairs", "time s", "processor s", "peak RSS MB", "model MB", "load"]
    header += ["time grows with the power of", "memory grows with the power of"]
    rows = []
    for whole, tenth in pairs:
        rows += [_row(found[tenth]), [*_row(found[whole])[:-2], *_growth(found[tenth], found[whole])]]
    print(table(header, rows))
    print(
        "\nPeak RSS is the whole process's: Python, numpy, interactions and catalogue included. The power is that of "
        f"the number of pairs, from a tenth (people, items and pairs) to the whole. Goal at 15M pairs: "
        f"{_GOAL_MINUTES} minutes and {_GOAL_GB} GB."
    )
    largest = found[pairs[-1][0]]
    print(f"\nWhat took the time at {largest['size']}:\n")
    print(table(["step", "s"], [(step, f"{seconds:.1f}") for step, seconds in largest["steps"].items()]))
    return list(found.values())


def _row(found: dict[str, Any]) -> list[str]:
    return [
        *(found["size"], f"{found['wall']:.1f}", f"{found['cpu']:.1f}", f"{found['peak_mb']:.0f}"),
        *(f"{found['model_mb']:.1f}", f"{found['load']:.1f}", "", ""),
    ]


def _growth(tenth: dict[str, Any], whole: dict[str, Any]) -> list[str]:
    return [f"{power(tenth['pairs'], tenth[of], whole['pairs'], whole[of]):.2f}" for of in ("wall", "peak_mb")]


def power(size: float, value: float, larger: float, its: float) -> float:
    """Return the exponent of growth: its / value = (larger / size) ** exponent."""
    return log(its / value) / log(larger / size)


def measure(folder: Path) -> dict[str, Any]:
    """Build a model of the interactions in `folder`, leave its arrays there, return what it took."""
    interactions = load(folder)
    catalogue = made_up_catalogue(interactions.n_items)
    steps = _Steps()
    wall, cpu = time.perf_counter(), time.process_time()
    trained = train(interactions, catalogue, now=END, budget=Budget(), report=steps)
    taken = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "peak_mb": peak_mb()}
    taken["write_s"] = _store(folder, trained, interactions)
    return {
        **taken,
        "load": os.getloadavg()[0],
        "model_mb": sum(file.stat().st_size for file in (folder / BUCKET).rglob("*") if file.is_file()) / 1e6,
        "arrays_mb": {name: round(array.nbytes / 1e6, 2) for name, array in trained.arrays.items()},
        "steps": steps.seconds(),
        "settings": plain(trained.settings),
        "metrics": plain(trained.metrics),
    }


def _store(folder: Path, trained: Trained, interactions: Interactions) -> float:
    """Write the model as the job does; return the seconds."""
    began = time.perf_counter()
    ends = [datetime.fromtimestamp(int(at), UTC) for at in (interactions.times.min(), interactions.times.max())]
    artefacts.write_version(
        FolderBlobs(folder / BUCKET),
        VERSION,
        trained.arrays,
        np.arange(1, interactions.n_items + 1, dtype=np.int64),
        parameters=trained.settings,
        metrics=plain(trained.metrics),
        origin=artefacts.Origin(
            built_at=ends[1],
            first=ends[0],
            last=ends[1],
            people=interactions.n_people,
            interactions=len(interactions),
            git_revision="bench",
        ),
    )
    return time.perf_counter() - began


class _Steps:
    """Notes when each step is reported: a step lasts until the next one's first report."""

    def __init__(self) -> None:
        self._noted: list[tuple[str, float]] = []

    def __call__(self, step: str, _share: float) -> None:
        self._noted.append((step, time.perf_counter()))

    def seconds(self) -> dict[str, float]:
        """Return how long each step took, repeats added up."""
        ends = [at for _, at in self._noted[1:]] + [time.perf_counter()]
        found: dict[str, float] = {}
        for (step, began), end in zip(self._noted, ends, strict=True):
            found[step] = found.get(step, 0.0) + end - began
        return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    print(json.dumps(measure(parser.parse_args().folder)))
