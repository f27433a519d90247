"""The SQL that keeps the product search: its rows, its words and their letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from chalicelib.commerce.search_sql import WORD_COUNTS
from chalicelib.commerce.search_tables import product_search, search_grams, search_words
from chalicelib.commerce.tables import order_items, products
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.dialect import insert_rows, upsert_sums

_LOOKUP = 1_000  # values of one IN list
_FEW = 200  # rows that a plain insert takes as quickly as a bulk load

ENTRY_COLUMNS = tuple(column.name for column in product_search.c)
_LATER = [name for name in ENTRY_COLUMNS if name != "product_id"]


def lock_published(connection: Connection, ids: Sequence[int]) -> Sequence[AnyRow]:
    """Lock products, and return what the search needs of the published ones among them; `ids` in order."""
    statement = (
        select(
            products.c.id,
            products.c.name,
            products.c.brand,
            products.c.brand_key,
            products.c.category,
            products.c.category_key,
            products.c.department,
            products.c.retail_price_cents,
            products.c.created_at,
        )
        .where(products.c.status == "published")
        .order_by(products.c.id)
        .with_for_update()
    )
    return [row for part in _parts(ids) for row in connection.execute(statement.where(products.c.id.in_(part)))]


def list_entries(connection: Connection, ids: Sequence[int]) -> Sequence[AnyRow]:
    """Return rows of the search in the order of `ENTRY_COLUMNS`."""
    statement = select(product_search)
    found = product_search.c.product_id
    return [row for part in _parts(ids) for row in connection.execute(statement.where(found.in_(part)))]


def count_kept(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    """Return how many units of each product were bought and kept, for those of which any were."""
    statement = (
        select(order_items.c.product_id, func.count())
        .where(order_items.c.status.not_in(["cancelled", "returned"]))
        .group_by(order_items.c.product_id)
    )
    counted = order_items.c.product_id
    return {row[0]: row[1] for part in _parts(ids) for row in connection.execute(statement.where(counted.in_(part)))}


def list_places(connection: Connection, after_id: int, limit: int) -> Sequence[AnyRow]:
    """Return product_id and place of the next rows by id."""
    statement = select(product_search.c.product_id, product_search.c.place)
    later = product_search.c.product_id > after_id
    return connection.execute(statement.where(later).order_by(product_search.c.product_id).limit(limit)).all()


def list_product_ids(connection: Connection, after_id: int, limit: int) -> list[int]:
    """Return the ids of the next products, of any status."""
    statement = select(products.c.id).where(products.c.id > after_id).order_by(products.c.id).limit(limit)
    return list(connection.scalars(statement))


def has_entries(connection: Connection) -> bool:
    """Tell whether the search has any row."""
    return connection.execute(select(product_search.c.product_id).limit(1)).first() is not None


def insert_entries(connection: Connection, entries: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows given in the order of `ENTRY_COLUMNS`."""
    if not entries:
        return
    if len(entries) > _FEW:
        columns = dict(zip(ENTRY_COLUMNS, zip(*entries, strict=True), strict=True))
        insert_rows(connection, product_search.name, columns, {})
        return
    connection.execute(insert(product_search), [dict(zip(ENTRY_COLUMNS, entry, strict=True)) for entry in entries])


def update_entries(connection: Connection, entries: Sequence[tuple[Any, ...]]) -> None:
    """Set all columns but `words` of rows given in the order of `ENTRY_COLUMNS`: the text index is left in peace."""
    if not entries:
        return
    names = [name for name in _LATER if name != "words"]
    assigned: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    statement = update(product_search).where(product_search.c.product_id == bindparam("the_id")).values(assigned)
    given = [dict(zip(ENTRY_COLUMNS, entry, strict=True)) for entry in entries]
    connection.execute(
        statement, [{"the_id": row["product_id"], **{f"new_{name}": row[name] for name in names}} for row in given]
    )


def update_places(connection: Connection, places: Mapping[int, int]) -> None:
    """Set the place of products."""
    if places:
        statement = update(product_search).where(product_search.c.product_id == bindparam("the_id"))
        rows = [{"the_id": product_id, "new_place": place} for product_id, place in sorted(places.items())]
        connection.execute(statement.values(place=bindparam("new_place")), rows)


def delete_entries(connection: Connection, ids: Sequence[int]) -> None:
    """Delete rows of products."""
    for part in _parts(ids):
        connection.execute(delete(product_search).where(product_search.c.product_id.in_(part)))


def add_words(
    connection: Connection,
    changes: Mapping[str, Sequence[int]],
    grams: Iterable[tuple[str, str]],
    *,
    more_mark: int,
) -> None:
    """Add to the counts of words (in the order of `WORD_COUNTS`) and to the mark; words that no product has go.

    `grams` are those of the words that came, as (gram, word).
    """
    rows = [
        {"word": word, **dict(zip(WORD_COUNTS, counts, strict=True)), "mark": 0 if word else more_mark}
        for word, counts in sorted(changes.items())
    ]
    upsert_sums(connection, search_words, rows, keys=["word"], sums=[*WORD_COUNTS, "mark"])
    gone = [word for word, counts in sorted(changes.items()) if counts[0] < 0]
    for part in _parts(gone):
        unused = search_words.c.in_products <= 0
        connection.execute(delete(search_words).where(search_words.c.word.in_(part), unused))
    letters = [{"gram": gram, "word": word} for gram, word in sorted(grams)]
    upsert_sums(connection, search_grams, letters, keys=["gram", "word"], sums=[])


def list_known(connection: Connection, words: Sequence[str]) -> set[str]:
    """Return those of `words` that a product has."""
    statement = select(search_words.c.word)
    return {
        word for part in _parts(words) for word in connection.scalars(statement.where(search_words.c.word.in_(part)))
    }


def delete_all(connection: Connection) -> None:
    """Delete all that the search keeps."""
    for each in (product_search, search_words, search_grams):
        connection.execute(delete(each))


def _parts(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + _LOOKUP] for start in range(0, len(values), _LOOKUP))
