"""The SQL of the product search: how many products a word has, which ones match, in which order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    String,
    cast,
    func,
    literal,
    not_,
    select,
    text,
)
from sqlalchemy.sql.elements import Grouping

from chalicelib.commerce.catalogue import products_sql
from chalicelib.commerce.catalogue.search_facets import END, PART, Chosen
from chalicelib.commerce.catalogue.search_words import FIELDS, TOP_LEVEL, Term, common_part, patterns
from chalicelib.commerce.search_tables import product_search, search_grams, search_words
from chalicelib.commerce.tables import stock_levels
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.dialect import has_words
from chalicelib.core.database.pages import behind

Sort = Literal["relevance", "price_asc", "price_desc", "newest", "name"]

WORD_COUNTS = ("in_products", "in_names", "in_brands", "in_categories", "in_departments")
_FAR = 4
_LAST_CHARACTER = "\U0010ffff"
_CATALOGUE_SLICE = 20_000  # of which the text stays below 16 MB
_entry = product_search.c
# Not EXISTS: MariaDB would read all of the stock first.
_IN_STOCK = (
    select(func.coalesce(func.max(stock_levels.c.free), 0))
    .where(stock_levels.c.product_id == _entry.product_id)
    .scalar_subquery()
) > 0
_MARK = select(search_words.c.mark).where(search_words.c.word == "")

_ORDERS: dict[str, tuple[tuple[ColumnElement[Any], ...], bool]] = {
    "relevance": ((_entry.place, _entry.product_id), False),
    "price_asc": ((_entry.price_cents, _entry.product_id), False),
    "price_desc": ((_entry.price_cents, _entry.product_id), True),
    "newest": ((_entry.created_us, _entry.product_id), True),
    "name": ((_entry.name_sort, _entry.product_id), False),
}


@dataclass(frozen=True, slots=True)
class CountedTerm:
    """A term with about how many products have it at each level of relevance, and how many in their department.

    The numbers are rather too high than too low, and 0 only where there is none.
    """

    term: Term
    at_level: tuple[int, ...]
    in_departments: int

    def index_words(self, level: int) -> list[tuple[str, bool]]:
        """Return what to look up in the text index, (word, whether more may follow), but in fields without it."""
        _, to_categories, to_brands, names, _ = self.at_level
        counts = (names, to_brands - names, to_categories - to_brands, self.in_departments)
        fields = {field for field, count in zip(FIELDS, counts, strict=True) if count}
        asked = ((pattern.strip(), not pattern.endswith(" ")) for pattern in patterns(self.term, level))
        return [(word, more) for word, more in asked if word[0] in fields]


@dataclass(frozen=True, slots=True)
class Match:
    """What is looked for: every one of the terms, or as many of them as there are; `products` there are in all."""

    terms: tuple[CountedTerm, ...] = ()
    every: bool = True
    products: int = 0

    @property
    def plain_terms(self) -> list[Term]:
        """The terms without their counts."""
        return [counted.term for counted in self.terms]


def _conditions(chosen: Chosen) -> list[ColumnElement[bool]]:
    """Return the filters as conditions."""
    found: list[ColumnElement[bool]] = []
    for column, keys in (
        (_entry.category_key, chosen.categories),
        (_entry.brand_key, chosen.brands),
        (_entry.department_key, chosen.departments),
    ):
        if keys:
            found.append(column.in_(keys))
    if chosen.min_price_cents is not None:
        found.append(_entry.price_cents >= chosen.min_price_cents)
    if chosen.max_price_cents is not None:
        found.append(_entry.price_cents <= chosen.max_price_cents)
    if chosen.in_stock is not None:
        found.append(_IN_STOCK if chosen.in_stock else not_(_IN_STOCK))
    return found


# --- words -------------------------------------------------------------------------------------------------------


_SUMS = ", ".join(f"COALESCE(SUM({name}), 0) AS {name}" for name in WORD_COUNTS)
_ALL_PRODUCTS = f"SELECT -1 AS term, {_SUMS}, 0 AS in_names_whole FROM search_words WHERE word = ''"  # noqa: S608


def count_terms(connection: Connection, terms: Sequence[Term]) -> tuple[list[CountedTerm], int]:
    """Return how many products have each term, and how many products there are."""
    parts = [_ALL_PRODUCTS]
    values: dict[str, str] = {}
    for at, term in enumerate(terms):
        values |= {f"w{at}": term.word, f"e{at}": term.word + _LAST_CHARACTER, f"s{at}": term.stem}
        # Where a word stands, its singular stands too: it is enough to count that.
        parts.append(
            f"SELECT {at}, {_SUMS}, COALESCE(SUM(CASE WHEN word = :s{at} THEN in_names ELSE 0 END), 0) "  # noqa: S608
            f"FROM search_words WHERE (word > :w{at} AND word < :e{at}) OR word = :s{at}"
        )
    # As text, like the conditions below: as expressions it would take longer to make than to run.
    rows = {found.term: found for found in connection.execute(text(" UNION ALL ".join(parts)), values)}
    found = [CountedTerm(term, _at_levels(rows[at]), int(rows[at].in_departments)) for at, term in enumerate(terms)]
    return found, int(rows[-1].in_products)


def _at_levels(row: Any) -> tuple[int, ...]:
    names, brands, categories = int(row.in_names), int(row.in_brands), int(row.in_categories)
    return (int(row.in_products), names + brands + categories, names + brands, names, int(row.in_names_whole))


def begins(column: ColumnElement[Any], text: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions that a column begins with a text: a range of its index."""
    return column >= text, column < text + _LAST_CHARACTER


def list_alike(connection: Connection, grams: Sequence[str], least: int) -> list[tuple[str, int]]:
    """Return the words that share at least `least` of the grams, each with its number of products."""
    statement = (
        select(search_words.c.word, search_words.c.in_products)
        .join_from(search_grams, search_words, search_words.c.word == search_grams.c.word)
        .where(search_grams.c.gram.in_(grams))
        .group_by(search_words.c.word, search_words.c.in_products)
        .having(func.count() >= least)
    )
    return [(row.word, row.in_products) for row in connection.execute(statement)]


# --- what matches ------------------------------------------------------------------------------------------------


def _stands(term: Term, level: int, values: dict[str, str]) -> str:
    """Return the condition that a term stands at a level, as SQL; the values of its parameters go into `values`.

    As text, because a query has dozens of them: as expressions they would take longer to make than to run.
    """

    def contains(pattern: str) -> str:
        name = f"p{len(values)}"
        values[name] = pattern
        return f"instr(product_search.words, :{name}) > 0"

    # Most products have not even what all patterns have: it is looked for first.
    first = contains(common_part(term))
    return f"({first} AND ({' OR '.join(map(contains, patterns(term, level)))}))"


def _at(match: Match, level: int, values: dict[str, str]) -> str:
    """Return the condition that products match at a level or a higher one, as SQL."""
    if match.every:
        return " AND ".join(_stands(term, level, values) for term in match.plain_terms)
    return f"{_number(match, values)} > {level}"


def _number(match: Match, values: dict[str, str]) -> str:
    """Return how many of the terms stand in a product, as SQL."""
    cases = [f"CASE WHEN {_stands(term, 0, values)} THEN 1 ELSE 0 END" for term in match.plain_terms]
    return f"({' + '.join(cases)})"


def _matching(match: Match, level: int, *, but_not: int | None = None) -> ColumnElement[bool]:
    """Return the condition that products match at a level, `but_not` at a higher one."""
    values: dict[str, str] = {}
    condition = _at(match, level, values)
    if but_not is not None:
        condition += f" AND NOT ({_at(match, but_not, values)})"
    return text(f"({condition})").bindparams(**values)  # type: ignore[return-value]


def _depth(match: Match) -> ColumnElement[int]:
    """Return the level below zero, 1 where products do not match: what relevance sorts by."""
    values: dict[str, str] = {}
    if match.every:
        cases = [f"WHEN {_at(match, level, values)} THEN {-level}" for level in range(TOP_LEVEL, -1, -1)]
        found = f"CASE {' '.join(cases)} ELSE 1 END"
    else:  # of some of the words, one more is one level more
        found = f"1 - {_number(match, values)}"
    return Grouping(text(found).bindparams(**values))


def _expected(match: Match, terms: Sequence[CountedTerm], level: int) -> float:
    """Return about how many products have the terms at a level, as if words met by chance."""
    shares = [min(1.0, each.at_level[level] / max(1, match.products)) for each in terms]
    return match.products * (math.prod(shares) if match.every else sum(shares))


def looks_up(match: Match, level: int, limit: int) -> bool:
    """Tell whether to look the words of a level up in the text index, or to read products until `limit` match.

    Compared in microseconds, as measured on MariaDB: 1 for each product that a word has in the index, and 6 for each
    that has all of them; 1 for each that is read in order, and 0.2 for each word that is looked for in it.
    """
    if not match.every:
        level = 0  # there a level is a number of words, all of which count wherever they stand
    terms = _looked_up(match, level)
    read = match.products * min(1.0, limit / max(1e-9, _expected(match, match.terms, level)))
    found = sum(each.at_level[level] for each in terms) + 6 * _expected(match, terms, level)
    return found < read * (1 + 0.2 * len(match.terms))


def _looked_up(match: Match, level: int) -> list[CountedTerm]:
    """Return the terms to look up; where all must match, the rarest and those that are worth their reading."""
    if not match.every:
        return list(match.terms)
    first, *others = sorted(match.terms, key=lambda each: each.at_level[level])
    found = [first]
    for each in others:
        share = min(1.0, each.at_level[level] / max(1, match.products))
        if each.at_level[level] < 6 * _expected(match, found, level) * (1 - share):
            found.append(each)
    return found


def _look_up(connection: Connection, match: Match, level: int) -> ColumnElement[bool]:
    """Return the condition by the text index that a product has the terms to look up, all or any as in the match."""
    wanted = [counted.index_words(level) for counted in _looked_up(match, level)]
    if not match.every:
        wanted = [[word for words in wanted for word in words]]
    return has_words(connection, _entry.words, _entry.product_id, wanted)


def _all_matching(connection: Connection, match: Match, limit: int) -> list[ColumnElement[bool]]:
    """Return the conditions that products match at all, the quickest way when `limit` of them are wanted."""
    if not match.terms:
        return []
    if not looks_up(match, 0, limit):
        return [_matching(match, 0)]
    # What the index finds by all terms, or any of them, needs no second look.
    more = [] if len(_looked_up(match, 0)) == len(match.terms) else [_matching(match, 0)]
    return [_look_up(connection, match, 0), *more]


def matches_anything(connection: Connection, match: Match) -> bool:
    """Tell whether any product matches, whatever its price or stock."""
    statement = select(_entry.product_id).where(*_all_matching(connection, match, 1)).limit(1)
    return connection.execute(statement).first() is not None


def list_sorted(
    connection: Connection, match: Match, chosen: Chosen, sort: Sort, after: tuple[Any, ...], limit: int
) -> list[tuple[Any, ...]]:
    """Return the keys of the next products: the columns of the order, the last of them the id."""
    # What has a word is often dear or cheap or new together: where the order begins there may be few.
    conditions = [*_all_matching(connection, match, _FAR * limit), *_conditions(chosen)]
    return _keys(connection, conditions, sort, after, limit)


def _keys(
    connection: Connection, conditions: list[ColumnElement[bool]], sort: Sort, after: tuple[Any, ...], limit: int
) -> list[tuple[Any, ...]]:
    order, descending = _ORDERS[sort]
    statement = select(*order).where(*conditions)
    if after:
        statement = statement.where(behind(order, after, descending))
    ordered = statement.order_by(*(column.desc() if descending else column for column in order)).limit(limit)
    return [tuple(row) for row in connection.execute(ordered)]


def list_best(
    connection: Connection, match: Match, chosen: Chosen, after: tuple[int, ...], limit: int
) -> list[tuple[Any, ...]]:
    """Return the keys of the next products by relevance: (level, place, id), highest level first.

    Of words that few products have all matches are sorted. Of common words the levels are read one after
    the other, each in the order of places, until there are enough.
    """
    top = TOP_LEVEL if match.every else max(0, len(match.terms) - 2)
    # Of some of the words a level is how many; the counts are by the levels of all.
    first = next((level for level in range(top, -1, -1) if not _is_empty(match, level)), 0) if match.every else 0
    if looks_up(match, 0, limit) and looks_up(match, first, limit):
        return _best_of_all(connection, match, chosen, after, limit)
    found: list[tuple[Any, ...]] = []
    for level in range(min(after[0], top) if after else top, -1, -1):
        if _is_empty(match, level):
            continue
        conditions = [_matching(match, level, but_not=level + 1 if level < top else None), *_conditions(chosen)]
        if match.every and looks_up(match, level, limit - len(found)):
            conditions.insert(0, _look_up(connection, match, level))
        position = after[1:] if after and after[0] == level else ()
        rows = _keys(connection, conditions, "relevance", position, limit - len(found))
        found += [(level, *row) for row in rows]
        if len(found) >= limit:
            break
    return found


def _is_empty(match: Match, level: int) -> bool:
    """Tell whether the counts say that no product is on a level: none has the words, or all are higher."""
    if not match.every:
        return False
    if any(each.at_level[level] == 0 for each in match.terms):
        return True
    if level == 0:
        return not any(each.in_departments for each in match.terms)
    return level < TOP_LEVEL and all(each.at_level[level] == each.at_level[level + 1] for each in match.terms)


def _best_of_all(
    connection: Connection, match: Match, chosen: Chosen, after: tuple[int, ...], limit: int
) -> list[tuple[Any, ...]]:
    conditions = [_look_up(connection, match, 0), *_conditions(chosen)]
    statement = select(_depth(match).label("depth"), _entry.place, _entry.product_id).where(*conditions)
    found = statement.subquery("found").c
    order = (found.depth, found.place, found.product_id)
    statement = select(*order).where(found.depth <= 0).order_by(*order).limit(limit)
    if after:
        statement = statement.where(behind(order, (-after[0], *after[1:]), descending=False))
    return [(-depth, place, product_id) for depth, place, product_id in connection.execute(statement)]


def list_products(connection: Connection, ids: Sequence[int]) -> list[AnyRow]:
    """Return the products of `ids` in that order, each with `available`, its free units over all centers."""
    rows = products_sql.find_shown(connection, ids)
    return [rows[product_id] for product_id in ids if product_id in rows]


# --- what is counted ---------------------------------------------------------------------------------------------


def read_mark(connection: Connection) -> int:
    """Return a number that is another whenever any product of the search has changed."""
    return int(connection.scalar(_MARK) or 0)


def list_catalogue(connection: Connection) -> list[str]:
    """Return what facets count of all products, in a few long texts: see `search_facets.read_catalogue`.

    One row for each product would take the driver ten times as long as the server.
    """
    one = cast(_entry.product_id, String(20)) + literal(PART) + _entry.words + literal(PART)
    texts: list[str] = []
    last = 0
    while True:
        part = (
            select(_entry.product_id, (one + _entry.facets + literal(END)).label("facets"))
            .where(_entry.product_id > last)
            .order_by(_entry.product_id)
            .limit(_CATALOGUE_SLICE)
            .subquery("part")
        )
        statement = select(func.group_concat(part.c.facets), func.count(), func.max(part.c.product_id))
        found, count, greatest = connection.execute(statement).one()
        if count:
            texts.append(found)
        if count < _CATALOGUE_SLICE:
            return texts
        last = greatest
