"""The part of docs/assistant-dialogues.md that says what passes and what is known to fail."""

from __future__ import annotations

from pathlib import Path

from tests.conversations.assistant.dialogues.sets import ALL, GROUPS

PAGE = Path(__file__).parents[4] / "docs" / "assistant-dialogues.md"
_HEADING = "## Share passed"


def figures() -> str:
    """Return the part as the set says it."""
    passed = sum(each.known_failure is None for each in ALL)
    rows = [
        f"| {name} | {len(group)} | {sum(each.known_failure is None for each in group)} |"
        for name, group in GROUPS.items()
    ]
    failing = [
        f"| {name} | {each.name} | {each.known_failure} |"
        for name, group in GROUPS.items()
        for each in group
        if each.known_failure is not None
    ]
    lines = [
        _HEADING,
        "",
        f"{len(ALL)} dialogues with {sum(len(each.turns) for each in ALL)} turns, of which "
        f"{sum(each.language == 'de' for each in ALL)} in German and {sum(len(each.turns) > 1 for each in ALL)} of several "
        "turns;",
        f"with the `local` engine {passed} pass ({passed / len(ALL):.1%}).",
        "",
        "| group | dialogues | passed |",
        "| --- | --- | --- |",
        *rows,
        "",
        "## Those that fail",
        "",
        *(_table(failing) if failing else ["None."]),
        "",
    ]
    return "\n".join(lines)


def _table(rows: list[str]) -> list[str]:
    return [
        "They stay in the set, marked in `known_failures.py`.",
        "",
        "| group | dialogue | why |",
        "| --- | --- | --- |",
        *rows,
    ]


def is_told() -> bool:
    """Tell whether the page says it."""
    return PAGE.read_text(encoding="utf-8").endswith(figures())


def tell() -> None:
    """Rewrite the part."""
    before = PAGE.read_text(encoding="utf-8").partition(_HEADING)[0]
    PAGE.write_text(before + figures(), encoding="utf-8")
