"""Command line: `python -m infra.sample_shop DIR --scale 0.05 --seed 7 --today 2026-01-31`."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

from . import generate


def main(arguments: Sequence[str] | None = None) -> None:
    """Write a sample shop and print how many rows each file has."""
    parser = argparse.ArgumentParser(prog="python -m infra.sample_shop", description=__doc__)
    parser.add_argument("directory", type=Path, metavar="DIR", help="where to write the six files")
    parser.add_argument("--scale", type=float, default=1.0, help="1 is a shop of 100,000 users (default: 1)")
    parser.add_argument("--seed", type=int, default=7, help="another seed is another shop (default: 7)")
    parser.add_argument(
        "--today",
        type=date.fromisoformat,
        default=datetime.now(UTC).date(),
        help="the shop's last day, as YYYY-MM-DD (default: the current day, UTC)",
    )
    chosen = parser.parse_args(arguments)
    try:
        counts = generate(chosen.directory, scale=chosen.scale, seed=chosen.seed, today=chosen.today)
    except ValueError as error:
        parser.error(str(error))
    for table, rows in asdict(counts).items():
        print(f"{table}.csv: {rows:,}")


if __name__ == "__main__":
    main()
