"""Searching products: what a query means, which products it finds in which order, and what can be counted of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.commerce.catalogue import search_sql, search_values_sql
from chalicelib.commerce.catalogue.search_facets import (
    Catalogue,
    Chosen,
    Facets,
    count_facets,
    read_catalogue,
    stock_mask,
    words_mask,
)
from chalicelib.commerce.catalogue.search_index import clear, fill, index_products, refresh_all, refresh_popularity
from chalicelib.commerce.catalogue.search_sql import Match, Sort
from chalicelib.commerce.catalogue.search_words import Term, grams, nearest, shared_grams, stem, terms_of
from chalicelib.core.config import settings
from chalicelib.core.database import Connection
from chalicelib.core.text import fold

__all__ = [
    "Chosen",
    "Facets",
    "Found",
    "Kept",
    "Sort",
    "clear",
    "count_products",
    "fill",
    "in_memory",
    "index_products",
    "refresh_all",
    "refresh_popularity",
    "search_products",
    "suggest",
]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of products; the key of its last when more follow; the words that were looked for, if others.

    `every` tells whether they have all the words, or as many of them as there are.
    """

    items: Sequence[Any]
    next_key: tuple[Any, ...] | None
    did_you_mean: str | None
    every: bool = True


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Products as (id, name), categories and brands each with its number of products."""

    products: Sequence[tuple[int, str]] = ()
    categories: Sequence[tuple[str, int]] = ()
    brands: Sequence[tuple[str, int]] = ()


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a query was understood as; `match` is None when no product has any of its words."""

    match: Match | None
    did_you_mean: str | None


def search_products(
    connection: Connection, query: str, chosen: Chosen, *, sort: Sort, after: tuple[Any, ...], limit: int
) -> Found:
    """Return the next products that have all words of the query, from behind the key `after` (() at the beginning).

    A word that no product has is read as the nearest one that there is, or left out. Where no product at all has
    all words, those that have most of them are found. Keys: (level, place, id) by relevance, else (value, id).
    """
    meaning = _understand(connection, query)
    match = meaning.match
    if match is None or limit == 0:
        return Found([], None, meaning.did_you_mean)
    keys = _find(connection, match, chosen, sort, after, limit + 1)
    every = bool(keys) or not _is_hopeless(connection, match)
    if not every:
        keys = _find(connection, replace(match, every=False), chosen, sort, after, limit + 1)
    shown = keys[:limit]
    items = search_sql.list_products(connection, [key[-1] for key in shown])
    return Found(items, shown[-1] if len(keys) > limit else None, meaning.did_you_mean, every)


def _find(
    connection: Connection, match: Match, chosen: Chosen, sort: Sort, after: tuple[Any, ...], limit: int
) -> list[tuple[Any, ...]]:
    if sort == "relevance" and match.terms:
        return search_sql.list_best(connection, match, chosen, after, limit)
    if sort == "relevance":  # without words all are on one level
        keys = search_sql.list_sorted(connection, match, chosen, sort, after[1:], limit)
        return [(0, *key) for key in keys]
    return search_sql.list_sorted(connection, match, chosen, sort, after, limit)


def _is_hopeless(connection: Connection, match: Match) -> bool:
    """Tell whether no product has all words, whatever the filters and wherever the page."""
    return len(match.terms) > 1 and not search_sql.matches_anything(connection, match)


def count_products(connection: Connection, query: str, chosen: Chosen) -> tuple[Facets, str | None, bool]:
    """Return the counts of what a search finds, the words that were looked for if others, and whether all of them.

    Counts may be as old as the setting `facets_ttl_s` says.
    """
    match = _understand(connection, query)
    kept = in_memory(connection)
    terms = [] if match.match is None else match.match.plain_terms
    found = bytes(len(kept.in_stock)) if match.match is None else words_mask(kept.catalogue, terms, every=True)
    every = found is None or any(found) or len(terms) < 2
    if not every:
        found = words_mask(kept.catalogue, terms, every=False)
    return count_facets(kept.catalogue, kept.in_stock, found, chosen), match.did_you_mean, every


@dataclass(frozen=True, slots=True)
class Kept:
    """The catalogue as a process has it in memory, the mark that it had in the database, and the mask of stock."""

    read_at: float  # on the monotonic clock, when reading began
    mark: int
    catalogue: Catalogue
    in_stock: bytes


class _Memory:
    kept: Kept | None = None


def in_memory(connection: Connection, *, not_before: float | None = None) -> Kept:
    """Return the published products, read anew when they have changed; that and the stock are looked up once a while,
    or now where they were last looked up before the moment `not_before` of the monotonic clock.

    What is shown of it must be looked up: the memory may be as old as the setting `facets_ttl_s` says.
    """
    kept, ttl_s, now = _Memory.kept, settings().facets_ttl_s, time.monotonic()
    if kept is not None and kept.read_at > now - ttl_s and (not_before is None or kept.read_at >= not_before):
        return kept
    # First the mark: what changes while the catalogue is read has it read again.
    mark = search_sql.read_mark(connection)
    same = kept is not None and kept.mark == mark
    catalogue = kept.catalogue if kept and same else read_catalogue(search_sql.list_catalogue(connection))
    in_stock = stock_mask(catalogue, search_values_sql.list_in_stock(connection))
    _Memory.kept = made = Kept(now, mark, catalogue, in_stock)
    return made


def suggest(connection: Connection, beginning: str, limit: int) -> Suggestions:
    """Return products, categories and brands for a query that is being written, at most `limit` of each."""
    if not terms_of(beginning):
        return Suggestions()
    found = search_products(connection, beginning, Chosen(), sort="relevance", after=(), limit=limit)
    key = fold(beginning, 255)
    return Suggestions(
        [(row.id, row.name) for row in found.items],
        search_values_sql.list_values(connection, "category", key, limit),
        search_values_sql.list_values(connection, "brand", key, limit),
    )


# --- what a query means ------------------------------------------------------------------------------------------


def _understand(connection: Connection, query: str) -> _Meaning:
    """Return the match of a query, with unknown words put right or left out."""
    asked = terms_of(query)
    if not asked:
        return _Meaning(Match(), None)
    counted, products = search_sql.count_terms(connection, asked)
    if all(each.at_level[0] for each in counted):
        return _Meaning(Match(tuple(counted), products=products), None)
    words = [each.term.word if each.at_level[0] else _put_right(connection, each.term) for each in counted]
    known = [Term(word, stem(word)) for word in dict.fromkeys(words) if word is not None]
    if not known:
        return _Meaning(None, None)
    kept, products = search_sql.count_terms(connection, known)
    return _Meaning(Match(tuple(kept), products=products), " ".join(term.word for term in known))


def _put_right(connection: Connection, term: Term) -> str | None:
    looked_for = sorted(grams(term.word))
    return nearest(term.word, search_sql.list_alike(connection, looked_for, shared_grams(term.word)))
