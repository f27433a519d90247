"""Finding products: searching, going on from a search, recommending, what is alike, questions about one. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from chalicelib.conversations.assistant.local import cues, formats
from chalicelib.conversations.assistant.local.lexicon import KINDS
from chalicelib.conversations.assistant.local.turn import Turn
from chalicelib.conversations.assistant.local.understanding import Filters
from chalicelib.conversations.assistant.local.wording import words_of
from chalicelib.conversations.assistant.turns import Intent, ProductFact, Reply, ToolResult

_SHOWN = 5
_MORE = re.compile(
    r"\b(?:more|going|go on|others?|else|different|another|next|further|mehr|ander\w*|weitere\w*|noch)\b"
)  # fmt: skip
_CHEAPER = re.compile(
    r"\b(?:cheaper|less expensive|too expensive|too pricey|lower price|billiger\w*|gunstiger\w*|preiswerter\w*|"
    r"zu teuer|weniger kosten)\b"
)
_DEARER = re.compile(r"\b(?:more expensive|pricier|higher end|fancier|teurere\w*|hochwertiger\w*)\b")
_AND = re.compile(r"\b(?:and|or|und|oder|plus|sowie)\b")
_BRAND = re.compile(r"\b(?:brand|made by|marke|hersteller)\b")


def _arguments(filters: Filters) -> dict[str, Any]:
    """Return the arguments of a search for what is said."""
    found = {
        # The part that named the category too: what has it in its name comes first.
        "words": " ".join((*filters.category_words, *filters.words)),
        "category": filters.category,
        "brand": filters.brand,
        "department": filters.department,
        "colours": list(filters.colours),
        "min_price_cents": filters.min_price_cents,
        "max_price_cents": filters.max_price_cents,
        "in_stock": filters.in_stock,
        "sort": filters.sort,
    }
    return {name: value for name, value in found.items() if value not in (None, "", [])}


def search(turn: Turn) -> Reply:
    """Search for what the text names."""
    arguments = _arguments(turn.understood.filters)
    if turn.memory.shown and set(arguments) <= {"sort"} and turn.meant():
        return about_product(turn)  # "which one is the cheapest?"
    if not set(arguments) - {"in_stock", "sort"}:
        if turn.understood.filters.unknown:
            return _not_known(turn)
        if "sort" not in arguments:
            return _ask_what(turn)
    if _names_two(turn):
        return _search_both(turn, arguments)
    return _show_search(turn, arguments, "search", "found")


def _names_two(turn: Turn) -> bool:
    """Tell whether two kinds of things are named, "socks and underwear"."""
    filters = turn.understood.filters
    kinds = [word for word in filters.words if word in KINDS]
    return bool(filters.category and kinds and _AND.search(turn.understood.text))


def _search_both(turn: Turn, arguments: dict[str, Any]) -> Reply:
    """Search for each of two kinds of things."""
    kinds = [word for word in turn.understood.filters.words if word in KINDS]
    rest = [word for word in str(arguments["words"]).split() if word not in kinds]
    shared = {name: value for name, value in arguments.items() if name not in ("words", "category")}
    first = turn.call(
        "search_products", **shared, category=arguments["category"], words=" ".join(rest), limit=_SHOWN // 2
    )
    second = turn.call("search_products", **shared, words=" ".join(kinds), limit=_SHOWN // 2)
    products = [*first.products, *second.products]
    if not products:
        return _found_nothing(turn, arguments, "search", 0)
    turn.memory.search = {**shared, "category": arguments["category"], "skip": 0}
    turn.memory.show(products)
    text = f"{turn.say('found')}\n{turn.lines(products)}"
    return turn.reply(text, "search", products=products, suggestions=("cheaper", "add_first"))


def named(turn: Turn) -> ProductFact | None:
    """Look for the one product whose whole name the text says, or which alone has all that it says."""
    if not turn.understood.filters.names_goods:
        return None
    result = turn.call("search_products", **_arguments(turn.understood.filters), limit=_SHOWN)
    said = set(words_of(turn.question.text))
    whole = [each for each in result.products if set(words_of(each.name)) <= said]
    if whole:
        return max(whole, key=lambda each: len(each.name))
    return result.products[0] if len(result.products) == 1 else None


def _not_known(turn: Turn) -> Reply:
    """Say that nothing has any of the words; twice in a row offer a person."""
    if turn.misses_again():
        return turn.offer_person()
    return turn.reply(turn.say("not_sold"), "search", "unanswered", suggestions=("recommend", "my_orders"))


def _ask_what(turn: Turn) -> Reply:
    return turn.reply(turn.say("what_product"), "search", "asked_back", suggestions=("recommend", "my_orders"))


def _show_search(turn: Turn, arguments: dict[str, Any], intent: Intent, head: str, skip: int = 0) -> Reply:
    result = turn.call("search_products", **arguments, skip=skip or None, limit=_SHOWN)
    part = turn.understood.filters.category_words
    if not result.products and part and arguments.get("category") == turn.understood.filters.category:
        # What the words name may stand in another category too.
        arguments = {name: value for name, value in arguments.items() if name != "category"}
        result = turn.call("search_products", **arguments, skip=skip or None, limit=_SHOWN)
    if result.error:
        return turn.reply(turn.say("broken"), intent, "failed")
    if not result.products:
        return _found_nothing(turn, arguments, intent, skip)
    if arguments.get("sort", "relevance") == "relevance":  # of equally good ones those that can be had come first
        result = replace(result, products=sorted(result.products, key=lambda each: each.available <= 0))
    turn.memory.search = {**arguments, "skip": skip}
    turn.memory.show(result.products)
    parts = [turn.say("read_as", words=result.did_you_mean)] if _was_read_otherwise(result, arguments) else []
    parts += [turn.say(head), turn.lines(result.products)]
    more = ("more",) if result.more else ()
    return turn.reply(
        "\n".join(parts),
        intent,
        products=result.products,
        suggestions=(*more, "cheaper", "add_first", "first_similar"),
    )


def _was_read_otherwise(result: ToolResult, arguments: dict[str, Any]) -> bool:
    return bool(result.did_you_mean) and result.did_you_mean != arguments.get("words")


def _found_nothing(turn: Turn, arguments: dict[str, Any], intent: Intent, skip: int) -> Reply:
    if skip:
        return turn.reply(turn.say("no_more"), intent, suggestions=("recommend",))
    if turn.misses_again() and set(arguments) == {"words"}:
        return turn.offer_person()
    # What was looked for stays, to be changed by the next words.
    turn.memory.search = {**arguments, "skip": 0}
    limited = ("no_limit",) if {"min_price_cents", "max_price_cents"} & set(arguments) else ()
    return turn.reply(turn.say("nothing"), intent, "unanswered", suggestions=(*limited, "recommend"))


def refine(turn: Turn) -> Reply:
    """Go on from the last search, or from what was shown, with what the text changes."""
    memory, understood = turn.memory, turn.understood
    if not memory.search and not memory.shown:
        return search(turn) if understood.filters.says_anything else _ask_what(turn)
    before = {name: value for name, value in memory.search.items() if name != "skip"}
    said = _arguments(understood.filters)
    if "min_price_cents" in said and "max_price_cents" not in said:
        before.pop("max_price_cents", None)  # the other end was about another wish
    elif "max_price_cents" in said and "min_price_cents" not in said:
        before.pop("min_price_cents", None)
    if understood.drops_price:
        before = {name: value for name, value in before.items() if not name.endswith("_price_cents")}
        return _show_search(turn, before | said, "refine", "found")
    prices = [each.price_cents for each in memory.shown]
    if _CHEAPER.search(understood.text) and "max_price_cents" not in said:
        return _cheaper(turn, {**before, **said}, prices)
    if _DEARER.search(understood.text) and prices and "min_price_cents" not in said:
        arguments = {**before, **said, "min_price_cents": max(prices) + 1, "sort": "price_asc"}
        arguments.pop("max_price_cents", None)
        return _show_search(turn, arguments, "refine", "found")
    if not said and _MORE.search(understood.text):
        if not memory.search:
            return recommend(turn)
        skip = int(memory.search.get("skip", 0)) + len(memory.shown)
        return _show_search(turn, before, "refine", "found_more", skip)
    if said.get("words") and "category" not in said and not any(word in KINDS for word in understood.filters.words):
        # A property of what was shown: what was said before still holds.
        words = dict.fromkeys([*str(before.get("words", "")).split(), *understood.filters.words])
        return _show_search(turn, {**before, **said, "words": " ".join(words)}, "refine", "found")
    if understood.filters.names_kind:
        # Another kind of thing: what was said of its colour, price and department still holds.
        before = {name: value for name, value in before.items() if name not in ("words", "category")}
    return _show_search(turn, before | said, "refine", "found")


def _cheaper(turn: Turn, arguments: dict[str, Any], prices: list[int]) -> Reply:
    if prices:
        arguments["max_price_cents"] = min(prices) - 1
    arguments["sort"] = "price_asc"
    if arguments.get("max_price_cents", 1) < 1:
        return turn.reply(turn.say("no_cheaper"), "refine", "unanswered", suggestions=("recommend",))
    kept = dict(turn.memory.search)
    result = turn.call("search_products", **arguments, limit=_SHOWN)
    if not result.products:
        turn.memory.search = kept
        return turn.reply(turn.say("no_cheaper"), "refine", "unanswered", suggestions=("recommend", "first_similar"))
    turn.memory.search = {**arguments, "skip": 0}
    turn.memory.show(result.products)
    text = f"{turn.say('found_cheaper')}\n{turn.lines(result.products)}"
    return turn.reply(text, "refine", products=result.products, suggestions=("cheaper", "more", "add_first"))


def recommend(turn: Turn) -> Reply:
    """Recommend something to this person."""
    filters = turn.understood.filters
    if filters.words or filters.brand or filters.colours or filters.department:
        return search(turn)  # what is asked for by name is found by its name
    result = turn.call(
        "recommend_products", category=filters.category, max_price_cents=filters.max_price_cents, limit=2 * _SHOWN
    )
    seen = {each.id for each in turn.memory.shown} if _MORE.search(turn.understood.text) else set()
    products = [each for each in result.products if each.id not in seen][:_SHOWN]
    if result.error or not products:
        return turn.reply(turn.say("nothing_to_recommend"), "recommend", "unanswered", suggestions=("my_orders",))
    turn.memory.search = {} if filters.category is None else {"category": filters.category, "skip": 0}
    turn.memory.show(products)
    text = f"{turn.say('recommended')}\n{turn.lines(products)}"
    return turn.reply(text, "recommend", products=products, suggestions=("add_first", "first_similar", "cheaper"))


def similar(turn: Turn) -> Reply:
    """Show what is like the product that is meant."""
    meant = turn.meant()
    product = find_one(turn, meant) if meant else named(turn)
    if product is None and not turn.understood.filters.names_goods:
        product = find_one(turn, [each.id for each in turn.memory.shown[:1]])
    if product is None:
        if turn.understood.filters.names_goods:
            return search(turn)
        return ask_which(turn, "similar")
    result = turn.call(
        "similar_products",
        product_id=product.id,
        max_price_cents=turn.understood.filters.max_price_cents,
        limit=_SHOWN,
    )
    if result.error or not result.products:
        return turn.reply(turn.say("no_similar"), "similar", "unanswered", suggestions=("recommend",))
    turn.memory.search = {}
    turn.memory.show(result.products)
    head = turn.say("similar", name=formats.one_line(product.name))
    return turn.reply(
        f"{head}\n{turn.lines(result.products)}",
        "similar",
        products=result.products,
        suggestions=("add_first", "cheaper", "recommend"),
    )


def about_product(turn: Turn) -> Reply:
    """Say what is known of the product that is meant."""
    meant = turn.meant()
    if not meant and turn.understood.filters.names_goods:
        found = named(turn)
        if found is None:
            return search(turn)
        meant = [found.id]
    products = [each for each in (find_one(turn, [product_id]) for product_id in meant[:3]) if each is not None]
    if not products:
        if meant:
            return turn.reply(turn.say("product_gone"), "product", "unanswered", suggestions=("recommend",))
        return ask_which(turn, "product")
    parts = []
    for each in products:
        name = formats.one_line(each.name)
        parts.append(turn.say("one_product", name=name, price=turn.money(each.price_cents), stock=turn.stock(each)))
        if each.brand and _BRAND.search(turn.understood.text):
            parts.append(turn.say("by_brand", brand=each.brand))
    if cues.UNKNOWN_DETAILS.search(turn.understood.text):
        parts.append(turn.say("details_unknown"))
    turn.memory.focus = products[0].id
    return turn.reply("\n".join(parts), "product", products=products, suggestions=("add_it", "similar"))


def find_one(turn: Turn, product_ids: list[int]) -> ProductFact | None:
    """Look the first of some products up."""
    if not product_ids:
        return None
    result = turn.call("get_product", product_id=product_ids[0])
    return result.products[0] if result.products else None


def ask_which(turn: Turn, intent: Intent) -> Reply:
    """Ask which of the products is meant; the next words may say only that."""
    turn.memory.asked = {"what": "product", "for": intent, "quantity": turn.understood.quantity}
    return turn.reply(turn.say("which_product"), intent, "asked_back", suggestions=("recommend",))
