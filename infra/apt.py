"""Installing what a target needs and cannot bring along, where apt-get may do it unasked."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence


def install(package: str, needed_by: str) -> None:
    """Install a package and say so; nothing happens where apt-get is missing or would ask for a password."""
    command = apt_get()
    if command is None:
        return
    print(f"installing {package}, which {needed_by}, with apt-get", flush=True)
    # An index that cannot be refreshed (some third party's) need not stop the installation.
    _run_quietly([*command, "update"])
    _run_quietly([*command, "install", "-y", "--no-install-recommends", package])


def apt_get() -> list[str] | None:
    """Return how to call apt-get, with its rights and without questions; None where that cannot be."""
    command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return command
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n", *command]
    return None


def _run_quietly(command: Sequence[str]) -> None:
    """Run a command and let only its complaints be heard."""
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
