"""What an import makes of rows: inserted, updated, left as they are, or rejected with a reason."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.csv_import.csv_files import (
    Row,
    center,
    everything,
    import_files,
    item,
    order,
    product,
    stored,
    unit,
    user,
    write_files,
    write_shop,
)
from tests.factories import make_center, make_customer, make_product

small_and_large_batches = pytest.mark.parametrize("batch_rows", [1, 2, 1000])


def as_text(value: Any) -> str:
    """A time as text, which SQLite gives as it is."""
    return value if isinstance(value, str) else str(value.isoformat(" ", "microseconds"))


class TestRowsThatAreGood:
    def test_every_value_arrives_in_its_column(self, shop: Engine, tmp_path: Path) -> None:
        folder = write_files(
            tmp_path,
            distribution_centers=[center(4, name="Port \N{ANCHOR}", latitude="-33.5", longitude="1e2")],
            users=[
                user(5, email="Ann@Example.COM", first_name="Ann", age="", created_at="2024-01-02T03:04:05+02:00")
            ],
            products=[product(6, cost="20.005", retail_price="49.5", brand="LEVI", distribution_center_id=4)],
            inventory_items=[unit(7, product_id=6, sold_at="2024-05-06", product_retail_price="49.50")],
            orders=[order(8, user_id="", status="completed", num_of_item="2.0")],
            order_items=[item(9, order_id=8, user_id=5, product_id=6, inventory_item_id="", sale_price="0.0199")],
        )
        done = import_files(folder)
        assert done.rejections == []
        assert done.row.state == "done"
        assert set(done.all_counts.values()) == {(1, 0, 0, 0)}
        rows = {table: found[0] for table, found in everything(shop).items()}
        place = rows["distribution_centers"]
        assert (place["id"], place["name"], place["latitude"], place["longitude"]) == (
            4,
            "Port \N{ANCHOR}",
            -33.5,
            100,
        )
        person = rows["users"]
        assert (person["id"], person["email"], person["email_key"]) == (5, "Ann@Example.COM", "ann@example.com")
        assert (person["first_name"], person["last_name"], person["age"]) == ("Ann", None, None)
        assert as_text(person["created_at"]) == "2024-01-02 01:04:05.000000"
        thing = rows["products"]
        assert (thing["cost_cents"], thing["retail_price_cents"]) == (2000, 4950)  # a half goes to the even cent
        assert (thing["brand"], thing["brand_key"], thing["category_key"]) == ("LEVI", "levi", "jeans")
        assert (thing["sku"], thing["distribution_center_id"]) == ("SKU-6", 4)
        piece = rows["inventory_items"]
        assert (piece["product_id"], piece["product_retail_price_cents"]) == (6, 4950)
        assert as_text(piece["sold_at"]) == "2024-05-06 00:00:00.000000"
        bought = rows["orders"]
        assert (bought["id"], bought["user_id"], bought["status"], bought["num_of_item"]) == (8, None, "complete", 2)
        line = rows["order_items"]
        assert (line["order_id"], line["user_id"], line["product_id"]) == (8, 5, 6)
        assert (line["inventory_item_id"], line["sale_price_cents"]) == (None, 2)

    def test_columns_that_no_file_has_are_set_to_the_moment_of_the_import(self, shop: Engine, tmp_path: Path) -> None:
        done = import_files(write_shop(tmp_path))
        moment = done.row.created_at.replace(tzinfo=None).isoformat(" ", "microseconds")
        for table, stamps in {
            "distribution_centers": ("created_at", "updated_at"),
            "users": ("updated_at",),
            "products": ("created_at", "updated_at"),
            "orders": ("updated_at",),
        }.items():
            assert {as_text(row[stamp]) for row in stored(shop, table) for stamp in stamps} == {moment}

    def test_text_that_is_hard_to_write_down_arrives(self, shop: Engine, tmp_path: Path) -> None:
        names = ["tab\there", "two\nlines", "back\\slash", "a\\Nb", 'say "hi"', "it's; 100 %", "\N{GRINNING FACE}"]
        import_files(write_files(tmp_path, users=[user(at, first_name=name) for at, name in enumerate(names, 1)]))
        assert [row["first_name"] for row in stored(shop, "users")] == names

    def test_a_gz_file_is_loaded_as_a_plain_one(self, shop: Engine, tmp_path: Path) -> None:
        write_shop(tmp_path)
        plain = tmp_path / "users.csv"
        (tmp_path / "users.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()
        done = import_files(tmp_path)
        assert done.counts("users") == (3, 0, 0, 0)
        assert done.files["users"].bytes_done == done.files["users"].size_bytes


class TestTheSecondTime:
    @small_and_large_batches
    def test_nothing_changes(self, shop: Engine, tmp_path: Path, batch_rows: int) -> None:
        """Not even with values that look different in the file than in the database."""
        write_shop(tmp_path, 5)
        write_files(
            tmp_path,
            distribution_centers=[center(latitude="35.117400000", longitude="-8.99711e1")],
            products=[product(n, cost="19.999", brand=None if n == 2 else "Levi") for n in range(1, 6)],
            users=[user(n, first_name=f" {n} ", latitude=0.1 + 0.2, longitude="1e-7") for n in range(1, 6)],
        )
        import_files(tmp_path, batch_rows=batch_rows)
        before = everything(shop)
        again = import_files(tmp_path, batch_rows=batch_rows)
        assert everything(shop) == before
        sizes = {"distribution_centers": 1}
        assert again.all_counts == {table: (0, 0, sizes.get(table, 5), 0) for table in before}

    def test_rejected_rows_are_rejected_again_and_nothing_changes(self, shop: Engine, tmp_path: Path) -> None:
        rows = [user(1), user(2, email="USER1@example.com"), user(3, age="old"), user(1), user(4)]
        write_shop(tmp_path, users=rows)
        first = import_files(tmp_path)
        before = everything(shop)
        again = import_files(tmp_path)
        assert again.rejections == first.rejections
        assert everything(shop) == before
        assert again.counts("users") == (0, 0, 2, 3)

    def test_changed_rows_are_updated_and_only_these_are_stamped(self, shop: Engine, tmp_path: Path) -> None:
        import_files(write_shop(tmp_path))
        before = {row["id"]: row for row in stored(shop, "users")}
        again = import_files(write_files(tmp_path, users=[user(1), user(2, city="Nice"), user(3), user(4)]))
        assert again.counts("users") == (1, 1, 2, 0)
        after = {row["id"]: row for row in stored(shop, "users")}
        assert after[1] == before[1]
        assert after[3] == before[3]
        assert after[2]["updated_at"] > before[2]["updated_at"]
        assert after[2] == before[2] | {"city": "Nice", "updated_at": after[2]["updated_at"], "version": 2}
        assert after[4]["first_name"] == "Robin 4"

    def test_the_moment_in_which_a_row_came_in_is_kept(self, shop: Engine, tmp_path: Path) -> None:
        import_files(write_shop(tmp_path))
        [before, *_] = stored(shop, "products")
        import_files(write_shop(tmp_path, products=[product(1, cost="21"), product(2), product(3)]))
        [after, *_] = stored(shop, "products")
        assert (after["cost_cents"], after["created_at"]) == (2100, before["created_at"])
        assert after["updated_at"] > before["updated_at"]

    def test_a_value_can_be_taken_away(self, shop: Engine, tmp_path: Path) -> None:
        import_files(write_shop(tmp_path))
        write_files(tmp_path, inventory_items=[unit(1), unit(2, sold_at="2024-05-06"), unit(3)])
        assert import_files(tmp_path).counts("inventory_items") == (0, 1, 2, 0)
        write_files(tmp_path, inventory_items=[unit(1), unit(2, sold_at=""), unit(3)])
        assert import_files(tmp_path).counts("inventory_items") == (0, 1, 2, 0)
        assert [row["sold_at"] for row in stored(shop, "inventory_items")] == [None] * 3

    def test_a_folded_key_follows_its_column(self, shop: Engine, tmp_path: Path) -> None:
        import_files(write_shop(tmp_path))
        write_shop(
            tmp_path, products=[product(1, brand="\N{ANGSTROM SIGN}s", category="TOPS"), product(2), product(3)]
        )
        import_files(tmp_path)
        changed = stored(shop, "products")[0]
        assert (changed["brand_key"], changed["category_key"]) == ("\xe5s", "tops")

    def test_a_column_that_the_file_lacks_keeps_its_values(self, shop: Engine, tmp_path: Path) -> None:
        import_files(write_shop(tmp_path))
        before = stored(shop, "products")
        rows = [product(number, name=f"New {number}") for number in (1, 2)]
        for row in rows:
            del row["brand"]
        done = import_files(write_files(tmp_path / "again", products=rows))
        assert done.counts("products") == (0, 2, 0, 0)
        after = stored(shop, "products")
        assert [row["name"] for row in after] == ["New 1", "New 2", "Slim 3"]
        assert [(row["brand"], row["brand_key"]) for row in after] == [("Levi", "levi")] * 3
        assert after[2] == before[2]
        assert import_files(tmp_path / "again").counts("products") == (0, 0, 2, 0)

    def test_a_column_that_the_file_lacks_is_empty_in_new_rows(self, shop: Engine, tmp_path: Path) -> None:
        rows = [product(1), product(2)]
        for row in rows:
            del row["brand"]
        import_files(write_files(tmp_path, distribution_centers=[center()], products=rows))
        assert [(row["brand"], row["brand_key"]) for row in stored(shop, "products")] == [(None, None)] * 2


class TestRepeatedIds:
    @small_and_large_batches
    def test_the_first_row_of_an_id_wins(self, shop: Engine, tmp_path: Path, batch_rows: int) -> None:
        rows = [user(1), user(2), user(1, city="Nice"), user(3), user(2), user(2)]
        done = import_files(write_files(tmp_path, users=rows), batch_rows=batch_rows)
        assert done.places == [("users.csv", 4, "id", "1"), ("users.csv", 6, "id", "2"), ("users.csv", 7, "id", "2")]
        assert {reason for *_, reason in done.rejections} == {"stands earlier in this file; keep one of the rows"}
        assert done.counts("users") == (3, 0, 0, 3)
        assert [row["city"] for row in stored(shop, "users")] == ["Lyon"] * 3

    def test_a_bad_row_does_not_use_up_its_id(self, shop: Engine, tmp_path: Path) -> None:
        done = import_files(write_files(tmp_path, users=[user(1, age="old"), user(1, age=41)]))
        assert done.places == [("users.csv", 2, "age", "old")]
        assert [row["age"] for row in stored(shop, "users")] == [41]

    def test_an_id_of_an_earlier_import_is_no_repetition(self, shop: Engine, tmp_path: Path) -> None:
        make_customer(id=1, email="user1@example.com")
        assert import_files(write_files(tmp_path, users=[user(1)])).counts("users") == (0, 1, 0, 0)


class TestParents:
    @small_and_large_batches
    def test_rows_without_their_parents_are_reported(self, shop: Engine, tmp_path: Path, batch_rows: int) -> None:
        done = import_files(
            write_shop(
                tmp_path,
                products=[product(1), product(2, distribution_center_id=9), product(3)],
                orders=[order(1), order(2, user_id=99), order(3, user_id="")],
                order_items=[
                    item(1),
                    item(2),
                    item(3, user_id="", inventory_item_id=77),
                    item(4, order_id=1, user_id=1),
                ],
            ),
            batch_rows=batch_rows,
        )
        assert done.places == [
            ("products.csv", 3, "distribution_center_id", "9"),
            ("inventory_items.csv", 3, "product_id", "2"),
            ("orders.csv", 3, "user_id", "99"),
            ("order_items.csv", 3, "order_id", "2"),
            ("order_items.csv", 4, "inventory_item_id", "77"),
            ("order_items.csv", 5, "product_id", "4"),
        ]
        reasons = [reason for *_, reason in done.rejections]
        assert reasons[0] == "distribution_centers has no row 9; import that row first, or mend this one"
        assert done.row.state == "done"
        assert done.counts("order_items") == (1, 0, 0, 3)
        assert [row["id"] for row in stored(shop, "orders")] == [1, 3]

    def test_parents_may_be_in_the_database_already(self, shop: Engine, tmp_path: Path) -> None:
        product_id = make_product(distribution_center_id=make_center())
        done = import_files(write_files(tmp_path, inventory_items=[unit(1, product_id=product_id)]))
        assert done.counts("inventory_items") == (1, 0, 0, 0)

    def test_scattered_parents_are_known_one_by_one(self, shop: Engine, tmp_path: Path) -> None:
        users = [user(number) for number in (3, 7, 2**62)]
        orders = [order(at, user_id=number) for at, number in enumerate((3, 4, 7, 2**62, 2**62 - 1), 1)]
        done = import_files(write_files(tmp_path, users=users, orders=orders))
        assert done.places == [("orders.csv", 3, "user_id", "4"), ("orders.csv", 6, "user_id", str(2**62 - 1))]

    def test_a_parent_that_goes_while_the_import_runs_is_reported(self, shop: Engine, tmp_path: Path) -> None:
        """Whoever deletes a customer does not know of the orders that are still in the file."""
        write_shop(tmp_path, 6)

        def delete_customer(progress: Any) -> None:
            if progress.file == "orders.csv" and progress.records_done == 2:
                with shop.connect() as connection:
                    connection.exec_driver_sql("DELETE FROM users WHERE id = 6")

        done = import_files(tmp_path, batch_rows=2, on_progress=delete_customer)
        assert done.places == [("orders.csv", 7, "user_id", "6"), ("order_items.csv", 7, "order_id", "6")]
        assert done.row.state == "done"
        assert [row["id"] for row in stored(shop, "orders")] == [1, 2, 3, 4, 5]


class TestUniqueValues:
    @small_and_large_batches
    def test_an_email_of_another_customer_is_reported_whatever_its_case(
        self, shop: Engine, tmp_path: Path, batch_rows: int
    ) -> None:
        taken = make_customer(email="Taken@example.com")
        rows = [user(801), user(802, email="TAKEN@Example.com"), user(803, email="USER801@example.com"), user(804)]
        done = import_files(write_files(tmp_path, users=rows), batch_rows=batch_rows)
        assert done.rejections == [
            ("users.csv", 3, "email", "TAKEN@Example.com", f"belongs to row {taken} of users already"),
            ("users.csv", 4, "email", "USER801@example.com", "belongs to row 801 of users already"),
        ]
        assert done.counts("users") == (2, 0, 0, 2)

    def test_a_sku_of_another_product_is_reported(self, shop: Engine, tmp_path: Path) -> None:
        rows = [product(1), product(2, sku="SKU-1"), product(3, sku="sku-1")]
        done = import_files(write_files(tmp_path, distribution_centers=[center()], products=rows))
        assert done.places == [("products.csv", 3, "sku", "SKU-1")]
        assert [row["sku"] for row in stored(shop, "products")] == ["SKU-1", "sku-1"]

    def test_a_row_keeps_its_own_value_when_something_else_changes(self, shop: Engine, tmp_path: Path) -> None:
        import_files(write_files(tmp_path, users=[user(1), user(2)]))
        done = import_files(write_files(tmp_path, users=[user(1, email="USER1@EXAMPLE.COM"), user(2, city="Nice")]))
        assert done.counts("users") == (0, 2, 0, 0)
        assert [row["email"] for row in stored(shop, "users")] == ["USER1@EXAMPLE.COM", "user2@example.com"]

    @small_and_large_batches
    def test_a_value_that_a_row_gives_up_is_free_for_the_rows_below(
        self, shop: Engine, tmp_path: Path, batch_rows: int
    ) -> None:
        """Whether they stand in one batch or in two."""
        centers: list[Row] = [center()]
        before = [product(1, sku="A"), product(2, sku="B"), product(3, sku="C")]
        import_files(write_files(tmp_path, distribution_centers=centers, products=before))
        after = [
            product(1, sku="Z"),
            product(4, sku="A"),
            product(2, sku="C"),
            product(3, sku="D"),
            product(5, sku="C"),
        ]
        done = import_files(write_files(tmp_path, products=after), batch_rows=batch_rows)
        assert done.rejections == [("products.csv", 4, "sku", "C", "belongs to row 3 of products already")]
        found = {row["id"]: row["sku"] for row in stored(shop, "products")}
        assert found == {1: "Z", 2: "B", 3: "D", 4: "A", 5: "C"}

    def test_customers_cannot_swap_their_emails_in_one_file(self, shop: Engine, tmp_path: Path) -> None:
        import_files(write_files(tmp_path, users=[user(1, email="a@x.io"), user(2, email="b@x.io")]))
        done = import_files(write_files(tmp_path, users=[user(1, email="b@x.io"), user(2, email="a@x.io")]))
        assert done.places == [("users.csv", 2, "email", "b@x.io"), ("users.csv", 3, "email", "a@x.io")]
        assert [row["email"] for row in stored(shop, "users")] == ["a@x.io", "b@x.io"]


class TestTheReport:
    def test_each_bad_value_is_reported_and_a_row_is_counted_once(self, shop: Engine, tmp_path: Path) -> None:
        (tmp_path / "users.csv").write_text(
            "id,email,age,created_at\n"
            "1,ann@example.com,200,2024-01-01\n"
            "x,nobody,old,\n"
            "3,three@example.com,3\n"
            '4,"open,4,2024-01-01\n'
            "5,five@example.com,5,2024-01-01\n",
            encoding="utf-8",
        )
        done = import_files(tmp_path)
        assert done.rejections == [
            ("users.csv", 2, "age", "200", "must be from 0 to 150"),
            ("users.csv", 3, "age", "old", "is not a whole number"),
            ("users.csv", 3, "created_at", "", "is required"),
            ("users.csv", 3, "email", "nobody", "is not an e-mail address"),
            ("users.csv", 3, "id", "x", "is not a whole number"),
            ("users.csv", 4, "", "3,three@example.com,3", "has 3 fields, the header has 4"),
            ("users.csv", 5, "", '4,"open,4,2024-01-01', "a quote is opened here and not closed"),
        ]
        assert done.counts("users") == (1, 0, 0, 4)
        assert done.files["users"].records_done == 5

    def test_rejections_stand_in_the_order_of_the_files_and_lines(self, shop: Engine, tmp_path: Path) -> None:
        rows = [user(number, age="old" if number % 3 else number) for number in range(1, 101)]
        orders = [order(number) for number in range(1, 101)]
        done = import_files(write_files(tmp_path, users=rows, orders=orders), batch_rows=7)
        bad = [number for number in range(1, 101) if number % 3]
        assert done.places == [("users.csv", number + 1, "age", "old") for number in bad] + [
            ("orders.csv", number + 1, "user_id", str(number)) for number in bad
        ]

    def test_a_long_value_is_shown_in_part(self, shop: Engine, tmp_path: Path) -> None:
        done = import_files(write_files(tmp_path, users=[user(1, first_name="\N{GRINNING FACE}" * 300)]))
        assert done.places == [("users.csv", 2, "first_name", "\N{GRINNING FACE}" * 200)]

    def test_bytes_that_are_no_text_can_be_reported(self, shop: Engine, tmp_path: Path) -> None:
        (tmp_path / "users.csv").write_bytes(b"id,email,first_name,created_at\n1,a@x.io,Andr\xe9,2024-01-01\n")
        [rejection] = import_files(tmp_path).rejections
        assert rejection[2:] == (
            "first_name",
            "Andr\N{REPLACEMENT CHARACTER}",
            "is not valid UTF-8: save the file as UTF-8",
        )
