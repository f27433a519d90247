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
from chalicelib.recommendations.numeric.pairs import affordable_length, make_pairs, newest, unit_of
from chalicelib.recommendations.numeric.plan import Plan, Report, drawn, make_plan
from chalicelib.recommendations.numeric.sparse import Sparse
from chalicelib.recommendations.numeric.train import Fitted, Trained, assemble
from infra.spark.blocks import Arrays, Blocks, make_blocks
from infra.spark.matrices import entries_of, neighbours, product, spread

Array = NDArray[Any]

# What one process is thought to have.
_CORES = 2


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
    fitted = Fitted(parts, sums.statics, fit.together(sums), sums.popularity, sums.recent, vocabulary, vectors)
    trained = assemble(plan, fitted, unit_s=fit.unit_s)
    report("done", 1.0)
    return Built(trained, blocks.n_people, blocks.n_interactions, blocks.first_s, blocks.last_s)


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over all interactions, (n_items,) each. `counts`: interactions; `popularity`, `recent`, `statics`: as in
    `Fitted`; `degree`: people; `frequency`: what they count together; `work`, `basket_work`: single products of
    pairs, and of what is bought together.
    """

    counts: Ints
    popularity: Reals
    recent: Reals
    statics: dict[str, Reals]
    degree: Ints
    frequency: NDArray[np.float64]
    work: Ints
    basket_work: Ints


class _Fit:
    """The steps of one build that go over all interactions."""

    def __init__(self, spark: SparkSession, blocks: Blocks, now: int, folder: Path) -> None:
        self.spark, self.blocks, self.now, self.folder = spark, blocks, now, folder
        self.most: int | None = None  # of each person's pairs, in neighbourhoods: see `sums`
        self.unit_s = unit_of(np.array([blocks.first_s, blocks.last_s], dtype=np.int64))

    def sums(self) -> Sums:
        """Count everything: first all interactions, then the pairs that neighbourhoods can afford."""
        n, now, unit_s = self.blocks.n_items, self.now, self.unit_s

        def count(block: Interactions, _offset: int) -> Arrays:
            units, looks = fitting.units_of(block), fitting.last_looks(block)
            bought = fitting.static_sums(block, units, now, unit_s)
            looked = fitting.static_sums(block, looks, now, unit_s)
            return {
                "counts": np.bincount(block.items, minlength=n),
                "popularity": np.bincount(block.items, weights=units, minlength=n),
                "lately": fitting.selling_sums(block, now),
                "basket_work": _work_of(fitting.baskets_of(block, unit_s)),
                "lengths": np.bincount(make_pairs(block, now=now, unit_s=unit_s).people.lengths, minlength=n + 1),
                **{f"bought.{name}": each for name, each in bought.items()},
                **{f"looked.{name}": each for name, each in looked.items()},
            }

        total = self._total(count)
        # One process affords so much; more machines, so much more.
        cores = int(self.spark.sparkContext.defaultParallelism)
        self.most = affordable_length(total["lengths"], fitting.MOST_PRODUCTS * max(1.0, cores / _CORES))
        people_of = self._people_of()

        def count_pairs(block: Interactions, _offset: int) -> Arrays:
            people = people_of(block)
            return {
                "degree": np.bincount(people.columns, minlength=n),
                "frequency": np.bincount(people.columns, weights=people.values, minlength=n),
                "work": _work_of(people),
            }

        pairs = self._total(count_pairs)
        kind = "bought" if total["popularity"].any() else "looked"
        return Sums(
            counts=total["counts"].astype(np.int64),
            popularity=total["popularity"].astype(np.float32),
            recent=choose.relative(total["lately"]),
            statics={name: choose.relative(total[f"{kind}.{name}"]) for name in fitting.STATICS},
            degree=pairs["degree"].astype(np.int64),
            frequency=pairs["frequency"],
            work=pairs["work"].astype(np.int64),
            basket_work=total["basket_work"].astype(np.int64),
        )

    def _total(self, count: Callable[[Interactions, int], Arrays]) -> Arrays:
        """Return the sums of what is counted in each block."""
        # Of nobody everything is counted too, so that all names are there.
        nobody = np.empty(0, dtype=np.int32)
        nothing = Interactions(
            nobody, nobody, nobody.astype(np.int64), nobody.astype(np.float32), 0, self.blocks.n_items
        )
        total = dict(count(nothing, 0))
        for found in self.blocks.each(count):
            for name, values in found.items():
                total[name] = total[name] + values
        return total

    def _people_of(self) -> Callable[[Interactions], Sparse]:
        """Return what gives the pairs of a block that neighbourhoods can afford."""
        now, unit_s, most = self.now, self.unit_s, self.most

        def people_of(block: Interactions) -> Sparse:
            pairs = make_pairs(block, now=now, unit_s=unit_s)
            return pairs.people if most is None else newest(pairs, most)

        return people_of

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
        people_of, frequency = self._people_of(), sums.frequency

        def weigh(block: Interactions, _offset: int) -> Arrays:
            return entries_of(bm25_weighed(people_of(block), frequency, k1=shape[0], b=shape[1]))

        files = spread(self.spark, self.folder, self.blocks.each(weigh), self.blocks.n_items)
        return neighbours(self.spark, files, "values", "values", k, sums.work)

    def _rp3(self, shape: tuple[float, float], k: int, sums: Sums) -> Neighbours:
        people_of, degree = self._people_of(), sums.degree

        def weigh(block: Interactions, _offset: int) -> Arrays:
            there, back = rp3_chances(people_of(block), degree, alpha=shape[0], beta=shape[1])
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
