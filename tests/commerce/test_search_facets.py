from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.commerce.search_facets import (
    END,
    MOST_VALUES,
    Chosen,
    Columns,
    count_facets,
    facets_text,
    read_columns,
)
from chalicelib.commerce.search_words import price_bands

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


def columns_of(rows: list[Row]) -> Columns:
    return Columns(*map(list, zip(*rows, strict=True))) if rows else Columns()


@given(ROWS, CHOSEN)
def test_each_facet_counts_what_all_other_filters_let_through(rows: list[Row], chosen: Chosen) -> None:
    counted = count_facets(columns_of(rows), chosen)
    assert counted.total == sum(all(fits(row, chosen, name) for name in NAMES) for row in rows)
    for at, facet in enumerate(NAMES):
        left = [row[at] for row in rows if all(fits(row, chosen, name) for name in NAMES if name != facet)]
        if facet == "price":
            assert list(counted.price) == price_bands([int(cents) for cents in left])
        elif facet == "stock":
            assert counted.stock == (left.count(True), left.count(False))
        else:
            folded = [str(value).lower() for value in left if value]
            found = {value.lower(): count for value, count in getattr(counted, facet).counts}
            assert found == {value: folded.count(value) for value in set(folded)}
            assert getattr(counted, facet).others == 0


def test_values_come_by_count_then_alphabet_in_their_most_frequent_spelling() -> None:
    columns = columns_of([(value, "", "", 0, True) for value in ("b", "B", "B", "a", "c", "c", "c")])
    assert count_facets(columns, Chosen()).category.counts == [("B", 3), ("c", 3), ("a", 1)]


def test_no_more_than_fifty_values_are_listed() -> None:
    columns = columns_of([(f"{number:03}", "", "", 0, True) for number in range(60)])
    category = count_facets(columns, Chosen()).category
    assert ([value for value, _ in category.counts], category.others) == (
        [f"{number:03}" for number in range(MOST_VALUES)],
        10,
    )


@given(ROWS)
def test_columns_come_back_from_their_texts(rows: list[Row]) -> None:
    texts = [
        f"{at}\x1f{facets_text(category, brand or None, department or None, cents)}{END}"
        for at, (category, brand, department, cents, _) in enumerate(rows)
    ]
    stocked = {at for at, row in enumerate(rows) if row[4]}
    for parts in (texts, [",".join(texts)] if texts else []):
        assert read_columns(parts, lambda _ids: stocked) == columns_of(rows)


def test_marks_within_a_name_do_no_harm() -> None:
    text = facets_text("a\x1fb\x1e", None, "d", 5)
    columns = read_columns([f"7\x1f{text}{END}"], lambda ids: ids)
    assert (columns.category, columns.brand, columns.department) == (["a b "], [""], ["d"])
    assert (columns.price_cents, columns.in_stock) == ([5], [True])
