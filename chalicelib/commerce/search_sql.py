"""The SQL of the product search: how many products a word has, which ones match, in which order."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, case, func, literal, not_, or_, select, union_all

from chalicelib.commerce.search_facets import END, Chosen
from chalicelib.commerce.search_tables import product_search, search_grams, search_words
from chalicelib.commerce.search_words import BRAND, CATEGORY, FIELDS, NAME, Term, token
from chalicelib.commerce.tables import products, stock_levels
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.dialect import has_words
from chalicelib.core.database.pages import behind

Sort = Literal["relevance", "price_asc", "price_desc", "newest", "name"]

# Up to so many products a word is looked up in the text index; beyond, the products are read in their order until the
# page is full, which a common word fills soon.
RARE = 1_000
_LAST_CHARACTER = "\U0010ffff"
_FACETS_SLICE = 50_000
_HIDDEN = {
    "category_key",
    "brand_key",
    "status",
    "description",
    "image_key",
    "image_alt",
    "low_stock_level",
    "version",
}

_entry = product_search.c
# Not EXISTS: MariaDB would read all of the stock first.
_IN_STOCK = (
    select(func.coalesce(func.max(stock_levels.c.free), 0))
    .where(stock_levels.c.product_id == _entry.product_id)
    .scalar_subquery()
) > 0
_AVAILABLE = (
    select(func.coalesce(func.sum(stock_levels.c.free), 0))
    .where(stock_levels.c.product_id == products.c.id)
    .scalar_subquery()
)
_SHOWN = select(
    *(column for column in products.c if column.name not in _HIDDEN), _AVAILABLE.label("available")
)  # made once: building it costs as much as a short query

_ORDERS: dict[str, tuple[tuple[ColumnElement[Any], ...], bool]] = {
    "relevance": ((_entry.place, _entry.product_id), False),
    "price_asc": ((_entry.price_cents, _entry.product_id), False),
    "price_desc": ((_entry.price_cents, _entry.product_id), True),
    "newest": ((_entry.created_us, _entry.product_id), True),
    "name": ((_entry.name_sort, _entry.product_id), False),
}


@dataclass(frozen=True, slots=True)
class CountedTerm:
    """A term with about how many products have it, and have it in their name: not too few, and 0 only where none."""

    term: Term
    in_products: int
    in_names: int


@dataclass(frozen=True, slots=True)
class Match:
    """What is looked for: every one of the terms, or as many of them as there are."""

    terms: tuple[CountedTerm, ...] = ()
    every: bool = True


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


def count_terms(connection: Connection, terms: Sequence[Term]) -> list[CountedTerm]:
    """Return how many products have each term."""
    if not terms:
        return []
    counts = [
        select(
            literal(at).label("at"),
            func.coalesce(func.sum(search_words.c.in_products), 0).label("in_products"),
            func.coalesce(func.sum(search_words.c.in_names), 0).label("in_names"),
        ).where(or_(and_(*_begins(search_words.c.word, term.word)), search_words.c.word == term.stem))
        for at, term in enumerate(terms)
    ]
    found = {row.at: row for row in connection.execute(union_all(*counts) if len(counts) > 1 else counts[0])}
    return [CountedTerm(term, int(found[at].in_products), int(found[at].in_names)) for at, term in enumerate(terms)]


def _begins(column: ColumnElement[Any], text: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
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


def _stands(term: Term, fields: Sequence[str], *, whole: bool = False) -> ColumnElement[bool]:
    """Return the condition that a term stands in one of the fields: as a beginning, or as a whole word."""
    patterns: list[str] = []
    for field in fields:
        patterns.append(f" {token(field, term.word)}{' ' if whole else ''}")
        if term.stem != term.word:
            patterns.append(f" {token(field, term.stem)} ")
    return or_(*(func.instr(_entry.words, pattern) > 0 for pattern in patterns))


def _levels(match: Match) -> list[ColumnElement[bool]]:
    """Return the levels of relevance, from what any match fulfils to the strictest; each contains the next."""
    terms = [counted.term for counted in match.terms]
    if not match.every:
        matched: list[ColumnElement[int]] = [case((_stands(term, FIELDS), 1), else_=0) for term in terms]
        number = reduce(operator.add, matched)
        return [number >= least for least in range(1, len(terms))] or [number >= 1]
    return [
        and_(*(_stands(term, FIELDS) for term in terms)),
        and_(*(_stands(term, (NAME, BRAND, CATEGORY)) for term in terms)),
        and_(*(_stands(term, (NAME, BRAND)) for term in terms)),
        and_(*(_stands(term, (NAME,)) for term in terms)),
        and_(*(_stands(term, (NAME,), whole=True) for term in terms)),
    ]


_IN_NAME = 3  # the first level that looks into names alone


def _look_up(connection: Connection, match: Match, *, names: bool = False) -> list[ColumnElement[bool]]:
    """Return the condition by the text index, where few enough products have the words; else none."""
    if not match.terms:
        return []

    def count(counted: CountedTerm) -> int:
        return counted.in_names if names else counted.in_products

    # Every term must match, so the rarest finds all there is.
    looked_up = [min(match.terms, key=count)] if match.every else list(match.terms)
    if sum(map(count, looked_up)) > RARE:
        return []
    words: list[tuple[str, bool]] = []
    for counted in looked_up:
        for field in (NAME,) if names else FIELDS:
            words.append((token(field, counted.term.word), True))
            if counted.term.stem != counted.term.word:
                words.append((token(field, counted.term.stem), False))
    return [has_words(connection, _entry.words, _entry.product_id, words)]


def matches_anything(connection: Connection, match: Match) -> bool:
    """Tell whether any product matches, whatever its price or stock."""
    conditions = [_levels(match)[0], *_look_up(connection, match)]
    return connection.execute(select(_entry.product_id).where(*conditions).limit(1)).first() is not None


def list_sorted(
    connection: Connection, match: Match, chosen: Chosen, sort: Sort, after: tuple[Any, ...], limit: int
) -> list[tuple[Any, ...]]:
    """Return the keys of the next products: the columns of the order, the last of them the id."""
    conditions = _conditions(chosen)
    if match.terms:
        conditions += [_levels(match)[0], *_look_up(connection, match)]
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

    Of words that few products have all matches are read and sorted. Of common words the levels are read one after
    the other, each in the order of places, until there are enough.
    """
    levels = _levels(match)
    looked_up = _look_up(connection, match)
    if looked_up:
        return _sorted_by_level(connection, levels, [*looked_up, *_conditions(chosen)], after, limit)
    found: list[tuple[Any, ...]] = []
    top = len(levels) - 1
    start = min(after[0], top) if after else top
    for level in range(start, -1, -1):
        in_names = match.every and level >= _IN_NAME
        if in_names and not all(counted.in_names for counted in match.terms):
            continue
        conditions = [levels[level], *_conditions(chosen)]
        if level < top:
            conditions.append(not_(levels[level + 1]))
        if in_names:
            conditions += _look_up(connection, match, names=True)
        position = after[1:] if after and after[0] == level else ()
        rows = _keys(connection, conditions, "relevance", position, limit - len(found))
        found += [(level, *row) for row in rows]
        if len(found) >= limit:
            break
    return found


def _sorted_by_level(
    connection: Connection,
    levels: list[ColumnElement[bool]],
    conditions: list[ColumnElement[bool]],
    after: tuple[int, ...],
    limit: int,
) -> list[tuple[Any, ...]]:
    # Each level contains the next: the first that fits, from the top, is the level.
    above = [(levels[at], at) for at in range(len(levels) - 1, 0, -1)]
    level: ColumnElement[int] = case(*above, else_=0) if above else literal(0)
    hits = (
        select(level.label("level"), _entry.place, _entry.product_id).where(levels[0], *conditions).subquery("hits")
    )
    statement = select(hits.c.level, hits.c.place, hits.c.product_id)
    if after:
        in_level = and_(hits.c.level == after[0], behind((hits.c.place, hits.c.product_id), after[1:], False))
        statement = statement.where(or_(hits.c.level < after[0], in_level))
    ordered = statement.order_by(hits.c.level.desc(), hits.c.place, hits.c.product_id).limit(limit)
    return [tuple(row) for row in connection.execute(ordered)]


def list_products(connection: Connection, ids: Sequence[int]) -> list[AnyRow]:
    """Return the products of `ids` in that order, each with `available`, its free units over all centers."""
    if not ids:
        return []
    rows = {row.id: row for row in connection.execute(_SHOWN.where(products.c.id.in_(ids)))}
    return [rows[product_id] for product_id in ids if product_id in rows]


# --- what is counted ---------------------------------------------------------------------------------------------


def list_facets(connection: Connection, match: Match) -> list[str]:
    """Return the facets of all that matches, in a few long texts: see `search_facets.facets_text`.

    One value a row would take the driver ten times as long as the server.
    """
    conditions = [_levels(match)[0], *_look_up(connection, match)] if match.terms else []
    flagged = _entry.facets + case((_IN_STOCK, literal("1")), else_=literal("0")) + literal(END)
    texts: list[str] = []
    last = 0
    while True:
        part = (
            select(_entry.product_id, flagged.label("facets"))
            .where(_entry.product_id > last, *conditions)
            .order_by(_entry.product_id)
            .limit(_FACETS_SLICE)
            .subquery("part")
        )
        statement = select(func.group_concat(part.c.facets), func.count(), func.max(part.c.product_id))
        text, count, greatest = connection.execute(statement).one()
        if count:
            texts.append(text)
        if count < _FACETS_SLICE:
            return texts
        last = greatest


def list_values(
    connection: Connection, field: Literal["category", "brand"], beginning: str, limit: int
) -> list[tuple[str, int]]:
    """Return the brands or categories whose key begins with `beginning`, with their products, most first."""
    key = _entry.category_key if field == "category" else _entry.brand_key
    spelling = products.c.category if field == "category" else products.c.brand
    counted = (
        select(func.min(_entry.product_id).label("product_id"), func.count().label("number"))
        .where(*_begins(key, beginning))
        .group_by(key)
        .order_by(func.count().desc(), key)
        .limit(limit)
        .subquery("counted")
    )
    statement = (
        select(spelling, counted.c.number)
        .join_from(counted, products, products.c.id == counted.c.product_id)
        .order_by(counted.c.number.desc(), spelling)
    )
    return [(row[0], row[1]) for row in connection.execute(statement)]
