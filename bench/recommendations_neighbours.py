"""The neighbourhood model alone beside `implicit`'s BM25 neighbours on the same matrix: time by turns, memory alone.

Runs in the benches' own environment, which has both. Each gets the matrix in the form that it takes; neither reads a
file or a database, and both have two threads.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.fresh import held_mb, peak_mb, run_fresh
from bench.markdown import table
from bench.ratios import beside
from bench.recommendations_made_up import Size, load
from chalicelib.recommendations.numeric.neighbours import Neighbours, bm25_neighbours
from chalicelib.recommendations.numeric.sparse import Sparse, from_entries

NEIGHBOURS = 50
_THREADS = 2
_K1, _B = 1.2, 0.75  # as implicit has them unless told otherwise
_LONG = 10_000_000  # pairs from which on a turn takes long enough to be steady
_AT_LEAST_S = 10  # a short run is held up by others more than a long one
_GOAL = 2.0


def report(sizes: list[tuple[Size, Path]], python: str, turns: int) -> list[dict[str, Any]]:
    """Measure each size, print the table, return the figures."""
    results = []
    for size, folder in sizes:
        fewer = turns if size.pairs < _LONG else min(turns, 5)
        found = run_fresh(__name__, str(folder), "--turns", str(fewer), python=python)
        for name in _FITS:
            alone = run_fresh(__name__, str(folder), "--alone", name, python=python)
            found[f"{name}_mb"] = alone["peak_mb"] - alone["before_mb"]
        results.append({"size": str(size), "pairs": size.pairs, **found})
    print("\n### Neighbours alone beside implicit's BM25Recommender(K=50)\n")
    header = ["people x items x pairs", "ours s", "implicit s", f"ratio (goal: at most {_GOAL:g})", "quartiles"]
    header += [
        "ratio of medians",
        "of fastest",
        "of processor time",
        "ours MB",
        "implicit MB",
        "alike",
        "turns",
        "load",
    ]
    print(table(header, [_row(each) for each in results]))
    print(
        f"\nBy turns in alternating order after one to warm up, {_THREADS} threads each. Ratio: median of the ratios "
        "turn by turn. MB: the peak of a process with only this fit, less what it held before. Alike: "
        "share of implicit's ten nearest that are among our fifty."
    )
    return results


def _row(found: dict[str, Any]) -> list[str]:
    return [
        *(found["size"], f"{found['own']:.2f}", f"{found['other']:.2f}", f"**{found['ratio']:.2f}**"),
        *(
            f"{found['low']:.2f} to {found['high']:.2f}",
            f"{found['ratio_of_medians']:.2f}",
            f"{found['ratio_of_fastest']:.2f}",
        ),
        *(f"{found['cpu_ratio']:.2f}", f"{found['own_mb']:.0f}", f"{found['implicit_mb']:.0f}"),
        *(f"{found['alike']:.2f}", str(found["turns"]), f"{found['load']:.1f}"),
    ]


def _matrix(folder: Path) -> Sparse:
    """Return the pairs of people and items: what both begin with, each in its own form."""
    found = load(folder)
    shape = (found.n_people, found.n_items)
    return from_entries(found.people, found.items, found.weights, shape)


def _own(folder: Path) -> Callable[[], Neighbours]:
    people = _matrix(folder)
    return lambda: bm25_neighbours(people, NEIGHBOURS, k1=_K1, b=_B)


def _implicit(folder: Path) -> Callable[[], Any]:
    from implicit.nearest_neighbours import BM25Recommender
    from implicit.utils import ParameterWarning
    from scipy.sparse import csr_matrix

    # It makes a COO matrix of its own and warns of it.
    warnings.simplefilter("ignore", ParameterWarning)
    people = _matrix(folder)
    parts = (people.values, people.columns, people.starts.astype(np.int32))
    matrix = csr_matrix(parts, shape=(people.n_rows, people.n_columns))
    del people

    def fit() -> Any:
        model = BM25Recommender(K=NEIGHBOURS, K1=_K1, B=_B, num_threads=_THREADS)
        model.fit(matrix, show_progress=False)
        return model

    return fit


_FITS = {"own": _own, "implicit": _implicit}


def measure(folder: Path, turns: int) -> dict[str, Any]:
    """Run both by turns in this process; return the figures and how alike what they find is."""
    own, implicit = _own(folder), _implicit(folder)
    found = beside(own, implicit, turns, _AT_LEAST_S).as_dict()
    return {**found, "alike": _alike(own(), implicit().similarity)}


def _alike(own: Neighbours, similarity: Any) -> float:
    """Return the share of implicit's ten nearest that are among ours: both must do the same work."""
    shares = []
    for item in np.random.default_rng(20).permutation(similarity.shape[0])[:500]:
        row = similarity[int(item)]
        best = row.indices[np.argsort(-row.data, kind="stable")]
        best = best[best != item][:10]
        if len(best):
            shares.append(float(np.isin(best, own.codes[item][own.strengths[item] > 0]).mean()))
    return float(np.mean(shares))


def alone(folder: Path, name: str) -> dict[str, float]:
    """Run one fit once in this process; return the memory that it took."""
    fit = _FITS[name](folder)
    before = held_mb()  # what making the matrix took is neither's
    model = fit()
    assert model is not None
    return {"before_mb": before, "peak_mb": peak_mb()}


def main() -> None:
    """Measure in this process."""
    from threadpoolctl import threadpool_limits

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--alone", choices=sorted(_FITS))
    arguments = parser.parse_args()
    with threadpool_limits(_THREADS):
        found = (
            alone(arguments.folder, arguments.alone)
            if arguments.alone
            else measure(arguments.folder, arguments.turns)
        )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
