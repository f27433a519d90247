"""What this engine remembers from one turn to the next: what it showed, and what waits for a yes. Plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.conversations.assistant.turns import Language, ToolResult

KEY = "bedrock"
MAX_PRODUCTS = 10
MAX_ORDERS = 5
_MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Memory:
    """Ids and names of products in the order in which they were found, ids of orders, and the call that waits."""

    products: Sequence[tuple[int, str]] = ()
    orders: Sequence[int] = ()
    waiting: Mapping[str, Any] | None = None


def read(state: Mapping[str, Any]) -> Memory:
    """Return what was remembered; what is not as it was written is as if it were not there."""
    kept = state.get(KEY)
    if not isinstance(kept, Mapping):
        return Memory()
    products = [
        (each[0], each[1])
        for each in _listed(kept.get("products"))
        if isinstance(each, list | tuple) and len(each) == 2 and type(each[0]) is int and isinstance(each[1], str)
    ]
    orders = [each for each in _listed(kept.get("orders")) if type(each) is int]
    waiting = kept.get("waiting")
    return Memory(products[:MAX_PRODUCTS], orders[:MAX_ORDERS], waiting if isinstance(waiting, Mapping) else None)


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def after(before: Memory, results: Iterable[ToolResult], shown: Sequence[int]) -> Memory:
    """Return what to remember after a turn: what it showed and found, else what was there before."""
    products: dict[int, str] = {}
    orders: list[int] = []
    waiting: Mapping[str, Any] | None = None
    for result in results:
        products |= {each.id: each.name[:_MAX_NAME] for each in result.products}
        orders += [each.id for each in result.orders if each.id not in orders]
        if result.needs_yes and result.error is None:
            waiting = {"tool": result.call.name, "arguments": dict(result.call.arguments)}
    ordered = [each for each in shown if each in products] + [each for each in products if each not in set(shown)]
    return Memory(
        [(each, products[each]) for each in ordered[:MAX_PRODUCTS]] or before.products,
        orders[:MAX_ORDERS] or before.orders,
        waiting,
    )


def as_state(memory: Memory, language: Language) -> dict[str, Any]:
    """Return it as JSON values, with the language that was spoken, which all engines remember."""
    return {
        "language": language,
        KEY: {
            "products": [list(each) for each in memory.products],
            "orders": list(memory.orders),
            "waiting": None if memory.waiting is None else dict(memory.waiting),
        },
    }
