# ruff: noqa: E501  (texts, one a line)
"""What the assistant says, in both languages: short, friendly, and nothing that no tool has found. Pure.

In braces stand facts that are put in; a phrase claims nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.conversations.assistant.turns import Language

_EN_DE: Mapping[str, tuple[str, str]] = {
    # products
    "found": ("Here is what I found:", "Das habe ich gefunden:"),
    "found_more": ("Here are more:", "Hier sind weitere:"),
    "found_cheaper": ("These cost less:", "Diese kosten weniger:"),
    "read_as": ("I looked for “{words}”.", "Ich habe nach „{words}“ gesucht."),
    "nothing": (
        "I found nothing that fits all of this.",
        "Ich habe nichts gefunden, auf das alles davon zutrifft.",
    ),
    "not_sold": (
        "I find no such thing in this shop. Are you looking for a product, or is it about an order?",
        "So etwas finde ich in diesem Shop nicht. Suchst du ein Produkt, oder geht es um eine Bestellung?",
    ),
    "no_more": ("That is all that I found.", "Das ist alles, was ich gefunden habe."),
    "no_cheaper": ("I found nothing that costs less.", "Ich habe nichts gefunden, das weniger kostet."),
    "recommended": ("You might like these:", "Das könnte dir gefallen:"),
    "nothing_to_recommend": ("I have nothing to recommend for this.", "Dafür kann ich nichts empfehlen."),
    "similar": ("These are similar to {name}:", "Diese sind ähnlich wie {name}:"),
    "no_similar": ("I found nothing similar.", "Ich habe nichts Ähnliches gefunden."),
    "one_product": ("{name}: {price}, {stock}.", "{name}: {price}, {stock}."),
    "line": ("- {name}: {price}, {stock}", "- {name}: {price}, {stock}"),
    "by_brand": ("The brand is {brand}.", "Die Marke ist {brand}."),
    "details_unknown": (
        "Sizes, fit and material I do not know beyond what the name says.",
        "Größen, Passform und Material kenne ich nur, soweit sie im Namen stehen.",
    ),
    "in_stock": ("in stock", "auf Lager"),
    "left": ("only {count} left", "nur noch {count} auf Lager"),
    "sold_out": ("sold out", "ausverkauft"),
    "which_product": ("Which product do you mean?", "Welches Produkt meinst du?"),
    "product_gone": ("This product is not for sale any more.", "Dieses Produkt gibt es nicht mehr zu kaufen."),
    # orders
    "no_orders": ("I see no order of yours.", "Ich sehe keine Bestellung von dir."),
    "orders": ("Your orders:", "Deine Bestellungen:"),
    "which_order": ("Which order do you mean?", "Welche Bestellung meinst du?"),
    "order_line": ("- Order {id} of {day}: {status}", "- Bestellung {id} vom {day}: {status}"),
    "order": ("Order {id} of {day} is {status}.", "Bestellung {id} vom {day}: {status}."),
    "shipped_on": ("It left us on {day}.", "Versandt am {day}."),
    "delivered_on": ("It was delivered on {day}.", "Zugestellt am {day}."),
    "parcel": ("Parcel {number} with {carrier}.", "Paket {number} mit {carrier}."),
    "total": ("Total: {total}.", "Summe: {total}."),
    "no_date": (
        "I cannot tell the day on which it will arrive.",
        "An welchem Tag sie ankommt, kann ich nicht sagen.",
    ),
    "not_your_order": (
        "I do not find order {id} among your orders.",
        "Bestellung {id} finde ich nicht unter deinen Bestellungen.",
    ),
    "no_customer": (
        "For orders and the cart you need an account that is linked to a customer. Please sign in with it.",
        "Für Bestellungen und Warenkorb brauchst du ein Kundenkonto. Bitte melde dich damit an.",
    ),
    # returns
    "nothing_to_return": (
        "None of your orders has something that can be sent back now.",
        "Keine deiner Bestellungen enthält etwas, das jetzt zurückgeschickt werden kann.",
    ),
    "order_not_returnable": (
        "Nothing of order {id} can be sent back now.",
        "Von Bestellung {id} kann jetzt nichts zurückgeschickt werden.",
    ),
    "which_items": (
        "What of order {id} do you want to send back?",
        "Was aus Bestellung {id} möchtest du zurückschicken?",
    ),
    "item_line": ("{number}. {name}", "{number}. {name}"),
    "why_return": (
        "If you like, tell me why: wrong size, damaged, not as described, the wrong item, too late, changed my mind.",
        "Wenn du magst, sag mir warum: falsche Größe, beschädigt, nicht wie beschrieben, falscher Artikel, zu spät, "
        "gefällt nicht.",
    ),
    "confirm_return": (
        "Shall I start the return of {names} from order {id}? Please say yes or no.",
        "Soll ich die Rücksendung von {names} aus Bestellung {id} anmelden? Bitte antworte mit Ja oder Nein.",
    ),
    "returned": (
        "Done: return {return_id} for order {id} is started. The shop looks at it next.",
        "Erledigt: Rücksendung {return_id} zu Bestellung {id} ist angemeldet. Der Shop kümmert sich darum.",
    ),
    # cart
    "confirm_add": (
        "Shall I put {quantity} x {name} at {price} each into your cart? Please say yes or no.",
        "Soll ich {quantity} x {name} zu je {price} in deinen Warenkorb legen? Bitte antworte mit Ja oder Nein.",
    ),
    "added": (
        "Done. Your cart now holds {units} for {total}, before discounts, tax and shipping.",
        "Erledigt. Im Warenkorb liegen jetzt {units} für {total}, vor Rabatten, Steuern und Versand.",
    ),
    "cart": (
        "Your cart holds {units} for {total}, before discounts, tax and shipping:",
        "In deinem Warenkorb liegen {units} für {total}, vor Rabatten, Steuern und Versand:",
    ),
    "cart_line": ("- {quantity} x {name}: {price}", "- {quantity} x {name}: {price}"),
    "cart_empty": ("Your cart is empty.", "Dein Warenkorb ist leer."),
    "cannot_order": (
        "I cannot pay, order or take things out of the cart for you. Open the cart to do that.",
        "Bezahlen, bestellen oder etwas aus dem Warenkorb nehmen kann ich nicht für dich. Das geht im Warenkorb selbst.",
    ),
    "item": ("1 item", "1 Artikel"),
    "items": ("{count} items", "{count} Artikel"),
    "cannot_add": ("I could not put that into the cart: {why}", "Das ging nicht in den Warenkorb: {why}"),
    "sold_out_now": (
        "There are not that many of it in stock.",
        "So viele sind davon nicht auf Lager.",
    ),
    # asking back, yes and no
    "declined": ("All right, I leave it.", "In Ordnung, ich lasse es."),
    "nothing_to_confirm": (
        "I am not sure what you say yes to. What can I do for you?",
        "Ich bin nicht sicher, wozu du Ja sagst. Was kann ich für dich tun?",
    ),
    "nothing_to_decline": ("All right. What can I do for you?", "In Ordnung. Was kann ich für dich tun?"),
    "unclear": (
        "I am not sure that I understand. Are you looking for a product, or is it about an order?",
        "Ich bin nicht sicher, ob ich das verstehe. Suchst du ein Produkt, oder geht es um eine Bestellung?",
    ),
    "unclear_again": (
        "I still do not understand, sorry. Shall a person of the shop take over? Just write “talk to a person”.",
        "Das verstehe ich leider immer noch nicht. Soll jemand vom Shop übernehmen? Schreib einfach „mit einem Menschen "
        "sprechen“.",
    ),
    "what_product": ("What are you looking for?", "Wonach suchst du?"),
    # policies
    "no_policy": (
        "I find nothing about this in the shop's terms. A person of the shop can help you.",
        "Dazu finde ich nichts in den Bedingungen des Shops. Jemand vom Shop kann dir helfen.",
    ),
    # talk
    "greeting": (
        "Hello! I find products, look your orders up and know the shop's terms. What can I do for you?",
        "Hallo! Ich finde Produkte, sehe nach deinen Bestellungen und kenne die Bedingungen des Shops. Was kann ich für "
        "dich tun?",
    ),
    "thanks": ("You are welcome!", "Gern geschehen!"),
    "help": (
        "I am the shop's assistant, a program. I can search products, recommend some, look up your orders, start a "
        "return, answer from the shop's terms and put things into your cart once you say yes. I cannot pay, change "
        "prices or see orders of others.",
        "Ich bin der Assistent des Shops, ein Programm. Ich kann Produkte suchen und empfehlen, nach deinen Bestellungen "
        "sehen, eine Rücksendung anmelden, aus den Bedingungen des Shops antworten und etwas in den Warenkorb legen, "
        "sobald du Ja sagst. Bezahlen, Preise ändern oder Bestellungen anderer sehen kann ich nicht.",
    ),
    "human": (
        "I have asked for a person of the shop. They answer here in this conversation.",
        "Ich habe jemanden vom Shop gerufen. Die Antwort kommt hier in diesem Gespräch.",
    ),
    "sorry": (
        "I am sorry about that. Tell me what is wrong, or write “talk to a person” and somebody of the shop takes over.",
        "Das tut mir leid. Sag mir, was nicht stimmt, oder schreib „mit einem Menschen sprechen“, dann übernimmt jemand "
        "vom Shop.",
    ),
    "off_topic": (
        "I cannot help with that. I know this shop: its products, your orders and its terms.",
        "Dabei kann ich nicht helfen. Ich kenne diesen Shop: seine Produkte, deine Bestellungen und seine Bedingungen.",
    ),
    "must_not": (
        "I must not do that. I can search products, look up your own orders and answer from the shop's terms.",
        "Das darf ich nicht. Ich kann Produkte suchen, nach deinen eigenen Bestellungen sehen und aus den Bedingungen des "
        "Shops antworten.",
    ),
    "broken": (
        "I could not look that up just now. Please try again.",
        "Das konnte ich gerade nicht nachsehen. Bitte versuch es noch einmal.",
    ),
}

STATUSES: Mapping[str, tuple[str, str]] = {
    "pending": ("waiting for payment", "wartet auf Zahlung"),
    "processing": ("being prepared", "in Vorbereitung"),
    "shipped": ("on its way", "unterwegs"),
    "complete": ("delivered", "zugestellt"),
    "cancelled": ("cancelled", "storniert"),
    "returned": ("sent back", "zurückgeschickt"),
}

# What a person may want to say next; what it says is understood.
_SUGGESTIONS: Mapping[str, tuple[str, str]] = {
    "cheaper": ("Cheaper ones", "Günstigere"),
    "more": ("Show more", "Mehr zeigen"),
    "first_similar": ("Something like the first", "Etwas wie das erste"),
    "add_first": ("Put the first into my cart", "Leg das erste in den Warenkorb"),
    "add_it": ("Put it into my cart", "Leg es in den Warenkorb"),
    "similar": ("Similar products", "Ähnliche Produkte"),
    "no_limit": ("Without a price limit", "Ohne Preislimit"),
    "recommend": ("What do you recommend?", "Was empfiehlst du?"),
    "my_orders": ("My orders", "Meine Bestellungen"),
    "where": ("Where is my order?", "Wo ist meine Bestellung?"),
    "return": ("I want to send something back", "Ich möchte etwas zurückschicken"),
    "return_policy": ("How long can I return things?", "Wie lange kann ich etwas zurückgeben?"),
    "shipping": ("What does shipping cost?", "Was kostet der Versand?"),
    "human": ("Talk to a person", "Mit einem Menschen sprechen"),
    "yes": ("Yes", "Ja"),
    "no": ("No", "Nein"),
    "cart": ("What is in my cart?", "Was ist in meinem Warenkorb?"),
    "everything": ("Everything", "Alles"),
}


def say(name: str, language: Language, /, **facts: object) -> str:
    """Return a phrase with its facts."""
    return _EN_DE[name][language == "de"].format(**facts)


def suggest(language: Language, *names: str) -> tuple[str, ...]:
    """Return questions that fit now."""
    return tuple(_SUGGESTIONS[name][language == "de"] for name in names)


def status(name: str, language: Language) -> str:
    """Return the status of an order in words."""
    found = STATUSES.get(name.lower())
    return name if found is None else found[language == "de"]
