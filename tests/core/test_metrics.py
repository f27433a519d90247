"""Figures for CloudWatch: lines that keep the rules of its format, and never break what they measure."""

from __future__ import annotations

import dataclasses
import json

import pytest

from chalicelib.core import config, metrics


def deploy(monkeypatch: pytest.MonkeyPatch, *, deployed: bool = True) -> None:
    made = dataclasses.replace(config.settings(), deployed=deployed)
    monkeypatch.setattr(metrics, "settings", lambda: made)


def test_a_line_keeps_the_rules_of_the_format(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(monkeypatch)
    metrics.emit({"Job": "sweep"}, {"Succeeded": (1, "Count"), "Duration": (12, "Milliseconds")})
    [line] = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert isinstance(told["_aws"]["Timestamp"], int)
    assert told["_aws"]["Timestamp"] > 1_600_000_000_000, "milliseconds since 1970"
    [directive] = told["_aws"]["CloudWatchMetrics"]
    assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
    assert directive["Namespace"].startswith("Shopkeeper/")
    for dimensions in directive["Dimensions"]:
        assert all(isinstance(told[name], str) and told[name] for name in dimensions), "each is a member of the root"
    assert {each["Name"]: (told[each["Name"]], each["Unit"]) for each in directive["Metrics"]} == {
        "Succeeded": (1, "Count"),
        "Duration": (12, "Milliseconds"),
    }


def test_nothing_is_written_where_it_is_not_deployed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(monkeypatch, deployed=False)
    metrics.emit({"Job": "sweep"}, {"Rows": (1, "Count")})
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("figures", [{"Rows": float("nan")}, {"Job": 1.0}])
def test_what_cannot_be_written_is_an_error_that_breaks_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], figures: dict[str, float]
) -> None:
    deploy(monkeypatch)
    with pytest.raises(ValueError, match="names of their own"):
        metrics.line_of("x", {"Job": "sweep"}, {name: (value, "Count") for name, value in figures.items()})
    metrics.emit({"Job": "sweep"}, {name: (value, "Count") for name, value in figures.items()})
    assert capsys.readouterr().out == ""
