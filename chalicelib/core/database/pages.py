"""Reading a page of a statement, by offset or by keyset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from chalicelib.core.database.types import AnyRow
from chalicelib.core.paging import Key, NumberedPage, NumberedQuery, Page, PageRequest


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


def fetch_numbered(
    connection: Connection, statement: Select[Any], wanted: NumberedQuery, *, order: Sequence[ColumnElement[Any]]
) -> NumberedPage[AnyRow]:
    """Return a numbered page of `statement` in the order of `order`, and how many rows it has in all.

    Both in one statement, but for a page behind the end, whose count takes another.
    """
    counting = statement.with_only_columns(func.count(), maintain_column_froms=True)
    count = counting.order_by(None).scalar_subquery()
    paged = statement.add_columns(count.label("count_of_all")).order_by(*order).limit(wanted.page_size)
    rows = connection.execute(paged.offset(wanted.skip) if wanted.skip else paged).all()
    if rows:
        total = int(rows[0].count_of_all)
    else:
        total = int(connection.execute(select(count)).scalar_one()) if wanted.skip else 0
    return NumberedPage(rows, total, wanted.page, wanted.page_size)


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
