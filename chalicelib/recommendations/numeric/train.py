"""From interactions to a model: choose, fit, blend, evaluate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.recommendations.numeric import content
from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.content import Vocabulary
from chalicelib.recommendations.numeric.fit import (
    QUESTIONS,
    Budget,
    bought_together,
    fit_parts,
    sells_now,
    sizes_for,
    static_scores,
    units_of,
)
from chalicelib.recommendations.numeric.interactions import Interactions, Reals
from chalicelib.recommendations.numeric.model import Part
from chalicelib.recommendations.numeric.neighbours import Neighbours
from chalicelib.recommendations.numeric.pairs import make_pairs, unit_of
from chalicelib.recommendations.numeric.plan import Plan, Report, make_plan, some_people
from chalicelib.recommendations.numeric.sparse import Sparse

__all__ = ["Budget", "Fitted", "Report", "Trained", "assemble", "train"]

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Trained:
    """A model as it is stored: arrays by name, `settings` that JSON can hold, and what validation measured.

    `metrics`: see `evaluation.measure`, of the blend, for the question "next" (of "set" where nobody came twice),
    learnt on one half of the people and measured on the other, both ways; beside it "popularity" and "parts" (the
    same of each alone) and "questions" (the same of each question).
    """

    arrays: Mapping[str, NDArray[Any]]
    settings: Mapping[str, Any]
    metrics: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is fitted to all interactions: the parts, scores of each item whoever asks ("recent", "season", "always"),
    what is bought together, how often each item was bought, of all times and lately, and the items by what they are.
    """

    parts: Mapping[str, Part]
    statics: Mapping[str, Reals]
    together: Neighbours
    popularity: Reals
    recent: Reals
    vocabulary: Vocabulary
    vectors: Sparse


def train(
    interactions: Interactions,
    catalogue: Catalogue,
    *,
    now: int,
    budget: Budget,
    report: Report = lambda _step, _share: None,
) -> Trained:
    """Return the model of all `interactions`, with parameters chosen on their latest slice.

    `now` is the moment of the build, seconds since 1970. The same input gives the same arrays.
    Empty input gives a model that knows nothing and ranks by code.
    """
    unit_s = unit_of(interactions.times)
    n = interactions.n_items
    vocabulary, vectors = content.learn(catalogue, n)
    sizes = sizes_for(interactions, budget)
    report("content", 0.02)
    alike = Part(content.content_neighbours(vectors, sizes.k), None, "content")
    report("choosing", 0.1)
    plan = make_plan(some_people(interactions), alike, sizes, now=now, unit_s=unit_s, report=report)
    report("fitting", 0.7)
    pairs = make_pairs(interactions, now=now, unit_s=unit_s)
    parts = fit_parts(interactions, pairs, plan.chosen, alike, sizes, unit_s)
    report("popularity", 0.95)
    fitted = Fitted(
        parts,
        static_scores(interactions, now, unit_s),
        bought_together(interactions, unit_s),
        np.bincount(interactions.items, weights=units_of(interactions), minlength=n).astype(np.float32),
        sells_now(interactions, now),
        vocabulary,
        vectors,
    )
    report("done", 1.0)
    return assemble(plan, fitted, unit_s=unit_s)


def assemble(plan: Plan, fitted: Fitted, *, unit_s: float) -> Trained:
    """Return a model as it is stored."""
    parts, statics = fitted.parts, fitted.statics
    arrays: dict[str, NDArray[Any]] = {
        "popularity": fitted.popularity,
        "recent_popularity": fitted.recent,
        "together.codes": fitted.together.codes,
        "together.counts": fitted.together.strengths,
        "content.hashes": fitted.vocabulary.hashes,
        "content.rarity": fitted.vocabulary.rarity,
        "content.starts": fitted.vectors.starts,
        "content.columns": fitted.vectors.columns,
        "content.values": fitted.vectors.values,
        **{f"{name}.scores": scores for name, scores in statics.items()},
    }
    for name, part in parts.items():
        arrays |= _stored(name, part)
    questions = {
        question: {
            "decay": {name: list(plan.chosen.decays[question][name]) for name in parts},
            "weights": plan.weights[question],
            "repeat": plan.repeat[0] if question == "next" else 0.0,
            "repeat_half_life": plan.repeat[1],
        }
        for question in QUESTIONS
    }
    shapes = plan.chosen.linear.items()
    settings = {
        "format": FORMAT,
        "n_items": len(fitted.popularity),
        "parts": {name: part.source for name, part in parts.items()},
        "statics": list(statics),
        "questions": questions,
        "chosen": {
            "bm25": list(plan.chosen.bm25),
            "rp3": list(plan.chosen.rp3),
            "linear": {question: None if shape is None else asdict(shape) for question, shape in shapes},
        },
        "unit_s": unit_s,
    }
    return Trained(arrays, settings, plan.metrics)


def _stored(name: str, part: Part) -> dict[str, NDArray[Any]]:
    """Return the arrays of a part, strengths scaled to at most 1 and halved in size; blending knows no scale."""
    strengths = part.neighbours.strengths
    scale = max(float(np.abs(strengths).max(initial=0.0)), 1e-30)
    found: dict[str, NDArray[Any]] = {
        f"{name}.codes": part.neighbours.codes,
        f"{name}.strengths": (strengths / scale).astype(np.float16),
    }
    if part.row_of is not None:
        found[f"{name}.row_of"] = part.row_of
    return found
