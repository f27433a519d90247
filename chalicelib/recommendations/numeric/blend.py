"""Learning how much each part of a model counts, from cases that the parts have not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.recommendations.numeric.cases import Case
from chalicelib.recommendations.numeric.evaluation import AT, RECALL_AT
from chalicelib.recommendations.numeric.interactions import Codes, Reals
from chalicelib.recommendations.numeric.model import LENGTHS, Part, decayed, length_bin, own_scale
from chalicelib.recommendations.numeric.pairs import distinct

_CANDIDATES = 40  # of each part
_STEPS = (0.0, 0.05, 0.1, 0.2, 0.35, 0.6, 1.0, 1.6, 2.5)
_ROUNDS = 3
_CLIMBED_BY = 1_500
# A length of history gets weights of its own where so many people have it and they gain by so much.
_PEOPLE_OF_A_LENGTH, _GAIN_OF_A_LENGTH = 150, 1.02
_DISCOUNTS = 1.0 / np.log2(np.arange(2, AT + 2))
_NOWHERE = np.float32(-1e9)
_FILLS = np.float32(-1e6)  # below whatever a part says, and finite: weights of 0 are

Decay = tuple[float, float | None]


@dataclass(frozen=True, slots=True)
class Features:
    """What the parts say of the candidates of each case: `values` (n_cases, n_candidates, n_parts) float32, each part
    at most 1; `codes` (n_cases, n_candidates) int32, -1 where there are fewer; `wanted` (n_cases, n_candidates) bool;
    `n_wanted`, `lengths` (n_cases,) int64.
    """

    names: Sequence[str]
    values: Reals
    codes: Codes
    wanted: NDArray[np.bool_]
    n_wanted: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def only(self, rows: NDArray[np.bool_]) -> Features:
        """Return the features of some cases."""
        return Features(
            self.names,
            self.values[rows],
            self.codes[rows],
            self.wanted[rows],
            self.n_wanted[rows],
            self.lengths[rows],
        )


def features(
    cases: Sequence[Case],
    parts: Mapping[str, Part],
    statics: Mapping[str, Reals],
    decays: Mapping[str, Decay],
    n: int,
) -> Features:
    """Return the features of cases: candidates are the best of each part that the person does not have."""
    names = [*parts, *statics]
    leading = {name: np.argsort(-scores, kind="stable")[: _CANDIDATES * 4] for name, scores in statics.items()}
    width = _CANDIDATES * len(names)
    values = np.full((len(cases), width, len(names)), _FILLS, dtype=np.float32)
    codes = np.full((len(cases), width), -1, dtype=np.int32)
    wanted = np.zeros((len(cases), width), dtype=bool)
    lengths = np.zeros(len(cases), dtype=np.int64)
    for row, case in enumerate(cases):
        known = distinct(case.history)
        scores = [
            _scaled(part.spread(known.items, decayed(known, decays[name]), n), known.items)
            for name, part in parts.items()
        ]
        best = [_best(each, known.items) for each in scores]
        for name in statics:
            mine = leading[name]
            best.append(mine[~np.isin(mine, known.items)][:_CANDIDATES].astype(np.int32))
        found = np.unique(np.concatenate(best))
        found = found[:width]
        codes[row, : len(found)] = found
        for place, each in enumerate([*scores, *statics.values()]):
            values[row, : len(found), place] = each[found]
        wanted[row, : len(found)] = np.isin(found, case.targets)
        lengths[row] = len(known)
    used = int((codes >= 0).sum(axis=1).max(initial=1))
    n_wanted = np.array([len(case.targets) for case in cases], dtype=np.int64)
    return Features(
        names, values[:, :used].copy(), codes[:, :used].copy(), wanted[:, :used].copy(), n_wanted, lengths
    )


def _scaled(scores: Reals, own: Codes) -> Reals:
    best = own_scale(scores, own)
    if best > 0:
        scores *= np.float32(1.0 / best)
    else:
        scores[:] = 0.0
    return scores


def _best(scores: Reals, own: Codes) -> Codes:
    kept = scores[own]
    scores[own] = _NOWHERE
    n = min(_CANDIDATES, len(scores))
    best = np.argpartition(-scores, n - 1)[:n]
    best = best[scores[best] > 0]
    scores[own] = kept
    return best.astype(np.int32)


def _totals(data: Features, weights: NDArray[np.float64]) -> Reals:
    totals: Reals = data.values @ weights.astype(np.float32)
    return totals


def gains(data: Features, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what is gained by each case under these weights, (n_cases,) float64: NDCG@10 + half of Recall@20."""
    return _gains(data, _totals(data, weights), np.nonzero(data.wanted))


def _gains(data: Features, totals: Reals, wanted: tuple[NDArray[Any], ...]) -> NDArray[np.float64]:
    rows, places = wanted
    ndcg, found = np.zeros(len(totals)), np.zeros(len(totals))
    for start in range(0, len(rows), 4_000):
        part = slice(start, start + 4_000)
        own, mine = totals[rows[part]], totals[rows[part], places[part]][:, None]
        # Ties go to the smaller code, as in the ranking itself; what only fills up is below all.
        rank = (own > mine).sum(axis=1)
        ties = np.flatnonzero((own == mine).sum(axis=1) > 1)
        before = np.arange(totals.shape[1]) < places[part][ties][:, None]
        rank[ties] += ((own[ties] == mine[ties]) & before).sum(axis=1)
        inside = rank < AT
        np.add.at(ndcg, rows[part][inside], _DISCOUNTS[rank[inside]])
        np.add.at(found, rows[part], rank < RECALL_AT)
    ndcg /= np.cumsum(_DISCOUNTS)[np.minimum(data.n_wanted, AT) - 1]
    gained: NDArray[np.float64] = ndcg + 0.5 * found / np.minimum(data.n_wanted, RECALL_AT)
    return gained


def lists(data: Features, weights: Mapping[str, Mapping[str, float]]) -> list[Codes]:
    """Return the first 20 codes of each case under the weights by length of history."""
    found: list[Codes] = []
    for row in range(len(data.codes)):
        own = weights[length_bin(int(data.lengths[row]))]
        totals = _totals(data.only(np.arange(len(data.codes)) == row), np.array([own[name] for name in data.names]))[
            0
        ]
        order = np.argsort(-totals, kind="stable")[:RECALL_AT]
        found.append(data.codes[row][order][data.codes[row][order] >= 0])
    return found


def learn_weights(data: Features, start: str | None) -> dict[str, dict[str, float]]:
    """Return the weight of each part by length of history ("0" is for nothing known), by steps along one part at a
    time while the gain grows. Begins with `start` alone (None: the part that is best alone).
    """
    names = list(data.names)
    if not len(data.codes):
        even = dict.fromkeys(names, 1.0)
        return {str(length): dict(even) for length in (0, *LENGTHS)}
    alone = [float(gains(data, np.eye(len(names))[place]).mean()) for place in range(len(names))]
    first = names.index(start) if start is not None else int(np.argmax(alone))
    every = _climb(data, np.eye(len(names))[first])
    found: dict[str, dict[str, float]] = {}
    for place, least in enumerate(LENGTHS):
        most = LENGTHS[place + 1] if place + 1 < len(LENGTHS) else 1 << 31
        mine = (data.lengths >= least) & (data.lengths < most)
        own = every
        if int(mine.sum()) >= _PEOPLE_OF_A_LENGTH:
            own = _own_weights(data.only(mine), every)
        found[str(least)] = dict(zip(names, own.round(4).tolist(), strict=True))
    found["0"] = {**found[str(LENGTHS[0])]}
    return found


def _own_weights(data: Features, every: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights for these cases alone where both halves of them gain by what the other half has learnt."""
    odd = np.arange(len(data.codes)) % 2 == 1
    gained, before = 0.0, 0.0
    for half in (odd, ~odd):
        learnt = _climb(data.only(half), every)
        gained += float(gains(data.only(~half), learnt).sum())
        before += float(gains(data.only(~half), every).sum())
    return _climb(data, every) if gained > before * _GAIN_OF_A_LENGTH else every


def _climb(data: Features, start: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(data.codes) > _CLIMBED_BY:
        data = data.only(np.arange(len(data.codes)) < _CLIMBED_BY)
    wanted = np.nonzero(data.wanted)
    weights = start.copy()
    best = float(gains(data, weights).mean())
    for _ in range(_ROUNDS):
        before = best
        for place in range(len(weights)):
            others = weights.copy()
            others[place] = 0.0
            rest, own = _totals(data, others), data.values[:, :, place]
            for step in _STEPS:
                if step == weights[place] or (step == 0.0 and not others.any()):
                    continue
                value = float(_gains(data, rest + np.float32(step) * own, wanted).mean())
                if value > best * 1.0005:
                    best = value
                    weights = others.copy()
                    weights[place] = step
        if best <= before * 1.002:
            break
    return weights
