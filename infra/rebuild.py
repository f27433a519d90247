"""Building the model for recommendations from the command line, on the database of the settings: `make rebuild`."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from typing import Any

from tqdm import tqdm

from chalicelib.core.config import ConfigurationError
from chalicelib.core.errors import AppError
from chalicelib.recommendations.models import rebuild
from chalicelib.recommendations.models.checks import NotSound
from infra.migrate import migrate_configured


class Bar:
    """One progress bar for all steps, drawn where standard error is a terminal."""

    def __init__(self) -> None:
        # disable=None: no bar where nobody watches.
        self._bar: tqdm[Any] = tqdm(
            total=100, unit="%", disable=None, bar_format="{desc}{percentage:3.0f}% |{bar}| {elapsed}"
        )

    def __call__(self, step: str, share: float, rows: int) -> None:
        """Show the step and how far all of it is."""
        self._bar.set_description_str(f"{step} ({rows:,} interactions) ", refresh=False)
        self._bar.update(100 * share - self._bar.n)

    def close(self) -> None:
        """End the bar."""
        self._bar.close()


def report(build: Any) -> str:
    """Return what became of a build, for people."""
    if build.version is None:
        return str(build.message)
    lines = [f"Model {build.version} is {'live' if build.state == 'done' else 'kept, but not live'}."]
    if build.message:
        lines.append(build.message)
    metrics = {} if build.metrics is None else json.loads(build.metrics)
    figures = [
        f"{name} {value:,}" if isinstance(value, int) else f"{name} {value:.4f}"
        for name, value in metrics.items()
        if value is not None
    ]
    if figures:
        lines.append(f"On the latest slice of time: {', '.join(figures)}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 when a model went live or nothing was to do, 3 when it was rejected."""
    argparse.ArgumentParser(description=__doc__).parse_args(arguments)
    try:
        migrate_configured()
        with closing(Bar()) as bar:
            done = rebuild.build(requested_by="command line", asked_for=True, on_progress=bar)
    except (ConfigurationError, AppError, NotSound) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted: the live model is what it was.", file=sys.stderr)
        return 130
    print(report(done))
    return 3 if done.state == "rejected" else 0


if __name__ == "__main__":
    sys.exit(main())
