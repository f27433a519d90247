"""Figures for CloudWatch: lines of its Embedded Metric Format on standard output, which Lambda's log takes in."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from typing import Literal

from chalicelib.core import clock, logging
from chalicelib.core.config import settings

Unit = Literal["Count", "Milliseconds", "Bytes"]

_MOST_TEXT = 250  # characters of a dimension


def emit(dimensions: Mapping[str, str], figures: Mapping[str, tuple[float, Unit]]) -> None:
    """Write figures down where the service is deployed. Never raises: no work may break of its being measured."""
    try:
        if settings().deployed:
            print(line_of(f"Shopkeeper/{settings().stage}", dimensions, figures), file=sys.stdout, flush=True)  # noqa: T201
    except Exception:
        logging.failure("figures could not be written")


def line_of(namespace: str, dimensions: Mapping[str, str], figures: Mapping[str, tuple[float, Unit]]) -> str:
    """Return figures as a line of the Embedded Metric Format.

    Raises:
        ValueError: a figure is no finite number, or has the name of a dimension.
    """
    if set(dimensions) & set(figures) or not all(math.isfinite(value) for value, _ in figures.values()):
        raise ValueError("figures are finite numbers with names of their own")
    told = {
        "Namespace": namespace,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name, "Unit": unit} for name, (_, unit) in figures.items()],
    }
    return json.dumps(
        {
            "_aws": {"Timestamp": int(clock.now().timestamp() * 1000), "CloudWatchMetrics": [told]},
            **{name: value[:_MOST_TEXT] for name, value in dimensions.items()},
            **{name: value for name, (value, _) in figures.items()},
        }
    )
