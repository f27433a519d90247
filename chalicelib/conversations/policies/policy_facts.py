"""What policies may say of the shop without its owner writing it: facts that the settings decide. No I/O."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.conversations.assistant.turns import Language
from chalicelib.core.config import Settings

_SHOP: Mapping[Language, str] = {"en": "the shop", "de": "der Shop"}

_PAYMENT: Mapping[Language, Mapping[str | None, str]] = {
    "en": {
        "stripe": "You pay by card; Stripe takes the payment.",
        "test": "This is a shop to try things out: it takes test cards only, and no real money moves.",
        None: "This shop takes no payments at the moment.",
    },
    "de": {
        "stripe": "Sie bezahlen mit Karte; die Zahlung übernimmt Stripe.",
        "test": "Dies ist ein Shop zum Ausprobieren: Er nimmt nur Testkarten, und es fließt kein echtes Geld.",
        None: "Dieser Shop nimmt zurzeit keine Zahlungen an.",
    },
}

_BEYOND: Mapping[Language, str] = {
    "en": (
        "Your questions are answered by a language model of Amazon Bedrock. What you write, the last messages of "
        "the conversation, and what the assistant looks up to answer (products, your orders, these texts) are sent "
        "to it; your name, your addresses and your payment data are not, unless you write them yourself."
    ),
    "de": (
        "Ihre Fragen beantwortet ein Sprachmodell von Amazon Bedrock. An dieses gehen, was Sie schreiben, die "
        "letzten Nachrichten des Gesprächs und was der Assistent dafür nachschlägt (Produkte, Ihre Bestellungen, "
        "diese Texte); Ihr Name, Ihre Adressen und Ihre Zahlungsdaten nicht, es sei denn, Sie schreiben sie selbst."
    ),
}
_WITHIN: Mapping[Language, str] = {
    "en": "The assistant is part of the shop: what you write to it is not sent to a language model elsewhere.",
    "de": "Der Assistent ist Teil des Shops: Was Sie ihm schreiben, geht an kein Sprachmodell anderswo.",
}


def facts(config: Settings, language: Language) -> dict[str, str]:
    """Return what `policy_texts.FACTS` stand for in a text of `language`."""
    return {
        "shop_name": config.shop_name or _SHOP[language],
        "site_url": config.site_url,
        "currency": config.currency.upper(),
        "return_days": str(config.return_days),
        "hold_minutes": str(max(1, config.reservation_ttl_s // 60)),
        "behaviour_days": str(config.behaviour_keep_days),
        "payment_note": _PAYMENT[language][config.payment_provider],
        "assistant_note": (_WITHIN if config.bedrock is None else _BEYOND)[language],
    }
