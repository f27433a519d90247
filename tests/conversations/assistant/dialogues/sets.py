"""All dialogues, by group, with what is known to fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tests.conversations.assistant.dialogues import (
    cart,
    german_injections,
    german_search,
    german_talk,
    held_out,
    injections,
    orders,
    policy_talk,
    recommend,
    references,
    refine,
    refusals,
    returns,
    search,
    second_look,
    smalltalk,
    terse,
)
from tests.conversations.assistant.dialogues.known_failures import KNOWN
from tests.conversations.assistant.dialogues.script import Dialogue


def _marked(dialogues: Sequence[Dialogue]) -> list[Dialogue]:
    return [replace(each, known_failure=KNOWN.get(each.name)) for each in dialogues]


GROUPS: Mapping[str, list[Dialogue]] = {
    "search": _marked(search.DIALOGUES),
    "terse": _marked(terse.DIALOGUES),
    "refine": _marked(refine.DIALOGUES),
    "references": _marked(references.DIALOGUES),
    "orders": _marked(orders.DIALOGUES),
    "returns": _marked(returns.DIALOGUES),
    "cart": _marked(cart.DIALOGUES),
    "policies": _marked(policy_talk.DIALOGUES),
    "recommendations": _marked(recommend.DIALOGUES),
    "refusals": _marked(refusals.DIALOGUES),
    "injections": _marked(injections.DIALOGUES),
    "small talk": _marked(smalltalk.DIALOGUES),
    "German: search": _marked(german_search.DIALOGUES),
    "German: all else": _marked(german_talk.DIALOGUES),
    "German: injections": _marked(german_injections.DIALOGUES),
    "held out": _marked(held_out.DIALOGUES),
    "second look": _marked(second_look.DIALOGUES),
}
ALL = [each for group in GROUPS.values() for each in group]

_STRAY = set(KNOWN) - {each.name for each in ALL}
if _STRAY:
    raise ValueError(f"known failures of no dialogue: {sorted(_STRAY)}")

# One of each kind of thing that the assistant does.
_ON_MARIADB = (
    "a colour and a price", "letters swapped", "cheaper twice", "the second one", "another's order",
    "a return of a whole order", "into the cart from the list", "how long to return", "a recommendation",
    "one of the product that gives orders", "vier Schritte", "eine Rückgabe in Schritten",
)  # fmt: skip
ON_MARIADB = [each for each in ALL if each.name in _ON_MARIADB]
