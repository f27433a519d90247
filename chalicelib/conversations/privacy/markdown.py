"""Conversations as Markdown to read: titles, dates, who said what, what was shown. Pure.

Whatever people or models wrote is text and nothing else: each line of it stands in a quote, and no sign in it means
anything to Markdown (CommonMark, tables and strikethrough included).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

# Signs that mean something anywhere in a line, and those that do at its beginning.
_ANYWHERE = re.compile(r"([\\`*_{}\[\]<>&|~#$^:@!])")
_AT_START = re.compile(r"^(\d{1,9})([.)])(?=\s|$)|^([-+=])")
_SPACES_AT_START = re.compile(r"^\s+")
_NO_BREAK = "\u00a0"
_WHO = {"user": "You", "ai": "Assistant", "system": "System"}
_MOST_CARDS = 50


def session_text(
    session: Mapping[str, Any], messages: Sequence[Mapping[str, Any]], *, continued: bool = False
) -> str:
    """Return a session with its messages, both as they are presented in JSON; `continued` after another part."""
    title = in_line(session["title"]) or "Untitled"
    lines = [f"## {title}{' (continued)' if continued else ''}", ""]
    lines += [
        f"- Session: {session['id']}",
        f"- Status: {in_line(session['status'])}",
        f"- Begun: {_time(session['created_at'])}",
        f"- Last activity: {_time(session['last_activity_at'])}",
    ]
    if session["tags"]:
        lines.append(f"- Tags: {', '.join(in_line(tag) for tag in session['tags'])}")
    lines.append("")
    if session["description"] and not continued:
        lines += [quote(session["description"]), ""]
    for message in messages:
        lines += [*_message_lines(message), ""]
    return "\n".join(lines)


def _message_lines(message: Mapping[str, Any]) -> list[str]:
    who = "Staff" if message["origin"] == "staff" else _WHO.get(message["message_type"], "System")
    lines = [
        f"### {message['sequence_number']} · {who} · {_time(message['timestamp'])}",
        "",
        quote(message["content"]),
    ]
    cards = [card for each in message["attachments"][:_MOST_CARDS] if (card := _card(each))]
    return [*lines, "", *cards] if cards else lines


def _card(attachment: object) -> str | None:
    """Return an attachment as a line of a list: what it is, its name or number, price and state."""
    if not isinstance(attachment, Mapping):
        return None
    # A card of the assistant holds its facts itself or below the name of its kind.
    kind = str(attachment.get("type", "attachment"))
    inner = attachment.get(kind)
    facts = inner if isinstance(inner, Mapping) else attachment
    name = next((str(facts[key]) for key in ("name", "title", "filename", "url", "id") if facts.get(key)), "")
    told = [
        f"{key} {in_line(str(facts[key]))}"
        for key in ("brand", "price", "currency", "status", "total")
        if isinstance(facts.get(key), str | int | float)
    ]
    return f"- {in_line(kind)}: **{in_line(name) or '-'}**" + (f" ({', '.join(told)})" if told else "")


def quote(text: str) -> str:
    """Return text as a quote that reads like it, line by line."""
    lines = [_escaped(line) for line in text.splitlines()] or [""]
    # A backslash at its end breaks a line; not before an empty one, and not at the end of a paragraph.
    following = [*lines[1:], ""]
    return "\n".join(
        f"> {line}\\" if line and after else f"> {line}".rstrip(" ")
        for line, after in zip(lines, following, strict=True)
    )


def in_line(text: str) -> str:
    """Return text for the inside of a line: its lines and runs of space are one space each."""
    return _escaped(" ".join(text.split()))


def _escaped(line: str) -> str:
    spaces = _SPACES_AT_START.match(line)
    indent = _NO_BREAK * len(spaces[0]) if spaces else ""
    line = _ANYWHERE.sub(r"\\\1", line[len(indent) :].rstrip())
    if indent:
        return indent + line if line else ""
    return _AT_START.sub(lambda found: f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[3]}", line)


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
