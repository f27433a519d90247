"""Every scheduled function is known wherever one must be: to the stages' settings and to who operates them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from chalice.app import ScheduledEventConfig

from app import app

ROOT = Path(__file__).resolve().parent.parent
SCHEDULES = {
    each.name: str(each.schedule_expression) for each in app.event_sources if isinstance(each, ScheduledEventConfig)
}
STAGES: dict[str, Any] = json.loads((ROOT / ".chalice" / "config.json").read_text())["stages"]
TABLE = (ROOT / "docs" / "operations.md").read_text().partition("## Scheduled functions")[2].partition("\n## ")[0]
NUMBERS = {"five": "5", "six": "6", "fifteen": "15"}


def as_rate(words: str) -> str:
    """Return "every six hours" as the expression of a schedule."""
    found = re.fullmatch(r"every (?:(\w+) )?([a-z]+)", words)
    assert found, words
    number, unit = found.groups()
    return f"rate({NUMBERS[number] if number else 1} {unit})"


def test_the_stages_are_those_that_are_known() -> None:
    assert set(STAGES) == {"dev", "prod"}


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_sets_memory_and_time_of_each_scheduled_function(stage: str) -> None:
    functions = STAGES[stage]["lambda_functions"]
    assert set(functions) == set(SCHEDULES)
    for name, given in functions.items():
        # Less than 512 MB has so little of a processor that a cold start takes seconds; 900 s is the most there is.
        assert 512 <= given["lambda_memory_size"] <= 10_240, name
        assert STAGES[stage]["lambda_timeout"] < given["lambda_timeout"] <= 900, name


def test_the_manual_tells_when_each_scheduled_function_runs() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| ([a-z ]+) \|", TABLE, re.MULTILINE))
    assert {name: as_rate(words) for name, words in told.items()} == SCHEDULES
