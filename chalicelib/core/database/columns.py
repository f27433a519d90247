"""Whole numbers of very many rows, as arrays: for what computes over the shop's history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, func, select

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def fetch_integers(connection: Connection, statement: Select[Any]) -> list[NDArray[np.int64]]:
    """Return each column of `statement` as an array, (rows,) int64, the rows in the order in which they are found.

    The database strings each column together into one text: a driver in Python takes microseconds for each value
    of each row, many times what it costs to read and compute with them. A page must stay below 16 MB a column
    (`group_concat_max_len`): some 500,000 rows.

    Raises:
        ValueError: a column has nulls, or a page was too long.
    """
    import numpy as np  # jobs alone need it: the functions of the API must not load it

    rows = statement.subquery("page")
    texts = [func.group_concat(column) for column in rows.c]
    # The server cuts what is too long, maybe inside a number, and only warns of it.
    lengths = [func.sum(func.length(column)) for column in rows.c]
    count, *found = connection.execute(select(func.count(), *texts, *lengths)).one()
    if not count:
        return [np.empty(0, np.int64) for _ in texts]
    read = [_as_text(text) for text in found[: len(texts)]]
    if any(len(text) != (length or 0) + count - 1 for text, length in zip(read, found[len(texts) :], strict=True)):
        raise ValueError(f"a page of {count} rows has nulls, or is too long for the server")
    columns = [np.fromstring(text, dtype=np.int64, sep=",") for text in read]
    if any(len(column) != count for column in columns):
        raise ValueError(f"{count} rows were read as {[len(column) for column in columns]} values")
    return columns


def _as_text(text: str | bytes | None) -> str:
    # It comes as bytes where the driver knows no charset of a number; None: there are nulls only.
    return text.decode("ascii") if isinstance(text, bytes) else (text or "")
