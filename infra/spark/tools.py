"""Around the Spark job: `--ensure-java` for its tests, `--package DIR` for what is uploaded to run it."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from infra import apt

ROOT = Path(__file__).resolve().parents[2]
ENTRY_POINT = ROOT / "infra" / "spark" / "rebuild_job.py"
# Spark 3.5 runs on 8, 11 and 17.
JAVA = "openjdk-17-jre-headless"
_OLDEST_DATE = (1980, 1, 1, 0, 0, 0)  # that a zip can hold: the same sources give the same bytes


def has_java() -> bool:
    """Tell whether there is a Java that runs."""
    return (
        shutil.which("java") is not None and not subprocess.run(["java", "-version"], capture_output=True).returncode
    )


def ensure_java() -> bool:
    """Tell whether Java is installed, after installing one where apt-get can do it unasked."""
    if not has_java():
        apt.install(JAVA, "Spark needs")
    return has_java()


def package(folder: Path) -> list[Path]:
    """Write the entry point and the package of the code into `folder`, and return both."""
    folder.mkdir(parents=True, exist_ok=True)
    entry_point, code = folder / ENTRY_POINT.name, folder / "shopkeeper.zip"
    shutil.copyfile(ENTRY_POINT, entry_point)
    sources = sorted([*ROOT.glob("chalicelib/**/*.py"), ROOT / "infra/__init__.py", *ROOT.glob("infra/spark/*.py")])
    sources.remove(Path(__file__).resolve())
    with zipfile.ZipFile(code, "w", zipfile.ZIP_DEFLATED) as archive:
        for source in sources:
            archive.writestr(zipfile.ZipInfo(source.relative_to(ROOT).as_posix(), _OLDEST_DATE), source.read_bytes())
    return [entry_point, code]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.spark.tools", description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--ensure-java", action="store_true", help="exit 0 if Java is installed or could be")
    action.add_argument("--package", type=Path, metavar="DIR", help="write what the job is made of into a folder")
    options = parser.parse_args(arguments)
    if options.package:
        for path in package(options.package):
            print(path)
        return 0
    if not ensure_java():
        print(f"Spark needs Java, and none could be installed: apt-get install {JAVA}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
