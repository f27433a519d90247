"""The cart: putting something in once the person says yes, and looking at it. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from chalicelib.conversations.assistant.local import formats, shopping
from chalicelib.conversations.assistant.local.turn import Turn
from chalicelib.conversations.assistant.turns import ProductFact, Reply, ToolResult

_MOST = 99
_CHECKOUT = re.compile(
    r"\b(?:check ?out|pay|place (?:the|my) order|remove|take (?:\w+ )?out|delete|empty|kasse|bezahl\w*|entfern\w*|"
    r"losch\w*|leere?n?|herausnehmen|raus)\b"
)


def add(turn: Turn) -> Reply:
    """Ask whether to put the product that is meant into the cart."""
    meant = turn.meant()
    quantity = min(turn.understood.quantity or 1, _MOST)
    if len(meant) > 1:
        # One change at a time needs one yes each: begin with the first.
        quantity = 1
    if not meant and turn.understood.filters.names_goods:
        return _choose(turn)
    if not meant:
        if len(turn.memory.shown) == 1:
            meant = [turn.memory.shown[0].id]
        else:
            return shopping.ask_which(turn, "add_to_cart")
    return propose(turn, meant[0], quantity)


def _choose(turn: Turn) -> Reply:
    """Look for what the text names: the only one is proposed, of several one is asked for."""
    found = shopping.named(turn)
    if found is not None:
        return propose(turn, found.id, turn.understood.quantity or 1)
    reply = shopping.search(turn)
    if not reply.product_ids:
        return reply
    turn.memory.asked = {"what": "product", "for": "add_to_cart", "quantity": turn.understood.quantity}
    products = [each.id for each in turn.memory.shown]
    text = f"{reply.text}\n{turn.say('which_product')}"
    again = turn.reply(text, "add_to_cart", "asked_back", suggestions=("add_first",))
    return _with_products(again, products)


def _with_products(reply: Reply, product_ids: list[int]) -> Reply:
    return replace(reply, product_ids=product_ids)


def propose(turn: Turn, product_id: int, quantity: int) -> Reply:
    """Ask for the yes to put units of a product into the cart."""
    result = turn.call("add_to_cart", product_id=product_id, quantity=quantity)
    product = result.products[0] if result.products else None
    if not result.needs_yes or product is None:
        return _refused(turn, result, product)
    turn.memory.waits = {"name": "add_to_cart", "arguments": {"product_id": product_id, "quantity": quantity}}
    turn.memory.focus = product_id
    text = turn.say(
        "confirm_add", quantity=quantity, name=formats.one_line(product.name), price=turn.money(product.price_cents)
    )
    return turn.reply(text, "add_to_cart", "asked_back", products=[product], suggestions=("yes", "no"))


def _refused(turn: Turn, result: ToolResult, product: ProductFact | None) -> Reply:
    if result.error == "no-customer":
        return turn.reply(turn.say("no_customer"), "add_to_cart", "refused")
    if result.error == "out-of-stock":
        text = turn.say("sold_out_now")
        if product is not None:
            name, price = formats.one_line(product.name), turn.money(product.price_cents)
            text += " " + turn.say("one_product", name=name, price=price, stock=turn.stock(product))
        shown = [product] if product is not None else []
        return turn.reply(text, "add_to_cart", "refused", products=shown, suggestions=("similar", "recommend"))
    if result.error == "not-found":
        return turn.reply(turn.say("product_gone"), "add_to_cart", "unanswered", suggestions=("recommend",))
    return turn.reply(turn.say("broken"), "add_to_cart", "failed")


def confirm(turn: Turn, arguments: dict[str, int]) -> Reply:
    """Put in what the person has said yes to."""
    result = turn.call("add_to_cart", **arguments)
    if result.needs_yes:  # the yes did not count for it: ask again
        return propose(turn, arguments["product_id"], arguments["quantity"])
    product = result.products[0] if result.products else None
    if result.error or result.cart is None:
        return _refused(turn, result, product)
    text = turn.say("added", units=turn.units(result.cart.units), total=turn.money(result.cart.items_cents))
    shown = [product] if product is not None else []
    return turn.reply(text, "confirm", products=shown, suggestions=("cart", "similar", "recommend"))


def show(turn: Turn) -> Reply:
    """Say what is in the cart."""
    result = turn.call("show_cart")
    if result.error == "no-customer":
        return turn.reply(turn.say("no_customer"), "show_cart", "refused")
    if result.cart is None:
        return turn.reply(turn.say("broken"), "show_cart", "failed")
    parts = []
    cannot = bool(_CHECKOUT.search(turn.understood.text))
    if not result.cart.lines:
        parts.append(turn.say("cart_empty"))
    else:
        total = turn.money(result.cart.items_cents)
        parts.append(turn.say("cart", units=turn.units(result.cart.units), total=total))
        parts += [
            turn.say(
                "cart_line",
                quantity=each.quantity,
                name=formats.one_line(each.name),
                price=turn.money(each.price_cents),
            )
            for each in result.cart.lines[:10]
        ]
    if cannot:
        parts.append(turn.say("cannot_order"))
    return turn.reply("\n".join(parts), "show_cart", "refused" if cannot else "answered", suggestions=("recommend",))
