"""What is uploaded for the Spark job is whole: it starts from the package alone."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.spark import tools


def test_the_package_holds_all_that_the_job_imports(tmp_path: Path) -> None:
    entry_point, code = tools.package(tmp_path)
    names = zipfile.ZipFile(code).namelist()
    assert "infra/spark/fitting.py" in names
    pytest.importorskip("pyspark", reason="only `make test-spark` installs PySpark")
    done = subprocess.run(
        [sys.executable, str(entry_point), "--help"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(code), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "--interactions-format" in done.stdout


def test_the_same_sources_give_the_same_package(tmp_path: Path) -> None:
    packages = [tools.package(tmp_path / name)[1].read_bytes() for name in ("a", "b")]
    assert packages[0] == packages[1]
