"""The product's own recommender over CSV files, for judging it: one configuration for every data set.

`fit(train_csv_path, items_csv_path | None, workdir) -> recommend(user_ids, n, histories=None)`. Ids are text.
Training files have user_id, item_id and, where times are known, timestamp (seconds since 1970); item files item_id
and any of name, category, brand, department, price.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from chalicelib.recommendations.numeric.interactions import History
from chalicelib.recommendations.numeric.model import Model
from chalicelib.recommendations.numeric.ranking import top
from chalicelib.recommendations.numeric.train import Budget, train
from infra.interactions_csv import read_catalogue, read_interactions

Recommend = Callable[..., list[list[str]]]


def fit(train_csv_path: str, items_csv_path: str | None, workdir: str) -> Recommend:
    """Train the model, write it to `workdir`, and return what answers from there."""
    items_path = None if items_csv_path is None else Path(items_csv_path)
    interactions, ids = read_interactions(Path(train_csv_path), items_path)
    now = int(interactions.times.max(initial=0))
    trained = train(interactions, read_catalogue(items_path, ids.items), now=now, budget=Budget())
    for name, array in trained.arrays.items():
        np.save(Path(workdir, f"{name}.npy"), array)
    arrays = {name: np.load(Path(workdir, f"{name}.npy"), mmap_mode="r") for name in trained.arrays}
    model = Model(arrays, trained.settings)
    people = {person: code for code, person in enumerate(ids.people)}
    items = {item: code for code, item in enumerate(ids.items)}
    starts = interactions.starts

    def known_history(person: str) -> History:
        code = people.get(person)
        if code is None:
            return History(np.empty(0, np.int32), np.empty(0, np.float32))
        rows = slice(int(starts[code]), int(starts[code + 1]))
        ages = ((now - interactions.times[rows]) / model.unit_s).astype(np.float32)
        return History(interactions.items[rows], interactions.weights[rows], ages)

    def recommend(
        user_ids: Sequence[str], n: int, histories: Sequence[Sequence[str]] | None = None
    ) -> list[list[str]]:
        answers = []
        for place, person in enumerate(user_ids):
            if histories is None:
                history = known_history(person)
                scores = model.score(history, "next")
            else:
                codes = np.array([items[item] for item in histories[place] if item in items], dtype=np.int32)
                history = History(codes, np.ones(len(codes), dtype=np.float32))
                scores = model.score(history, "set")
            allowed = np.ones(len(scores), dtype=bool)
            allowed[history.items] = False
            answers.append([ids.items[code] for code in top(scores, n, allowed)])
        return answers

    return recommend
