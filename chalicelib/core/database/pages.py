"""Reading a page of a statement, by offset or by keyset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_

from chalicelib.core.database.types import AnyRow
from chalicelib.core.paging import Key, Page, PageRequest


def fetch_page(
    connection: Connection,
    statement: Select[Any],
    page: PageRequest,
    *,
    order: Sequence[ColumnElement[Any]],
    descending: bool = False,
) -> Page[AnyRow]:
    """Return the rows of `statement` in the order of `order` (its last column unique; all of them selected).

    By offset the total is counted; by cursor it is not: that is what makes the cursor quick.
    """
    ordered = statement.order_by(*(column.desc() if descending else column for column in order))
    # One row more than asked for tells whether another page follows.
    limited = ordered.limit(page.limit + 1)
    if page.after:
        limited = limited.where(behind(order, page.after, descending))
    rows = connection.execute(limited.offset(page.skip) if page.skip else limited).all()
    items = rows[: page.limit]
    more = len(rows) > page.limit and bool(items)
    next_key = tuple(items[-1]._mapping[column.name] for column in order) if more else None
    return Page(items, page, _total(connection, statement, page, len(rows)), next_key)


def _total(connection: Connection, statement: Select[Any], page: PageRequest, fetched: int) -> int | None:
    if page.after is not None:
        return None
    if fetched <= page.limit and (fetched or not page.skip):
        return page.skip + fetched  # the end is in sight: no need to count
    return int(connection.execute(statement.with_only_columns(func.count(), maintain_column_froms=True)).scalar_one())


def behind(order: Sequence[ColumnElement[Any]], key: Sequence[Key], descending: bool) -> ColumnElement[bool]:
    """Return the condition for rows behind `key`.

    Written as `a <= x AND (a < x OR b < y)`: MySQL and MariaDB scan the index for it, not for `(a, b) < (x, y)`.
    """
    first, value = order[0], key[0]
    beyond = first < value if descending else first > value
    if len(order) == 1:
        return beyond
    within = first <= value if descending else first >= value
    return and_(within, or_(beyond, behind(order[1:], key[1:], descending)))
