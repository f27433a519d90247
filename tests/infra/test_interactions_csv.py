"""Files of interactions of any shop: what is read of them, and what is said of those that are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from infra.interactions_csv import BadFile, read_catalogue, read_interactions


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "interactions.csv"


def test_people_and_items_are_coded_by_their_texts_whatever_is_in_them(file: Path) -> None:
    file.write_text('user_id,item_id,timestamp\n"a, b",☃,30\n007,"x\n",10\n7,☃,20\n', "utf-8")
    found, ids = read_interactions(file)
    assert ids.people == ["007", "7", "a, b"]
    assert ids.items == ["x\n", "☃"]
    assert found.people.tolist() == [0, 1, 2]
    assert found.items.tolist() == [0, 1, 1]
    assert found.times.tolist() == [10, 20, 30]
    assert found.weights.tolist() == [1, 1, 1]


@pytest.mark.parametrize("stamps", [None, ["5"] * 5, [""] * 5])
def test_without_times_the_order_in_the_file_is_that_of_each_person(file: Path, stamps: list[str] | None) -> None:
    rows = [("b", "9"), ("a", "5"), ("b", "1"), ("b", "4"), ("a", "3")]
    lines = ["user_id,item_id" + ("" if stamps is None else ",timestamp")]
    lines += [",".join([*row, *([] if stamps is None else [stamps[at]])]) for at, row in enumerate(rows)]
    file.write_text("\n".join(lines))
    found, ids = read_interactions(file)
    assert [ids.items[code] for code in found.items] == ["5", "3", "9", "1", "4"]
    assert found.times.tolist() == [0, 1, 0, 1, 2]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1700000000", 1_700_000_000),
        ("1700000000.9", 1_700_000_000),
        ("1700000000000", 1_700_000_000),  # thousandths
        ("1700000000000000000", 1_700_000_000),
        ("17", 17),
        ("-86400", -86_400),
        ("", 0),
        ("nan", 0),
        ("2023-11-14T22:13:20+00:00", 1_700_000_000),
        ("2023-11-14 22:13:20 UTC", 1_700_000_000),
        ("2023-11-14", 1_699_920_000),
    ],
)
def test_times_are_seconds_or_finer_or_iso_8601(file: Path, text: str, seconds: int) -> None:
    file.write_text(f"user_id,item_id,timestamp,basket_id\na,1,{text},7\na,2,{text},7\nb,1,,8\n")
    found, _ids = read_interactions(file)
    assert found.times[:2].tolist() == ([seconds] * 2 if seconds else [0, 1])


def test_without_baskets_one_thing_is_done_at_once_in_the_order_of_the_file(file: Path) -> None:
    day = 1_700_000_000
    rows = [("a", 3, day), ("b", 9, day), ("a", 1, day), ("a", 2, day - 86_400_000), ("a", 2, day)]
    file.write_text("user_id,item_id,timestamp\n" + "".join(f"{p},{i},{t}\n" for p, i, t in rows))
    found, ids = read_interactions(file)
    mine = found.people == ids.people.index("a")
    assert [ids.items[code] for code in found.items[mine]] == ["2", "3", "1", "2"]
    assert found.times[mine].tolist() == [day - 86_400_000, day, day + 1, day + 2]
    assert found.times[~mine].tolist() == [day]


def test_what_counts_for_nothing_did_not_happen(file: Path) -> None:
    file.write_text("user_id,item_id,weight\na,1,0.15\na,2,0\na,3,-1\na,4,nan\na,5,\na,6,inf\na,7,2\n")
    found, ids = read_interactions(file)
    assert [ids.items[code] for code in found.items] == ["1", "7"]
    np.testing.assert_allclose(found.weights, [0.15, 2])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("user_id,thing\n1,2\n", "item_id"),
        ("", "user_id"),
        ("user_id,item_id,timestamp\na,1,soon\n", "time"),
        ("user_id,item_id,weight\na,1,much\n", "weight"),
    ],
)
def test_a_file_that_is_none_is_told_of(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    with pytest.raises(BadFile, match=said):
        read_interactions(file)


def test_items_are_described_in_the_order_of_their_codes(file: Path, tmp_path: Path) -> None:
    file.write_text("user_id,item_id\na,2\na,9\n")
    items = tmp_path / "items.csv"
    items.write_text("item_id,name,price\n5,Écharpe,3.5\n2,,free\n")
    _found, ids = read_interactions(file, items)
    assert ids.items == ["2", "5", "9"]
    found = read_catalogue(items, ids.items)
    assert found.names == ["", "écharpe", ""]
    assert found.categories == []
    assert found.prices is not None
    np.testing.assert_array_equal(found.prices, np.array([np.nan, 3.5, np.nan], dtype=np.float32))
