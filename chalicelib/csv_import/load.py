"""One validated batch into its table: what must be rejected beside the rest, what is new, changed or unchanged.

Decides with what the database holds; writes in the transaction that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chalicelib.core.database import Connection
from chalicelib.csv_import import imports_sql
from chalicelib.csv_import.columns import TableFile
from chalicelib.csv_import.reader import Header
from chalicelib.csv_import.records import Rejection
from chalicelib.csv_import.validate import Validated

if TYPE_CHECKING:
    from chalicelib.csv_import.seen_ids import SeenIds

# Columns that the tables have and the files do not: set to the moment of the import.
_STAMPS = {
    "distribution_centers": ("created_at", "updated_at"),
    "users": ("updated_at",),
    "products": ("created_at", "updated_at"),
    "orders": ("updated_at",),
}

# Tables whose rows are edited by hand too: an edit that was begun on the row of before the import must fail.
_VERSIONED = frozenset({"distribution_centers", "users", "products", "orders"})


@dataclass(slots=True)
class Counts:
    """What became of a batch's rows."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0


@dataclass(slots=True)
class Rows:
    """Rows on their way: parallel columns and the line of each."""

    columns: dict[str, list[Any]]
    lines: list[int]
    rejections: list[Rejection] = field(default_factory=list)

    def reject(self, refused: dict[int, tuple[str, Any, str]]) -> None:
        """Take out the rows at the positions of `refused`: (column, value, reason)."""
        if not refused:
            return
        for at, (column, value, reason) in refused.items():
            self.rejections.append(Rejection.of(self.lines[at], column, str(value), reason))
        self.keep([at for at in range(len(self.lines)) if at not in refused])

    def keep(self, positions: Sequence[int]) -> None:
        """Keep only the rows at `positions`."""
        self.columns = {name: [values[at] for at in positions] for name, values in self.columns.items()}
        self.lines = [self.lines[at] for at in positions]


class TableLoader:
    """Loads the batches of one file. Remembers the keys it has seen and the parents there are."""

    def __init__(self, connection: Connection, table_file: TableFile, header: Header, stamp: str) -> None:
        self._file = table_file
        self._stamp = dict.fromkeys(_STAMPS.get(table_file.table, ()), stamp)
        self._sent = tuple(
            target
            for column in table_file.columns
            if column.name in header.positions
            for target in column.targets
            if target != table_file.key
        )
        # Function-level, here and below: numpy, which no request needs.
        from chalicelib.csv_import.seen_ids import SeenIds

        self._seen = SeenIds()
        self._parents = {parent: _ids_of(connection, parent) for _, parent in table_file.references}
        self._names = {target: column.name for column in table_file.columns for target in column.targets}

    def remember(self, batch: Validated) -> None:
        """Count the keys of a batch that was loaded before as seen."""
        self._seen.add(self._keys(batch.columns))

    def _keys(self, columns: dict[str, list[Any]]) -> list[int]:
        return columns[self._file.key]

    def reject_repeated(self, batch: Validated) -> Rows:
        """Return the batch without the rows whose key stood in this file before. Call once a batch, in order."""
        rows = Rows(batch.columns, batch.lines, list(batch.rejections))
        keys = self._keys(rows.columns)
        name = self._names[self._file.key]
        repeated = self._seen.add(keys)
        rows.reject({at: (name, keys[at], "stands earlier in this file; keep one of the rows") for at in repeated})
        return rows

    def reject_orphans(self, rows: Rows) -> None:
        """Reject the rows whose parents were not there when the file was begun."""
        self._reject_orphans(rows, lambda parent, keys: self._parents[parent].missing(keys))

    def reject_orphans_now(self, connection: Connection, rows: Rows) -> None:
        """Reject the rows whose parents are not there any more: others may delete them."""

        def missing(parent: str, keys: Sequence[int]) -> list[int]:
            there = imports_sql.find_rows(connection, parent, (), list(set(keys)))
            return [at for at, key in enumerate(keys) if key not in there]

        self._reject_orphans(rows, missing)

    def _reject_orphans(self, rows: Rows, missing: Callable[[str, Sequence[int]], list[int]]) -> None:
        refused: dict[int, tuple[str, Any, str]] = {}
        for target, parent in self._file.references:
            values = rows.columns[target]
            given = [at for at, value in enumerate(values) if value is not None] if None in values else None
            for found in missing(parent, values if given is None else [values[at] for at in given]):
                at = found if given is None else given[found]
                reason = f"{parent} has no row {values[at]}; import that row first, or mend this one"
                refused.setdefault(at, (self._names[target], values[at], reason))
        rows.reject(refused)

    def write(self, connection: Connection, rows: Rows) -> Counts:
        """Insert what is new, update what differs, leave what is equal; reject what would not be unique."""
        keys = self._keys(rows.columns)
        held = self._held(connection, keys)
        sent = [rows.columns[target] for target in self._sent]
        equal = {at for at, key in enumerate(keys) if held and held.get(key) == tuple(column[at] for column in sent)}
        unchanged = len(equal)
        if equal:
            rows.keep([at for at in range(len(keys)) if at not in equal])
        for target in self._file.unique:
            self._reject_taken(connection, rows, target, held)
        counts = Counts(unchanged=unchanged, rejected=len({rejection.line for rejection in rows.rejections}))
        keys = self._keys(rows.columns)
        new = [at for at, key in enumerate(keys) if key not in held] if held else None
        if held:
            changed = [at for at, key in enumerate(keys) if key in held]
            counts.updated = self._update(connection, rows, changed)
        if new is not None:
            rows.keep(new)
        counts.inserted = len(rows.lines)
        if rows.lines:
            imports_sql.insert_columns(connection, self._file.table, rows.columns, self._stamp)
        return counts

    def _held(self, connection: Connection, keys: Sequence[int]) -> dict[int, tuple[Any, ...]]:
        """Return the rows that the table already has of `keys`: mostly none, found out by one look at the index."""
        if not keys or not imports_sql.any_between(connection, self._file.table, min(keys), max(keys)):
            return {}
        return imports_sql.find_rows(connection, self._file.table, self._sent, keys)

    def _reject_taken(
        self, connection: Connection, rows: Rows, target: str, held: dict[int, tuple[Any, ...]]
    ) -> None:
        """Reject rows whose value another row has, in the order of the file: a changed row frees what it had."""
        values, keys = rows.columns[target], rows.columns[self._file.key]
        owners = imports_sql.find_owners(connection, self._file.table, target, values)
        refused: dict[int, tuple[str, Any, str]] = {}
        name, place = self._names[target], self._sent.index(target)
        for at, (value, key) in enumerate(zip(values, keys, strict=True)):
            owner = owners.setdefault(value, key)
            if owner != key:
                refused[at] = (name, rows.columns[name][at], f"belongs to row {owner} of {self._file.table} already")
            elif key in held and held[key][place] != value:
                owners.pop(held[key][place], None)
        rows.reject(refused)

    def _update(self, connection: Connection, rows: Rows, changed: Sequence[int]) -> int:
        if changed:
            stamp = {name: value for name, value in self._stamp.items() if name == "updated_at"}
            columns = [rows.columns[target] for target in self._sent]
            keys = self._keys(rows.columns)
            values = [(*(column[at] for column in columns), *stamp.values(), keys[at]) for at in changed]
            table = self._file.table
            imports_sql.update_rows(connection, table, [*self._sent, *stamp], values, versioned=table in _VERSIONED)
        return len(changed)


def _ids_of(connection: Connection, table: str) -> SeenIds:
    from chalicelib.csv_import.seen_ids import SeenIds  # numpy, see above

    ids = SeenIds()
    count, least, greatest = imports_sql.find_id_range(connection, table)
    if count and count == greatest - least + 1:
        # No gaps, as in most shops: a single run, and nothing to fetch.
        ids.add_run(least, greatest)
        return ids
    for part in imports_sql.iterate_ids(connection, table):
        ids.add(part)
    return ids
