"""The build of a model over many machines: the plan is made by the driver from a sample, all else is summed by Spark.

What a model is, how it is chosen, blended and measured, is the numeric core's alone: here its steps are handed out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession

from chalicelib.recommendations.numeric import choose, content
from chalicelib.recommendations.numeric import fit as fitting
from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.fit import Budget, Sizes
from chalicelib.recommendations.numeric.interactions import Codes, Interactions, Ints, Reals, sorted_interactions
from chalicelib.recommendations.numeric.linear import Shape, only_columns, solve, steps_of
from chalicelib.recommendations.numeric.model import Part
from chalicelib.recommendations.numeric.neighbours import Neighbours, bm25_weighed, rp3_chances
from chalicelib.recommendations.numeric.pairs import make_pairs, unit_of
from chalicelib.recommendations.numeric.plan import Plan, Report, drawn, make_plan
from chalicelib.recommendations.numeric.sparse import Sparse
from chalicelib.recommendations.numeric.train import Fitted, Trained, assemble
from infra.spark.blocks import Arrays, Blocks, make_blocks
from infra.spark.matrices import entries_of, neighbours, product, spread

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Built:
    """A model and what it was learnt from; times in seconds since 1970."""

    trained: Trained
    n_people: int
    n_interactions: int
    first_s: int
    last_s: int


def build(
    spark: SparkSession,
    rows: DataFrame,
    item_ids: Ints,
    catalogue: Catalogue,
    *,
    now: int,
    budget: Budget,
    folder: Path,
    report: Report = lambda _step, _share: None,
) -> Built:
    """Return the model of all interactions: `numeric.train.train` over many machines.

    `budget` is the driver's; `folder` is on its disk, with room for 60 bytes an interaction.
    """
    report("reading", 0.0)
    blocks = make_blocks(rows, item_ids)
    try:
        return _build(_Fit(spark, blocks, now, folder), catalogue, budget, report)
    finally:
        blocks.free()


def _build(fit: _Fit, catalogue: Catalogue, budget: Budget, report: Report) -> Built:
    blocks, n = fit.blocks, fit.blocks.n_items
    report("content", 0.1)
    vocabulary, vectors = content.learn(catalogue, n)
    sums = fit.sums()
    sizes = fitting.sizes_by(n, int(np.count_nonzero(sums.counts)), budget)
    alike = Part(content.content_neighbours(vectors, sizes.k), None, "content")
    report("choosing", 0.15)
    plan = make_plan(
        fit.sample(),
        alike,
        sizes,
        now=fit.now,
        unit_s=fit.unit_s,
        # Choosing says up to 0.7 of a build in one process.
        report=lambda step, share: report(step, 0.15 + 0.4 * min(share / 0.7, 1.0)),
    )
    report("fitting", 0.55)
    parts = fit.parts(plan, alike, sizes, sums, report)
    report("bought together", 0.95)
    fitted = Fitted(parts, sums.statics, fit.together(sums), sums.popularity, vocabulary, vectors)
    trained = assemble(plan, fitted, unit_s=fit.unit_s)
    report("done", 1.0)
    return Built(trained, blocks.n_people, blocks.n_interactions, blocks.first_s, blocks.last_s)


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over all interactions, (n_items,) each. `counts`: interactions; `statics`, `popularity`: as in `Fitted`;
    `degree`: people; `frequency`: what they count together; `work`, `basket_work`: single products of pairs, and of
    what is bought together.
    """

    counts: Ints
    popularity: Reals
    statics: dict[str, Reals]
    degree: Ints
    frequency: NDArray[np.float64]
    work: Ints
    basket_work: Ints


class _Fit:
    """The steps of one build that go over all interactions."""

    def __init__(self, spark: SparkSession, blocks: Blocks, now: int, folder: Path) -> None:
        self.spark, self.blocks, self.now, self.folder = spark, blocks, now, folder
        self.unit_s = unit_of(np.array([blocks.first_s, blocks.last_s], dtype=np.int64))

    def sums(self) -> Sums:
        """Count everything once."""
        n, now, unit_s = self.blocks.n_items, self.now, self.unit_s

        def count(block: Interactions, _offset: int) -> Arrays:
            people = make_pairs(block, now=now, unit_s=unit_s).people
            return {
                "counts": np.bincount(block.items, minlength=n),
                "popularity": np.bincount(block.items, weights=fitting.units_of(block), minlength=n),
                "degree": np.bincount(people.columns, minlength=n),
                "frequency": np.bincount(people.columns, weights=people.values, minlength=n),
                "work": _work_of(people),
                "basket_work": _work_of(fitting.baskets_of(block, unit_s)),
                **{f"static.{name}": each for name, each in fitting.static_sums(block, now, unit_s).items()},
            }

        total: dict[str, Array] = {}
        for found in self.blocks.each(count):
            for name, values in found.items():
                total[name] = total[name] + values if name in total else values
        nothing = np.zeros(n)
        return Sums(
            counts=total.get("counts", nothing).astype(np.int64),
            popularity=total.get("popularity", nothing).astype(np.float32),
            statics={name: choose.relative(total.get(f"static.{name}", nothing)) for name in fitting.STATICS},
            degree=total.get("degree", nothing).astype(np.int64),
            frequency=total.get("frequency", nothing),
            work=total.get("work", nothing).astype(np.int64),
            basket_work=total.get("basket_work", nothing).astype(np.int64),
        )

    def sample(self) -> Interactions:
        """Return the interactions that choosing looks at: those that `plan.some_people` would draw."""
        n_people, n_items = self.blocks.n_people, self.blocks.n_items
        kept = drawn(self.blocks.n_interactions, n_people)

        def draw(block: Interactions, offset: int) -> Arrays:
            some = block if kept is None else block.only(kept[block.people + offset])
            return {
                "people": some.people + np.int32(offset),
                "items": some.items,
                "times": some.times,
                "weights": some.weights,
            }

        drawn_blocks = list(self.blocks.each(draw))
        columns = [
            np.concatenate([block[name] for block in drawn_blocks]) if drawn_blocks else np.empty(0)
            for name in ("people", "items", "times", "weights")
        ]
        people, items, times, weights = columns
        return sorted_interactions(people, items, times, weights, n_people=n_people, n_items=n_items)

    def parts(self, plan: Plan, alike: Part, sizes: Sizes, sums: Sums, report: Report) -> dict[str, Part]:
        """Fit what was chosen to everything, in the order of `fit.fit_parts`."""
        if not self.blocks.n_interactions:
            return {"content": alike}
        n, chosen = self.blocks.n_items, plan.chosen
        found = {"bm25": Part(self._bm25(chosen.bm25, sizes.k, sums), None, "collaborative")}
        report("fitting", 0.65)
        found["rp3"] = Part(self._rp3(chosen.rp3, sizes.k, sums), None, "collaborative")
        report("fitting", 0.75)
        items = fitting.most_bought(sums.counts, sizes)
        linear = fitting.linear_parts(_SparkFits(self, items), chosen, items, sizes.linear_k, n, {})
        return {**found, "content": alike, **linear}

    def _bm25(self, shape: tuple[float, float], k: int, sums: Sums) -> Neighbours:
        now, unit_s, frequency = self.now, self.unit_s, sums.frequency

        def weigh(block: Interactions, _offset: int) -> Arrays:
            people = make_pairs(block, now=now, unit_s=unit_s).people
            return entries_of(bm25_weighed(people, frequency, k1=shape[0], b=shape[1]))

        files = spread(self.spark, self.folder, self.blocks.each(weigh), self.blocks.n_items)
        return neighbours(self.spark, files, "values", "values", k, sums.work)

    def _rp3(self, shape: tuple[float, float], k: int, sums: Sums) -> Neighbours:
        now, unit_s, degree = self.now, self.unit_s, sums.degree

        def weigh(block: Interactions, _offset: int) -> Arrays:
            people = make_pairs(block, now=now, unit_s=unit_s).people
            there, back = rp3_chances(people, degree, alpha=shape[0], beta=shape[1])
            return {**entries_of(there, "there"), **entries_of(back, "back")}

        files = spread(self.spark, self.folder, self.blocks.each(weigh), self.blocks.n_items)
        return neighbours(self.spark, files, "there", "back", k, sums.work)

    def together(self, sums: Sums) -> Neighbours:
        """Return what is bought on the same day by the same person: see `fit.bought_together`."""
        unit_s, n = self.unit_s, self.blocks.n_items

        def fill(block: Interactions, _offset: int) -> Arrays:
            return entries_of(_without_short_rows(fitting.baskets_of(block, unit_s)))

        files = spread(self.spark, self.folder, _or_empty(self.blocks.each(fill)), n)
        return neighbours(self.spark, files, "values", "values", fitting.TOGETHER, sums.basket_work)


class _SparkFits:
    """Linear models over `items`: what is counted over all people comes from Spark, the driver solves."""

    def __init__(self, fit: _Fit, items: Codes) -> None:
        self._fit, self._items = fit, items
        # Shapes for the two questions may share them.
        self._gram = cache(self._count_gram)
        self._terms = cache(self._count_terms)

    def fit(self, shape: Shape) -> Reals | None:
        """Return the weights of a shape, as `LinearFits.fit`."""
        return solve(self._gram(shape.half_life), self._terms() if shape.sequence else None, shape)

    def _count_gram(self, half_life: float | None) -> Reals:
        now, unit_s, items = self._fit.now, self._fit.unit_s, self._items

        def narrow(block: Interactions, _offset: int) -> Arrays:
            return entries_of(only_columns(make_pairs(block, now=now, unit_s=unit_s).faded(half_life), items))

        return self._product(narrow)

    def _count_terms(self) -> tuple[Reals, Reals] | None:
        unit_s, items = self._fit.unit_s, self._items

        def steps(of: Callable[[tuple[Sparse, Sparse]], Sparse]) -> Callable[[Interactions, int], Arrays]:
            def narrow(block: Interactions, _offset: int) -> Arrays:
                found = steps_of(block, unit_s)
                return _NOTHING if found is None else entries_of(only_columns(of(found), items))

            return narrow

        earlier, later = (self._spread(steps(of)) for of in (lambda found: found[0], lambda found: found[1]))
        if not earlier.n_rows:
            return None
        return product(self._fit.spark, earlier, earlier), product(self._fit.spark, earlier, later)

    def _spread(self, narrow: Callable[[Interactions, int], Arrays]) -> Any:
        fit = self._fit
        return spread(fit.spark, fit.folder, _or_empty(fit.blocks.each(narrow)), len(self._items))

    def _product(self, narrow: Callable[[Interactions, int], Arrays]) -> Reals:
        files = self._spread(narrow)
        return product(self._fit.spark, files, files)


_NOTHING: Arrays = {
    "lengths": np.empty(0, np.int64),
    "columns": np.empty(0, np.int32),
    "values": np.empty(0, np.float32),
}


def _or_empty(blocks: Any) -> Any:
    """Yield blocks, and an empty one, so that there are files in any case."""
    yield _NOTHING
    yield from blocks


def _work_of(matrix: Sparse) -> Ints:
    """Return how many single products each column has with all columns: (n_columns,)."""
    lengths = matrix.lengths
    found = np.bincount(matrix.columns, weights=lengths[matrix.rows], minlength=matrix.n_columns)
    return found.astype(np.int64)


def _without_short_rows(matrix: Sparse) -> Sparse:
    """Return the matrix without rows of one entry or none, which say nothing of what goes together."""
    kept = matrix.lengths > 1
    entries = np.repeat(kept, matrix.lengths)
    starts = np.concatenate([[0], np.cumsum(matrix.lengths[kept])]).astype(np.int64)
    return Sparse(starts, matrix.columns[entries], matrix.values[entries], matrix.n_columns)
