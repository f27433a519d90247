"""Linear item-item models in closed form: what a person has, times a matrix, is what it will have.

EASE^R: Steck, Embarrassingly Shallow Autoencoders for Sparse Data, 2019. The sequence term, where earlier items
foretell later ones: Choi et al., Session-aware Linear Item-Item Models, 2021.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chalicelib.recommendations.numeric.interactions import Codes, Interactions, Ints, Reals
from chalicelib.recommendations.numeric.pairs import Pairs, days_of
from chalicelib.recommendations.numeric.sparse import Sparse, dense_product, from_entries

# How far back what was before counts, and how soon after what follows, in days; at most so many steps a person.
_BEFORE, _AFTER, _STEPS = 60.0, 30.0, 30
_MOST_ENTRIES = 20_000_000
_DENSE_BLOCK = 2_048
_INVERTED_WHOLE = 512


@dataclass(frozen=True, slots=True)
class Shape:
    """What tells one linear model from another: `ridge` in units of the mean number of people of an item,
    `half_life` of what is learnt from in days, `sequence`: how much order counts beside being together.
    """

    ridge: float
    half_life: float | None = None
    sequence: float = 0.0


def gram(people: Sparse) -> Reals:
    """Return how often two items are with the same person, weighed: (n_items, n_items) float32."""
    singles = float((people.lengths.astype(np.float64) ** 2).sum())
    # A multiplication of dense blocks does some thirty times as much in the same time, zeros included.
    if singles * 30 < float(people.n_rows) * people.n_columns**2:
        return dense_product(people.transposed(), people)
    made = np.zeros((people.n_columns, people.n_columns), dtype=np.float32)
    for first in range(0, people.n_rows, _DENSE_BLOCK):
        block = people.dense_rows(first, min(first + _DENSE_BLOCK, people.n_rows))
        made += block.T @ block
    return made


def steps_of(interactions: Interactions, unit_s: float) -> tuple[Sparse, Sparse] | None:
    """Return what was before and what came after each step of each person: two (n_steps, n_items) matrices.

    A step is a day on which a person that was there before did something. Entries fade with their distance from it;
    what comes after counts only where it is new. None where nobody came twice.
    """
    days = days_of(interactions.times, unit_s)
    people, n = interactions.people, interactions.n_items
    new_day = np.concatenate([[True], (people[1:] != people[:-1]) | (days[1:] != days[:-1])])[: len(people)]
    visit = np.cumsum(new_day) - 1  # of each interaction, counted over all people
    if not len(visit):
        return None
    visit_day, visit_person = days[new_day], people[new_day]
    ends = np.searchsorted(visit_person, np.arange(interactions.n_people) + 1)  # behind the last visit of each
    begins = np.searchsorted(visit_person, np.arange(interactions.n_people))
    last, first = ends[people], np.maximum(begins[people] + 1, ends[people] - _STEPS)
    # The steps of a person are its visits but the first; `first` is the earliest of them that is looked at.
    before_from = np.maximum(visit + 1, first)
    before = _spread(before_from, last)
    keys = people.astype(np.int64) * n + interactions.items
    is_new = np.zeros(len(keys), dtype=bool)
    is_new[np.unique(keys, return_index=True)[1]] = True
    after = _spread(first, np.where(is_new, visit + 1, first))
    if before is None or after is None or len(before[0]) + len(after[0]) > _MOST_ENTRIES:
        return None
    rows, steps = before
    past = np.exp2(-(visit_day[steps - 1] - days[rows]) / _BEFORE) * np.minimum(interactions.weights[rows], 1.0)
    shape = (len(visit_day), n)
    earlier = from_entries(steps, interactions.items[rows], past, shape, most=True)
    rows, steps = after
    future = np.exp2(-(days[rows] - visit_day[steps]) / _AFTER) * np.minimum(interactions.weights[rows], 1.0)
    return earlier, from_entries(steps, interactions.items[rows], future, shape, most=True)


def _spread(begins: Ints, ends: Ints) -> tuple[Ints, Ints] | None:
    """Return (row, step) for each step in [begins, ends) of each row."""
    counts = np.maximum(ends - begins, 0)
    total = int(counts.sum())
    if total == 0:
        return None
    offsets = np.cumsum(counts) - counts
    steps = np.arange(total) - np.repeat(offsets - begins, counts)
    return np.repeat(np.arange(len(begins)), counts), steps


class LinearFits:
    """Fits linear models of different shapes to the same data; what they share is computed once.

    `items`: the codes that take part, ascending; matrices are over these.
    """

    def __init__(self, pairs: Pairs, interactions: Interactions, items: Codes, unit_s: float) -> None:
        self._pairs, self._interactions, self._items, self._unit_s = pairs, interactions, items, unit_s
        self._grams: dict[float | None, Reals] = {}
        self._sequence: tuple[Reals, Reals] | None = None

    def fit(self, shape: Shape) -> Reals | None:
        """Return the weights, row: source, column: target, diagonal 0; None where they cannot be computed."""
        return solve(self._gram(shape.half_life), self._sequence_terms() if shape.sequence else None, shape)

    def _gram(self, half_life: float | None) -> Reals:
        if half_life not in self._grams:
            self._grams[half_life] = gram(only_columns(self._pairs.faded(half_life), self._items))
        return self._grams[half_life]

    def _sequence_terms(self) -> tuple[Reals, Reals] | None:
        if self._sequence is None:
            steps = steps_of(self._interactions, self._unit_s)
            if steps is None:
                return None
            earlier, later = (only_columns(each, self._items) for each in steps)
            self._sequence = gram(earlier), dense_product(earlier.transposed(), later)
        return self._sequence


def solve(found: Reals, terms: tuple[Reals, Reals] | None, shape: Shape) -> Reals | None:
    """Return the weights of a linear model, see `LinearFits.fit`, from how often two items are with one person.

    `terms`: what was before with what was before, and with what came after; only for shapes with a sequence.
    """
    mean = float(np.diag(found).mean()) if len(found) else 0.0
    if mean <= 0 or (shape.sequence and terms is None):
        return None
    matrix, target = found.copy(), None
    if shape.sequence and terms is not None:
        matrix += np.float32(shape.sequence) * terms[0]
        target = found + np.float32(shape.sequence) * terms[1]
    matrix[np.diag_indices_from(matrix)] += np.float32(shape.ridge * mean)
    try:
        inverse = positive_inverse(matrix)
    except np.linalg.LinAlgError:
        return None
    del matrix  # in place from here: each matrix may be as large as an eighth of the memory
    # The constraint of a zero diagonal by Lagrange's multipliers.
    diagonal = np.diag(inverse).copy()
    if target is None:
        weights = inverse
        weights /= -diagonal
    else:
        weights = inverse @ target
        del target
        inverse *= np.diag(weights) / diagonal
        weights -= inverse
    np.fill_diagonal(weights, 0.0)
    return weights if np.isfinite(weights).all() else None


def positive_inverse(matrix: Reals) -> Reals:
    """Return the inverse of a symmetric, positive definite (n, n) matrix, in float32.

    By blocks (Schur's complement), so that all but small matrices are multiplications: half the work of a general
    inversion, which knows nothing of the symmetry.

    Raises:
        LinAlgError: it is singular.
    """
    n = len(matrix)
    if n <= _INVERTED_WHOLE:
        return np.linalg.inv(matrix).astype(np.float32, copy=False)
    half = n // 2
    corner = positive_inverse(matrix[:half, :half])
    across = corner @ matrix[:half, half:]
    rest = positive_inverse(matrix[half:, half:] - matrix[half:, :half] @ across)
    made = np.empty((n, n), dtype=np.float32)
    made[half:, half:] = rest
    made[half:, :half] = -(rest @ across.T)
    made[:half, half:] = made[half:, :half].T
    made[:half, :half] = corner
    made[:half, :half] -= across @ made[half:, :half]
    return made


def only_columns(matrix: Sparse, columns: Codes) -> Sparse:
    """Return the matrix with only these (ascending) columns, coded anew."""
    if len(columns) == matrix.n_columns:
        return matrix
    code = np.full(matrix.n_columns, -1, dtype=np.int32)
    code[columns] = np.arange(len(columns), dtype=np.int32)
    kept = code[matrix.columns] >= 0
    starts = np.concatenate([[0], np.cumsum(kept)])[matrix.starts]
    return Sparse(starts, code[matrix.columns[kept]], matrix.values[kept], len(columns))
