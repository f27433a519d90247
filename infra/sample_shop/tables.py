"""The six files of an import: their names, headers and columns."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from .behaviour import Items, Orders
from .catalogue import Catalogue
from .fulfilment import STATUSES, Fates
from .people import SOURCES, People
from .places import DISTRIBUTION_CENTERS
from .stock import Stock
from .writer import chosen, degrees, ids, money, times, write_table

GENDERS = ["M", "F"]
HEADERS = {
    table: tuple(names.split())
    for table, names in {
        "distribution_centers": "id name latitude longitude",
        "users": (
            "id first_name last_name email age gender state street_address postal_code city country "
            "latitude longitude traffic_source created_at"
        ),
        "products": "id cost category name brand retail_price department sku distribution_center_id",
        "inventory_items": (
            "id product_id created_at sold_at cost product_category product_name product_brand "
            "product_retail_price product_department product_sku product_distribution_center_id"
        ),
        "orders": ("order_id user_id status gender created_at returned_at shipped_at delivered_at num_of_item"),
        "order_items": (
            "id order_id user_id product_id inventory_item_id status created_at shipped_at "
            "delivered_at returned_at sale_price"
        ),
    }.items()
}


def _path(directory: Path, table: str) -> Path:
    return directory / f"{table}.csv"


def write_centers(directory: Path) -> None:
    """Write distribution_centers.csv."""
    names = [name for name, _, _ in DISTRIBUTION_CENTERS]
    places = np.array([place for _, *place in DISTRIBUTION_CENTERS])

    def columns(rows: slice) -> list[Iterable[object]]:
        return [ids(rows), names[rows], degrees(places[rows, 0]), degrees(places[rows, 1])]

    table = "distribution_centers"
    write_table(_path(directory, table), HEADERS[table], len(names), columns)


def write_users(directory: Path, people: People) -> None:
    """Write users.csv."""
    cities, sources = people.cities, list(SOURCES)

    def columns(rows: slice) -> list[Iterable[object]]:
        city = people.city[rows]
        return [
            ids(rows),
            people.first_names[rows],
            people.last_names[rows],
            people.emails[rows],
            people.age[rows].tolist(),
            chosen(GENDERS, people.female[rows].astype(np.int64)),
            chosen([one.region for one in cities], city),
            people.addresses[rows],
            people.postal_codes[rows],
            chosen([one.name for one in cities], city),
            chosen([one.country for one in cities], city),
            degrees(people.latitude[rows]),
            degrees(people.longitude[rows]),
            chosen(sources, people.source[rows]),
            times(people.created[rows]),
        ]

    write_table(_path(directory, "users"), HEADERS["users"], len(people), columns)


def write_products(directory: Path, catalogue: Catalogue) -> None:
    """Write products.csv."""
    cells = _product_cells(catalogue)

    def columns(rows: slice) -> list[Iterable[object]]:
        names = HEADERS["products"]
        return [ids(rows), *(cells[name][rows] for name in names[1:])]

    write_table(_path(directory, "products"), HEADERS["products"], len(catalogue), columns)


def write_units(directory: Path, catalogue: Catalogue, stock: Stock) -> None:
    """Write inventory_items.csv; its product columns repeat those of products.csv."""
    cells = _product_cells(catalogue)
    repeated = [cells[name.removeprefix("product_")] for name in HEADERS["inventory_items"][4:]]

    def columns(rows: slice) -> list[Iterable[object]]:
        product = stock.product[rows]
        return [
            ids(rows),
            (product + 1).tolist(),
            times(stock.created[rows]),
            times(stock.sold[rows]),
            *(chosen(cell, product) for cell in repeated),
        ]

    write_table(_path(directory, "inventory_items"), HEADERS["inventory_items"], len(stock), columns)


def write_orders(directory: Path, people: People, orders: Orders, fates: Fates) -> None:
    """Write orders.csv."""

    def columns(rows: slice) -> list[Iterable[object]]:
        return [
            ids(rows),
            (orders.person[rows] + 1).tolist(),
            chosen(list(STATUSES), fates.status[rows]),
            chosen(GENDERS, people.female[orders.person[rows]].astype(np.int64)),
            times(orders.created[rows]),
            times(fates.returned[rows]),
            times(fates.shipped[rows]),
            times(fates.delivered[rows]),
            orders.size[rows].tolist(),
        ]

    write_table(_path(directory, "orders"), HEADERS["orders"], len(orders), columns)


def write_items(directory: Path, orders: Orders, items: Items, fates: Fates, stock: Stock) -> None:
    """Write order_items.csv; status and times are those of the order."""

    def columns(rows: slice) -> list[Iterable[object]]:
        order = items.order[rows]
        return [
            ids(rows),
            (order + 1).tolist(),
            (orders.person[order] + 1).tolist(),
            (items.product[rows] + 1).tolist(),
            (stock.unit_of_item[rows] + 1).tolist(),
            chosen(list(STATUSES), fates.status[order]),
            times(orders.created[order]),
            times(fates.shipped[order]),
            times(fates.delivered[order]),
            times(fates.returned[order]),
            money(items.paid[rows]),
        ]

    write_table(_path(directory, "order_items"), HEADERS["order_items"], len(items), columns)


def _product_cells(catalogue: Catalogue) -> dict[str, list[str]]:
    """The text of each product column but the id."""
    shelves = catalogue.shelves
    return {
        "cost": money(catalogue.cost),
        "category": chosen([shelf.category.name for shelf in shelves], catalogue.shelf),
        "name": catalogue.names,
        "brand": chosen(catalogue.brands.names, catalogue.brand),
        "retail_price": money(catalogue.price),
        "department": chosen([shelf.department for shelf in shelves], catalogue.shelf),
        "sku": catalogue.skus,
        "distribution_center_id": [str(center + 1) for center in catalogue.center.tolist()],
    }
