"""The tables of the product search, all of them made from `products`: one can always make them anew.

No foreign keys: the rows follow their product in the same transaction, and a product may go without asking here.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Text

from chalicelib.core.database import BigId, shop_table
from chalicelib.core.database.dialect import full_text_index
from chalicelib.core.database.types import AsciiText

# A row for each published product: what is searched, filtered, counted and sorted by, and nothing else.
product_search = shop_table(
    "product_search",
    Column("product_id", BigId, primary_key=True, autoincrement=False),
    # See `search_words.words_text`.
    Column("words", AsciiText, nullable=False),
    # What facets count, in one text: see `search_index.facets_text`.
    Column("facets", Text, nullable=False),
    Column("category_key", String(255), nullable=False),
    Column("brand_key", String(255)),
    Column("department_key", String(255)),
    # The beginning of the folded name.
    Column("name_sort", String(70), nullable=False),
    Column("price_cents", BigId, nullable=False),
    # Microseconds since the year 1, the number that a cursor holds.
    Column("created_us", BigId, nullable=False),
    # The more units were bought and kept, the lower: sorted upwards like all other keys.
    Column("place", BigId, nullable=False),
    Index("ix_product_search_place", "place", "product_id"),
    Index("ix_product_search_price", "price_cents", "product_id"),
    Index("ix_product_search_created", "created_us", "product_id"),
    Index("ix_product_search_name", "name_sort", "product_id"),
    Index("ix_product_search_category", "category_key", "place", "product_id"),
    Index("ix_product_search_brand", "brand_key", "place", "product_id"),
)
full_text_index(product_search, "words")

# Every word of the published products, with how many have it at all, in their name and so on. The empty word is in
# all of them, and in nothing; its `mark` is another number whenever a row of `product_search` has changed.
search_words = shop_table(
    "search_words",
    Column("word", String(32), primary_key=True),
    Column("in_products", Integer, nullable=False),
    Column("in_names", Integer, nullable=False),
    Column("in_brands", Integer, nullable=False),
    Column("in_categories", Integer, nullable=False),
    Column("in_departments", Integer, nullable=False),
    Column("mark", BigId, nullable=False, server_default="0"),
)

# The runs of three letters of each word: where to look for a word that was mistyped.
search_grams = shop_table(
    "search_grams",
    Column("gram", String(3), primary_key=True),
    Column("word", String(32), primary_key=True),
)
