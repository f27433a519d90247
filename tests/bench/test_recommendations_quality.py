"""The judge of recommendations at work, on a data set small enough to count by hand."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from bench.recommendations_quality import judge, report

PLUGIN = '''
"""Recommends the items of items.csv in their order, but for those of the person's history."""
import csv
from pathlib import Path

def fit(train, items, work):
    assert Path(train).name == "train.csv" and "shop" not in train and "temporal" not in train
    with open(items, newline="") as file:
        order = [row["item_id"] for row in csv.DictReader(file)]
    with open(train, newline="") as file:
        rows = list(csv.DictReader(file))
    Path(work, "model").write_bytes(b"x" * 2_000_000)

    def recommend(people, n, histories=None):
        found = []
        for at, person in enumerate(people):
            had = {row["item_id"] for row in rows if row["user_id"] == person} if histories is None else histories[at]
            found.append([item for item in order if item not in had][:n])
        return found

    return recommend
'''


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "in_order.py").write_text(PLUGIN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "code"))
    shop = tmp_path / "data" / "shop"
    (shop / "splits").mkdir(parents=True)
    (shop / "interactions.csv").write_text("user_id,item_id,timestamp\n1,a,1\n1,c,2\n2,b,1\n2,d,2\n3,d,1\n3,a,2\n")
    (shop / "items.csv.gz").write_bytes(gzip.compress(b"item_id\na\nb\nc\nd\n"))
    (shop / "splits" / "temporal.txt.gz").write_bytes(gzip.compress(b"tststs"))
    return tmp_path / "data"


def peers_of(data: Path, ndcg10: float, recall20: float) -> None:
    peer = {"ndcg10": ndcg10, "recall20": recall20, "hr10": 1.0, "coverage10": 1.0, "fit_s": 1.0, "peak_rss_mb": 99}
    peer |= {"lat_ms_p50": 1.0, "model_mb": 1.0}
    ci95 = {"ndcg10": [ndcg10 - 0.01, ndcg10 + 0.01], "recall20": [recall20 - 0.01, recall20 + 0.01]}
    (data / "peers.json").write_text(json.dumps({"shop": {"temporal": {"rival": {**peer, "ci95": ci95}}}}))
    (data / "peer_per_user").mkdir()
    np.savez(data / "peer_per_user" / "shop.temporal.npz", rival=np.full(3, ndcg10, dtype=np.float16))


def test_a_plugin_is_judged_in_a_process_of_its_own(data: Path) -> None:
    # For 1: b, c, d and c is right; for 2: a, c, d and d is right; for 3: a, b, c and a is right.
    found = judge(data / "shop", "temporal", "in_order:fit").found
    assert found["ndcg10"] == pytest.approx((1 / np.log2(3) + 1 / np.log2(4) + 1) / 3)
    assert found["recall20"] == found["hit10"] == found["coverage10"] == 1
    assert found["people"] == 3
    assert found["wasted"] == 0
    assert found["model_mb"] == 2.0
    assert found["peak_mb"] > 10


def test_it_is_shown_beside_the_peers_and_said_plainly_who_is_ahead(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    peers_of(data, ndcg10=0.1, recall20=1.5)
    [found] = report(data, "in_order:fit")
    assert found["beside"]["pairs"][0]["is"] == "ahead"
    assert found["beside"]["recall20"]["is"] == "behind"
    shown = capsys.readouterr().out
    assert shown.index("**shopkeeper**") < shown.index("| rival |")
    assert "is behind the best peer's: rival" in shown
    assert "shop has no split strong" in shown


@pytest.mark.parametrize(
    ("ndcg10", "verdict"),
    [(1.5, "behind"), (0.99, "not separable")],  # two of three are far below 0.99, one is above
)
def test_a_peer_that_is_better_stands_first(
    data: Path, capsys: pytest.CaptureFixture[str], ndcg10: float, verdict: str
) -> None:
    peers_of(data, ndcg10=ndcg10, recall20=0.5)
    [found] = report(data, "in_order:fit")
    assert found["beside"]["pairs"][0]["is"] == verdict
    assert found["beside"]["recall20"]["is"] == "ahead of"
    shown = capsys.readouterr().out
    assert shown.index("| rival |") < shown.index("**shopkeeper**")


def test_without_data_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(tmp_path / "nowhere") == []
    assert "No data set stands in" in capsys.readouterr().out
