"""Processes that begin fresh, and what they took: a figure of memory is only as good as the process is new."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Set on many shared machines; they slow numpy down or take threads from it.
_LEFT_OUT = ("OPENBLAS_", "OMP_", "MKL_", "GOTO_")


def run_fresh(
    module: str, *arguments: str, python: str = sys.executable, environment: Mapping[str, str] | None = None
) -> Any:
    """Run a module of the bench in a process of its own, numpy as it comes; return the JSON that it prints last.

    Raises subprocess.CalledProcessError when it fails: what it said stands on stderr.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
    given = {**clean, **(environment or {})}
    done = subprocess.run(
        [python, "-m", module, *arguments], env=given, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def peak_mb() -> float:
    """Return the most memory that this process has held so far."""
    # Not ru_maxrss: a new process begins with its parent's.
    return _status_mb("VmHWM")


def held_mb() -> float:
    """Return how much memory this process holds now, and let `peak_mb` count from here on."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status_mb("VmRSS")


def _status_mb(name: str) -> float:
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:")]
    return int(line.split()[1]) / 1024
