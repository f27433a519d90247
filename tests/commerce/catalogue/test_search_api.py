from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from chalicelib.commerce.catalogue import search, search_sql
from chalicelib.commerce.catalogue.search_cursors import CURSOR_PATTERN
from chalicelib.core.auth import Role
from tests.client import Answer, Client
from tests.commerce.searched_goods import Item, level, stock, words
from tests.factories import NOON, client_of, counted_statements

PLANS = ("looked up", "read in order", "looked up by level")


@pytest.fixture(params=PLANS)
def plan(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way to find a word: by the text index (rare words), or in the order of the list (common words)."""
    use_plan(monkeypatch, request.param)
    return str(request.param)


def use_plan(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    looks_up = {"looked up": True, "read in order": False}
    monkeypatch.setattr(search_sql, "looks_up", lambda _match, level, _limit: looks_up.get(way, level > 0))


def names(client: Client, query: str = "", /, **parameters: object) -> list[str]:
    """Return the names that a search finds, in order."""
    answer = ask(client, query, "search", **parameters)
    return [row["name"] for row in answer.json]


def ask(client: Client, query: str = "", path: str = "search", /, **parameters: object) -> Answer:
    given = "".join(f"&{name}={quote(str(value))}" for name, value in parameters.items())
    return client.get(f"/products/{path}?q={quote(query)}{given}")


def facets(client: Client, query: str = "", **parameters: object) -> Any:
    return ask(client, query, "facets", **parameters).json


def counts(facet: Any) -> dict[str, int]:
    return {entry["value"]: entry["count"] for entry in facet["values"]}


# --- words -------------------------------------------------------------------------------------------------------

WARDROBE = [
    Item("Slim Jeans", "Levi's", "Jeans", "Women"),
    Item("Boot Cut Jean", "Diesel", "Jeans", "Men"),
    Item("The Shirt of 501", "Levi's", "Tops & Tees", "Men"),
    Item("Café Crème Dress", "Zoé", "Dresses", "Women"),
    Item("Parka XL", None, "Outerwear & Coats", None),
    Item("Джинсы", "Россия", "Jeans", "Men"),
    Item("牛仔裤", "Uniqlo", "Trousers", "Men"),
]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("slim", ["Slim Jeans"]),
        ("JEANS slim", ["Slim Jeans"]),
        ("slim parka", ["Parka XL", "Slim Jeans"]),  # no product has both: those that have most words
        ("sli jea", ["Slim Jeans"]),
        ("jean", ["Boot Cut Jean", "Slim Jeans", "Джинсы"]),
        ("jeans", ["Boot Cut Jean", "Slim Jeans", "Джинсы"]),
        ("levis", ["Slim Jeans", "The Shirt of 501"]),
        ("levi\u2019s 501", ["The Shirt of 501"]),
        ("levi", ["Slim Jeans", "The Shirt of 501"]),
        ("cafe creme", ["Café Crème Dress"]),
        ("CAFÉ", ["Café Crème Dress"]),
        ("zoe dresses", ["Café Crème Dress"]),
        ("xl", ["Parka XL"]),
        ("x", ["Parka XL"]),
        ("501", ["The Shirt of 501"]),
        ("5", ["The Shirt of 501"]),
        ("the", ["The Shirt of 501"]),
        ("of the", ["The Shirt of 501"]),
        ("tees & tops", ["The Shirt of 501"]),
        ("джинс", ["Джинсы"]),
        ("россия", ["Джинсы"]),
        ("牛仔", ["牛仔裤"]),
        ("outerwear coat", ["Parka XL"]),
        ("ean", []),  # no beginning of a word, and too short to be one mistyped
        ("xyzzy", []),
    ],
)
def test_a_search_finds_what_has_every_word(client: Client, plan: str, query: str, found: list[str]) -> None:
    stock(WARDROBE)
    assert sorted(names(client, query)) == sorted(found)


# SLIM in letters that are twice as wide.
FULL_WIDTH = "\uff33\uff2c\uff29\uff2d"
HOSTILE = [
    "'",
    '"',
    '"slim',
    "slim*",
    "*slim",
    "+slim -jeans",
    "(slim",
    ")",
    "~<>@",
    "slim@4",
    "+",
    "-",
    "+-",
    "a+-b",
    "**",
    "slim AND NOT jeans",
    "NEAR(slim jeans)",
    "words: slim",
    "n_slim",
    "_",
    "%",
    "%slim%",
    "\\",
    "'; DROP TABLE products; --",
    "' OR 1=1 -- ",
    "\0",
    "slim\0jeans",
    "\x01\x1f\x7f",
    "👖",
    "👩‍👩‍👧",
    "\u202e\u200b\ufeff",
    "!!!???...",
    "a" * 500,
    "слово " * 80,
    "x " * 250,
    "\u0301",
    "ﬁ ﬂ",
    "\U0010ffff",
    FULL_WIDTH,
    "{0} %s %(x)s :x ?",
    "*" * 500,
    '"' * 500,
]


def test_nothing_that_is_typed_is_an_error_and_both_plans_find_the_same(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(WARDROBE)
    for query in HOSTILE:
        found = []
        for way in PLANS:
            use_plan(monkeypatch, way)
            answer = ask(client, query)
            assert (answer.status, ask(client, query, "facets").status) == (200, 200), query
            assert ask(client, query, "suggest").status == 200, query
            found.append([row["name"] for row in answer.json])
        assert found[0] == found[1] == found[2], query


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 7),
        ("!!! ???", 7),  # no word: everything
        ("👖", 7),
        ("%", 7),
        ("_", 7),
        ("'", 7),
        ("slim*", 1),
        ("+slim -jeans", 1),
        ("slim or jeans", 1),  # nobody knows "or"
        ("n_slim", 1),  # "n" and "slim" are two words, and no word begins with the first
        (FULL_WIDTH, 1),
        ("slim\0jeans", 1),
    ],
)
def test_signs_mean_nothing_in_a_search(client: Client, plan: str, query: str, found: int) -> None:
    stock(WARDROBE)
    assert len(names(client, query)) == found


def test_too_long_a_query_is_refused_and_so_are_unknown_parameters(client: Client) -> None:
    for query in ("q=" + "a" * 501, "skip=1", "sort=best", "limit=501", "after=zz", "in_stock=maybe", "min_price=x"):
        answer = client.get(f"/products/search?{query}")
        assert answer.status == 422
        assert answer.json["errors"][0]["location"] == f"query.{query.partition('=')[0]}"


# --- slips -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("jeens", "jeans"),
        ("silm jeans", "slim jeans"),
        ("outerwaer", "outerwear"),
        ("slim blorb", "slim"),
        ("jeans", None),
        ("jea", None),
        ("blorb", None),
        ("", None),
    ],
)
def test_a_word_that_nobody_knows_is_put_right_and_the_answer_says_so(
    client: Client, plan: str, query: str, meant: str | None
) -> None:
    stock(WARDROBE)
    answer = ask(client, query)
    assert answer.headers.get("X-Did-You-Mean") == (None if meant is None else quote(meant))
    assert facets(client, query)["did_you_mean"] == meant
    if meant is not None:
        assert answer.json == ask(client, meant).json != []


def test_what_was_meant_is_told_in_any_script(client: Client) -> None:
    stock(WARDROBE)
    answer = ask(client, "джинсй")
    assert [row["name"] for row in answer.json] == ["Джинсы"]
    assert answer.headers["X-Did-You-Mean"] == quote("джинсы")


def test_a_browser_of_another_origin_may_read_what_was_meant(client: Client) -> None:
    answer = client.get("/products/search?q=x", origin="https://shop.example")
    assert "X-Did-You-Mean" in answer.headers["Access-Control-Expose-Headers"]


def test_a_slip_is_only_put_right_where_the_word_is_unknown(client: Client) -> None:
    stock([Item("Boots", "A", "Shoes"), Item("Coats", "A", "Shoes"), Item("Boats", "A", "Shoes")])
    assert names(client, "boats") == ["Boats"]
    assert names(client, "boat") == ["Boats"]  # a beginning that is known


def test_where_no_product_has_all_words_those_with_most_come_first(client: Client, plan: str) -> None:
    stock(
        [
            Item("Red Scarf", "A", "Scarves", None, sold=3),
            Item("Blue Wool Scarf", "B", "Scarves", None),
            Item("Green Hat", "C", "Hats", None, sold=5),
            Item("Socks", "D", "Socks", None),
        ]
    )
    assert names(client, "red wool scarf") == ["Red Scarf", "Blue Wool Scarf"]
    assert names(client, "red wool hat scarf") == ["Red Scarf", "Blue Wool Scarf", "Green Hat"]
    counted = facets(client, "red wool hat scarf")
    assert (counted["total"], counted["matching"]) == (3, "most")
    assert facets(client, "red scarf")["matching"] == "all"


# --- relevance ---------------------------------------------------------------------------------------------------


def test_many_words_that_no_product_has_all_of_find_those_with_most(client: Client) -> None:
    many = ("red", "blue", "green", "black", "white", "brown", "grey", "pink")
    stock(
        [*(Item(f"Thing {number}") for number in range(40)), *(Item(each.title()) for each in many), Item("Red Pink")]
    )
    assert names(client, " ".join(many))[0] == "Red Pink"


def test_a_hit_in_the_name_is_worth_more_than_brand_category_and_department(client: Client, plan: str) -> None:
    stock(
        [
            Item("Trousers 1", "Acme", "Pants", "Denim", sold=9),
            Item("Trousers 2", "Acme", "Denim", "Men", sold=8),
            Item("Trousers 3", "Denim", "Pants", "Men", sold=7),
            Item("Denims", "Acme", "Pants", "Men"),
            Item("Denimware", "Acme", "Pants", "Men", sold=6),
            Item("Blue Denim", "Acme", "Pants", "Men", sold=1),
        ]
    )
    found = ["Blue Denim", "Denims", "Denimware", "Trousers 3", "Trousers 2", "Trousers 1"]
    assert names(client, "denim") == found
    for limit in (1, 2, 5):
        assert walk(client, "denim", limit=limit) == found


def test_the_weakest_word_decides(client: Client, plan: str) -> None:
    stock(
        [
            Item("Slim Pants", "Acme", "Pants", "Women", sold=2),
            Item("Slim Women Pants", "Acme", "Pants", "Women"),
            Item("Slim", "Women", "Pants", "Men", sold=1),
        ]
    )
    assert names(client, "slim women") == ["Slim Women Pants", "Slim", "Slim Pants"]


def test_equal_ones_come_by_units_bought_and_kept(client: Client, plan: str) -> None:
    ids = stock([Item("Jeans A"), Item("Jeans B", sold=1), Item("Jeans C", sold=2), Item("Jeans D")])
    from tests.factories import make_order

    make_order(None, *[(ids[0], 100)] * 9, status="returned")
    search.refresh_all()
    assert names(client, "jeans") == names(client) == ["Jeans C", "Jeans B", "Jeans A", "Jeans D"]


# --- order and pages ---------------------------------------------------------------------------------------------


def walk(client: Client, query: str = "", **parameters: object) -> list[str]:
    """Return all names by following the cursor."""
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = ask(client, query, "search", after=cursor, **parameters)
        assert answer.status == 200
        assert answer.json or not found
        found += [row["name"] for row in answer.json]
        cursor = answer.headers.get("X-Next-Cursor")
    return found


ALIKE = [Item(f"Jeans {number % 3} of {number}", cents=1000 * (number % 2), sold=number % 2) for number in range(11)]


@pytest.mark.parametrize("sort", ["relevance", "price_asc", "price_desc", "newest", "name"])
@pytest.mark.parametrize("query", ["", "jeans", "jeans of", "women", "jeans hat"])
def test_a_walk_meets_each_product_once_in_the_order_of_one_large_page(
    client: Client, plan: str, sort: str, query: str
) -> None:
    stock([*ALIKE, Item("Hat", "B", "Hats", "Men")])
    whole = names(client, query, sort=sort, limit=500)
    assert len(whole) == len(set(whole)) >= 11
    for limit in (1, 2, 3, 11):
        assert walk(client, query, sort=sort, limit=limit) == whole


def test_each_order_is_what_its_name_says(client: Client, plan: str) -> None:
    items = [
        Item("b Jeans", cents=200),
        Item("C jeans", cents=100),
        Item("a jeans", cents=300),
        Item("B jeans", cents=300),
    ]
    stock(items[:2], created_at=NOON)
    stock(items[2:], created_at=NOON.replace(year=2027))
    assert names(client, "jeans", sort="price_asc") == ["C jeans", "b Jeans", "a jeans", "B jeans"]
    assert names(client, "jeans", sort="price_desc") == ["B jeans", "a jeans", "b Jeans", "C jeans"]
    assert names(client, "jeans", sort="newest") == ["B jeans", "a jeans", "C jeans", "b Jeans"]
    assert names(client, "jeans", sort="name") == ["a jeans", "b Jeans", "B jeans", "C jeans"]


def test_names_sort_and_page_in_any_script(client: Client) -> None:
    stock([Item(name) for name in ("Äpfel" * 20, "zebra", "Äpfel" * 20, "яблоко", "apple", "👖", "苹果")])
    whole = names(client, sort="name")
    assert whole[:2] == ["apple", "zebra"]
    assert walk(client, sort="name", limit=1) == whole


@given(st.from_regex(CURSOR_PATTERN, fullmatch=True), st.sampled_from(["relevance", "price_asc", "newest", "name"]))
@hypothesis_settings(max_examples=25)
def test_every_cursor_of_the_documented_form_is_a_position(shop: Engine, cursor: str, sort: str) -> None:
    for query in ("", "jeans"):
        assert ask(Client(), query, sort=sort, after=cursor, limit=3).status == 200


def test_a_page_is_bounded(client: Client) -> None:
    stock([Item(f"Jeans {number}") for number in range(51)])
    assert len(names(client)) == 50
    assert names(client, limit=0) == []
    assert "X-Next-Cursor" not in ask(client, limit=0).headers
    assert "X-Next-Cursor" not in ask(client, limit=51).headers


# --- what is shown -----------------------------------------------------------------------------------------------


def test_a_product_is_shown_as_elsewhere_with_its_stock(client: Client) -> None:
    first, second = stock([Item("Slim", free=(2, 3), cents=4950), Item("Wide")])
    rows = {row["id"]: row for row in ask(client).json}
    listed = {row["id"]: row for row in client.get("/products").json}
    assert rows == listed
    assert (rows[first]["available"], rows[first]["in_stock"]) == (5, True)
    assert (rows[second]["available"], rows[second]["in_stock"]) == (0, False)


def test_cost_is_for_staff(client: Client) -> None:
    stock([Item("Slim")])
    assert "cost" not in ask(client).json[0]
    assert ask(client_of(Role.STAFF)).json[0]["cost"] == 20.0
    assert "cost" not in ask(client_of(Role.CUSTOMER, customer_id=None)).json[0]


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_what_is_not_published_is_never_shown_nor_counted_nor_suggested(client: Client, status: str) -> None:
    stock([Item("Secret Jeans", "Secret", "Secret", "Secret", status=status, free=(1,)), Item("Slim Jeans")])
    for query in ("", "secret", "jeans", "secrt"):
        assert "ecret" not in ask(client, query).text
        assert "ecret" not in ask(client, query, "facets").text
        assert "ecret" not in ask(client, query, "suggest").text
        assert "X-Did-You-Mean" not in ask(client, query).headers
    assert ask(client, category="Secret").json == []
    assert facets(client)["total"] == 1


# --- filters and facets ------------------------------------------------------------------------------------------

SHELVES = [
    Item("Slim 1", "Levi's", "Jeans", "Women", 1000, free=(1,)),
    Item("Slim 2", "LEVI'S", "jeans", "Men", 2000, free=(0, 2)),
    Item("Slim 3", "Acme", "Jeans", "Men", 3000, free=(0, 0)),
    Item("Slim 4", "Acme", "Tops, Tees & more", "Women", 12_000),
    Item("Slim 5", None, "A|B", None, 12_000, free=(1, 1)),
]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"category": "JEANS"}, "123"),
        ({"category": " jeans |Tops, Tees & more"}, "1234"),
        ({"category": "A||B"}, "5"),
        ({"category": "A|B"}, ""),
        ({"category": "jean"}, ""),
        ({"category": ""}, "12345"),
        ({"brand": "levi's"}, "12"),
        ({"brand": "levi's|acme"}, "1234"),
        ({"department": "women"}, "14"),
        ({"department": "women", "category": "jeans"}, "1"),
        ({"min_price": "20"}, "2345"),
        ({"max_price": "30"}, "123"),
        ({"min_price": "20.001", "max_price": "119.999"}, "3"),
        ({"min_price": "30", "max_price": "20"}, ""),
        ({"in_stock": "true"}, "125"),
        ({"in_stock": "false"}, "34"),
        ({"in_stock": "true", "department": "men"}, "2"),
        ({"brand": "%"}, ""),
        ({"brand": "levi_s"}, ""),
    ],
)
@pytest.mark.parametrize("query", ["", "slim"])
def test_filters_choose_by_whole_values(
    client: Client, plan: str, query: str, filters: dict[str, str], found: str
) -> None:
    stock(SHELVES)
    assert sorted(names(client, query, **filters)) == [f"Slim {number}" for number in found]
    assert facets(client, query, **filters)["total"] == len(found)


def test_facets_count_each_value_under_the_other_filters(client: Client, plan: str) -> None:
    stock(SHELVES)
    counted = facets(client, "slim", category="Jeans", in_stock="true")
    assert counted["total"] == 2
    assert counts(counted["category"]) == {"Jeans": 2, "A|B": 1}
    assert counts(counted["brand"]) == {"LEVI'S": 2}
    assert counts(counted["department"]) == {"Men": 1, "Women": 1}
    assert counted["stock"] == {"in_stock": 2, "out_of_stock": 1}
    assert counted["price"] == [{"min_price": 10.0, "max_price": 24.99, "count": 2}]


def test_values_that_differ_in_case_are_one_and_products_without_one_are_in_none(client: Client) -> None:
    stock(SHELVES)
    counted = facets(client)
    assert counts(counted["category"]) == {"Jeans": 3, "A|B": 1, "Tops, Tees & more": 1}
    assert counts(counted["brand"]) == {"Acme": 2, "LEVI'S": 2}
    assert [entry["count"] for entry in counted["price"]] == [2, 1, 2]
    assert (counted["total"], counted["matching"], counted["did_you_mean"]) == (5, "all", None)


def test_only_the_fifty_most_frequent_values_are_listed_and_those_that_are_chosen(client: Client) -> None:
    stock([Item("Slim", f"Brand {number:02}") for number in range(53)])
    brand = facets(client)["brand"]
    assert (len(brand["values"]), brand["others"]) == (50, 3)
    chosen = facets(client, brand="brand 52")["brand"]
    assert ([entry["value"] for entry in chosen["values"]][-1], chosen["others"]) == ("Brand 52", 2)


def test_an_empty_shop_has_empty_facets(client: Client) -> None:
    none: dict[str, Any] = {"values": [], "others": 0}
    for query in ("", "jeans"):
        assert facets(client, query) == {
            "total": 0,
            "did_you_mean": None,
            "matching": "all",
            "category": none,
            "brand": none,
            "department": none,
            "price": [],
            "stock": {"in_stock": 0, "out_of_stock": 0},
        }


# --- against a search that is written anew -----------------------------------------------------------------------

NAME_WORDS = ["slim", "slimline", "jeans", "jean", "shirt", "shirts", "red", "xl", "the", "501", "dress", "dresses"]
BRANDS = ["Levi", "Red Label", "The Jean", None]
CATEGORIES = ["Jeans", "Dresses", "Shirts"]
DEPARTMENTS = ["Women", "Men", None]


def random_items(seed: int, size: int) -> list[Item]:
    chance = random.Random(seed)
    return [
        Item(
            " ".join(chance.sample(NAME_WORDS, chance.randint(1, 3))),
            chance.choice(BRANDS),
            chance.choice(CATEGORIES),
            chance.choice(DEPARTMENTS),
            chance.choice([0, 999, 1000, 2500, 30_000, 2_000_000]),
            chance.choice(["published"] * 4 + ["draft"]),
            chance.choice([(), (0,), (1,), (0, 2)]),
            chance.choice([0, 0, 1, 2]),
        )
        for _ in range(size)
    ]


QUERIES = st.lists(
    st.sampled_from([*NAME_WORDS, "levi", "label", "women", "men"]).flatmap(
        lambda word: st.integers(1, len(word)).map(lambda length: word[:length])
    ),
    max_size=3,
    unique=True,
).map(" ".join)


def test_results_and_facets_are_those_of_a_search_row_by_row(client: Client, plan: str) -> None:
    items = random_items(7, 60)
    ids = stock(items)
    live = [(product_id, item) for product_id, item in zip(ids, items, strict=True) if item.status == "published"]

    @given(
        QUERIES,
        st.sets(st.sampled_from(["Jeans", "Dresses"])),
        st.sampled_from([None, "women"]),
        st.sampled_from([None, "true", "false"]),
        st.sampled_from([None, 1000, 2500]),
    )
    @hypothesis_settings(max_examples=60)
    def check(
        query: str, categories: set[str], department: str | None, in_stock: str | None, at_most: int | None
    ) -> None:
        tests: dict[str, Callable[[Item], bool]] = {
            "category": lambda item: not categories or item.category in categories,
            "department": lambda item: department is None or (item.department or "").lower() == department,
            "stock": lambda item: in_stock is None or (item.available > 0) == (in_stock == "true"),
            "price": lambda item: at_most is None or item.cents <= at_most,
        }
        parameters: dict[str, object] = {"category": "|".join(sorted(categories))}
        parameters |= {} if department is None else {"department": department}
        parameters |= {} if in_stock is None else {"in_stock": in_stock}
        parameters |= {} if at_most is None else {"max_price": at_most / 100}
        hits = {product_id: (item, level(item, query)) for product_id, item in live}
        hits = {product_id: hit for product_id, hit in hits.items() if hit[1] is not None}
        if not hits and len(words(query)) > 1:
            return  # then most of the words are enough: another test
        expected = sorted(
            (-(at or 0) if query else 0, -item.sold, product_id)
            for product_id, (item, at) in hits.items()
            if all(test(item) for test in tests.values())
        )
        answer = ask(client, query, "search", limit=500, **parameters)
        assert [row["id"] for row in answer.json] == [product_id for *_, product_id in expected]
        counted = facets(client, query, **parameters)
        assert counted["total"] == len(expected)
        for facet in ("category", "department", "brand"):
            others = [
                getattr(item, facet)
                for item, _ in hits.values()
                if all(test(item) for name, test in tests.items() if name != facet) and getattr(item, facet)
            ]
            assert counts(counted[facet]) == {value: others.count(value) for value in set(others)}
        stocked = [
            item.available > 0
            for item, _ in hits.values()
            if all(test(item) for name, test in tests.items() if name != "stock")
        ]
        assert counted["stock"] == {"in_stock": sum(stocked), "out_of_stock": len(stocked) - sum(stocked)}

    check()


# --- suggestions -------------------------------------------------------------------------------------------------


def test_suggestions_complete_what_has_been_typed(client: Client) -> None:
    ids = stock([Item("Slim Jeans", "Jeanswest", "Jeans", sold=1), Item("Wide Jeans", "Levi", "JEANS"), Item("Hat")])
    assert ask(client, "jea", "suggest").json == {
        "products": [
            {"id": ids[0], "name": "Slim Jeans"},
            {"id": ids[1], "name": "Wide Jeans"},
            {"id": ids[2], "name": "Hat"},
        ],
        "categories": [{"value": "Jeans", "count": 3}],
        "brands": [{"value": "Jeanswest", "count": 1}],
    }
    assert ask(client, "", "suggest").json == {"products": [], "categories": [], "brands": []}
    assert len(ask(client, "jea", "suggest", limit=1).json["products"]) == 1


# --- cost --------------------------------------------------------------------------------------------------------


def test_a_search_costs_a_few_statements_however_much_it_finds(client: Client, shop: Engine) -> None:
    stock([Item(f"Slim Jeans {number}") for number in range(30)])
    for target, most in (
        ("search?limit=20", 2),
        ("search?q=jeans&limit=20", 3),
        ("search?q=slim+jeans&limit=20", 3),
        ("search?q=jeens&limit=20", 5),
        ("facets", 3),
        ("facets?q=jeans", 3),  # the catalogue is known by now
    ):
        with counted_statements(shop) as statements:
            client.get(f"/products/{target}")
        assert len(statements) <= most, statements
