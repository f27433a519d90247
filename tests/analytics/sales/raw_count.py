"""The summaries of sales, counted in plain Python from the raw tables: what every row of them must be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, select

from chalicelib.analytics.sales.figure_tables import (
    DIMENSIONS,
    FIGURES,
    sale_facts,
    sales_days,
    sales_hours,
    sales_months,
    sales_totals,
)
from chalicelib.commerce import sale_tables, tables
from chalicelib.core.database import read

Row = dict[str, Any]
Kept = dict[str, dict[tuple[Any, ...], tuple[Any, ...]]]
TABLES = (sale_facts, sales_hours, sales_days, sales_months, sales_totals)


def _rows(table: Table) -> list[Row]:
    with read() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def kept_summaries() -> Kept:
    """Return what the tables hold: by name, by key, all other columns."""
    found: Kept = {}
    for table in TABLES:
        keys = [column.name for column in table.primary_key]
        others = [column.name for column in table.columns if column.name not in keys]
        found[table.name] = {
            tuple(row[key] for key in keys): tuple(row[name] for name in others) for row in _rows(table)
        }
    return found


def counted_anew(zone: str) -> Kept:
    """Return what the tables must hold."""
    return _summed_up(lines_of(ZoneInfo(zone)))


def summed_up_from_ledger() -> Kept:
    """Return what the tables must hold for the ledger that there is."""
    return _summed_up(_rows(sale_facts))


def _summed_up(lines: list[Row]) -> Kept:
    facts = {(line["day"], line["item_id"]): line for line in lines}
    of_facts = [column.name for column in sale_facts.columns if column.name not in ("day", "item_id")]
    by_day = _grouped(lines, lambda line, dimension: (dimension, line["day"], value_of(line, dimension)))
    by_month = _grouped(
        lines, lambda line, dimension: (dimension, line["day"].replace(day=1), value_of(line, dimension))
    )
    in_all = _grouped(lines, lambda line, dimension: (dimension, value_of(line, dimension)))
    by_hour: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for line in lines:
        by_hour[line["day"], line["hour"]].append(line)
    return {
        "sale_facts": {key: tuple(line[name] for name in of_facts) for key, line in facts.items()},
        "sales_hours": {key: (customers_of(found), *figures_of(found)) for key, found in by_hour.items()},
        "sales_days": {key: (customers_of(found), *figures_of(found)) for key, found in by_day.items()},
        "sales_months": {key: figures_of(found) for key, found in by_month.items()},
        "sales_totals": {key: figures_of(found) for key, found in in_all.items()},
    }


def _grouped(lines: Iterable[Row], key_of: Any) -> dict[tuple[Any, ...], list[Row]]:
    found: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for line in lines:
        for dimension in DIMENSIONS:
            found[key_of(line, dimension)].append(line)
    return found


def value_of(line: Row, dimension: str) -> str:
    """Return under which value of a dimension a line is summed up."""
    if dimension == "shop":
        return ""
    return str(line["product_id" if dimension == "product" else dimension])


def customers_of(lines: list[Row]) -> int:
    """Return the different customers of lines that were not cancelled."""
    return len({line["customer_id"] for line in lines if not line["cancelled"]} - {None})


def figures_of(lines: list[Row]) -> tuple[int, ...]:
    """Return the sums of lines, in the order of `FIGURES`."""
    bought = [line for line in lines if not line["cancelled"]]
    kept = [line for line in bought if not line["returned"]]
    booked = [line for line in lines if line["booked"]]
    found = {
        "lines": len(lines),
        "orders": len({line["order_id"] for line in bought}),
        "items": len(bought),
        "units": len(kept),
        "gross_cents": sum(line["sale_cents"] + line["discount_cents"] for line in bought),
        "discount_cents": sum(line["discount_cents"] for line in bought),
        "returned_cents": sum(line["sale_cents"] for line in bought if line["returned"]),
        "refund_cents": sum(line["refund_cents"] for line in lines),
        "cost_cents": sum(line["cost_cents"] for line in kept),
        "booked_orders": len({line["order_id"] for line in booked}),
        "booked_items": len(booked),
        "booked_cents": sum(line["sale_cents"] for line in booked),
    }
    return tuple(found[name] for name in FIGURES)


# --- line by line ------------------------------------------------------------------------------------------------


def lines_of(zone: ZoneInfo) -> list[Row]:
    """Return every item of every order as the ledger must have it."""
    orders = {row["id"]: row for row in _rows(tables.orders)}
    products = {row["id"]: row for row in _rows(tables.products)}
    people = {row["id"]: row for row in _rows(tables.users)}
    units = {row["id"]: row for row in _rows(tables.inventory_items)}
    items = _rows(tables.order_items)
    refunds = _shares(items)
    found = []
    for item in items:
        order, product = orders[item["order_id"]], products[item["product_id"]]
        person, unit = people.get(order["user_id"], {}), units.get(item["inventory_item_id"], {})
        gone = item["status"] in ("cancelled", "returned")
        day, hour = _day_and_hour(order["created_at"], zone)
        center = None if gone else unit.get("product_distribution_center_id")
        found.append(
            {
                "day": day,
                "item_id": item["id"],
                "hour": hour,
                "order_id": order["id"],
                "customer_id": order["user_id"],
                "product_id": product["id"],
                "category": product["category_key"],
                "brand": product["brand_key"] or "",
                "department": product["department"] or "",
                "traffic_source": person.get("traffic_source") or "",
                "country": person.get("country") or "",
                "distribution_center": center or product["distribution_center_id"],
                "cancelled": int(item["status"] == "cancelled"),
                "returned": int(item["status"] == "returned"),
                "booked": int(order["status"] != "returned"),
                "sale_cents": item["sale_price_cents"],
                "discount_cents": item["discount_cents"],
                "refund_cents": refunds.get(item["id"], 0),
                "cost_cents": unit.get("cost_cents", product["cost_cents"]),
            }
        )
    return found


def _day_and_hour(moment: datetime, zone: ZoneInfo) -> tuple[date, int]:
    day = moment.astimezone(zone).date()
    # Hour by hour from midnight on, as a clock that nobody sets would count.
    start = datetime.combine(day, time(), zone).timestamp()
    return day, int((moment.timestamp() - start) // 3600)


def _shares(items: list[Row]) -> dict[int, int]:
    """Return by item its part of what was given back beside what came back, by price, to the cent."""
    given: dict[int, int] = defaultdict(int)
    for refund in _rows(sale_tables.refunds):
        if refund["state"] != "failed" and refund["order_id"] is not None:
            given[refund["order_id"]] += refund["amount_cents"]
    shares: dict[int, int] = {}
    for order_id, cents in given.items():
        own = sorted((item for item in items if item["order_id"] == order_id), key=lambda item: item["id"])
        left = cents - sum(item["refunded_cents"] for item in own)
        kept = [item for item in own if item["status"] not in ("cancelled", "returned")]
        total = sum(item["sale_price_cents"] for item in kept)
        until = Fraction(0)
        for item in kept if left > 0 else []:
            before = int(until)
            until += Fraction(left * item["sale_price_cents"], total) if total else Fraction(left, len(kept))
            shares[item["id"]] = int(until) - before
    return shares


def end_of_hour(moment: datetime) -> datetime:
    """Return the last moment of the hour of a moment."""
    return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1) - timedelta(microseconds=1)
