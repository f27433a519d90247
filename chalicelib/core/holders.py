"""Who holds a lease: a name for each process, and whether that process is gone."""

from __future__ import annotations

import os
import secrets
import socket

from chalicelib.core.config import settings


def new_holder() -> str:
    """Return a name for what this process is about to hold."""
    # Machines and processes of the cloud may share name and number.
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(8)}"


def is_dead(holder: str | None) -> bool:
    """Tell whether a holder was a process of this machine that is gone: its lease need not be waited for."""
    host, _, rest = (holder or "").partition(":")
    pid = rest.partition(":")[0]
    if settings().deployed:
        return False  # there another machine may have the same name
    if host != socket.gethostname() or not pid.isdecimal() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
