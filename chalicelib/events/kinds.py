"""The kinds of events, and the patterns by which a webhook chooses among them. Pure."""

from __future__ import annotations

from collections.abc import Iterable

# What the shop records; docs/events.md tells what each carries.
KINDS = (
    "order.placed",
    "order.paid",
    "order.shipped",
    "order.delivered",
    "order.cancelled",
    "order.returned",
    "order.refunded",
    "payment.failed",
    "stock.low",
    "stock.out",
    "product.created",
    "product.changed",
    "product.archived",
    "customer.registered",
    "customer.erased",
    "distribution_center.created",
    "distribution_center.changed",
    "import.finished",
    "model.published",
    "model.rejected",
    "model.activated",
    "recommendations.drifting",
    "alert.opened",
    "alert.escalated",
    "alert.resolved",
    "conversation.handoff_requested",
    "conversation.taken_over",
    "conversation.rated",
)

# What a webhook's test is sent as; never recorded.
PING = "webhook.ping"

# pattern = "*" | word "." ("*" | word): all, all of a noun, or one kind.
_WORD = "[a-z][a-z0-9_]{0,30}"
PATTERN = rf"^(\*|{_WORD}\.(\*|{_WORD}))$"


def matches(pattern: str, kind: str) -> bool:
    """Tell whether `pattern` (`*`, `order.*`, `order.paid`) chooses `kind`."""
    if pattern == "*":
        return True
    if pattern.endswith(".*"):
        return kind.startswith(pattern[:-1])
    return kind == pattern


def chosen(patterns: Iterable[str], kind: str) -> bool:
    """Tell whether any of `patterns` chooses `kind`."""
    return any(matches(pattern, kind) for pattern in patterns)
