"""Whether a person says yes, or no, and nothing else. Pure.

Strict: a yes with a condition, a question or another wish is none, since something is done on it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from chalicelib.conversations.assistant.local.wording import words_of

# What says yes by itself. A text is a yes when it is one of these with courtesies around it.
_YES = (
    "yes", "yep", "yeah", "yup", "yea", "ye", "sure", "ok", "okay", "okey", "k", "fine", "agreed", "correct", "right",
    "exactly", "absolutely", "definitely", "confirm", "confirmed", "i confirm", "do it", "do that", "go ahead",
    "go for it", "sounds good", "thats right", "that is right", "thats correct", "of course", "please do", "yes i do",
    "i do", "make it so", "lets do it", "lets do that", "perfect",
    "yes i am sure", "im sure", "i am sure", "by all means", "alright", "all right", "yessir", "aye",
    "ja", "jo", "jawohl", "jep", "jup", "jap", "klar", "na klar", "alles klar", "sicher", "gerne", "gern", "genau",
    "richtig", "stimmt", "passt", "in ordnung", "einverstanden", "mach das", "mach es", "machs", "mach mal", "tu das",
    "tu es", "machen sie das", "los", "auf jeden fall", "unbedingt", "naturlich", "natuerlich", "selbstverstandlich",
    "selbstverstaendlich", "bestatigt", "bestaetigt", "bestatige ich", "freilich", "das passt",
    "so machen wir das", "so machen wirs", "ja bin ich", "ja mochte ich", "ja will ich",
)  # fmt: skip
# What names the deed is a yes to that deed alone: "return it" does not put it into the cart.
_YES_TO: Mapping[str, tuple[str, ...]] = {
    "add_to_cart": ("add it", "add them", "leg rein", "leg es rein", "leg sie rein"),
    "start_return": ("send it back", "return it"),
}
_COURTESY = {
    "please",
    "pls",
    "plz",
    "thanks",
    "thank",
    "you",
    "thx",
    "bitte",
    "danke",
    "dir",
    "ihnen",
    "schon",
    "doch",
}
_NO = (
    "no", "nope", "nah", "no way", "dont", "do not", "dont do it", "do not do it", "cancel", "cancel that", "stop",
    "never mind", "nevermind", "forget it", "leave it", "not now", "rather not", "id rather not", "no i dont",
    "better not", "not really", "i changed my mind", "not yet",
    "nein", "ne", "nee", "no danke", "lieber nicht", "doch nicht", "nicht", "lass", "lass es", "lass das", "lass mal",
    "abbrechen", "abbruch", "stopp", "vergiss es", "vergessen sie es", "bloss nicht", "auf keinen fall",
    "jetzt nicht", "nein doch nicht", "noch nicht", "mach das nicht", "tu das nicht", "besser nicht",
)  # fmt: skip
# Sighs before a no take nothing from it; before a yes they are a doubt.
_SIGHS = frozenset(("ach", "oh", "och", "ah", "hm", "hmm", "uh", "um", "ahm", "actually", "well", "eigentlich", "ok"))
_YES_SIGNS = ("👍", "👌", "✅", "✔")
# What may stand beside a yes without taking anything from it; skin tones and the sign for "as a picture" among them.
_QUIET = re.compile(r"(?::-?\))|[\s,.!;:'\u2019*_\-\u2013\u2014]|[👍👌✅✔🙏🙂😊😀😃😄🎉❤\U0001f3fb-\U0001f3ff\ufe0f]")
_HESITATES = re.compile(r"\.\.|…")
_NO_SIGNS = ("👎", "❌", "🚫", "✋", "🛑", "🙅")
_MOST_WORDS = 8
# Nobody says no more than yes, or no, in so many.
_MOST_LETTERS = 200


def is_yes(text: str, to: str | None = None) -> bool:
    """Tell whether a text says yes and nothing else; `to` is the tool that waits for it, None where none does.

    Any sign that is not known to be harmless is a doubt: "yes?" in whatever script, "yes :(", "~~yes~~".
    """
    if len(text) > _MOST_LETTERS or _HESITATES.search(text) or _has_doubts(text):
        return False
    return _says(text, (*_YES, *_YES_TO.get(to or "", ())), _YES_SIGNS)


def _has_doubts(text: str) -> bool:
    return any(not letter.isalnum() and not unicodedata.combining(letter) for letter in _QUIET.sub("", text))


def is_no(text: str) -> bool:
    """Tell whether a text says no and nothing else."""
    return not any(sign in text for sign in _YES_SIGNS) and _says(_without_sighs(text), _NO, _NO_SIGNS)


def _without_sighs(text: str) -> str:
    first, _, rest = text.strip().partition(" ")
    return rest if rest and all(word in _SIGHS for word in words_of(first)) else text


def begins_with_no(text: str) -> bool:
    """Tell whether a text says no before it goes on to something else."""
    words = words_of(text)
    return bool(words) and words[0] in {"no", "nope", "nah", "nein", "nee", "ne"}


def _says(text: str, phrases: tuple[str, ...], signs: tuple[str, ...]) -> bool:
    if "?" in text:
        return False
    words = [word for word in words_of(text) if word not in _COURTESY]
    if not words:
        # A thumb behind "thanks" says thanks.
        return not words_of(text) and any(sign in text for sign in signs)
    if len(words) > _MOST_WORDS:
        return False
    return _is_made_of(tuple(words), phrases)


def _is_made_of(words: tuple[str, ...], phrases: tuple[str, ...]) -> bool:
    """Tell whether words are one of the phrases after the other, such as "yes, do it"."""
    if not words:
        return True
    known = {tuple(phrase.split()) for phrase in phrases}
    return any(
        words[:size] in known and _is_made_of(words[size:], phrases) for size in range(min(5, len(words)), 0, -1)
    )
