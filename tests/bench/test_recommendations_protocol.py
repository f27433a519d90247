"""The marks that recommendations get, against cases counted by hand."""

from __future__ import annotations

import csv
import gzip
from math import log2
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.recommendations_protocol import Exam, by_length, figures, interval, mark, prepare


def exam(*cases: tuple[list[str], set[str]], items_known: int = 100) -> Exam:
    """An exam of people with a history and targets each."""
    return Exam(
        people=[f"p{number}" for number in range(len(cases))],
        histories=[history for history, _ in cases],
        targets=[targets for _, targets in cases],
        in_training=True,
        items_known=items_known,
    )


def test_a_find_earns_by_its_place_and_few_targets_have_a_smaller_ideal() -> None:
    marks = mark([["a", "x", "b"]], exam((["h"], {"a", "b"})))
    assert marks.ndcg10[0] == pytest.approx((1 + 1 / log2(4)) / (1 + 1 / log2(3)))
    assert marks.recall20[0] == 1
    assert marks.hit10[0] == 1


def test_more_than_ten_targets_have_the_ideal_of_ten_and_more_than_twenty_the_recall_of_twenty() -> None:
    targets = {f"t{number}" for number in range(25)}
    all_right = sorted(targets)[:20]
    marks = mark([all_right, all_right[:10]], exam((["h"], targets), (["h"], targets)))
    assert marks.ndcg10.tolist() == pytest.approx([1, 1])
    assert marks.recall20.tolist() == [1, 0.5]


def test_places_eleven_to_twenty_count_for_recall_only_and_later_ones_for_nothing() -> None:
    others = [f"x{number}" for number in range(30)]
    late = [*others[:10], "a", *others[10:19], "b"]
    marks = mark([late], exam((["h"], {"a", "b"})))
    assert marks.ndcg10[0] == 0
    assert marks.hit10[0] == 0
    assert marks.recall20[0] == 0.5


def test_a_seen_item_takes_its_place_and_earns_nothing_even_when_it_is_a_target() -> None:
    marks = mark([["h", "a"]], exam((["h"], {"h", "a"})))
    assert marks.ndcg10[0] == pytest.approx((1 / log2(3)) / (1 + 1 / log2(3)))
    assert marks.recall20[0] == 0.5
    assert marks.wasted == 1


def test_a_repeat_takes_its_place_and_earns_nothing() -> None:
    marks = mark([["a", "a", "b"]], exam((["h"], {"a", "b"})))
    assert marks.ndcg10[0] == pytest.approx((1 + 1 / log2(4)) / (1 + 1 / log2(3)))
    assert marks.recall20[0] == 1
    assert marks.wasted == 1


def test_an_empty_list_earns_nothing() -> None:
    marks = mark([[]], exam((["h"], {"a"})))
    assert (marks.ndcg10[0], marks.recall20[0], marks.hit10[0], marks.wasted) == (0, 0, 0, 0)


def test_every_person_needs_a_list() -> None:
    with pytest.raises(ValueError, match="zip"):
        mark([["a"]], exam((["h"], {"a"}), (["h"], {"a"})))


@given(
    st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), max_size=30),
    st.sets(st.sampled_from("abcdefgh")),
    st.sets(st.sampled_from("ghijklmnop"), min_size=1),
)
def test_marks_are_between_nothing_and_one(ranked: list[str], seen: set[str], targets: set[str]) -> None:
    marks = mark([ranked], exam((sorted(seen), targets)))
    for values in (marks.ndcg10, marks.recall20, marks.hit10):
        assert 0 <= values[0] <= 1 + 1e-12


def test_coverage_is_the_share_of_all_items_that_somebody_is_shown_in_the_first_ten() -> None:
    ten = [f"x{number}" for number in range(10)]
    found, _ = figures([[*ten, "late"], ["x0", "y"]], exam((["h"], {"a"}), (["h"], {"a"}), items_known=44))
    assert found["coverage10"] == 11 / 44
    assert found["people"] == 2


def test_the_interval_is_about_the_mean_and_as_wide_as_theory_says() -> None:
    values = np.random.default_rng(1).normal(0.3, 0.2, 4000)
    low, high = interval(values)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * 0.2 / 4000**0.5, rel=0.1)
    assert interval(values) == (low, high)


def test_histories_are_classed_by_their_distinct_items() -> None:
    asked = exam((["a", "a"], {"x"}), (["a", "b", "c"], {"x"}), ([str(n) for n in range(51)], {"x"}))
    rows = by_length(asked, np.array([0.1, 0.2, 0.3]))
    assert rows == [("1 to 2", 1, [0.1]), ("3 to 5", 1, [0.2]), ("51 and more", 1, [0.3])]


ROWS = [
    # person, item, temporal, strong
    ("10", "a", "t", "t"),
    ("10", "b", "v", "t"),
    ("10", "a", "y", "t"),
    ("10", "c", "s", "t"),
    ("9", "a", "t", "c"),
    ("9", "a", "t", "c"),
    ("9", "b", "s", "d"),
    ("9", "b", "s", "d"),
    ("8", "d", "s", "d"),  # nothing is known of this one beforehand
    ("7", "a", "t", "b"),
    ("7", "c", "t", "a"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with gzip.open(tmp_path / "interactions.csv.gz", "wt", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["user_id", "item_id", "timestamp", "note"])
        writer.writerows([person, item, 5, 'said "so, then"\nand went'] for person, item, *_ in ROWS)
    (tmp_path / "splits").mkdir()
    for at, split in ((2, "temporal"), (3, "strong")):
        letters = "".join(row[at] for row in ROWS)
        (tmp_path / "splits" / f"{split}.txt.gz").write_bytes(gzip.compress(letters.encode()))
    return tmp_path


def trained(file: Path) -> list[tuple[str, str]]:
    with file.open(newline="") as lines:
        return [(row["user_id"], row["item_id"]) for row in csv.DictReader(lines)]


def test_the_split_by_time_trains_on_all_but_the_last_and_asks_those_who_have_both(folder: Path) -> None:
    found = prepare(folder, "temporal", folder / "train.csv")
    assert trained(folder / "train.csv") == [(person, item) for person, item, letter, _ in ROWS if letter != "s"]
    assert found.people == ["10", "9"]  # as text
    assert found.histories == [["a", "b", "a"], ["a", "a"]]
    assert found.targets == [{"c"}, {"b"}]
    assert found.in_training
    assert found.items_known == 4


def test_the_split_by_people_tells_histories_of_whom_training_does_not_know(folder: Path) -> None:
    found = prepare(folder, "strong", folder / "train.csv")
    assert {person for person, _ in trained(folder / "train.csv")} == {"10"}
    assert found.people == ["9"]
    assert found.histories == [["a", "a"]]
    assert found.targets == [{"b"}]
    assert not found.in_training


def test_training_rows_keep_every_column_as_it_is(folder: Path) -> None:
    prepare(folder, "temporal", folder / "train.csv")
    with (folder / "train.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert rows[0] == {"user_id": "10", "item_id": "a", "timestamp": "5", "note": 'said "so, then"\nand went'}


def test_a_split_of_another_length_is_refused(folder: Path) -> None:
    (folder / "splits" / "temporal.txt.gz").write_bytes(gzip.compress(b"ttt"))
    with pytest.raises(ValueError, match="zip"):
        prepare(folder, "temporal", folder / "train.csv")
