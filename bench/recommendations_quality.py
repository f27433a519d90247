"""The quality of the product's recommendations on data sets with known answers, beside tuned peers.

Each split is learnt and answered in a fresh process that is told training rows, people and histories, and nothing
else: the answers are marked here, in another process than the one that gave them.
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bench import recommendations_protocol as protocol
from bench.fresh import peak_mb, run_fresh
from bench.markdown import table

PLUGIN = "bench.recommendation_plugin:fit"
_BATCH = 256
_SINGLE = 200  # people asked for one at a time, for the latency
_BEST = 3
_HEADER = (
    *("model", "NDCG@10 [95 % CI]", "Recall@20", "hit@10", "coverage@10"),
    *("fit s", "RSS MB", "ms a person", "model MB"),
)


@dataclass(frozen=True, slots=True)
class Judged:
    """One split of one data set: our figures, the exam and each person's marks."""

    name: str
    split: str
    found: dict[str, Any]
    exam: protocol.Exam
    marks: protocol.Marks


def data_sets(data: Path) -> list[Path]:
    """Return the folders that hold a data set with at least one split."""
    folders = sorted(path for path in data.iterdir() if path.is_dir()) if data.is_dir() else []
    return [path for path in folders if protocol.stored(path, "interactions.csv") and (path / "splits").is_dir()]


def report(data: Path, plugin: str = PLUGIN) -> list[dict[str, Any]]:
    """Judge the plugin on all splits of all data sets, print the tables, return the figures."""
    folders = data_sets(data)
    if not folders:
        print(f"No data set stands in {data}: quality is not measured. Say where they are: DATA=path/to/folder")
        return []
    peers_file = data / "peers.json"
    peers = json.loads(peers_file.read_text()) if peers_file.exists() else {}
    if peers:
        print(
            "\nPeers' figures, times too, are those that came with the data; a peer's fit is one with parameters "
            "that were chosen before, shopkeeper's chooses its own."
        )
    else:
        print(f"{peers_file} is missing: our figures stand alone.")
    results = []
    for folder in folders:
        for split in protocol.SPLITS:
            if not protocol.split_file(folder, split).exists():
                print(f"{folder.name} has no split {split}: left out.")
                continue
            judged = judge(folder, split, plugin)
            results.append({"data": folder.name, "split": split, **judged.found})
            others = sorted(peers.get(folder.name, {}).get(split, {}).items(), key=lambda peer: -peer[1]["ndcg10"])
            results[-1]["beside"] = _print(judged, others, data / "peer_per_user" / f"{folder.name}.{split}.npz")
    return results


def judge(folder: Path, split: str, plugin: str) -> Judged:
    """Let the plugin learn and answer one split in a fresh process; return its marks and what it took."""
    with TemporaryDirectory() as place:
        exam = protocol.prepare(folder, split, Path(place, "train.csv"))
        items = protocol.stored(folder, "items.csv")
        if items is not None:  # a copy: the path would tell which data set it is
            with protocol.opened(items) as source, Path(place, "items.csv").open("w", newline="") as copy:
                shutil.copyfileobj(source, copy)
        asked = {"people": exam.people, "histories": None if exam.in_training else exam.histories}
        Path(place, "asked.json").write_text(json.dumps(asked))
        taken = run_fresh("bench.recommendations_quality", place, plugin)
        lists = json.loads(gzip.decompress(Path(place, "lists.json.gz").read_bytes()))
    means, marks = protocol.figures(lists, exam)
    return Judged(folder.name, split, {**means, **taken}, exam, marks)


def answer(place: Path, plugin: str) -> dict[str, float]:
    """Learn from the files in `place` and leave the lists there; return what it took."""
    module, function = plugin.split(":")
    fit = getattr(importlib.import_module(module), function)
    items, work = place / "items.csv", place / "work"
    work.mkdir()
    asked = json.loads((place / "asked.json").read_text())
    people, histories = asked["people"], asked["histories"]
    before = peak_mb()
    started, began = time.perf_counter(), time.process_time()
    recommend = fit(str(place / "train.csv"), str(items) if items.exists() else None, str(work))
    fit_s, fit_cpu_s, after = time.perf_counter() - started, time.process_time() - began, peak_mb()
    lists: list[list[str]] = []
    for begin in range(0, len(people), _BATCH):
        given = None if histories is None else histories[begin : begin + _BATCH]
        answers = recommend(people[begin : begin + _BATCH], protocol.RANKED, given)
        lists += [[str(item) for item in ranked] for ranked in answers]
    (place / "lists.json.gz").write_bytes(gzip.compress(json.dumps(lists).encode(), 1))
    return {
        "fit_s": fit_s,
        "fit_cpu_s": fit_cpu_s,
        "peak_mb": after,
        "before_mb": before,
        "one_ms": _one_ms(recommend, people, histories),
        "model_mb": sum(file.stat().st_size for file in work.rglob("*") if file.is_file()) / 1e6,
    }


def _one_ms(recommend: Any, people: Sequence[str], histories: Sequence[list[str]] | None) -> float:
    """Return the median time of asking for one person."""
    chosen = np.random.default_rng(20).permutation(len(people))[: _SINGLE + 20]
    times = []
    for at in chosen:
        given = None if histories is None else [histories[at]]
        started = time.perf_counter()
        recommend([people[at]], 10, given)
        times.append(time.perf_counter() - started)
    return median(times[20:] or times) * 1e3


def _print(judged: Judged, peers: Sequence[tuple[str, dict[str, Any]]], per_person: Path) -> dict[str, Any]:
    found = judged.found
    print(f"\n### {judged.name}, {judged.split}: {found['people']:,} people\n")
    low, high = found["ndcg10_ci95"]
    own = [
        *("**shopkeeper**", f"**{found['ndcg10']:.4f}** [{low:.4f}, {high:.4f}]", f"**{found['recall20']:.4f}**"),
        *(f"{found['hit10']:.3f}", f"{found['coverage10']:.3f}", f"{found['fit_s']:.1f}", f"{found['peak_mb']:.0f}"),
        *(f"{found['one_ms']:.2f}", f"{found['model_mb']:.1f}"),
    ]
    rows = [(found["ndcg10"], own), *((peer["ndcg10"], _peer_row(name, peer)) for name, peer in peers)]
    print(table(_HEADER, [row for _, row in sorted(rows, key=lambda each: -each[0])]))
    if found["wasted"]:
        print(f"\n{found['wasted']} places were wasted on items that the person has, or on repeats.")
    if not peers:
        return {}
    beside: dict[str, Any] = {"recall20": _print_recall(found, peers)}
    if not per_person.exists():
        print(f"\n{per_person.name} is missing: nobody to compare person by person.")
        return beside
    beside["pairs"] = _print_pairs(judged, [name for name, _ in peers[:_BEST]], per_person)
    return beside


def _print_recall(found: dict[str, Any], peers: Sequence[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """Compare Recall@20 with the peer that has most of it; its marks are not stored by person, its interval is."""
    name, peer = max(peers, key=lambda each: float(each[1]["recall20"]))
    low, high = peer["ci95"]["recall20"]
    own = found["recall20"]
    verdict = "ahead of" if own > high else "behind" if own < low else "within the interval of"
    own_low, own_high = found["recall20_ci95"]
    print(
        f"\nRecall@20 {own:.4f} [{own_low:.4f}, {own_high:.4f}] is {verdict} the best peer's: "
        f"{name} {peer['recall20']:.4f} [{low:.4f}, {high:.4f}]."
    )
    return {"best_peer": name, "its": peer["recall20"], "its_ci95": (low, high), "is": verdict}


def _peer_row(name: str, peer: dict[str, Any]) -> list[str]:
    low, high = peer["ci95"]["ndcg10"]
    return [
        *(name, f"{peer['ndcg10']:.4f} [{low:.4f}, {high:.4f}]", f"{peer['recall20']:.4f}", f"{peer['hr10']:.3f}"),
        *(f"{peer['coverage10']:.3f}", f"{peer['fit_s']:.1f}", f"{peer['peak_rss_mb']:.0f}"),
        *(f"{peer['lat_ms_p50']:.2f}", f"{peer['model_mb']:.1f}"),
    ]


def _print_pairs(judged: Judged, best: Sequence[str], per_person: Path) -> list[dict[str, Any]]:
    """Compare with the best peers person by person, and show who is helped by length of history."""
    ours = judged.marks.ndcg10
    with np.load(per_person) as stored:
        theirs = {name: stored[name].astype(np.float64) for name in best if name in stored}
    pairs, rows = [], []
    for name, marks in theirs.items():
        mean, (low, high) = float((ours - marks).mean()), protocol.interval(ours - marks)
        verdict = "ahead" if low > 0 else "behind" if high < 0 else "not separable"
        pairs.append({"peer": name, "difference": mean, "ci95": (low, high), "is": verdict})
        rows.append((name, f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]", verdict))
    print("\n" + table(["beside", "paired difference of NDCG@10 [95 % CI]", "shopkeeper is"], rows) + "\n")
    classes = protocol.by_length(judged.exam, ours, *theirs.values())
    print(
        table(
            ["NDCG@10 by history", "people", "**shopkeeper**", *theirs],
            [(name, f"{people:,}", *(f"{mean:.4f}" for mean in means)) for name, people, means in classes],
        )
    )
    return pairs


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("place", type=Path)
    parser.add_argument("plugin")
    arguments = parser.parse_args()
    print(json.dumps(answer(arguments.place, arguments.plugin)))
