"""The plain answer that is written from what tools found, and from nothing else. Pure.

For when an engine's own words do not hold. Money is said in the shop's currency.
"""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.conversations.assistant.local import formats
from chalicelib.conversations.assistant.turns import CartFact, Language, OrderFact, ProductFact, ToolResult

_MOST = 5
_MOST_TEXT = 600

_TEXTS: dict[str, tuple[str, str]] = {
    "products": ("Here is what I found:", "Das habe ich gefunden:"),
    "orders": ("Here is what I know of it:", "Das weiß ich dazu:"),
    "cart": ("Your cart holds {units} for {total}:", "Im Warenkorb liegen {units} für {total}:"),
    "empty": ("Your cart is empty.", "Der Warenkorb ist leer."),
    "left": ("{} in stock", "{} auf Lager"),
    "gone": ("sold out", "ausverkauft"),
    "order": ("Order {}", "Bestellung {}"),
    "placed": ("placed on {}", "vom {}"),
    "unit": ("1 item", "1 Artikel"),
    "units": ("{} items", "{} Artikel"),
    "total": ("total {}", "Summe {}"),
    "asks": ("Shall I do this? Please say yes or no.", "Soll ich das tun? Bitte mit Ja oder Nein antworten."),
    "adds": ("To be put into your cart: {} x {}, {} each.", "In den Warenkorb käme: {} x {}, je {}."),
    "sends": ("To be sent back of order {}: {}.", "Zurückgeschickt würde aus Bestellung {}: {}."),
    "return": ("The return has the number {}.", "Die Rücksendung hat die Nummer {}."),
    "nothing": ("I found nothing for this.", "Dazu habe ich nichts gefunden."),
    "refused": ("I could not do this.", "Das konnte ich nicht tun."),
    "unsure": (
        "I cannot say anything certain about this. Please ask me in other words.",
        "Dazu kann ich nichts Sicheres sagen. Bitte frag mich mit anderen Worten.",
    ),
}

_STATUSES: dict[str, tuple[str, str]] = {
    "pending": ("waiting for payment", "wartet auf Zahlung"),
    "processing": ("being prepared", "in Vorbereitung"),
    "shipped": ("on its way", "unterwegs"),
    "complete": ("completed", "abgeschlossen"),
    "cancelled": ("cancelled", "storniert"),
    "returned": ("sent back", "zurückgesandt"),
}


def compose(results: Sequence[ToolResult], language: Language, currency: str) -> str:
    """Return an answer that says what was found, in the order in which it was."""
    say = _Sayer(language, currency)
    parts = [part for result in results for part in say.result(result)]
    found = list(dict.fromkeys(parts))[:_MOST]
    if found:
        return "\n\n".join(found)
    if any(result.error for result in results):
        return say("refused")
    return say("nothing") if any(not result.policies for result in results) else say("unsure")


def ask_for_yes(proposed: ToolResult, language: Language, currency: str) -> str:
    """Return the question whether to do what was proposed, told from the result alone."""
    say = _Sayer(language, currency)
    arguments = proposed.call.arguments
    if proposed.products:
        product = proposed.products[0]
        what = say("adds", arguments.get("quantity", 1), _line(product.name), say.money(product.price_cents))
    else:
        (order,) = proposed.orders
        wanted = set(arguments["item_ids"])
        names = ", ".join(_line(line.name) for line in order.lines if line.id in wanted)
        what = say("sends", order.id, names)
    return f"{what}\n{say('asks')}"


class _Sayer:
    def __init__(self, language: Language, currency: str) -> None:
        self._at = 1 if language == "de" else 0
        self._currency = currency

    def __call__(self, name: str, *values: object, **named: object) -> str:
        return _TEXTS[name][self._at].format(*values, **named)

    def result(self, result: ToolResult) -> list[str]:
        """Return what is to be said of a result."""
        found: list[str] = []
        if result.products and result.cart is None:
            lines = [self._product(each) for each in result.products[:_MOST]]
            found.append("\n".join([self("products"), *lines]))
        if result.orders:
            found.append("\n".join([self("orders"), *(self._order(each) for each in result.orders[:_MOST])]))
        if result.cart is not None:
            found.append(self._cart(result.cart))
        found += [each.text[:_MOST_TEXT].strip() for each in result.policies[:2]]
        if result.return_id is not None:
            found.append(self("return", result.return_id))
        if result.needs_yes:
            found.append(self("asks"))
        return found

    def money(self, cents: int) -> str:
        """Return an amount in the shop's currency."""
        return formats.money(cents, self._currency, "de" if self._at else "en")

    def _product(self, product: ProductFact) -> str:
        stock = self("left", product.available) if product.available > 0 else self("gone")
        return f"- {_line(product.name)}: {self.money(product.price_cents)}, {stock}"

    def _order(self, order: OrderFact) -> str:
        parts = [_STATUSES.get(order.status, (order.status, order.status))[self._at]]
        parts.append(self("placed", order.created_at.date().isoformat()))
        parts.append(self._units(order.units))
        if order.total_cents is not None:
            parts.append(self("total", self.money(order.total_cents)))
        return f"- {self('order', order.id)}: {', '.join(parts)}"

    def _units(self, units: int) -> str:
        return self("unit") if units == 1 else self("units", units)

    def _cart(self, cart: CartFact) -> str:
        if not cart.lines:
            return self("empty")
        head = self("cart", units=self._units(cart.units), total=self.money(cart.items_cents))
        lines = [f"- {each.quantity} x {_line(each.name)}: {self.money(each.price_cents)}" for each in cart.lines]
        return "\n".join([head, *lines[:_MOST]])


def _line(name: str) -> str:
    return " ".join(name.split())
