"""The recommendations measured: quality beside tuned peers, the rebuild beside `implicit`, and what an answer takes.

`make bench-recommendations [SIZE=small|medium|large] [DATA=folder] [JSON=file] [ONLY=part,part]`. Prints Markdown.
All figures of time are of this machine under the load that it had: the ratios count, each taken by turns in one run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bench import recommendations_build as build
from bench import recommendations_neighbours as neighbours
from bench import recommendations_quality as quality
from bench import recommendations_request as request
from bench import recommendations_serving as serving
from bench.fresh import run_fresh
from bench.recommendations_cold import BUCKET
from bench.recommendations_made_up import SIZES, Size, made_up, save

_PARTS = ("quality", "neighbours", "build", "serving", "request")
_TURNS = {"small": 5, "medium": 9, "large": 9}
_REQUESTS = {"small": 200, "medium": 1000, "large": 1000}
_SHOP = {"small": 0.02, "medium": 1.0, "large": 1.0}
_STARTS = {"small": 3, "medium": 9, "large": 9}


def main() -> None:
    """Measure what was asked for; a part that fails is said to, the others are measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=list(SIZES), default="large")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/recommendations"))
    parser.add_argument("--peers-python", default=sys.executable, help="a Python that has implicit")
    parser.add_argument("--json", type=Path, help="where all figures go")
    parser.add_argument("--only", default=",".join(_PARTS), help="parts, by comma: " + ", ".join(_PARTS))
    arguments = parser.parse_args()
    only = arguments.only.split(",")
    if unknown := set(only) - set(_PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # hours of figures are not to be lost in a pipe
    found: dict[str, Any] = {"about": _about(arguments.size)}
    print(f"## Recommendations\n\n{' · '.join(f'{name} {value}' for name, value in found['about'].items())}")
    failed = []
    with TemporaryDirectory() as place:
        for part, measure in _measures(arguments, Path(place)).items():
            if part not in only:
                continue
            try:
                found[part] = measure()
            except subprocess.CalledProcessError:
                failed.append(part)  # it has said why
            except (AssertionError, OSError, ArithmeticError, LookupError, TypeError, ValueError):
                traceback.print_exc()
                failed.append(part)
            if part in failed:
                print(f"\n**{part}: not measured, it failed.**")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1, default=float))
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def _about(size: str) -> dict[str, str]:
    revision = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude", "*"], capture_output=True, text=True
    )
    return {
        "size": size,
        "of": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "revision": revision.stdout.strip() or "unknown",
        "Python": platform.python_version(),
        "numpy": np.__version__,
        "cores": str(os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.1f}",
    }


def _measures(arguments: argparse.Namespace, place: Path) -> dict[str, Callable[[], Any]]:
    """Return how each part is measured; made-up shops are made when a part asks for them first."""
    size = arguments.size
    pairs = SIZES[size]
    shops = _Shops(place)
    served = pairs[0][0]  # 30,000 items, but for the small size
    requests = _REQUESTS[size]

    def measure_serving() -> Any:
        folder = shops[served]
        if not (folder / BUCKET).exists():
            run_fresh("bench.recommendations_build", str(folder))
        return serving.report(served, folder, requests, _STARTS[size])

    def measure_neighbours() -> Any:
        sizes = list(dict.fromkeys(each for whole, tenth in pairs for each in (tenth, whole)))
        return neighbours.report([(each, shops[each]) for each in sizes], arguments.peers_python, _TURNS[size])

    return {
        "quality": lambda: quality.report(arguments.data),
        "neighbours": measure_neighbours,
        "build": lambda: build.report(pairs, shops),
        "serving": measure_serving,
        "request": lambda: request.report(_SHOP[size], requests),
    }


class _Shops(dict[Size, Path]):
    """Folders with the interactions of made-up shops."""

    def __init__(self, place: Path) -> None:
        super().__init__()
        self._place = place

    def __missing__(self, size: Size) -> Path:
        folder = self._place / f"{size.people}-{size.items}"
        save(made_up(size), folder)
        self[size] = folder
        return folder


if __name__ == "__main__":
    main()
