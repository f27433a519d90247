# ruff: noqa: E501  (patterns and word lists, one a line)
"""Orders: where they are, which there were, and sending something back once the person says yes. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from chalicelib.conversations.assistant.local import formats
from chalicelib.conversations.assistant.local.lexicon import FILLERS
from chalicelib.conversations.assistant.local.phrases import status
from chalicelib.conversations.assistant.local.turn import Turn
from chalicelib.conversations.assistant.local.wording import words_of
from chalicelib.conversations.assistant.turns import Intent, OrderFact, OrderLineFact, Reply, ToolResult

_OPEN = {"pending", "processing", "shipped"}
_LISTED = 5
_LOOKED_INTO = 3
_NEWEST = re.compile(r"\b(?:last|latest|newest|most recent|recent|letzte\w*|neueste\w*|jungste\w*)\b")
_OLD_ONE = re.compile(r"\b(?:it|in it|that|this|the order|es|sie|das|die bestellung|er)\b")
_WHEN = re.compile(r"\b(?:when|how long|arrive|eta|wann|wie lange|ankommen|ankunft|kommt|kommen)\b")
_EVERYTHING = re.compile(
    r"\b(?:everything|all|all of (?:it|them)|the whole|whole order|both|alles|alle|komplett\w*|ganze\w*|beide\w*)\b"
)
_REASONS: Sequence[tuple[str, re.Pattern[str]]] = (
    ("wrong_item", re.compile(r"\b(?:wrong (?:item|product|thing|one|article)|(?:sent|got|received|delivered) (?:\w+ )?(?:the |a )?wrong|not what i ordered|different (?:item|product)|falsche\w* (?:artikel|produkt|ware)|etwas anderes bestellt|nicht bestellt)\b")),
    ("wrong_size", re.compile(r"\b(?:doesnt fit|dont fit|didnt fit|does not fit|do not fit|not fit|too (?:small|big|large|tight|short|long|wide|loose)|wrong size|size|passt (?:mir )?nicht|passen (?:mir )?nicht|zu (?:klein|gross|eng|kurz|lang|weit)|falsche grosse|grosse)\b")),
    ("damaged", re.compile(r"\b(?:damaged?|broken|torn|ripped|hole|holes|stain\w*|defect\w*|faulty|kaputt|beschadigt|defekt|zerrissen|loch|flecken?|riss)\b")),
    ("not_as_described", re.compile(r"\b(?:not as (?:described|pictured|shown|expected)|looks? different|different (?:colou?r|from)|misleading|quality|nicht wie (?:beschrieben|abgebildet|erwartet)|sieht anders aus|andere farbe|falsche farbe|wrong colou?r|qualitat)\b")),
    ("late", re.compile(r"\b(?:too late|late|took too long|arrived too|zu spat|spat|dauerte zu lange)\b")),
    ("changed_mind", re.compile(r"\b(?:changed? my mind|dont (?:want|like|need)|do not (?:want|like|need)|no longer (?:want|need)|dislike|gefallt (?:mir )?(?:\w+ )?nicht|gefallen (?:mir )?nicht|nicht mehr|anders uberlegt|mag (?:es|sie|ihn|das) nicht|brauche (?:es|sie|ihn|das) nicht|will (?:es|sie|ihn|das) nicht)\b")),
    ("other", re.compile(r"\b(?:other reason|another reason|no reason|none of (?:these|those|that)|something else|anderer grund|kein grund|egal|sonstiges|ohne grund)\b")),
)  # fmt: skip


def order_status(turn: Turn) -> Reply:
    """Say how an order stands: the one that is named or talked about, else the open ones."""
    order_id = turn.understood.order_id or _meant_order(turn)
    if order_id is not None:
        return show_order(turn, order_id)
    result = turn.call("list_orders", limit=_LISTED)
    refused = _no_orders(turn, result, "order_status")
    if refused is not None:
        return refused
    if _NEWEST.search(turn.understood.text):
        return show_order(turn, result.orders[0].id)
    under_way = [each for each in result.orders if each.status.lower() in _OPEN]
    if len(under_way) > 1:
        return _which_order(turn, under_way, "order_status")
    return show_order(turn, (under_way or result.orders)[0].id)


def _meant_order(turn: Turn) -> int | None:
    """Return the order that the text points at, if one was shown."""
    orders = turn.memory.orders
    for ordinal in turn.understood.ordinals:
        place = ordinal - 1 if ordinal > 0 else len(orders) + ordinal
        if len(orders) > 1 and 0 <= place < len(orders):
            return orders[place]
    if turn.memory.order is not None and _OLD_ONE.search(turn.understood.text):
        return None if _NEWEST.search(turn.understood.text) else turn.memory.order
    return None


def _no_orders(turn: Turn, result: ToolResult, intent: Intent) -> Reply | None:
    if result.error == "no-customer":
        return turn.reply(turn.say("no_customer"), intent, "refused")
    if result.error:
        return turn.reply(turn.say("broken"), intent, "failed")
    if not result.orders:
        return turn.reply(turn.say("no_orders"), intent, suggestions=("recommend",))
    return None


def show_order(turn: Turn, order_id: int) -> Reply:
    """Say how an order stands."""
    result = turn.call("get_order", order_id=order_id)
    if result.error or not result.orders:
        return _not_found(turn, result, order_id, "order_status")
    order = result.orders[0]
    turn.memory.show_orders([order.id])
    text = " ".join(_told(turn, order))
    lines = [each.name for each in order.lines]
    named = "\n".join(f"- {formats.one_line(name)}" for name in dict.fromkeys(lines[:5]))
    can_return = any(each.can_return for each in order.lines)
    more = ("return",) if can_return else ()
    return turn.reply(
        f"{text}\n{named}".strip(), "order_status", orders=[order], suggestions=(*more, "my_orders", "human")
    )


def _told(turn: Turn, order: OrderFact) -> list[str]:
    language = turn.understood.language
    told = [
        turn.say(
            "order", id=order.id, day=formats.day(order.created_at, language), status=status(order.status, language)
        )
    ]
    if order.delivered_at is not None:
        told.append(turn.say("delivered_on", day=formats.day(order.delivered_at, language)))
    elif order.shipped_at is not None:
        told.append(turn.say("shipped_on", day=formats.day(order.shipped_at, language)))
    if order.tracking_number and order.delivered_at is None:
        told.append(turn.say("parcel", number=order.tracking_number, carrier=order.carrier or "?"))
    if order.total_cents is not None:
        told.append(turn.say("total", total=turn.money(order.total_cents)))
    if _WHEN.search(turn.understood.text) and order.status.lower() in _OPEN:
        told.append(turn.say("no_date"))
    return told


def _not_found(turn: Turn, result: ToolResult, order_id: int, intent: Intent) -> Reply:
    if result.error == "no-customer":
        return turn.reply(turn.say("no_customer"), intent, "refused")
    if result.error in ("not-found", "invalid-input"):
        text = turn.say("not_your_order", id=order_id)
        return turn.reply(text, intent, "unanswered", suggestions=("my_orders", "human"))
    return turn.reply(turn.say("broken"), intent, "failed")


def order_history(turn: Turn) -> Reply:
    """List the latest orders."""
    result = turn.call("list_orders", limit=_LISTED)
    refused = _no_orders(turn, result, "order_history")
    if refused is not None:
        return refused
    turn.memory.show_orders([each.id for each in result.orders])
    text = f"{turn.say('orders')}\n{_order_lines(turn, result.orders)}"
    return turn.reply(text, "order_history", orders=result.orders, suggestions=("where", "return"))


def _order_lines(turn: Turn, orders: Sequence[OrderFact]) -> str:
    language = turn.understood.language
    return "\n".join(
        turn.say(
            "order_line", id=each.id, day=formats.day(each.created_at, language), status=status(each.status, language)
        )
        for each in orders
    )


def _which_order(turn: Turn, orders: Sequence[OrderFact], intent: Intent, **kept: Any) -> Reply:
    turn.memory.show_orders([each.id for each in orders])
    turn.memory.asked = {"what": "order", "for": intent, **kept}
    text = f"{turn.say('which_order')}\n{_order_lines(turn, orders)}"
    return turn.reply(text, intent, "asked_back", orders=orders)


# --- sending back ------------------------------------------------------------------------------------------------


def start_return(turn: Turn, known: dict[str, Any] | None = None) -> Reply:
    """Find out which items of which order go back and why, then ask for the yes. `known`: what was found before."""
    kept = dict(known or {})
    reason = kept.get("reason") or reason_said(turn)
    order_id = kept.get("order") or turn.understood.order_id or _meant_order(turn) or turn.memory.order
    if order_id is None or (_NEWEST.search(turn.understood.text) and not kept and turn.understood.order_id is None):
        found = _order_to_return(turn, reason)
        if isinstance(found, Reply):
            return found
        order = found
    else:
        result = turn.call("get_order", order_id=order_id)
        if result.error or not result.orders:
            return _not_found(turn, result, order_id, "start_return")
        order = result.orders[0]
    lines = [each for each in order.lines if each.can_return]
    turn.memory.show_orders([order.id])
    if not lines or (not kept.get("items") and _is_of_another(turn, order)):
        text = turn.say("order_not_returnable", id=order.id)
        return turn.reply(text, "start_return", "refused", orders=[order], suggestions=("return_policy", "human"))
    chosen = [each for each in lines if each.id in kept.get("items", ())] or _chosen(turn, lines)
    if not chosen:
        return _which_items(turn, order, lines, reason)
    return _propose(turn, order, chosen, reason)


def reason_said(turn: Turn) -> str | None:
    """Return the reason that the words give as they were said, else as they were put right ("mind" is no "mini")."""
    return reason_in(" ".join(words_of(turn.question.text))) or reason_in(turn.understood.text)


def reason_in(text: str) -> str | None:
    """Return the reason of a return that a text gives."""
    return next((reason for reason, pattern in _REASONS if pattern.search(text)), None)


def _order_to_return(turn: Turn, reason: str | None) -> OrderFact | Reply:
    """Return the order that is meant where only one can be, else ask for it."""
    listed = turn.call("list_orders", limit=_LISTED)
    refused = _no_orders(turn, listed, "start_return")
    if refused is not None:
        return refused
    newest = bool(_NEWEST.search(turn.understood.text))
    wanted = (
        listed.orders[:1] if newest else [o for o in listed.orders if o.status.lower() in ("complete", "shipped")]
    )
    whole = [
        found
        for each in wanted[:_LOOKED_INTO]
        for found in turn.call("get_order", order_id=each.id).orders
        if newest or any(line.can_return for line in found.lines)
    ]
    named = [order for order in whole if _named(turn, order.lines)]
    whole = named or whole
    if not whole:
        text = turn.say("nothing_to_return")
        return turn.reply(text, "start_return", "refused", suggestions=("return_policy", "my_orders", "human"))
    if len(whole) == 1:
        return whole[0]
    return _which_order(turn, whole, "start_return", reason=reason)


def _named(turn: Turn, lines: Sequence[OrderLineFact]) -> list[OrderLineFact]:
    """Return the items whose names the text says best."""
    filters = turn.understood.filters
    said = set(words_of(" ".join((*filters.words, filters.category or "", filters.brand or "", *filters.colours))))
    said = {word for word in said if word not in FILLERS} | {word.removesuffix("s") for word in said if len(word) > 3}
    scored = []
    for each in lines:
        name = words_of(each.name)
        scored.append((len(said & {*name, *(word.removesuffix("s") for word in name)}), each))
    best = max((score for score, _ in scored), default=0)
    return [each for score, each in scored if score == best] if best else []


def _is_of_another(turn: Turn, order: OrderFact) -> bool:
    """Tell whether the text names an item of the order that cannot be sent back (any more), and none that can."""
    named = _named(turn, order.lines)
    return bool(named) and not any(each.can_return for each in named)


def _chosen(turn: Turn, lines: Sequence[OrderLineFact]) -> list[OrderLineFact]:
    if len(lines) == 1 or _EVERYTHING.search(turn.understood.text):
        return list(lines)
    asked = turn.memory.asked or {}
    if asked.get("what") == "items":
        places = [each - 1 if each > 0 else len(lines) + each for each in turn.understood.ordinals]
        by_place = [lines[place] for place in places if 0 <= place < len(lines)]
        if by_place:
            return by_place
    named = _named(turn, lines)
    # Several units of the same thing: all that was said fits each of them; one is meant unless more are said.
    return named[: turn.understood.quantity or 1] if len({each.product_id for each in named}) == 1 else []


def _which_items(turn: Turn, order: OrderFact, lines: Sequence[OrderLineFact], reason: str | None) -> Reply:
    turn.memory.asked = {"what": "items", "for": "start_return", "order": order.id, "reason": reason}
    listed = "\n".join(
        turn.say("item_line", number=number, name=formats.one_line(each.name)) for number, each in enumerate(lines, 1)
    )
    text = f"{turn.say('which_items', id=order.id)}\n{listed}"
    return turn.reply(text, "start_return", "asked_back", orders=[order], suggestions=("everything",))


def _propose(turn: Turn, order: OrderFact, chosen: Sequence[OrderLineFact], reason: str | None) -> Reply:
    arguments = {"order_id": order.id, "item_ids": sorted(each.id for each in chosen), "reason": reason or "other"}
    result = turn.call("start_return", **arguments)
    if not result.needs_yes:
        return _refused(turn, result, order)
    turn.memory.waits = {"name": "start_return", "arguments": arguments}
    names = ", ".join(dict.fromkeys(formats.one_line(each.name) for each in chosen))
    text = turn.say("confirm_return", names=names, id=order.id)
    if reason is None:
        text += " " + turn.say("why_return")
    return turn.reply(text, "start_return", "asked_back", orders=[order], suggestions=("yes", "no"))


def _refused(turn: Turn, result: ToolResult, order: OrderFact) -> Reply:
    if result.error == "no-customer":
        return turn.reply(turn.say("no_customer"), "start_return", "refused")
    text = turn.say("order_not_returnable", id=order.id)
    return turn.reply(text, "start_return", "refused", orders=[order], suggestions=("return_policy", "human"))


def confirm_return(turn: Turn, arguments: dict[str, Any]) -> Reply:
    """Start the return that the person has said yes to."""
    result = turn.call("start_return", **arguments)
    order_id = int(arguments["order_id"])
    if result.return_id is None:
        if result.needs_yes and result.orders:
            # The yes did not count for it: ask again, for all of it.
            order, wanted = result.orders[0], set(arguments["item_ids"])
            return _propose(turn, order, [each for each in order.lines if each.id in wanted], arguments["reason"])
        return turn.reply(turn.say("order_not_returnable", id=order_id), "confirm", "refused", suggestions=("human",))
    text = turn.say("returned", return_id=result.return_id, id=order_id)
    return turn.reply(text, "confirm", orders=result.orders, suggestions=("my_orders", "recommend"))
