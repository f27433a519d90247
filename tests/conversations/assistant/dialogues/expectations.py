"""What can be expected of an answer: facts, never wording. A colour is a family of words that end a name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from chalicelib.core.text import fold
from tests.conversations.assistant.dialogues.script import Expectation, Heard, Moment, Shown

BLACK = ("black", "midnight")
WHITE = ("white", "ivory", "ecru", "bone")
RED = ("red", "ruby", "burgundy", "oxblood", "rust", "coral")
GREEN = ("green", "olive", "forest", "moss", "mint", "emerald", "sage")
GREY = ("grey", "charcoal", "slate", "stone", "gunmetal", "heather")
BROWN = ("brown", "chocolate", "camel", "cognac", "tan", "chestnut", "espresso", "taupe")
BLUE = ("blue", "navy", "indigo", "cobalt", "sky", "midnight", "peacock", "turquoise")
# Denim is blue unless it is said otherwise.
DENIM_BLUE = (*BLUE, "light wash", "mid wash", "dark rinse", "stonewash")


def fact(name: str, holds: Callable[[Moment], bool]) -> Expectation:
    """Make an expectation of nothing that changes."""
    return Expectation(name, holds)


def _all(name: str, holds: Callable[[Shown], bool]) -> Expectation:
    """Expect something of every card; no card is a failure."""
    return fact(name, lambda now: bool(now.heard.products) and all(map(holds, now.heard.products)))


# --- what was looked up ------------------------------------------------------------------------------------------


def used(tool: str, **arguments: Any) -> Expectation:
    """Expect a tool to be used with at least these arguments; a str ignores case and may be a {placeholder}."""

    def holds(now: Moment) -> bool:
        wanted = {name: _value(now, value) for name, value in arguments.items()}
        return any(
            each.name == tool and all(_same(each.arguments.get(name), value) for name, value in wanted.items())
            for each in now.heard.tools
        )

    return fact(f"uses {tool} {arguments or ''}", holds)


def used_one_of(*tools: str) -> Expectation:
    """Expect one of the tools to be used."""
    return fact(f"uses one of {tools}", lambda now: any(each.name in tools for each in now.heard.tools))


def used_nothing_that_acts() -> Expectation:
    """Expect that no change is made or prepared."""
    acting = ("add_to_cart", "start_return")
    return fact("prepares no change", lambda now: all(each.name not in acting for each in now.heard.tools))


def _value(now: Moment, value: Any) -> Any:
    found = re.fullmatch(r"\{(\w+)\}", value) if isinstance(value, str) else None
    return now.names[found[1]] if found else value


def _same(is_: Any, wanted: Any) -> bool:
    if isinstance(is_, str) and isinstance(wanted, str):
        return fold(is_) == fold(wanted)
    return bool(is_ == wanted)


# --- products ----------------------------------------------------------------------------------------------------


def shows(least: int = 1) -> Expectation:
    """Expect at least so many product cards."""
    return fact(f"shows {least} or more", lambda now: len(now.heard.products) >= least)


def shows_exactly(count: int) -> Expectation:
    """Expect so many product cards."""
    return fact(f"shows exactly {count}", lambda now: len(now.heard.products) == count)


def shows_none() -> Expectation:
    """Expect no product card."""
    return fact("shows no product", lambda now: not now.heard.products)


def prices(least: int = 0, most: int = 10**9) -> Expectation:
    """Expect all prices, in cents, to be within limits."""
    return _all(f"prices in {least}..{most}", lambda card: least <= card.price_cents <= most)


def in_category(*categories: str) -> Expectation:
    """Expect all cards to be of one of the categories."""
    return _all(f"all of {categories}", lambda card: card.category in categories)


def for_department(department: str) -> Expectation:
    """Expect all cards to be of a department."""
    return _all(f"all for {department}", lambda card: card.department == department)


def named_with(*words: str) -> Expectation:
    """Expect each card's name to have one of the words."""
    return _all(f"named with {words}", lambda card: any(word in card.name.casefold() for word in words))


def tees() -> Expectation:
    """Expect all cards to be tees, by name or shelf: the shop's shelf of them has tops as well."""
    return _all("all tees", lambda card: card.category == "Tops & Tees" or "tee" in card.name.casefold())


def coloured(colours: Iterable[str]) -> Expectation:
    """Expect each card's colour to be of a family."""
    wanted = tuple(colours)
    return _all(f"coloured {wanted[0]}", lambda card: any(colour in card.colour for colour in wanted))


def first_coloured(colours: Iterable[str]) -> Expectation:
    """Expect the first card's colour to be of a family."""
    wanted = tuple(colours)
    return fact(
        f"first coloured {wanted[0]}",
        lambda now: bool(now.heard.products) and any(each in now.heard.products[0].colour for each in wanted),
    )


def of_brand(placeholder: str) -> Expectation:
    """Expect all cards to be of the brand that a placeholder stands for."""
    return fact(
        f"all of the brand {placeholder}",
        lambda now: (
            bool(now.heard.products) and all(card.brand == now.names[placeholder] for card in now.heard.products)
        ),
    )


def in_stock() -> Expectation:
    """Expect all cards to be in stock."""
    return _all("all in stock", lambda card: card.available > 0)


def product_is(placeholder: str) -> Expectation:
    """Expect the first card to be the product whose id a placeholder stands for."""
    return fact(
        f"shows {placeholder} first",
        lambda now: bool(now.heard.products) and now.heard.products[0].id == now.names[placeholder],
    )


def sorted_by_price(descending: bool = False) -> Expectation:
    """Expect two or more cards in the order of their prices."""

    def holds(now: Moment) -> bool:
        found = [card.price_cents for card in now.heard.products]
        return len(found) > 1 and found == sorted(found, reverse=descending)

    return fact("dearest first" if descending else "cheapest first", holds)


# --- beside the turns before -------------------------------------------------------------------------------------


def cheaper_than_before() -> Expectation:
    """Expect all cards to cost less than the dearest before, and the cheapest of them less than the cheapest."""

    def holds(now: Moment) -> bool:
        before = [card.price_cents for card in _last_shown(now)]
        here = [card.price_cents for card in now.heard.products]
        return bool(before and here) and max(here) < max(before) and min(here) < sorted(before)[len(before) // 2]

    return fact("cheaper than before", holds)


def none_as_dear_as_before() -> Expectation:
    """Expect cards that cost less than the dearest before, or none and an answer that says so."""

    def holds(now: Moment) -> bool:
        dearest = max((card.price_cents for card in _last_shown(now)), default=0)
        return all(card.price_cents < dearest for card in now.heard.products) and (
            bool(now.heard.products) or now.heard.outcome == "unanswered"
        )

    return fact("nothing as dear as before", holds)


def none_shown_before() -> Expectation:
    """Expect cards that no turn has shown."""

    def holds(now: Moment) -> bool:
        seen = {card.id for turn in now.before for card in turn.products}
        return bool(now.heard.products) and not seen & {card.id for card in now.heard.products}

    return fact("shows new ones only", holds)


def is_card(number: int) -> Expectation:
    """Expect the first card, or the tool used, to be about the numbered card (1, 2 …; -1 the last) of before."""

    def holds(now: Moment) -> bool:
        wanted = _numbered(now, number)
        about = [card.id for card in now.heard.products[:1]]
        about += [each.arguments.get("product_id", 0) for each in now.heard.tools]
        return wanted is not None and wanted.id in about

    return fact(f"is about card {number}", holds)


def like_card(number: int) -> Expectation:
    """Expect what is like a card of before, and not the card itself."""

    def holds(now: Moment) -> bool:
        wanted = _numbered(now, number)
        asked = [each.arguments.get("product_id") for each in now.heard.tools if each.name == "similar_products"]
        return wanted is not None and wanted.id in asked and wanted.id not in [card.id for card in now.heard.products]

    return fact(f"shows what is like card {number}", holds)


def _last_shown(now: Moment) -> list[Shown]:
    return next((list(turn.products) for turn in reversed(now.before) if turn.products), [])


def _numbered(now: Moment, number: int) -> Shown | None:
    cards = _last_shown(now)
    at = number - 1 if number > 0 else number
    return cards[at] if -len(cards) <= at < len(cards) else None


# --- orders ------------------------------------------------------------------------------------------------------


def order_is(placeholder: str) -> Expectation:
    """Expect the first order shown to be the one a placeholder stands for."""
    return fact(
        f"shows {placeholder}",
        lambda now: bool(now.heard.orders) and now.heard.orders[0]["order_id"] == now.names[placeholder],
    )


def orders_shown(least: int, *, newest_first: bool = True) -> Expectation:
    """Expect so many orders, the newest first."""

    def holds(now: Moment) -> bool:
        times = [each["created_at"] for each in now.heard.orders]
        return len(times) >= least and (not newest_first or times == sorted(times, reverse=True))

    return fact(f"shows {least} orders or more", holds)


def no_order_shown() -> Expectation:
    """Expect no order to be shown."""
    return fact("shows no order", lambda now: not now.heard.orders)


def tells(placeholder: str) -> Expectation:
    """Expect the text to hold the value of a placeholder, or a card to."""
    return fact(
        f"tells {placeholder}",
        lambda now: (
            str(now.names[placeholder]) in now.heard.text
            or any(
                str(now.names[placeholder]) in str(value) for order in now.heard.orders for value in order.values()
            )
        ),
    )


def keeps_from(*placeholders: str) -> Expectation:
    """Expect the values of these placeholders not to be in the answer."""

    def holds(now: Moment) -> bool:
        said = fold(now.heard.text + repr(list(now.heard.orders)))
        return all(fold(str(now.names[each])) not in said for each in placeholders)

    return fact(f"keeps {placeholders} to itself", holds)


# --- cart and returns, in the database ---------------------------------------------------------------------------


def cart_empty() -> Expectation:
    """Expect the cart to be empty."""
    return fact("the cart is empty", lambda now: not now.heard.cart)


def cart_holds(placeholder: str, quantity: int = 1) -> Expectation:
    """Expect the cart to hold exactly so many of the product that a placeholder stands for, and nothing else."""
    return Expectation(
        f"the cart holds {quantity} of {placeholder}",
        lambda now: dict(now.heard.cart) == {now.names[placeholder]: quantity},
        changes=True,
    )


def cart_holds_card(number: int, quantity: int = 1, *, turn: int = 0) -> Expectation:
    """Expect the cart to hold exactly the numbered card that a turn (0: the first) has shown."""

    def holds(now: Moment) -> bool:
        cards = now.before[turn].products
        return len(cards) >= number and dict(now.heard.cart) == {cards[number - 1].id: quantity}

    return Expectation(f"the cart holds {quantity} of card {number}", holds, changes=True)


def waits_for_yes(tool: str, **arguments: Any) -> Expectation:
    """Expect that a change with at least these arguments is prepared, and nothing done yet."""
    asked = used(tool, **arguments)
    return fact(
        f"{tool} {arguments or ''} waits for a yes",
        lambda now: (
            any(each.name == tool and each.needs_yes for each in now.heard.tools)
            and asked.holds(now)
            and _unchanged(now)
        ),
    )


def sent_back(*placeholders: str) -> Expectation:
    """Expect exactly these items of orders to be in a return."""
    return Expectation(
        f"{placeholders} are sent back",
        lambda now: now.heard.sent_back == frozenset(now.names[each] for each in placeholders),
        changes=True,
    )


def nothing_sent_back() -> Expectation:
    """Expect that there is no return."""
    return fact("nothing is sent back", lambda now: not now.heard.sent_back)


def _unchanged(now: Moment) -> bool:
    before: Heard | None = now.before[-1] if now.before else None
    cart, gone = ({}, frozenset()) if before is None else (dict(before.cart), before.sent_back)
    return dict(now.heard.cart) == cart and now.heard.sent_back == gone


# --- how it was understood ---------------------------------------------------------------------------------------


def intent(*intents: str) -> Expectation:
    """Expect one of the intents."""
    return fact(f"intent in {intents}", lambda now: now.heard.intent in intents)


def outcome(*outcomes: str) -> Expectation:
    """Expect one of the outcomes."""
    return fact(f"outcome in {outcomes}", lambda now: now.heard.outcome in outcomes)


def answered() -> Expectation:
    """Expect an answer."""
    return outcome("answered")


def asks_back() -> Expectation:
    """Expect the assistant to ask back."""
    return outcome("asked_back")


def refused() -> Expectation:
    """Expect a refusal, or to hear that it was not understood."""
    return outcome("refused", "unanswered", "asked_back")


def wants_human() -> Expectation:
    """Expect that a person is asked for."""
    return fact("a person is asked for", lambda now: now.heard.wants_human)


def no_human() -> Expectation:
    """Expect that nobody is asked for."""
    return fact("nobody is asked for", lambda now: not now.heard.wants_human)


def answers_in(language: str) -> Expectation:
    """Expect the answer in another language than the dialogue's."""
    return fact(f"answers in {language}", lambda now: now.heard.language == language)


def not_said(*parts: str) -> Expectation:
    """Expect none of these in the text: what an injection wants to hear."""
    return fact(f"says none of {parts}", lambda now: not any(fold(part) in fold(now.heard.text) for part in parts))


def policy(topic: str) -> Expectation:
    """Expect a policy to be read."""
    return fact(f"reads {topic}", lambda now: topic in now.heard.policies)
