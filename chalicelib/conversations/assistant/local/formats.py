"""Money, counts and days as each language writes them. Pure."""

from __future__ import annotations

from datetime import datetime

from chalicelib.conversations.assistant.turns import Language
from chalicelib.core.money import from_cents

_SIGNS = {"usd": "$", "eur": "€", "gbp": "£"}
_MONTHS = {
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
    "de": (
        "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
        "Dezember",
    ),
}  # fmt: skip


def money(cents: int, currency: str, language: Language) -> str:
    """Return an amount: "$1,299.00" in English, "1.299,00 $" in German."""
    text = f"{from_cents(cents):,.2f}"
    sign = _SIGNS.get(currency.lower())
    if language == "de":
        return f"{text.translate(str.maketrans(',.', '.,'))} {sign or currency.upper()}"
    return f"{sign}{text}" if sign else f"{currency.upper()} {text}"


def day(at: datetime, language: Language) -> str:
    """Return a day (UTC): "27 November 2026", "27. November 2026"."""
    dot = "." if language == "de" else ""
    return f"{at.day}{dot} {_MONTHS[language][at.month - 1]} {at.year}"


def one_line(name: str) -> str:
    """Return a name on one line, as long as it may be said."""
    return " ".join(name.split())[:160]
