"""How recommendations are judged: who is asked about, what counts as found, how sure a mean is. No model, no clock.

A data set is a folder: `interactions.csv[.gz]` (user_id, item_id, timestamp, ...; by user, then time), maybe
`items.csv[.gz]`, and for each split `splits/SPLIT.txt.gz`, one letter per row. `temporal`: t, v and y train, s is to
be found; `strong`: t trains, of people absent from training c (four fifths) is their history and d is to be found.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Figures = Mapping[str, Any]

RANKED = 20  # how many items are asked for
_FIRST = 10
_GAINS = 1 / np.log2(np.arange(2, 2 + _FIRST))
_IDEAL = np.cumsum(_GAINS)
_TRAINS = {"temporal": "tvy", "strong": "t"}
_GIVEN = {"temporal": "tvy", "strong": "c"}
_SOUGHT = {"temporal": "s", "strong": "d"}
SPLITS = tuple(_TRAINS)
LENGTHS = ((1, 2), (3, 5), (6, 10), (11, 20), (21, 50), (51, None))


@dataclass(frozen=True, slots=True)
class Exam:
    """One split: whom to ask about (ids ascending as text), with what in hand, and what would be right."""

    people: list[str]
    histories: list[list[str]]  # by time, oldest first, repeats kept
    targets: list[set[str]]
    in_training: bool  # False: the people are not in the training file, their histories are told
    items_known: int  # distinct items of the whole data set: what coverage is a share of


def split_file(folder: Path, split: str) -> Path:
    """Return where the letters of a split stand."""
    return folder / "splits" / f"{split}.txt.gz"


def stored(folder: Path, name: str) -> Path | None:
    """Return the plain or packed file of that name, None where there is none."""
    found = (path for path in (folder / name, folder / f"{name}.gz") if path.exists())
    return next(found, None)


def opened(path: Path) -> TextIO:
    """Open a text file, packed or not."""
    return gzip.open(path, "rt", encoding="utf-8", newline="") if path.suffix == ".gz" else path.open(newline="")


def prepare(folder: Path, split: str, train: Path) -> Exam:
    """Write the training rows of a split to the file `train`, columns as they are; return its exam."""
    source = stored(folder, "interactions.csv")
    if source is None:
        raise FileNotFoundError(f"{folder} has no interactions.csv")
    letters = gzip.decompress(split_file(folder, split).read_bytes()).decode().strip()
    given: dict[str, list[str]] = {}
    sought: dict[str, set[str]] = {}
    items = set()
    with opened(source) as lines, train.open("w", newline="") as kept:
        rows, writer = csv.reader(lines), csv.writer(kept, lineterminator="\n")
        header = next(rows)
        person_at, item_at = header.index("user_id"), header.index("item_id")
        writer.writerow(header)
        for letter, row in zip(letters, rows, strict=True):
            person, item = row[person_at], row[item_at]
            items.add(item)
            if letter in _TRAINS[split]:
                writer.writerow(row)
            if letter in _GIVEN[split]:
                given.setdefault(person, []).append(item)
            elif letter in _SOUGHT[split]:
                sought.setdefault(person, set()).add(item)
    people = sorted(person for person in sought if person in given)
    return Exam(
        people=people,
        histories=[given[person] for person in people],
        targets=[sought[person] for person in people],
        in_training=split == "temporal",
        items_known=len(items),
    )


@dataclass(frozen=True, slots=True)
class Marks:
    """What each person's list earned, (n_people,) each: `ndcg10`, `recall20`, `hit10`."""

    ndcg10: Floats
    recall20: Floats
    hit10: Floats
    wasted: int  # places taken by what the person has, or by a repeat


def mark(lists: Sequence[Sequence[str]], exam: Exam) -> Marks:
    """Return what the lists earn; binary gains, the ideal of a person with few targets is reached by these few."""
    found = np.zeros((len(exam.people), RANKED), dtype=bool)
    wasted = 0
    for person, (ranked, history, targets) in enumerate(zip(lists, exam.histories, exam.targets, strict=True)):
        earning, lost = _earning(ranked, set(history), targets)
        found[person, : len(earning)] = earning
        wasted += lost
    counts = np.array([len(targets) for targets in exam.targets], dtype=np.int64)
    first = found[:, :_FIRST]
    return Marks(
        ndcg10=first @ _GAINS / _IDEAL[np.minimum(counts, _FIRST) - 1],
        recall20=found.sum(axis=1) / np.minimum(counts, RANKED),
        hit10=np.asarray(first.any(axis=1), dtype=np.float64),
        wasted=wasted,
    )


def _earning(ranked: Sequence[str], seen: Collection[str], targets: Collection[str]) -> tuple[list[bool], int]:
    """Tell which places earn; a place with a seen or repeated item is taken and earns nothing."""
    used: set[str] = set()
    earning, wasted = [], 0
    for item in ranked[:RANKED]:
        fresh = item not in seen and item not in used
        wasted += not fresh
        used.add(item)
        earning.append(fresh and item in targets)
    return earning, wasted


def figures(lists: Sequence[Sequence[str]], exam: Exam) -> tuple[dict[str, Any], Marks]:
    """Return the means, their 95 % intervals, how much of the catalogue is shown, and each person's marks."""
    marks = mark(lists, exam)
    shown = {item for ranked in lists for item in ranked[:_FIRST]}
    return {
        "people": len(exam.people),
        "ndcg10": float(marks.ndcg10.mean()),
        "ndcg10_ci95": interval(marks.ndcg10),
        "recall20": float(marks.recall20.mean()),
        "recall20_ci95": interval(marks.recall20),
        "hit10": float(marks.hit10.mean()),
        "coverage10": len(shown) / exam.items_known,
        "wasted": marks.wasted,
    }, marks


def interval(values: Floats, draws: int = 2000, seed: int = 20) -> tuple[float, float]:
    """Return the bounds of the middle 95 % of means of `values` drawn anew with replacement: a bootstrap over people.

    Of a difference of two models' marks it is the paired bootstrap.
    """
    generator = np.random.default_rng(seed)
    means = np.array([values[generator.integers(0, len(values), len(values))].mean() for _ in range(draws)])
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def by_length(exam: Exam, *columns: Floats) -> list[tuple[str, int, list[float]]]:
    """Return name, people and mean of each column for each class of history lengths, in distinct items."""
    lengths = np.array([len(set(history)) for history in exam.histories])
    rows = []
    for low, high in LENGTHS:
        inside = (lengths >= low) & (lengths <= (lengths.max(initial=0) if high is None else high))
        if inside.any():
            name = f"{low} and more" if high is None else f"{low} to {high}"
            rows.append((name, int(inside.sum()), [float(column[inside].mean()) for column in columns]))
    return rows
