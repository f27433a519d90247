from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.commerce.search_facets import (
    END,
    MOST_VALUES,
    Chosen,
    Facets,
    count_facets,
    facets_text,
    read_catalogue,
    stock_mask,
    words_mask,
)
from chalicelib.commerce.search_words import Term, band_of, price_bands, words_text

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["Jeans", "JEANS", "Tops, Tees & more", "A|B"]),
        st.sampled_from(["Levi", "Acme", ""]),
        st.sampled_from(["Women", "Men", ""]),
        st.sampled_from([0, 999, 1000, 99_999_999]),
        st.booleans(),
    ),
    max_size=30,
)
CHOSEN = st.builds(
    Chosen,
    st.sets(st.sampled_from(["jeans", "a|b", "no such"])),
    st.sets(st.sampled_from(["levi", "acme"])),
    st.sets(st.sampled_from(["women"])),
    st.sampled_from([None, 0, 1000]),
    st.sampled_from([None, 999, 1000]),
    st.sampled_from([None, True, False]),
)
Row = tuple[str, str, str, int, bool]
NAMES = ("category", "brand", "department", "price", "stock")


def fits(row: Row, chosen: Chosen, facet: str) -> bool:
    category, brand, department, cents, in_stock = row
    return {
        "category": not chosen.categories or category.lower() in chosen.categories,
        "brand": not chosen.brands or brand.lower() in chosen.brands,
        "department": not chosen.departments or department.lower() in chosen.departments,
        "price": (chosen.min_price_cents is None or cents >= chosen.min_price_cents)
        and (chosen.max_price_cents is None or cents <= chosen.max_price_cents),
        "stock": chosen.in_stock is None or in_stock == chosen.in_stock,
    }[facet]


def text_of(at: int, row: Row, name: str = "") -> str:
    category, brand, department, cents, _ = row
    words = words_text({"n": name, "b": brand, "c": category, "d": department})
    return f"{at}\x1f{words}\x1f{facets_text(category, brand or None, department or None, cents)}{END}"


def count(rows: list[Row], chosen: Chosen) -> Facets:
    catalogue = read_catalogue([text_of(at, row) for at, row in enumerate(rows)])
    return count_facets(catalogue, bytes(row[4] for row in rows), None, chosen)


@given(ROWS, CHOSEN)
def test_each_facet_counts_what_all_other_filters_let_through(rows: list[Row], chosen: Chosen) -> None:
    counted = count(rows, chosen)
    assert counted.total == sum(all(fits(row, chosen, name) for name in NAMES) for row in rows)
    for at, facet in enumerate(NAMES):
        left = [row[at] for row in rows if all(fits(row, chosen, name) for name in NAMES if name != facet)]
        if facet == "price":
            assert list(counted.price) == price_bands(Counter(band_of(int(cents)) for cents in left))
        elif facet == "stock":
            assert counted.stock == (left.count(True), left.count(False))
        else:
            folded = [str(value).lower() for value in left if value]
            found = {value.lower(): count for value, count in getattr(counted, facet).counts}
            assert found == {value: folded.count(value) for value in set(folded)}
            assert getattr(counted, facet).others == 0


def test_values_come_by_count_then_alphabet_in_their_most_frequent_spelling() -> None:
    rows: list[Row] = [(value, "", "", 0, True) for value in ("b", "B", "B", "a", "c", "c", "c")]
    assert count(rows, Chosen()).category.counts == [("B", 3), ("c", 3), ("a", 1)]


def test_no_more_than_fifty_values_are_listed() -> None:
    category = count([(f"{number:03}", "", "", 0, True) for number in range(60)], Chosen()).category
    assert ([value for value, _ in category.counts], category.others) == (
        [f"{number:03}" for number in range(MOST_VALUES)],
        10,
    )


def test_more_values_than_a_byte_has_are_told_apart() -> None:
    rows: list[Row] = [("", f"{number // 2:03}", "", 0, True) for number in range(600)]
    brand = count(rows, Chosen(brands=["299"])).brand
    assert ({count for _, count in brand.counts}, brand.others) == ({2}, 249)
    assert [value for value, _ in brand.counts] == [*(f"{number:03}" for number in range(MOST_VALUES)), "299"]
    assert count(rows, Chosen(brands=["299", "000"])).total == 4


@given(ROWS)
def test_columns_come_back_from_their_texts(rows: list[Row]) -> None:
    texts = [text_of(at, row) for at, row in enumerate(rows)]
    for parts in (texts, [",".join(texts)] if texts else []):
        read = read_catalogue(parts)
        columns = (read.category, read.brand, read.department)
        assert [
            (*(column.spellings[column.codes[at]] for column in columns), cents, at % 2 == 0)
            for at, cents in enumerate(read.price_cents)
        ] == [(*row[:4], at % 2 == 0) for at, row in enumerate(rows)]
        assert read.ids == [str(at) for at in range(len(rows))]
        assert list(stock_mask(read, {"0", "2", "77"})) == [int(at in (0, 2)) for at in range(len(rows))]


def test_marks_within_a_name_do_no_harm() -> None:
    read = read_catalogue([text_of(7, ("a\x1fb\x1e", "", "d", 5, True)), text_of(8, ("e", "", "", 6, True))])
    assert (read.ids, read.category.spellings) == (["7", "8"], ["", "a b ", "e"])
    assert list(read.price_cents) == [5, 6]


def test_words_are_found_in_any_field_as_beginnings_or_in_the_singular() -> None:
    names = ["Slim Jeans", "Jeansware", "jean", "bejean", "ada decade", "\u0436\u0436", "e=jean"]
    row: Row = ("Slims", "", "", 0, True)
    other: Row = ("X", "", "", 0, True)
    texts = [text_of(at, row if at == 2 else other, name) for at, name in enumerate(names)]
    catalogue = read_catalogue(texts)

    def found(*words: tuple[str, str], every: bool = True) -> list[int]:
        mask = words_mask(catalogue, [Term(*word) for word in words], every=every)
        return [at for at in range(len(names)) if mask is None or mask[at]]

    assert found() == [0, 1, 2, 3, 4, 5, 6]
    assert found(("jean", "jean")) == [0, 1, 2, 6]
    assert found(("jeans", "jean")) == [0, 1, 2, 6]
    assert found(("jeansw", "jeansw")) == [1]
    assert found(("slim", "slim"), ("jean", "jean")) == [0, 2]
    assert found(("slim", "slim"), ("e", "e"), every=False) == [0, 2, 6]
    assert found(("ad", "ad")) == found(("decad", "decad")) == [4]
    assert found(("\u0436", "\u0436")) == [5]
    assert found(("0436", "0436")) == found(("n", "n")) == []
