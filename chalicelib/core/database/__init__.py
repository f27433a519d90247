"""The database: engine, transactions, column types, paging, and the differences between the dialects.

Beside a domain's `*_sql` and `tables`, this package alone knows SQLAlchemy.
"""

from chalicelib.core.database.engine import Connection, after_commit, insert_row, read, run, transaction, use_engine
from chalicelib.core.database.types import AnyRow, BigId, UtcDateTime, as_dict, metadata, shop_table

__all__ = [
    "AnyRow",
    "BigId",
    "Connection",
    "UtcDateTime",
    "after_commit",
    "as_dict",
    "insert_row",
    "metadata",
    "read",
    "run",
    "shop_table",
    "transaction",
    "use_engine",
]
