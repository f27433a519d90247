"""Column types that mean the same on every engine, and the metadata that all tables share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData, Row, Table, Text, TypeDecorator
from sqlalchemy.dialects import mysql

# A row of any statement: rules read its columns as attributes.
AnyRow = Row[*tuple[Any, ...]]


def as_dict(row: AnyRow) -> dict[str, Any]:
    """Return a row by column name; a fifth of the time of `row._asdict()`, which pages of rows feel."""
    return dict(zip(row._fields, row, strict=True))


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

# SQLite numbers rows by itself only under the exact type INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")

# Text of ASCII letters alone: MySQL looks for a part of it in a sixth of the time that it needs for UTF-8.
AsciiText = Text().with_variant(mysql.TEXT(charset="ascii", collation="ascii_bin"), "mysql", "mariadb")


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python, naive UTC with microseconds in the database; a naive value is refused."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """MySQL's plain DATETIME would drop the microseconds."""
        if dialect.name == "mysql":
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to naive UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a time zone: {value!r}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Say that what is stored is UTC: one call a value, since pages of rows hold many times."""
        stored = self.load_dialect_impl(dialect).result_processor(dialect, coltype)

        def process(value: Any) -> datetime | None:
            if stored is not None:
                value = stored(value)
            return None if value is None else value.replace(tzinfo=UTC)

        return process


def shop_table(name: str, *parts: Any) -> Table:
    """Declare a table; on MySQL InnoDB, utf8mb4, and the binary collation: text compares alike on every engine."""
    return Table(
        name,
        metadata,
        *parts,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )
