"""All dialogues, and what share of them passes: `python -m tests.conversations.assistant.dialogues.run`.

On a sample shop in a SQLite file that is thrown away. A line a group, the names of those that fail, and with `--say`
why. Exit status 1 where one fails that is not known to, or one is known to fail and does not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from chalicelib.core import logging
from chalicelib.core.config import Settings
from chalicelib.core.database.dialect import make_engine
from tests.conversations.assistant.dialogues.script import Dialogue
from tests.conversations.assistant.dialogues.sets import GROUPS
from tests.conversations.assistant.dialogues.stage import build, carry_out, opened
from tests.conversations.assistant.dialogues.told import tell

Faults = Mapping[str, Sequence[str]]


def hold(groups: Mapping[str, Sequence[Dialogue]]) -> Faults:
    """Hold the dialogues of some groups; return the faults of each by its name."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'shop.db'}"
        engine = make_engine(url, Settings())
        try:
            with opened(build(engine, url, Path(folder))) as stage:
                return {each.name: carry_out(each, stage) for group in groups.values() for each in group}
        finally:
            engine.dispose()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="groups and dialogues whose name has this in it")
    parser.add_argument("--say", action="store_true", help="tell what was heard where something does not hold")
    parser.add_argument(
        "--write", action="store_true", help="only write what is known to pass and fail into the docs"
    )
    given = parser.parse_args(arguments)
    if given.write:
        tell()
        return 0
    logging.configure("ERROR")  # an engine that broke is to be seen
    chosen = {
        name: [each for each in group if given.only in name or given.only in each.name]
        for name, group in GROUPS.items()
    }
    faults = hold(chosen)
    surprises = sum(_report(name, group, faults, say=given.say) for name, group in chosen.items() if group)
    passed = sum(not each for each in faults.values())
    sys.stdout.write(f"{_share(passed, len(faults))} in all\n")
    return 1 if surprises else 0


def _report(name: str, group: Sequence[Dialogue], faults: Faults, *, say: bool) -> int:
    """Print a group; return how many of it did what was not expected of them."""
    failed = [each for each in group if faults[each.name]]
    sys.stdout.write(f"{_share(len(group) - len(failed), len(group))} {name}\n")
    for each in failed:
        known = f" (known: {each.known_failure})" if each.known_failure else ""
        sys.stdout.write(f"    failed: {each.name}{known}\n")
        if say:
            sys.stdout.writelines(f"      {line}\n" for fault in faults[each.name] for line in fault.splitlines())
    mended = [each for each in group if each.known_failure and each not in failed]
    sys.stdout.writelines(f"    passes, and is known to fail: {each.name}\n" for each in mended)
    return len(mended) + sum(each.known_failure is None for each in failed)


def _share(passed: int, count: int) -> str:
    return f"{passed:4} of {count:4} ({passed / max(1, count):6.1%})"


if __name__ == "__main__":
    sys.exit(main())
