"""The assistant's tools for the customer's own cart."""

from __future__ import annotations

from typing import Any

from chalicelib.commerce.catalogue import products
from chalicelib.commerce.sales import carts
from chalicelib.commerce.sales.carts import Place
from chalicelib.commerce.stock.stock import OutOfStock
from chalicelib.conversations.assistant.tool_arguments import AddToCart
from chalicelib.conversations.assistant.tools_catalogue import product_fact
from chalicelib.conversations.assistant.turns import CartFact, CartLineFact, ProductFact, ToolCall, ToolResult
from chalicelib.core.auth import Caller
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict


class PriceChanged(Conflict):
    """A product costs something else than the person was told before it said yes."""

    code = "told-price-changed"
    title = "Price changed"


def show_cart(connection: Connection, call: ToolCall, customer_id: int) -> ToolResult:
    """Look at the cart."""
    return ToolResult(call, cart=read_cart(connection, customer_id))


def read_cart(connection: Connection, customer_id: int) -> CartFact:
    """Return the customer's cart with present prices; what is not sold any more is left out."""
    cart = carts.find_cart_of(connection, customer_id)
    if cart is None:
        return CartFact((), 0, 0)
    priced = carts.price_cart(connection, cart, Place(), None)
    lines = [_line(item) for item in priced.items if item.status == products.PUBLISHED]
    return CartFact(lines, sum(line.quantity for line in lines), priced.quote.items_cents)


def _line(item: Any) -> CartLineFact:
    return CartLineFact(item.product_id, item.name, item.quantity, item.retail_price_cents)


def check_add(connection: Connection, call: ToolCall, wanted: AddToCart, customer_id: int) -> ToolResult:
    """Return the product that could be put into the cart; an error, with the product, where there are too few units.

    Raises:
        NotFound: it is not sold.
    """
    fact = _sold(connection, wanted.product_id)
    cart = carts.find_cart_of(connection, customer_id)
    lack = _lack(connection, fact, cart, wanted.quantity)
    if lack is not None:
        return ToolResult(call, products=[fact], error="out-of-stock", message=lack)
    return ToolResult(call, products=[fact], needs_yes=True)


def add_to_cart(connection: Connection, wanted: AddToCart, caller: Caller, *, price_cents: int | None) -> None:
    """Put units into the caller's cart, if one costs what was told.

    Raises:
        PriceChanged: it costs something else by now.
        NotFound, OutOfStock, NotForSale, CartFull: it cannot be done any more.
    """
    cart = carts.lock_cart(connection, carts.open_cart(connection, caller).public_id, caller)
    fact = _sold(connection, wanted.product_id)
    if fact.price_cents != price_cents:
        raise PriceChanged(f"The price of {fact.name} has changed.")
    lack = _lack(connection, fact, cart, wanted.quantity)
    if lack is not None:
        raise OutOfStock(lack)
    carts.add(connection, cart, wanted.product_id, wanted.quantity)


def after_adding(connection: Connection, call: ToolCall, wanted: AddToCart, customer_id: int) -> ToolResult:
    """Return the product that was put into the cart, and the cart."""
    fact = _sold(connection, wanted.product_id)
    return ToolResult(call, products=[fact], cart=read_cart(connection, customer_id))


def _sold(connection: Connection, product_id: int) -> ProductFact:
    return product_fact(products.get_product(connection, product_id, unpublished=False))


def _lack(connection: Connection, fact: ProductFact, cart: Any, quantity: int) -> str | None:
    """Say why so many more units cannot be had; what is in the cart already counts."""
    held = 0 if cart is None else carts.quantity_of(connection, cart, fact.id)
    if fact.available >= quantity + held:
        return None
    if not fact.available:
        return f"{fact.name} is sold out."
    return f"{fact.available} of {fact.name} can be bought" + (
        f", and {held} are in the cart already." if held else "."
    )
