"""What a sentence claims that can be looked up: amounts, stock, shares, dates, numbers of orders, addresses.

Pure. Sentences are read as a person reads them: without marks of layout, with all digits and spaces as one kind, and
with number words as digits.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.conversations.assistant.number_words import with_digits

# Stands in place of a name that is known; which one, is the number behind it.
NAME_MARK = "\ue000"
_NAME = re.compile(rf"{NAME_MARK}([\ue100-\uf8ff])")

# What may be repeated is so bounded: what is longer is read as several, none of which any tool has said.
_NUMBER = r"\d{1,3}(?:[.,' ]\d{3}){1,6}(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d{1,2}(?!\d))?"
_SIGN = r"(?:[A-Z]{0,2}\$|[€£¥₹₩₽₺₴₪₫฿¢])"
_CODE = (
    r"(?:USD|EUR|GBP|CHF|CAD|AUD|JPY|PLN|SEK|NOK|DKK|CZK|INR|CNY|BRL|MXN|NZD|usd|eur|gbp|chf"
    r"|[Dd]ollars?|[Ee]uros?|EURO|[Pp]ounds?|[Bb]ucks|[Cc]ents?|[Ff]ranken|[Pp]fund)"
)
_MONEY = rf"(?:{_SIGN}|{_CODE}(?![A-Za-z]))"
_AMOUNT = re.compile(
    rf"(?P<before>{_MONEY})\s*(?P<first>{_NUMBER})(?:\s*[.,]-+)?"
    rf"|(?P<from>{_NUMBER})\s*(?:-|to|bis|und|and|or|oder)\s*(?={_MONEY}?\s*(?:{_NUMBER})\s*{_MONEY})"
    rf"|(?P<last>{_NUMBER})(?:\s*[.,]-+)?\s*(?P<after>{_MONEY})"
    r"|(?<![\d.,])(?P<bare>\d{1,3}(?:[.,' ]\d{3}){0,6}[.,]\d{2})(?![\d%]|[.,]\d|\s*(?:%|cm|mm|kg|stars?|Sterne?))"
    r"|(?<![\d.,])(?P<dashed>\d+)[.,]-+"
)
_PRICED = re.compile(
    rf"\b(?:costs?|costing|priced|prices?|kostet|kosten|preise?)\b[\s:=]*(?:\w+\s+){{0,2}}?[:=(]?\s*(?P<n>{_NUMBER})",
    re.IGNORECASE,
)
# "Slim Jeans, only 19!" is a price without a word for money.
_ONLY = re.compile(
    r"(?<!are )(?<!have )(?<!is )(?<!sind )(?<!haben )(?<!gibt )\b(?:only|just|now|nur|jetzt)\s"
    rf"(?P<n>{_NUMBER})(?=\s*(?:[!?;)]|[.,](?!\d)|$|(?:for|für|each|apiece|je)\b))",
    re.IGNORECASE,
)
_SHARE = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:%|percent\b|per cent\b|prozent\b)", re.IGNORECASE)
_DISCOUNT = re.compile(
    r"\b(?:discount\w*|on sale|half[- ](?:price|off)|1\s?[/\u2044]\s?2\s(?:price|off)"
    r"|reduced|rabatt\w*|reduziert\w*|halbe[nmrs]? preis"
    r"|sonderangebot\w*|gutschein\w*|coupons?|vouchers?|promo(?:tion)?s?"
    r"|free shipping|kostenlos\w*|gratis|for free)\b",
    re.IGNORECASE,
)
_URL = re.compile(
    r"(?:https?://|www\.)[^\s)\]>\"']+|[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+|(?<=\]\()[^\s)]+"
    r"|\b(?:[a-z0-9-]{1,63}\.){1,8}(?:com|net|org|de|at|ch|eu|io|co|uk|shop|store|info|biz|app|dev|example)\b[^\s)\]>\"']*",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"(?<!to )(?<!can )(?<!you )(?<!could )(?<!would )(?<!please )(?<!we )(?<!i )"
    r"\b(?:orders?|bestellung(?:en)?|auftrag|aufträge)\b"
    r"(?:\s?-?(?:number|no\.?|nr\.?|id|nummer))?[\s:#()*]*(?P<n>\d+(?:\s*(?:,|and|und|&|or|oder)\s*#?\d+)*)"
    r"|\b(?:order|bestell|auftrags)-?\s?(?:number|nummer|nr\.?|no\.?|id)[\s:#]*(?:is|ist|lautet)?[\s:#]*(?P<m>\d+)"
    r"|#\s?(?P<h>\d+)",
    re.IGNORECASE,
)
_RETURN = re.compile(
    r"\b(?:return|rücksendung|retoure|rückgabe)(?:\s?-?(?:number|nummer|no\.?|nr\.?|id))?[\s:#]+(?:is |ist )?(\d+)",
    re.IGNORECASE,
)
_CODE_LIKE = re.compile(r"\b(?=(?:[A-Z0-9-]*\d){4})[A-Z0-9][A-Z0-9-]{7,}\b")
_TRACKING = re.compile(
    r"\b(?:tracking|sendungs|paket|track)\s?-?\s?(?:number|nummer|code|no\.?|nr\.?|id)\b[\s:#]*(?:is|ist|lautet)?[\s:#]*"
    r"([A-Za-z0-9-]*\d[A-Za-z0-9-]*)",
    re.IGNORECASE,
)
_SPAN = re.compile(
    r"(\d+)(?:\s*(?:-|to|bis)\s*(\d+))?\s*[- ]?"
    r"(?:(?:business|working)\s)?"
    r"(?:days?|weeks?|months?|hours?|years?|tage?n?|werktage?n?|wochen?|monate?n?|stunden?|jahre?n?)\b",
    re.IGNORECASE,
)

_MONTHS = {
    name: at
    for at, names in enumerate(
        (
            "january jan januar jänner", "february feb februar", "march mar märz mrz", "april apr", "may mai",
            "june jun juni", "july jul juli", "august aug", "september sep sept", "october oct oktober okt",
            "november nov", "december dec dezember dez",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATES = (
    re.compile(r"\b(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})\b"),
    re.compile(r"\b(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.(?:\s?(?P<y>\d{4}|\d{2}))?(?!\d)"),
    re.compile(r"\b(?P<m>\d{1,2})/(?P<d>\d{1,2})(?:/(?P<y>\d{4}|\d{2}))\b"),
    re.compile(
        rf"\b(?P<d>\d{{1,2}})(?:\.|st|nd|rd|th)?\s(?:of\s)?(?P<M>{_MONTH})\b\.?(?:,?\s(?P<y>\d{{4}}))?", re.IGNORECASE
    ),
    re.compile(
        rf"\b(?P<M>{_MONTH})\.?\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s(?P<y>\d{{4}}))?(?!\d|[.,]\d)",
        re.IGNORECASE,
    ),
)
_SOON = re.compile(
    r"\b(?:tomorrow|yesterday|today|tonight|next week|last week|übermorgen|vorgestern|gestern|heute|nächste woche"
    r"|(?<!guten )morgen|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch)\b",
    re.IGNORECASE,
)
_PARCEL = re.compile(
    r"\b(?:orders?|ordered|bestell\w*|parcel|paket|sendung|deliver\w*|arriv\w*|ship\w*|zugestellt|geliefert|ankommen"
    r"|kommt|versand\w*|versendet|verschickt|unterwegs|placed|returned)\b",
    re.IGNORECASE,
)

_GONE = re.compile(
    r"\b(?:sold out|out of stock|unavailable|not (?:currently )?(?:available|in stock)|no longer available|none left"
    r"|isn't (?:available|in stock)|aren't (?:available|in stock)|ausverkauft|vergriffen|nicht (?:mehr )?(?:vorrätig"
    r"|verfügbar|lieferbar|auf lager|erhältlich))\b",
    re.IGNORECASE,
)
_STOCKED = re.compile(
    r"\b(?:left(?! (?:on|at|our|us|the|with|from|for|by)\b)"
    r"|in stock|available|remaining|on hand|auf lager|vorrätig|verfügbar|lieferbar|übrig|lagernd|bestand"
    r"|stock|erhältlich)\b",
    re.IGNORECASE,
)
_UNITS = r"(?:(?:units?|pieces?|pcs|pairs?|items?|stück|paar|exemplare?|x|are|is|still|more|sind|ist|noch)\s*)*"
_LEFT_OF = re.compile(rf"(\d+)\s*{_UNITS}$", re.IGNORECASE)
_NEAR_LEFT = re.compile(r"(\d+)(?:\s+[^\s\d.;:!?]+){1,4}\s*$")
_RIGHT_OF = re.compile(r"^\s*[:=(]*\s*(\d+)\b(?!\s*(?:days?|weeks?|tage?n?|wochen?|hours?|stunden?))", re.IGNORECASE)
_HAVE = re.compile(
    r"\b(?:we|there|wir|es)\s(?:still |only |just )?(?:have|are|haben|gibt|sind)\s(?:es\s)?"
    r"(?:still |only |just |noch |nur )*(\d+)\s(?:of (?:it|them|these)|units?|pieces?|davon|stück"
    rf"|{NAME_MARK})",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"\b(?:no|not|none|nothing|never|cannot|can't|couldn't|don't|doesn't|didn't|isn't|unable|kein\w*|nicht\w*|nie"
    r"|leider|sorry)\b|n't\b",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"\b(?:under|below|up to|less than|at most|max\w*|within|over|above|between|from|than|budget|around|unter|bis"
    r"|höchstens|zwischen|von|ab|als|über|mindestens|at least|rund|etwa)\b[\s\w]{0,20}$",
    re.IGNORECASE,
)
# Where an order stands, by the statuses that it then has or has had.
_STANDS = (
    (re.compile(r"\b(?:delivered|arrived|zugestellt|angekommen|ausgeliefert)\b", re.IGNORECASE), "delivered"),
    (
        re.compile(
            r"\b(?:shipped|on (?:its|the) way|in transit|sent out|dispatched|versandt|versendet|verschickt"
            r"|unterwegs)\b",
            re.IGNORECASE,
        ),
        "shipped",
    ),
    (re.compile(r"\b(?:cancelled|canceled|storniert)\b", re.IGNORECASE), "cancelled"),
    (
        re.compile(r"\b(?:sent back|came back|zurückgesandt|zurückgeschickt|zurückgekommen)\b", re.IGNORECASE),
        "returned",
    ),
)
# What may or will be is not said to be so.
_OPEN = re.compile(
    r"\b(?:if|once|when|after|before|until|unless|will|can|may|could|would|soon|wenn|sobald|falls|nach|bevor|bis|wird"
    r"|werden|kann|können|bald)\b|\?",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"\b(?:cart|basket|total|altogether|sum|warenkorb|insgesamt|gesamt\w*|summe|zusammen|orders?|bestellung\w*)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money that is said, in cents (several where it may be read so), and where."""

    cents: frozenset[int]
    start: int
    end: int
    unit: str = ""


# Dashes, apostrophes and times, of which there are many.
_ALIKE = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-") | {"\u2019": "'", "\xd7": "x", "\u3002": "."}
)


# No number that anybody means is longer.
_MOST_DIGITS = 40
_ENDLESS = re.compile(rf"\d{{{_MOST_DIGITS},}}")


def readable(text: str) -> str:
    """Return a text as it is read: one kind of digits and spaces, no invisible characters, no marks of layout."""
    if "&" in text:
        text = html.unescape(text)
    letters = list(text) if text.isascii() else _plain_letters(unicodedata.normalize("NFKC", text))
    return _ENDLESS.sub(lambda found: found[0][:_MOST_DIGITS], "".join(letters).translate(_ALIKE))


def _plain_letters(text: str) -> list[str]:
    letters = []
    for letter in text:
        kind = unicodedata.category(letter)
        if kind == "Nd":
            letters.append(str(unicodedata.digit(letter)))
        elif kind == "Zs":
            letters.append(" ")
        elif kind not in ("Cf", "Co"):  # invisible; of private use are the marks below
            letters.append(letter)
    return letters


def plain(text: str) -> str:
    """Return a readable text without marks of layout, its number words as digits."""
    return with_digits(re.sub(r"[*_~`\\]+", "", text))


def cents_of(number: str) -> frozenset[int]:
    """Return what a number may mean in cents, however it is punctuated: 1.299,00 and 1,299 are 129900."""
    digits = re.sub(r"[' ]", "", number)
    parts = re.split(r"[.,]", digits)
    if len(parts) == 1:
        return frozenset({int(digits) * 100})
    if len(parts[-1]) == 3:
        return frozenset({int("".join(parts)) * 100})
    return frozenset({int("".join(parts[:-1])) * 100 + int(parts[-1].ljust(2, "0"))})


def amounts(text: str) -> Iterator[Amount]:
    """Yield the amounts of money of a plain text, in order."""
    end = 0
    found = []
    for each in _AMOUNT.finditer(text):
        number = next(filter(None, (each[name] for name in ("first", "from", "last", "bare", "dashed"))))
        unit = each["before"] or each["after"] or ""
        cents = cents_of(number)
        if unit.lower().startswith("cent") or unit == "¢":
            cents = frozenset(each // 100 for each in cents)
        found.append(Amount(cents, each.start(), each.end(), unit))
    found += [
        Amount(cents_of(each["n"]), each.start("n"), each.end("n"))
        for pattern in (_PRICED, _ONLY)
        for each in pattern.finditer(text)
        if not re.match(r"\s*(?:%|percent|prozent)", text[each.end() :])
    ]
    for one in sorted(found, key=lambda amount: amount.start):
        if one.start >= end:
            yield one
            end = one.end


_CURRENCIES = {
    "usd": ("usd", "dollar", "buck", "cent"), "eur": ("eur", "€", "cent"), "gbp": ("gbp", "£", "pound", "pfund"),
    "chf": ("chf", "franken"), "jpy": ("jpy", "¥"), "cny": ("cny", "¥"), "inr": ("inr", "₹"),
}  # fmt: skip


def is_currency(unit: str, currency: str) -> bool:
    """Tell whether a word or sign of money, or none, may stand for a currency (of three small letters)."""
    said = unit.lower()
    if said.endswith("$"):
        return currency[-1] == "d" or currency == "mxn"
    if currency[-1] == "d" and said.startswith(("dollar", "buck", "cent")):
        return True
    return not said or said.startswith(_CURRENCIES.get(currency, (currency,)))


def without(text: str, spans: list[tuple[int, int]]) -> str:
    """Return a text of the same length with spans of it blanked."""
    for start, end in spans:
        text = text[:start] + "\x01" * (end - start) + text[end:]
    return text


def names_in(text: str) -> list[tuple[int, int]]:
    """Return the known names in a text, as (which, where)."""
    return [(ord(each[1]) - 0xE100, each.start()) for each in _NAME.finditer(text)]


def shares(text: str) -> set[str]:
    """Return the percentages of a plain text, as numbers with a point."""
    return {each.replace(",", ".").rstrip("0").rstrip(".") if "." in each.replace(",", ".") else each
            for each in _SHARE.findall(text)}  # fmt: skip


def discounts(text: str) -> set[str]:
    """Return the words of a plain text that promise something for less."""
    return {each.lower() for each in _DISCOUNT.findall(text)}


def urls(text: str) -> set[str]:
    """Return the addresses of a readable text."""
    return {each.rstrip(".,;:!?").lower() for each in _URL.findall(text)}


def order_numbers(text: str) -> set[int]:
    """Return the numbers that a plain text gives orders."""
    found: set[int] = set()
    for each in _ORDER.finditer(text):
        found.update(int(number) for number in re.findall(r"\d+", each["n"] or each["m"] or each["h"])[:50])
    return found


def return_numbers(text: str) -> set[int]:
    """Return the numbers that a plain text gives returns."""
    return {int(each) for each in _RETURN.findall(text)}


def codes(text: str) -> set[str]:
    """Return what in a readable text looks like the number of a parcel."""
    return {each.upper() for each in (*_CODE_LIKE.findall(text), *_TRACKING.findall(text))}


def standings(text: str) -> set[str]:
    """Return how a plain text says that an order stands: delivered, shipped, cancelled, returned."""
    if _OPEN.search(text) or denies(text):
        return set()
    return {standing for pattern, standing in _STANDS if pattern.search(text)}


def time_spans(text: str) -> set[int]:
    """Return the numbers of days, weeks and the like of a plain text."""
    return {int(number) for each in _SPAN.findall(text) for number in each if number}


def dates(text: str) -> set[tuple[int | None, int, int]]:
    """Return the dates of a plain text as (year, month, day); of two ways to read one, as month and day first."""
    found: set[tuple[int | None, int, int]] = set()
    for pattern in _DATES:
        for each in pattern.finditer(text):
            groups = each.groupdict()
            year = groups.get("y")
            month = _MONTHS[groups["M"].lower()] if groups.get("M") else int(groups["m"])
            if 1 <= month <= 12 and 1 <= int(each["d"]) <= 31:
                found.add((None if year is None else int(year) % 2000 + 2000, month, int(each["d"])))
    return found


def is_ordinal(before: str, behind: str) -> bool:
    """Tell whether the point at the end of a text makes a number the day of a month: "am 1. | März"."""
    return bool(re.search(r"(?<![\d.,])\d{1,2}\.$", before) and re.match(rf"(?:{_MONTH})\b", behind, re.IGNORECASE))


def says_when(text: str) -> set[str]:
    """Return the words of a plain text that say when something of an order happens, without a date."""
    return {each.lower() for each in _SOON.findall(text)} if _PARCEL.search(text) else set()


@dataclass(frozen=True, slots=True)
class StockClaim:
    """So many units are there at a place in the text; None: some. `counts`: it may count products, not units."""

    units: int | None
    at: int
    counts: bool = False


def stock_claims(text: str) -> list[StockClaim]:
    """Return what a plain text, without its amounts, says of stock."""
    found = [StockClaim(0, each.start()) for each in _GONE.finditer(text)]
    blanked = (_GONE, _ORDER, *_DATES)
    rest = without(text, [each.span() for pattern in blanked for each in pattern.finditer(text)])
    for each in _STOCKED.finditer(rest):
        before, after = rest[: each.start()], rest[each.end() :]
        if near := _LEFT_OF.search(before):
            found.append(StockClaim(int(near[1]), near.start()))
        elif right := _RIGHT_OF.search(after):
            found.append(StockClaim(int(right[1]), each.start()))
        elif (near := _NEAR_LEFT.search(before)) and not _SPAN.match(before, near.start()):
            found.append(StockClaim(int(near[1]), near.start(), counts=True))
        elif "?" not in text and each[0].lower() not in ("left", "stock", "bestand"):
            found.append(StockClaim(None, each.start()))
    found += [StockClaim(int(each[1]), each.start()) for each in _HAVE.finditer(rest)]
    return found


def denies(text: str) -> bool:
    """Tell whether a plain text says that something is not so."""
    return bool(_DENIAL.search(text))


def is_limit(text: str, amount: Amount) -> bool:
    """Tell whether an amount is said as a limit, such as "under $50"."""
    return bool(_LIMIT.search(text[: amount.start]))


def is_total(text: str) -> bool:
    """Tell whether a plain text speaks of a cart or order as a whole."""
    return bool(_TOTAL.search(text))
