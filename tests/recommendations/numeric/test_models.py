"""What every model must do, shown of each by the same tests: each part alone, and the blend of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from chalicelib.recommendations.numeric import choose, content
from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.interactions import History, Interactions, Reals
from chalicelib.recommendations.numeric.linear import LinearFits, Shape
from chalicelib.recommendations.numeric.model import Model, Part, decayed
from chalicelib.recommendations.numeric.pairs import DAY_S, distinct, make_pairs
from chalicelib.recommendations.numeric.ranking import top
from chalicelib.recommendations.numeric.train import Budget, Trained, train
from tests.recommendations.numeric.planted import (
    DAY,
    ITEMS_OF_A_TASTE,
    N_ITEMS,
    NOW,
    TASTES,
    catalogue,
    history,
    made,
    planted,
    taste_of,
)

Score = Callable[[History], Reals]
Fit = Callable[[Interactions, Catalogue], tuple[Mapping[str, Any], Score]]
K = 16


def _of_part(part: Part | None, n: int) -> tuple[Mapping[str, Any], Score]:
    if part is None:
        return {}, lambda _history: np.zeros(n, dtype=np.float32)

    def score(asked: History) -> Reals:
        known = distinct(asked)
        return part.spread(known.items, decayed(known, (0.0, None)), n)

    return {"codes": part.neighbours.codes, "strengths": part.neighbours.strengths}, score


def fit_bm25(given: Interactions, _catalogue: Catalogue) -> tuple[Mapping[str, Any], Score]:
    people = make_pairs(given, now=NOW, unit_s=DAY_S).people
    return _of_part(choose.bm25_part(people, K, (1.2, 0.4)), given.n_items)


def fit_rp3(given: Interactions, _catalogue: Catalogue) -> tuple[Mapping[str, Any], Score]:
    people = make_pairs(given, now=NOW, unit_s=DAY_S).people
    return _of_part(choose.rp3_part(people, K, (0.4, 0.6)), given.n_items)


def linear(shape: Shape) -> Fit:
    def fit(given: Interactions, _catalogue: Catalogue) -> tuple[Mapping[str, Any], Score]:
        items = np.arange(given.n_items, dtype=np.int32)
        fits = LinearFits(make_pairs(given, now=NOW, unit_s=DAY_S), given, items, DAY_S)
        return _of_part(choose.linear_part(fits, shape, items, K, given.n_items), given.n_items)

    return fit


def fit_content(given: Interactions, items: Catalogue) -> tuple[Mapping[str, Any], Score]:
    _words, vectors = content.learn(items, given.n_items)
    return _of_part(Part(content.content_neighbours(vectors, K), None, "content"), given.n_items)


def fit_all(given: Interactions, items: Catalogue) -> tuple[Mapping[str, Any], Score]:
    trained = train(given, items, now=NOW, budget=Budget())
    return trained.arrays, Model(trained.arrays, trained.settings).score


MODELS: dict[str, Fit] = {
    "bm25": fit_bm25,
    "rp3": fit_rp3,
    "linear": linear(Shape(1.2)),
    "linear of what is recent": linear(Shape(1.2, half_life=60.0)),
    "linear with sequence": linear(Shape(1.2, sequence=0.3)),
    "content": fit_content,
    "blend": fit_all,
}


@pytest.fixture(params=MODELS, ids=lambda name: name.replace(" ", "-"))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def fit(name: str) -> Fit:
    return MODELS[name]


def best(scores: Reals, given: History, n: int) -> list[int]:
    allowed = np.ones(len(scores), dtype=bool)
    allowed[given.items] = False
    return [int(code) for code in top(scores, n, allowed)]


class TestEveryModel:
    """One contract for all: what is learnt, what is bounded, and what happens where there is next to nothing."""

    def test_what_was_withheld_is_found(self, fit: Fit) -> None:
        _arrays, score = fit(planted(), catalogue())
        for taste in range(TASTES):
            first = taste * ITEMS_OF_A_TASTE
            asked = history(first, first + 5, first + 7)
            found = best(score(asked), asked, ITEMS_OF_A_TASTE - 3)
            assert {taste_of(item) for item in found} == {taste}

    def test_scores_are_finite_and_one_for_each_item(self, fit: Fit) -> None:
        _arrays, score = fit(planted(), catalogue())
        for asked in (history(), history(0), history(*range(N_ITEMS)), history(3, 3, 3)):
            scores = score(asked)
            assert scores.shape == (N_ITEMS,)
            assert scores.dtype == np.float32
            assert np.isfinite(scores).all()

    def test_arrays_are_finite_and_name_items_that_there_are(self, fit: Fit) -> None:
        arrays, _score = fit(planted(), catalogue())
        assert arrays
        for label, array in arrays.items():
            if array.dtype.kind == "f":
                assert np.isfinite(array).all(), label
            if label.endswith("codes"):
                assert array.min() >= 0, label
                assert array.max() < N_ITEMS, label

    def test_the_same_input_gives_the_same_bytes(self, fit: Fit) -> None:
        once, again = (fit(planted(), catalogue())[0] for _ in range(2))
        assert set(once) == set(again)
        for label in once:
            assert once[label].tobytes() == again[label].tobytes(), label

    def test_people_in_another_order_are_the_same_people(self, fit: Fit, name: str) -> None:
        given = planted()
        mixed = np.random.default_rng(0).permutation(given.n_people)
        renamed = made(
            mixed[given.people].tolist(),
            given.items.tolist(),
            given.times.tolist(),
            n_people=given.n_people,
            n_items=given.n_items,
        )
        asked = history(1, 14)
        one, other = (fit(each, catalogue())[1](asked) for each in (given, renamed))
        if name == "blend":  # who is held back to choose by is drawn by number
            assert set(best(one, asked, 8)) == set(best(other, asked, 8))
        else:
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)

    def test_equal_items_come_in_the_order_of_their_codes(self, fit: Fit) -> None:
        # Items 1, 2 and 3 were bought by exactly the same people on the same days, and are called the same.
        people = [person for person in range(60) for _ in range(4)]
        items = [0, 1, 2, 3] * 60
        times = [NOW - (person % 30 + 1) * DAY for person in people]
        given = made(people, items, times, n_people=60, n_items=5)
        _arrays, score = fit(given, Catalogue(names=["a b", "b c", "b c", "b c", "z"]))
        scores = score(history(0))
        assert scores[1] == pytest.approx(scores[2], rel=1e-5)
        assert best(np.round(scores, 5), history(0), 3) == [1, 2, 3]

    def test_nothing_at_all_is_answered_with_nothing(self, fit: Fit) -> None:
        for n_items in (0, 1, 7):
            given = made([], [], [], n_people=0, n_items=n_items)
            _arrays, score = fit(given, Catalogue())
            scores = score(history())
            assert scores.shape == (n_items,)
            assert not scores.any()

    def test_one_person_and_one_item_are_enough(self, fit: Fit) -> None:
        given = made([0], [0], [NOW - DAY], n_people=1, n_items=1)
        _arrays, score = fit(given, Catalogue(names=["one"]))
        assert np.isfinite(score(history(0))).all()
        given = made([0, 0, 0], [0, 1, 2], [NOW - 3 * DAY, NOW - 2 * DAY, NOW - DAY], n_people=1, n_items=3)
        _arrays, score = fit(given, Catalogue(names=["one", "two", "three"]))
        assert np.isfinite(score(history(0, 1))).all()

    def test_items_that_nobody_touched_do_no_harm(self, fit: Fit) -> None:
        given = planted()
        wider = Interactions(
            given.people, given.items, given.times, given.weights, given.n_people, given.n_items + 10
        )
        names = [*catalogue().names, *(f"unknown{place}" for place in range(10))]
        _arrays, score = fit(wider, Catalogue(names=names))
        asked = history(0, 1)
        assert all(taste_of(item) == 0 for item in best(score(asked), asked, 6))
        assert np.isfinite(score(history(N_ITEMS + 3))).all()


# --- what is particular to the blend -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(planted(), catalogue(), now=NOW, budget=Budget())


@pytest.fixture(scope="module")
def model(trained: Trained) -> Model:
    return Model(trained.arrays, trained.settings)


def test_the_figures_beat_popularity_where_there_is_a_pattern(trained: Trained) -> None:
    metrics = trained.metrics
    assert metrics["ndcg10"] > 2 * metrics["popularity"]["ndcg10"] > 0
    assert metrics["people"] >= 100
    assert 0 < metrics["recall20"] <= 1
    assert 0 < metrics["coverage10"] <= 1
    assert metrics["novelty10"] > 0
    assert sum(each["people"] for each in metrics["by_length"].values()) == metrics["people"]


def test_what_was_bought_again_and_again_is_learnt_to_be(trained: Trained) -> None:
    assert trained.settings["questions"]["next"]["repeat"] == 0.0  # in the planted shop nobody buys twice
    people, items, times = [], [], []
    for person in range(120):
        for week in range(6):  # each has one item that it always buys, and one other each time
            people += [person, person]
            items += [person % 7, 7 + (person + week * 5) % 40]
            times += [NOW - (6 - week) * 7 * DAY] * 2
    given = made(people, items, times, n_people=120, n_items=N_ITEMS)
    loyal = train(given, Catalogue(), now=NOW, budget=Budget())
    assert loyal.settings["questions"]["next"]["repeat"] > 0
    asked = Model(loyal.arrays, loyal.settings).ask(history(3, 20, 3, 25, 3, 30, ages=[21, 21, 14, 14, 7, 7]))
    assert int(np.argmax(asked.scores)) == 3
    [found] = asked.explain(np.array([3], dtype=np.int32))
    assert found.because == 4  # its last purchase


def test_an_empty_history_is_answered_by_what_sells(model: Model, trained: Trained) -> None:
    scores = model.score(history())
    recent = trained.arrays["recent.scores"]
    assert recent[int(np.argmax(scores))] > np.median(recent)


def test_the_evidence_names_what_was_really_bought(model: Model) -> None:
    asked = history(30, 5, 7, 31)  # two tastes; item 0 is of the taste of 5 and 7
    found = model.explain(asked, 0)
    assert found.because in (1, 2)
    assert found.source in ("collaborative", "content")
    assert 0 < found.share <= 1


def test_without_a_history_popularity_is_the_evidence(model: Model) -> None:
    found = model.explain(history(), 0)
    assert (found.source, found.because) == ("popularity", None)


def test_the_evidence_points_at_the_newest_of_what_was_bought_twice(model: Model) -> None:
    found = model.explain(history(5, 30, 5), 0)
    assert found.because == 2


def test_new_items_find_their_place_by_what_they_are(model: Model) -> None:
    new = Catalogue(names=["style0 novelty", "style2 novelty", "unheard of"], categories=["kind 0", "kind 2", "else"])
    scores = model.score_new(model.ask(history(0, 1, 2)), model.encode(new))
    known = model.score(history(0, 1, 2))
    assert scores[0] > scores[1] >= 0
    assert scores[0] > scores[2] == 0
    assert scores[0] <= np.delete(known, [0, 1, 2]).max()


def test_who_bought_much_of_many_kinds_is_shown_new_items_of_each(model: Model) -> None:
    new = Catalogue(names=["style0 novelty", "unheard of"], categories=["kind 0", "else"])
    by_turns = [taste * ITEMS_OF_A_TASTE + nth for nth in range(9) for taste in range(TASTES)]
    scores = model.score_new(model.ask(history(*by_turns)), model.encode(new))
    best = np.delete(model.score(history(*by_turns)), by_turns).max()
    assert scores[0] > 0.4 * best, "though it is like a quarter of them only"
    assert scores[1] == 0


def test_items_are_like_new_ones_of_their_taste(model: Model) -> None:
    new = Catalogue(names=["style0 novelty", "style2 novelty", "unheard of"], categories=["kind 0", "kind 2", "else"])
    alike = model.likeness_to(new)
    assert alike.shape == (3, N_ITEMS)
    for row, taste in enumerate((0, 2)):
        nearest = np.argsort(-alike[row], kind="stable")[:ITEMS_OF_A_TASTE]
        assert {taste_of(item) for item in nearest} == {taste}
    assert not alike[2].any()
    assert alike.min() >= 0
    assert alike.max() <= 1 + 1e-6
    assert model.likeness_to(Catalogue()).shape == (0, N_ITEMS)


def test_similar_items_are_of_the_same_taste(model: Model) -> None:
    for item in (0, 17, 40):
        codes, scores = model.similar(item)
        assert item not in codes
        assert [taste_of(each) for each in codes[:5]] == [taste_of(item)] * 5
        assert (np.diff(scores) <= 1e-6).all()
        assert 0 < scores.min() <= scores.max() <= 1 + 1e-6


def test_bought_together_counts_days_on_which_both_were_bought(model: Model) -> None:
    given = planted()
    wanted: dict[int, int] = {}
    for person in range(given.n_people):
        mine = given.only(given.people == person)
        for time in np.unique(mine.times):
            basket = set(mine.items[mine.times == time].tolist())
            if 4 in basket:
                for other in basket - {4}:
                    wanted[other] = wanted.get(other, 0) + 1
    codes, counts = model.bought_together(4)
    assert dict(zip(codes.tolist(), counts.tolist(), strict=True)) == wanted
    assert counts.tolist() == sorted(counts.tolist(), reverse=True)


def test_arrays_may_be_read_only(trained: Trained) -> None:
    arrays = {name: array.copy() for name, array in trained.arrays.items()}
    for array in arrays.values():
        array.setflags(write=False)
    frozen = Model(arrays, trained.settings)
    asked = history(0, 1, 2)
    frozen.score(asked, "next")
    frozen.explain(asked, 5, "set")
    frozen.similar(0)
    frozen.score_new(frozen.ask(asked), frozen.encode(catalogue()))


def test_a_newer_purchase_counts_more_where_times_are_known(model: Model) -> None:
    older_first = model.score(history(0, 12, ages=[200.0, 1.0]))
    decay = model.settings["questions"]["next"]["decay"]["bm25"]
    taste = [float(older_first[first : first + ITEMS_OF_A_TASTE].sum()) for first in (0, ITEMS_OF_A_TASTE)]
    if tuple(decay) != (0.0, None):
        assert taste[1] > taste[0]


def test_numbers_instead_of_times_still_tell_the_order() -> None:
    given = planted()
    ordered = Interactions(
        given.people,
        given.items,
        np.arange(len(given)) % 12,  # the place of each purchase among the person's own
        given.weights,
        given.n_people,
        given.n_items,
    )
    trained = train(ordered, catalogue(), now=12, budget=Budget())
    assert trained.metrics["people"] >= 100
    assert trained.metrics["ndcg10"] > trained.metrics["popularity"]["ndcg10"]


def test_the_build_tells_how_far_it_is() -> None:
    told: list[tuple[str, float]] = []
    train(planted(60), catalogue(), now=NOW, budget=Budget(), report=lambda step, share: told.append((step, share)))
    shares = [share for _step, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_small_budget_leaves_linear_models_to_the_most_bought_items() -> None:
    trained = train(planted(), catalogue(), now=NOW, budget=Budget(memory_bytes=20_000, time_s=600))
    row_of = trained.arrays["linear_next.row_of"]
    assert 0 < int((row_of >= 0).sum()) < N_ITEMS
    scores = Model(trained.arrays, trained.settings).score(history(0, 5, 7))
    assert all(taste_of(item) == 0 for item in best(scores, history(0, 5, 7), 6))
