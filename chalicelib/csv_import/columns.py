"""What the six files hold: their columns, rules and relations.

Facts only. How a value is read lives in `parsers`, how a file is read in `reader`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

# What every JSON number holds exactly. It also leaves ids above it: a server that has numbered a row 2^63 - 1 cannot
# number another one.
MAX_ID = 2**53 - 1
MAX_CENTS = 99_999_999_999


class Kind(Enum):
    """How the text of a column is read."""

    INTEGER = "integer"
    MONEY = "money"
    TIMESTAMP = "timestamp"
    COORDINATE = "coordinate"
    STATUS = "status"
    EMAIL = "email"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `name` in the file, `target` in the database.

    `low` and `high` bound numbers (money in cents), `length` bounds text in characters. Where `key_target`
    is set, that database column takes the folded text.
    """

    name: str
    target: str
    kind: Kind
    required: bool = False
    low: int = 0
    high: int = 0
    length: int = 0
    key_target: str | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """The database columns that this column fills."""
        return (self.target, self.key_target) if self.key_target else (self.target,)


@dataclass(frozen=True, slots=True)
class TableFile:
    """One file and the table that it fills.

    `key` is the database column of the primary key, `references` maps database columns to the parent table
    whose key they hold, `unique` names database columns that are unique beside the key. `fill` names a column that,
    where it is empty, takes that of the same row's parent: (column, reference, parent table, column of the parent).
    """

    table: str
    columns: tuple[Column, ...]
    references: tuple[tuple[str, str], ...] = ()
    unique: tuple[str, ...] = ()
    key: str = "id"
    fill: tuple[str, str, str, str] | None = None

    @property
    def file_stem(self) -> str:
        """The name of the file without its ending."""
        return self.table

    @property
    def key_column(self) -> Column:
        """The column that holds the primary key."""
        return next(column for column in self.columns if column.target == self.key)

    @property
    def targets(self) -> tuple[str, ...]:
        """All database columns that the file fills, in order."""
        return tuple(target for column in self.columns for target in column.targets)


def _id(name: str, *, target: str | None = None, required: bool = False) -> Column:
    return Column(name, target or name, Kind.INTEGER, required, low=1, high=MAX_ID)


def _integer(name: str, high: int, *, required: bool = False) -> Column:
    return Column(name, name, Kind.INTEGER, required, high=high)


def _money(name: str, *, required: bool = False) -> Column:
    return Column(name, f"{name}_cents", Kind.MONEY, required, high=MAX_CENTS)


def _timestamp(name: str, *, required: bool = False) -> Column:
    return Column(name, name, Kind.TIMESTAMP, required)


def _coordinate(name: str, limit: int, *, required: bool = False) -> Column:
    return Column(name, name, Kind.COORDINATE, required, low=-limit, high=limit)


def _status() -> Column:
    return Column("status", "status", Kind.STATUS, required=True)


def _text(name: str, length: int = 255, *, required: bool = False, key: str | None = None) -> Column:
    return Column(name, name, Kind.TEXT, required, length=length, key_target=key)


DISTRIBUTION_CENTERS = TableFile(
    "distribution_centers",
    (
        _id("id", required=True),
        _text("name", required=True),
        _coordinate("latitude", 90, required=True),
        _coordinate("longitude", 180, required=True),
    ),
)

USERS = TableFile(
    "users",
    (
        _id("id", required=True),
        _text("first_name"),
        _text("last_name"),
        Column("email", "email", Kind.EMAIL, required=True, length=254, key_target="email_key"),
        _integer("age", 150),
        _text("gender", 16),
        _text("state"),
        _text("street_address", 500),
        _text("postal_code", 32),
        _text("city"),
        _text("country"),
        _coordinate("latitude", 90),
        _coordinate("longitude", 180),
        _text("traffic_source"),
        _timestamp("created_at", required=True),
    ),
    unique=("email_key",),
)

PRODUCTS = TableFile(
    "products",
    (
        _id("id", required=True),
        _money("cost", required=True),
        _text("category", required=True, key="category_key"),
        _text("name", 500, required=True),
        _text("brand", key="brand_key"),
        _money("retail_price", required=True),
        _text("department"),
        _text("sku", 64, required=True),
        _id("distribution_center_id", required=True),
    ),
    references=(("distribution_center_id", "distribution_centers"),),
    unique=("sku",),
)

INVENTORY_ITEMS = TableFile(
    "inventory_items",
    (
        _id("id", required=True),
        _id("product_id", required=True),
        _timestamp("created_at", required=True),
        _timestamp("sold_at"),
        _money("cost", required=True),
        _text("product_category"),
        _text("product_name", 500),
        _text("product_brand"),
        _money("product_retail_price"),
        _text("product_department"),
        _text("product_sku", 64),
        _id("product_distribution_center_id"),
    ),
    references=(("product_id", "products"), ("product_distribution_center_id", "distribution_centers")),
    fill=("product_distribution_center_id", "product_id", "products", "distribution_center_id"),
)

ORDERS = TableFile(
    "orders",
    (
        _id("order_id", target="id", required=True),
        _id("user_id"),
        _status(),
        _text("gender", 16),
        _timestamp("created_at", required=True),
        _timestamp("returned_at"),
        _timestamp("shipped_at"),
        _timestamp("delivered_at"),
        _integer("num_of_item", 1_000_000, required=True),
    ),
    references=(("user_id", "users"),),
)

ORDER_ITEMS = TableFile(
    "order_items",
    (
        _id("id", required=True),
        _id("order_id", required=True),
        _id("user_id"),
        _id("product_id", required=True),
        _id("inventory_item_id"),
        _status(),
        _timestamp("created_at", required=True),
        _timestamp("shipped_at"),
        _timestamp("delivered_at"),
        _timestamp("returned_at"),
        _money("sale_price", required=True),
    ),
    references=(
        ("order_id", "orders"),
        ("user_id", "users"),
        ("product_id", "products"),
        ("inventory_item_id", "inventory_items"),
    ),
)

# Parents come before their children.
TABLE_FILES = (DISTRIBUTION_CENTERS, USERS, PRODUCTS, INVENTORY_ITEMS, ORDERS, ORDER_ITEMS)
