"""The orders of an imported shop many times over, in SQL: other customers at other times, the same catalogue.

An import of ten times as much would take long and say nothing: the figures read tables, however they were filled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Cursor = Any

_AT_ONCE = 50_000
# Which columns hold ids of which table. Parents come first.
_IDS = {
    "users": {"id": "users"},
    "inventory_items": {"id": "inventory_items"},
    "orders": {"id": "orders", "user_id": "users"},
    "order_items": {
        "id": "order_items",
        "order_id": "orders",
        "user_id": "users",
        "inventory_item_id": "inventory_items",
    },
    "behaviour_events": {"id": "behaviour_events", "customer_id": "users"},
}
# What else would be there twice.
_NAMES = {
    "users": {"email": "CONCAT('{copy}-', email)", "email_key": "CONCAT('{copy}-', email_key)"},
    "orders": {"request_key": "CONCAT('{copy}-', request_key)"},
    "behaviour_events": {
        "event_key": "CONCAT('{copy}-', event_key)",
        "request_id": "CONCAT(request_id, '{copy}')",
    },
}
# An order and its items move together, by up to a day into the past; what they need was there a day earlier.
_MOVED_BY = {"orders": "id", "order_items": "order_id", "behaviour_events": "COALESCE(customer_id, visitor_id)"}
_JITTER = "({key} * 7919 + {copy} * 104729) % 86400"
_DAY_S = "86400"

_LEVELS = ("received", "transferred", "free", "reserved", "sold", "written_off")


def age(cursor: Cursor) -> None:
    """Let what was imported just now be of yesterday: jobs look back some minutes for what has changed."""
    for table, column in (
        ("outbox_events", "created_at"),
        ("product_changes", "created_at"),
        ("orders", "updated_at"),
        ("users", "updated_at"),
    ):
        cursor.execute(f"UPDATE {table} SET {column} = {column} - INTERVAL 1 DAY")


def multiply(cursor: Cursor, times: int) -> None:
    """Have `times` as many users, units, orders, items and events as there are."""
    _without_checks(cursor)
    most = _most_ids(cursor)
    for copy in range(1, times):
        shifts = {table: copy * most[table] for table in _IDS}
        for table in _IDS:
            changed = {name: each.format(copy=copy) for name, each in _NAMES.get(table, {}).items()}
            changed |= _moved(cursor, table, copy)
            for first in range(1, most[table] + 1, _AT_ONCE):
                last = min(most[table], first + _AT_ONCE - 1)
                _copy(cursor, table, shifts, changed, f"id BETWEEN {first} AND {last}")
    cursor.execute("UPDATE stock_levels SET " + ", ".join(f"{name} = {name} * {times}" for name in _LEVELS))
    cursor.execute(f"UPDATE stock_movements SET units = units * {times}")
    cursor.execute("ANALYZE TABLE " + ", ".join(_IDS))


@dataclass(frozen=True, slots=True)
class NewOrders:
    """Orders that come in: one of a hundred of those that there are, anew, within the last two days."""

    most: Mapping[str, int]

    @classmethod
    def after(cls, cursor: Cursor) -> NewOrders:
        """Return those that come in after what there is now."""
        _without_checks(cursor)
        return cls(_most_ids(cursor))

    def add(self, cursor: Cursor, part: int) -> int:
        """Put in the orders of a part, 0 to 99, with items and units; return how many."""
        shifts = {**self.most, "users": 0}
        chosen = f"{{key}} <= {self.most['orders']} AND {{key}} % 100 = {part % 100}"
        placed = f"NOW(6) - INTERVAL (({{key}} * 7919 + {part} * 104729) % 172800) SECOND"
        gone = dict.fromkeys(("shipped_at", "delivered_at", "returned_at"), "NULL")
        status = "CASE status WHEN 'cancelled' THEN status ELSE 'processing' END"
        new = {**gone, "status": status}
        units = f"SELECT inventory_item_id FROM order_items WHERE {chosen.format(key='order_id')}"
        _copy(cursor, "inventory_items", shifts, {"sold_at": "NOW(6)"}, f"id IN ({units})")
        of_order = {**new, "created_at": placed.format(key="id"), "updated_at": "NOW(6)", "request_key": "NULL"}
        added = _copy(cursor, "orders", shifts, of_order, chosen.format(key="id"))
        of_item = {**new, "created_at": placed.format(key="order_id")}
        _copy(cursor, "order_items", shifts, of_item, chosen.format(key="order_id"))
        return added

    def take_back(self, cursor: Cursor) -> None:
        """Delete all that were put in."""
        for table in ("order_items", "orders", "inventory_items"):
            cursor.execute(f"DELETE FROM {table} WHERE id > {self.most[table]}")


def _without_checks(cursor: Cursor) -> None:
    cursor.execute("SET SESSION foreign_key_checks = 0, unique_checks = 0")


def _most_ids(cursor: Cursor) -> dict[str, int]:
    found = {}
    for table in _IDS:
        cursor.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}")
        found[table] = int(cursor.fetchone()[0])
    return found


def _moved(cursor: Cursor, table: str, copy: int) -> dict[str, str]:
    """Return the times of a copy's rows; when they were written stays."""
    key = _MOVED_BY.get(table)
    by = _DAY_S if key is None else _JITTER.format(key=key, copy=copy)
    return {
        name: f"{name} - INTERVAL ({by}) SECOND"
        for name, kind in _columns(cursor, table)
        if kind == "datetime" and name != "updated_at"
    }


def _copy(cursor: Cursor, table: str, shifts: Mapping[str, int], changed: Mapping[str, str], where: str) -> int:
    """Insert rows again, ids shifted by table, columns changed by expressions; return how many."""
    names = [name for name, _ in _columns(cursor, table)]
    ids = {name: f"{name} + {shifts[of]}" for name, of in _IDS[table].items()}
    values = [changed.get(name, ids.get(name, name)) for name in names]
    insert = f"INSERT INTO {table} ({', '.join(names)})"
    return int(cursor.execute(f"{insert} SELECT {', '.join(values)} FROM {table} WHERE {where}"))


def _columns(cursor: Cursor, table: str) -> Sequence[tuple[str, str]]:
    """Return the columns that can be written, and their types."""
    cursor.execute(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND table_name = %s AND extra NOT LIKE '%%GENERATED%%' "
        "ORDER BY ordinal_position",
        (table,),
    )
    return [(str(name), str(kind)) for name, kind in cursor.fetchall()]
