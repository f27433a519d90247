"""`make evaluate DATA=interactions.csv`: how good recommendations are on any interactions, by held-back behaviour.

By time: the model learns from all that happened before a moment and is asked what people newly bought afterwards. By
people: the model never saw some people, is told four fifths of what they have and asked for the rest.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from chalicelib.recommendations.numeric.cases import Case, slice_interactions
from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.evaluation import measure
from chalicelib.recommendations.numeric.interactions import Codes, History, Interactions, Reals
from chalicelib.recommendations.numeric.model import Model, Question
from chalicelib.recommendations.numeric.pairs import unit_of
from chalicelib.recommendations.numeric.ranking import top
from chalicelib.recommendations.numeric.train import Budget, Trained, train
from infra.interactions_csv import BadFile, read_catalogue, read_interactions

MOST_PEOPLE = 5_000
_FIGURES = ("ndcg10", "recall20", "hit10", "coverage10", "novelty10")


def main() -> int:
    """Run the command line; 0 when figures were printed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="CSV or CSV.gz: user_id, item_id, timestamp[, weight]")
    parser.add_argument("--items", type=Path, help="CSV: item_id[, name, category, brand, department, price]")
    parser.add_argument("--held-back", type=float, default=0.1, help="share of the interactions that come last")
    arguments = parser.parse_args()
    if not 0 < arguments.held_back < 1:
        print("--held-back must be between 0 and 1.", file=sys.stderr)
        return 1
    try:
        interactions, ids = read_interactions(arguments.data, arguments.items)
        catalogue = read_catalogue(arguments.items, ids.items)
    except BadFile as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(interactions):,} interactions, {interactions.n_people:,} people, {interactions.n_items:,} items")
    training, cases, now = split_by_time(interactions, arguments.held_back)
    if cases:
        report("By time", training, catalogue, cases, "next", now)
    else:
        print("\nBy time: nobody who was there before bought anything new in the part that was held back.")
    unit_s = unit_of(interactions.times)
    slices = slice_interactions(interactions, unit_s=unit_s, seed=1)
    if slices.set:
        # Whole again but for the held-back people: what others did last is no secret here.
        held = np.isin(interactions.people, np.setdiff1d(interactions.people, slices.training.people))
        now = int(interactions.times.max(initial=0))
        report("By people", interactions.only(~held), catalogue, slices.set, "set", now)
    else:
        print("\nBy people: there are too few people with two different items.")
    return 0


def split_by_time(interactions: Interactions, held_back: float) -> tuple[Interactions, list[Case], int]:
    """Return what happened up to a moment, what people newly bought behind it, and the moment."""
    moment = int(np.quantile(interactions.times, 1.0 - held_back)) if len(interactions) else 0
    before = interactions.times <= moment
    unit_s = unit_of(interactions.times)
    starts = interactions.starts
    cases: list[Case] = []
    for person in np.random.default_rng(0).permutation(interactions.n_people).tolist():
        rows = np.arange(starts[person], starts[person + 1])
        old, new = rows[before[rows]], rows[~before[rows]]
        if not len(old) or not len(new):
            continue
        ages = ((moment - interactions.times[old]) / unit_s).astype(np.float32)
        history = History(interactions.items[old], interactions.weights[old], ages)
        bought = np.unique(interactions.items[new][interactions.weights[new] >= 1.0])
        known = np.isin(bought, history.items)
        if (~known).any():
            cases.append(Case(history, bought[~known], bought[known]))
        if len(cases) == MOST_PEOPLE:
            break
    return interactions.only(before), cases, moment


def report(
    title: str, training: Interactions, catalogue: Catalogue, cases: Sequence[Case], question: Question, now: int
) -> None:
    """Train, ask, and print what came of it."""
    with tqdm(total=100, desc=title, unit="%", leave=False, disable=None) as bar:

        def show(step: str, share: float) -> None:
            bar.set_postfix_str(step)
            bar.update(round(share * 100) - bar.n)

        started = time.perf_counter()
        trained = train(training, catalogue, now=now, budget=Budget(), report=show)
        elapsed_s = time.perf_counter() - started
    popularity = np.bincount(training.items, weights=training.weights, minlength=training.n_items)
    rows = figures(trained, cases, question, popularity.astype(np.float32))
    print(f"\n{title}: {len(cases):,} people asked, trained in {elapsed_s:.1f} s on {len(training):,} interactions\n")
    print(f"| | people | {' | '.join(_FIGURES)} |\n|-|-|{'-|' * len(_FIGURES)}")
    for name, found in rows:
        shown = " | ".join("" if key not in found else f"{found[key]:.4f}" for key in _FIGURES)
        print(f"| {name} | {found['people']} | {shown} |")


def figures(
    trained: Trained, cases: Sequence[Case], question: Question, popularity: Reals
) -> list[tuple[str, dict[str, Any]]]:
    """Return the figures of the model, of plain popularity, and of both by length of history."""
    model = Model(trained.arrays, trained.settings)
    ours = measure([_best(model.score(case.history, question), case.history) for case in cases], cases, popularity)
    plain = measure([_best(popularity, case.history) for case in cases], cases, popularity)
    rows = [("model", ours), ("popularity", plain)]
    for length, found in ours["by_length"].items():
        rows += [(f"model, {length} items known", found), (f"popularity, {length}", plain["by_length"][length])]
    return rows


def _best(scores: Reals, history: History) -> Codes:
    allowed = np.ones(len(scores), dtype=bool)
    allowed[history.items] = False
    return top(scores, 20, allowed)


if __name__ == "__main__":
    sys.exit(main())
