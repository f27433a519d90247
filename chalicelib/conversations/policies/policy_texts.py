"""A policy as text: its title, its sections, the facts that are filled in, and what a text must be. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from chalicelib.conversations.assistant.turns import Language

LANGUAGES: tuple[Language, ...] = get_args(Language)
# The topics that every shop has a text about from the start.
TOPICS = ("shipping", "returns", "payment", "privacy", "contact", "sizing", "promotions")
TOPIC = r"[a-z0-9]+(-[a-z0-9]+)*"
MAX_TOPIC_LENGTH = 40
MAX_OWN_TOPICS = 30  # beside those
MAX_CHARACTERS = 20_000  # of a text
_MAX_TITLE = 200

# What a text may name in braces; filled in from the settings.
FACTS = (
    "shop_name",
    "site_url",
    "currency",
    "return_days",
    "hold_minutes",
    "behaviour_days",
    "payment_note",
    "assistant_note",
)
_FACT = re.compile(r"\{([a-z_]+)\}")
_HEADING = re.compile(r"(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a text below a `##`; what stands above the first one has no title."""

    title: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A text with its parts. `own` tells whether the shop wrote it, else it came with the software."""

    topic: str
    language: Language
    title: str
    text: str
    sections: tuple[Section, ...]
    own: bool


def tidy(text: str) -> str:
    """Return a text with plain line ends, no mark of its encoding, no space around it."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip() + "\n"


def objection(text: str) -> str | None:
    """Say what is wrong with a tidy text, None when nothing is."""
    if len(text) > MAX_CHARACTERS:
        return f"is longer than {MAX_CHARACTERS} characters"
    if "\0" in text:
        return "holds characters that are none"
    first, _, rest = text.partition("\n")
    found = _HEADING.fullmatch(first)
    if found is None or found[1] != "#" or not found[2]:
        return "must begin with a line that is its title, such as `# Returns`"
    if len(found[2]) > _MAX_TITLE:
        return f"has a title of more than {_MAX_TITLE} characters"
    if not any(line and not _HEADING.fullmatch(line) for line in rest.split("\n")):
        return "says nothing below its title"
    unknown = [name for name in _FACT.findall(text) if name not in FACTS]
    if unknown:
        return f"names {{{unknown[0]}}}, which is none of {', '.join(f'{{{name}}}' for name in FACTS)}"
    return None


def read_policy(topic: str, language: Language, text: str, facts: Mapping[str, str], *, own: bool) -> Policy:
    """Return a text with its facts filled in; what names no fact is left as it stands.

    Any text is taken, also one that was put into the bucket by hand: without a title it is called after its topic.
    """
    filled = _FACT.sub(lambda found: facts.get(found[1], found[0]), tidy(text[:MAX_CHARACTERS]))
    title: str | None = None
    parts: list[tuple[str | None, list[str]]] = [(None, [])]
    for line in filled.split("\n"):
        heading = _HEADING.fullmatch(line)
        if heading is not None and heading[1] == "#" and title is None:
            title = heading[2]
        elif heading is not None and heading[1] == "##":
            parts.append((heading[2], []))
        else:
            parts[-1][1].append(line)
    sections = tuple(Section(name, body) for name, lines in parts if (body := "\n".join(lines).strip()))
    return Policy(topic, language, title or topic.replace("-", " ").capitalize(), filled, sections, own)
