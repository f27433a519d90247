"""Keeping the product search true: whoever changes products says so here, in the same transaction."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from chalicelib.commerce import search_index_sql, search_words
from chalicelib.commerce.search_facets import facets_text
from chalicelib.core.database import Connection, run
from chalicelib.core.text import fold

_SLICE = 5_000  # products that are held in memory at once
_REFRESHED = 2_000  # products of one transaction of a refresh
_LAST_PLACE = 1_000_000_000
_NAME_SORT = 70
_MOST_MARK = 1 << 24  # at a time: room for a million million changes
# In the order of `search_index_sql.WORD_COUNTS`: in any field, in the name ...
_COUNTED = (None, *search_words.FIELDS)
_WORDS = search_index_sql.ENTRY_COLUMNS.index("words")
_YEAR_1 = datetime.min.replace(tzinfo=UTC)

_Entry = tuple[Any, ...]


def index_products(connection: Connection, product_ids: Collection[int]) -> None:
    """Let the search show these products as they are now: new, changed, drafted, archived or gone."""
    ids = sorted(set(product_ids))
    for start in range(0, len(ids), _SLICE):
        _index(connection, ids[start : start + _SLICE])


def fill(connection: Connection) -> None:
    """Index all products where the search knows none: a shop that is older than its search."""
    if search_index_sql.has_entries(connection):
        return
    after_id = 0
    while ids := search_index_sql.list_product_ids(connection, after_id, _SLICE):
        _index(connection, ids)
        after_id = ids[-1]


def clear(connection: Connection) -> None:
    """Forget all products."""
    search_index_sql.delete_all(connection)


def refresh_popularity(connection: Connection, after_id: int) -> int | None:
    """Count anew what was bought of the next products by id; return the last one's id, None at the end."""
    rows = search_index_sql.list_places(connection, after_id, _REFRESHED)
    if not rows:
        return None
    kept = search_index_sql.count_kept(connection, [row.product_id for row in rows])
    places = {row.product_id: place_of(kept.get(row.product_id, 0)) for row in rows}
    moved = {row.product_id: places[row.product_id] for row in rows if row.place != places[row.product_id]}
    search_index_sql.update_places(connection, moved)
    return int(rows[-1].product_id)


def refresh_all() -> None:
    """Count anew what was bought of each product, a transaction for each slice. Running it twice does no harm."""
    after_id: int | None = 0
    while after_id is not None:
        after_id = run(partial(refresh_popularity, after_id=after_id), writes=True)


def place_of(units: int) -> int:
    """Return the place of a product of which so many units were bought and kept: the more, the lower."""
    return max(0, _LAST_PLACE - units)


def _index(connection: Connection, ids: list[int]) -> None:
    rows = search_index_sql.lock_published(connection, ids)
    kept = search_index_sql.count_kept(connection, [row.id for row in rows])
    wanted = {row.id: _entry(row, kept.get(row.id, 0)) for row in rows}
    held = {row[0]: tuple(row) for row in search_index_sql.list_entries(connection, ids)}
    # Where the words are the same, the text index is left alone.
    same = {each for each in wanted.keys() & held.keys() if wanted[each][_WORDS] == held[each][_WORDS]}
    gone = [entry for product_id, entry in held.items() if product_id not in same]
    come = [entry for product_id, entry in wanted.items() if product_id not in same]
    search_index_sql.delete_entries(connection, sorted(entry[0] for entry in gone))
    search_index_sql.insert_entries(connection, come)
    changed = [wanted[each] for each in sorted(same) if wanted[each] != held[each]]
    search_index_sql.update_entries(connection, changed)
    if come or gone or changed:
        _count_words(connection, come, gone)


def _entry(row: Any, units: int) -> _Entry:
    """Return the row of the search for a product, in the order of its columns."""
    fields = {
        search_words.NAME: row.name,
        search_words.BRAND: row.brand,
        search_words.CATEGORY: row.category,
        search_words.DEPARTMENT: row.department,
    }
    return (
        row.id,
        search_words.words_text(fields),
        facets_text(row.category, row.brand, row.department, row.retail_price_cents),
        row.category_key,
        row.brand_key,
        None if row.department is None else fold(row.department),
        fold(row.name, _NAME_SORT),
        row.retail_price_cents,
        (row.created_at - _YEAR_1) // timedelta(microseconds=1),
        place_of(units),
    )


def _count_words(connection: Connection, come: Iterable[_Entry], gone: Iterable[_Entry]) -> None:
    """Count the words that came and went, and set another mark."""
    changes: dict[str, list[int]] = {}
    for entries, sign in ((come, 1), (gone, -1)):
        for entry in entries:
            found = {"": set[str](), **search_words.words_in(entry[_WORDS])}
            for word, fields in found.items():
                counts = changes.setdefault(word, [0] * len(_COUNTED))
                for at, field in enumerate(_COUNTED):
                    counts[at] += sign * (field is None or field in fields)
    changes = {word: counts for word, counts in changes.items() if any(counts)}
    changes.setdefault("", [0] * len(_COUNTED))
    known = search_index_sql.list_known(connection, sorted(changes))
    new = [word for word in changes if word and word not in known]
    grams = ((gram, word) for word in new for gram in search_words.grams(word))
    # Not one more, but some more: a search that was made anew must not come to a mark that was another one's.
    search_index_sql.add_words(connection, changes, grams, more_mark=secrets.randbelow(_MOST_MARK) + 1)
