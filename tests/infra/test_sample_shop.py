"""The sample shop: whole, believable, the same for the same seed, and worth learning from."""

import csv
import hashlib
from collections import Counter, defaultdict
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from infra.sample_shop import Counts, generate
from infra.sample_shop.__main__ import main

TODAY = date(2026, 1, 31)
NOW = "2026-01-31 23:59:59+00:00"
HEADERS = {
    "distribution_centers": "id,name,latitude,longitude",
    "users": "id,first_name,last_name,email,age,gender,state,street_address,postal_code,city,country,latitude,"
    "longitude,traffic_source,created_at",
    "products": "id,cost,category,name,brand,retail_price,department,sku,distribution_center_id",
    "inventory_items": "id,product_id,created_at,sold_at,cost,product_category,product_name,product_brand,"
    "product_retail_price,product_department,product_sku,product_distribution_center_id",
    "orders": "order_id,user_id,status,gender,created_at,returned_at,shipped_at,delivered_at,num_of_item",
    "order_items": "id,order_id,user_id,product_id,inventory_item_id,status,created_at,shipped_at,delivered_at,"
    "returned_at,sale_price",
}
KEPT = {"Processing", "Shipped", "Complete"}

Row = dict[str, str]


class Shop:
    """The rows of the six files."""

    def __init__(self, directory: Path, counts: Counts) -> None:
        self.directory = directory
        self.counts = counts
        tables = {name: read(directory / f"{name}.csv") for name in HEADERS}
        self.centers = tables["distribution_centers"]
        self.users = tables["users"]
        self.products = tables["products"]
        self.units = tables["inventory_items"]
        self.orders = tables["orders"]
        self.items = tables["order_items"]


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def digests(directory: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.iterdir()}


def build(directory: Path, scale: float) -> Shop:
    return Shop(directory, generate(directory, scale=scale, seed=7, today=TODAY))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return build(tmp_path_factory.mktemp("shop"), 0.02)


@pytest.fixture(scope="module")
def larger_shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return build(tmp_path_factory.mktemp("larger_shop"), 0.05)


class TestFiles:
    def test_the_same_arguments_give_the_same_bytes(self, shop: Shop, tmp_path: Path) -> None:
        generate(tmp_path, scale=0.02, seed=7, today=TODAY)
        assert digests(tmp_path) == digests(shop.directory)

    def test_another_seed_gives_another_shop(self, shop: Shop, tmp_path: Path) -> None:
        generate(tmp_path, scale=0.02, seed=8, today=TODAY)
        before, after = digests(shop.directory), digests(tmp_path)
        assert before.keys() == after.keys()
        assert {name for name in before if before[name] == after[name]} == {"distribution_centers.csv"}

    def test_headers_and_line_ends(self, shop: Shop) -> None:
        for name, header in HEADERS.items():
            content = (shop.directory / f"{name}.csv").read_bytes()
            assert content.split(b"\n", 1)[0].decode() == header
            assert b"\r" not in content
            assert content.endswith(b"\n")

    def test_counts_follow_the_scale(self, shop: Shop) -> None:
        expected = Counts(
            distribution_centers=10, users=2_000, products=580, inventory_items=9_800, orders=2_500, order_items=3_620
        )
        assert shop.counts == expected

    def test_counts_are_the_rows(self, shop: Shop) -> None:
        for name, rows in asdict(shop.counts).items():
            assert len(read(shop.directory / f"{name}.csv")) == rows

    def test_a_tiny_shop_still_is_a_shop(self, tmp_path: Path) -> None:
        tiny = build(tmp_path / "not" / "there" / "yet", 0.0001)
        assert tiny.counts.products == 300
        assert tiny.counts.users == 20
        assert tiny.counts.inventory_items >= 2 * tiny.counts.products
        assert {item["product_id"] for item in tiny.items} <= {product["id"] for product in tiny.products}

    @pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
    def test_impossible_scales_are_refused(self, scale: float, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="scale"):
            generate(tmp_path, scale=scale, today=TODAY)

    def test_command_line(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        main([str(tmp_path), "--scale", "0.001", "--seed", "3", "--today", "2024-02-29"])
        assert "orders.csv: 125\n" in capsys.readouterr().out
        orders = read(tmp_path / "orders.csv")
        assert max(order["created_at"] for order in orders) < "2024-03-01"

    def test_command_line_refuses_bad_values(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            main([str(tmp_path), "--scale", "-1"])
        assert "scale" in capsys.readouterr().err


class TestWholeness:
    def test_ids_count_from_one(self, shop: Shop) -> None:
        for name, header in HEADERS.items():
            key = header.split(",", 1)[0]
            rows = read(shop.directory / f"{name}.csv")
            assert [int(row[key]) for row in rows] == list(range(1, len(rows) + 1))

    def test_references(self, shop: Shop) -> None:
        centers = {row["id"] for row in shop.centers}
        users = {row["id"] for row in shop.users}
        products = {row["id"] for row in shop.products}
        assert {row["distribution_center_id"] for row in shop.products} <= centers
        assert {row["product_id"] for row in shop.units} <= products
        assert {row["user_id"] for row in shop.orders} <= users
        assert {row["order_id"] for row in shop.items} == {row["order_id"] for row in shop.orders}

    def test_every_item_has_a_unit_of_its_product(self, shop: Shop) -> None:
        units = {row["id"]: row for row in shop.units}
        assert len({item["inventory_item_id"] for item in shop.items}) == len(shop.items)
        for item in shop.items:
            unit = units[item["inventory_item_id"]]
            assert unit["product_id"] == item["product_id"]
            assert unit["created_at"] < item["created_at"]

    def test_units_repeat_their_product(self, shop: Shop) -> None:
        products = {row["id"]: row for row in shop.products}
        for unit in shop.units:
            product = products[unit["product_id"]]
            assert unit["cost"] == product["cost"]
            for name in ("category", "name", "brand", "retail_price", "department", "sku", "distribution_center_id"):
                assert unit[f"product_{name}"] == product[name]

    def test_items_agree_with_their_order(self, shop: Shop) -> None:
        orders = {row["order_id"]: row for row in shop.orders}
        for item in shop.items:
            order = orders[item["order_id"]]
            for name in ("user_id", "status", "created_at", "shipped_at", "delivered_at", "returned_at"):
                assert item[name] == order[name]
        sizes = Counter(item["order_id"] for item in shop.items)
        assert all(sizes[order["order_id"]] == int(order["num_of_item"]) for order in shop.orders)

    def test_orders_and_items_ascend(self, shop: Shop) -> None:
        created = [order["created_at"] for order in shop.orders]
        assert created == sorted(created)
        order_ids = [int(item["order_id"]) for item in shop.items]
        assert order_ids == sorted(order_ids)

    def test_sold_units_are_those_of_kept_items(self, shop: Shop) -> None:
        sold = {unit["id"]: unit["sold_at"] for unit in shop.units if unit["sold_at"]}
        kept = {item["inventory_item_id"]: item["created_at"] for item in shop.items if item["status"] in KEPT}
        assert sold == kept

    def test_some_products_are_sold_out(self, shop: Shop) -> None:
        in_stock = {unit["product_id"] for unit in shop.units if not unit["sold_at"]}
        assert 0.03 < 1 - len(in_stock) / len(shop.products) < 0.15


class TestTime:
    def test_nothing_lies_in_the_future(self, shop: Shop) -> None:
        for rows in (shop.users, shop.units, shop.orders, shop.items):
            for row in rows:
                times = [value for name, value in row.items() if name.endswith("_at") and value]
                assert all(moment <= NOW for moment in times)

    def test_times_have_a_zone(self, shop: Shop) -> None:
        for user in shop.users:
            moment = datetime.fromisoformat(user["created_at"])
            assert moment.tzinfo == UTC
            assert str(moment) == user["created_at"]

    def test_orders_go_forward(self, shop: Shop) -> None:
        steps = ("created_at", "shipped_at", "delivered_at", "returned_at")
        reached = {"Processing": 1, "Cancelled": 1, "Shipped": 2, "Complete": 3, "Returned": 4}
        for order in shop.orders:
            times = [order[step] for step in steps]
            count = reached[order["status"]]
            assert all(times[:count])
            assert not any(times[count:])
            assert times[:count] == sorted(times[:count])

    def test_customers_sign_up_before_they_order(self, shop: Shop) -> None:
        signed_up = {user["id"]: user["created_at"] for user in shop.users}
        assert all(signed_up[order["user_id"]] < order["created_at"] for order in shop.orders)

    def test_only_recent_orders_are_open(self, shop: Shop) -> None:
        """Goods are packed within twelve days and arrive within another twenty."""
        limit = str(TODAY - timedelta(days=33))
        old = Counter(order["status"] for order in shop.orders if order["created_at"] < limit)
        recent = Counter(order["status"] for order in shop.orders if order["created_at"] >= limit)
        assert set(old) == {"Complete", "Cancelled", "Returned"}
        assert recent["Processing"] > 0
        assert recent["Shipped"] > 0
        total = sum(old.values())
        assert 0.70 < old["Complete"] / total < 0.85
        assert 0.08 < old["Cancelled"] / total < 0.16
        assert 0.06 < old["Returned"] / total < 0.15

    def test_the_shop_grows_and_peaks_in_the_fourth_quarter(self, shop: Shop) -> None:
        years = Counter(order["created_at"][:4] for order in shop.orders)
        assert years["2022"] < years["2023"] < years["2024"] < years["2025"]
        quarters = Counter((int(order["created_at"][5:7]) - 1) // 3 for order in shop.orders)
        assert quarters.most_common(1)[0][0] == 3

    def test_swimwear_sells_in_summer_and_coats_in_winter(self, larger_shop: Shop) -> None:
        category = {product["id"]: product["category"] for product in larger_shop.products}
        north = {user["id"] for user in larger_shop.users if float(user["latitude"]) > 0}
        months: dict[str, Counter[str]] = defaultdict(Counter)
        for item in larger_shop.items:
            if item["user_id"] in north:
                months[category[item["product_id"]]][item["created_at"][5:7]] += 1
        swim, coats = months["Swim"], months["Outerwear & Coats"]
        assert swim["06"] + swim["07"] + swim["08"] > 2 * (swim["12"] + swim["01"] + swim["02"])
        assert coats["11"] + coats["12"] + coats["01"] > 2 * (coats["05"] + coats["06"] + coats["07"])


class TestPeople:
    def test_emails_are_distinct_and_cannot_reach_anyone(self, shop: Shop) -> None:
        emails = {user["email"] for user in shop.users}
        assert len(emails) == len(shop.users)
        assert {email.rsplit("@", 1)[1] for email in emails} == {"example.com", "example.org", "example.net"}
        assert all(email.isascii() for email in emails)

    def test_profiles(self, shop: Shop) -> None:
        assert {user["gender"] for user in shop.users} == {"F", "M"}
        assert all(12 <= int(user["age"]) <= 80 for user in shop.users)
        sources = {user["traffic_source"] for user in shop.users}
        assert sources == {"Search", "Organic", "Facebook", "Email", "Display"}
        assert all(all(user.values()) for user in shop.users)
        assert len({user["country"] for user in shop.users}) > 10

    def test_coordinates_are_near_the_city(self, shop: Shop) -> None:
        cities: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
        for user in shop.users:
            place = (float(user["latitude"]), float(user["longitude"]))
            cities[user["country"], user["city"]].append(place)
        for places in cities.values():
            assert np.ptp(np.array(places), axis=0).max() < 0.4

    def test_the_gender_of_an_order_is_its_customers(self, shop: Shop) -> None:
        gender = {user["id"]: user["gender"] for user in shop.users}
        assert all(gender[order["user_id"]] == order["gender"] for order in shop.orders)

    def test_most_customers_order_rarely_and_a_few_often(self, shop: Shop) -> None:
        orders = Counter(order["user_id"] for order in shop.orders)
        assert 0.2 < len(orders) / len(shop.users) < 0.6
        assert max(orders.values()) >= 15
        assert sorted(orders.values())[len(orders) // 2] <= 3


class TestProducts:
    def test_the_range(self, shop: Shop) -> None:
        products = shop.products
        assert {product["department"] for product in products} == {"Women", "Men"}
        assert len({product["category"] for product in products}) == 26
        assert len({product["brand"] for product in products}) > 50
        assert len({product["name"] for product in products}) == len(products)
        assert all(product["name"].startswith(product["brand"]) for product in products)

    def test_skus(self, shop: Shop) -> None:
        skus = {product["sku"] for product in shop.products}
        assert len(skus) == len(shop.products)
        assert all(len(sku) == 32 and set(sku) <= set("0123456789ABCDEF") for sku in skus)

    def test_prices(self, shop: Shop) -> None:
        for product in shop.products:
            price, cost = float(product["retail_price"]), float(product["cost"])
            assert product["retail_price"][-3:] in {".00", ".50", ".95", ".99"}
            assert product["cost"][-3] == "."
            assert 0.345 < cost / price < 0.655
            assert 4 <= price < 3_000

    def test_items_cost_their_price_tag_or_less(self, shop: Shop) -> None:
        price = {product["id"]: float(product["retail_price"]) for product in shop.products}
        paid = [float(item["sale_price"]) / price[item["product_id"]] for item in shop.items]
        assert all(0.49 < share <= 1 for share in paid)
        assert 0.1 < np.mean(np.array(paid) < 1) < 0.5

    def test_categories_have_their_own_price_levels(self, shop: Shop) -> None:
        prices: dict[str, list[float]] = defaultdict(list)
        for product in shop.products:
            prices[product["category"]].append(float(product["retail_price"]))
        median = {category: float(np.median(values)) for category, values in prices.items()}
        assert median["Socks"] < median["Jeans"] < median["Outerwear & Coats"]

    def test_a_tenth_of_the_products_makes_much_of_the_sales(self, shop: Shop) -> None:
        sales = Counter(item["product_id"] for item in shop.items)
        top = sum(count for _, count in sales.most_common(len(shop.products) // 10))
        assert top > 0.3 * len(shop.items)

    def test_departments_follow_gender_mostly(self, shop: Shop) -> None:
        gender = {user["id"]: user["gender"] for user in shop.users}
        department = {product["id"]: product["department"] for product in shop.products}
        own = {"F": "Women", "M": "Men"}
        matches = [department[item["product_id"]] == own[gender[item["user_id"]]] for item in shop.items]
        assert 0.8 < np.mean(matches) < 0.99


class TestTastes:
    def test_people_come_back_to_the_same_categories_and_brands(self, larger_shop: Shop) -> None:
        items = larger_shop.items
        strangers = np.random.default_rng(0).permutation(len(items)).tolist()
        for field in ("category", "brand"):
            label = {product["id"]: product[field] for product in larger_shop.products}
            bought: dict[str, list[str]] = defaultdict(list)
            random: dict[str, list[str]] = defaultdict(list)
            for item, other in zip(items, strangers, strict=True):
                bought[item["user_id"]].append(label[item["product_id"]])
                random[item["user_id"]].append(label[items[other]["product_id"]])
            assert favourite_share(bought) > 1.2 * favourite_share(random)

    def test_what_others_bought_predicts_better_than_popularity(self, larger_shop: Shop) -> None:
        """Leave the last purchase of each customer out and look for it among ten suggestions."""
        history, last = leave_last_out(larger_shop)
        popularity = history.sum(axis=0)
        together = history.T @ history
        length = np.sqrt(np.maximum(popularity, 1.0))
        similarity = together / np.outer(length, length)
        np.fill_diagonal(similarity, 0.0)
        # A touch of popularity fills up the list of customers without neighbours.
        neighbours = hit_rate(history @ similarity + 1e-6 * popularity, history, last)
        popular = hit_rate(np.broadcast_to(popularity, history.shape), history, last)
        assert len(last) > 500
        assert neighbours > 0.1
        assert neighbours > 1.8 * popular


def favourite_share(labels: dict[str, list[str]]) -> float:
    """The mean share of the two most frequent labels among those who bought six things or more."""
    shares = [
        sum(count for _, count in Counter(mine).most_common(2)) / len(mine)
        for mine in labels.values()
        if len(mine) >= 6
    ]
    return float(np.mean(shares))


def leave_last_out(shop: Shop) -> tuple[npt.NDArray[np.float64], list[int]]:
    """Customers x products without each customer's last new product, and that product."""
    bought: dict[str, dict[int, None]] = defaultdict(dict)
    for item in shop.items:
        bought[item["user_id"]].setdefault(int(item["product_id"]) - 1)
    sequences = [list(products) for products in bought.values() if len(products) >= 2]
    history = np.zeros((len(sequences), len(shop.products)))
    for row, products in enumerate(sequences):
        history[row, products[:-1]] = 1.0
    return history, [products[-1] for products in sequences]


def hit_rate(scores: npt.NDArray[np.float64], history: npt.NDArray[np.float64], last: list[int]) -> float:
    """How often the ten best products not yet bought hold the last one."""
    open_scores = np.where(history > 0, -np.inf, scores)
    best = np.argpartition(-open_scores, 10, axis=1)[:, :10]
    return float(np.mean((best == np.array(last)[:, None]).any(axis=1)))
