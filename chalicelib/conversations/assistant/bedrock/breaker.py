"""A circuit breaker: after some failures in a row nobody tries for a while, then one does (Nygard, "Release It!").

Of this process only; pure but for the clock that it is given.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

FAILURES = 3
PAUSE_S = 60.0


class Breaker:
    """Says whether to try. `clock` counts seconds and only runs on."""

    def __init__(self, clock: Callable[[], float], *, failures: int = FAILURES, pause_s: float = PAUSE_S) -> None:
        self._clock = clock
        self._most = failures
        self._pause_s = pause_s
        self._failures = 0
        self._open_until = 0.0
        self._lock = threading.Lock()

    def allows(self) -> bool:
        """Tell whether to try. While it is open nobody may; when its pause is over, one may, and the others wait."""
        with self._lock:
            if self._failures < self._most:
                return True
            if self._clock() < self._open_until:
                return False
            self._open_until = self._clock() + self._pause_s
            return True

    def succeeded(self) -> None:
        """Note that it works."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """Note that it does not; after enough of these in a row the pause begins."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._most:
                self._open_until = self._clock() + self._pause_s
