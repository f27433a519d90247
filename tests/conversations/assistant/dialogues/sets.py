"""All dialogues, by group, with what is known to fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tests.conversations.assistant.dialogues import (
    cart,
    orders,
    references,
    refine,
    returns,
    search,
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
}
ALL = [each for group in GROUPS.values() for each in group]

_STRAY = set(KNOWN) - {each.name for each in ALL}
if _STRAY:
    raise ValueError(f"known failures of no dialogue: {sorted(_STRAY)}")

ON_MARIADB: list[Dialogue] = []
