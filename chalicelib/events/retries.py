"""When a delivery that failed is tried again, and when nobody tries any more. Pure."""

from __future__ import annotations

from datetime import timedelta

# After the first attempt, the second, and so on; after one more than there are pauses a delivery is dead.
_PAUSES_S = (5, 30, 120, 600, 3_600, 21_600, 86_400, 86_400, 86_400)
MOST_ATTEMPTS = len(_PAUSES_S) + 1

_JITTER = 0.2
_LONGEST_ASKED_FOR_S = 86_400

# A target that keeps failing, whatever it is sent, is left alone for a while: others need the time.
_PATIENCE = 5
_LONGEST_REST_S = 300

# A webhook to which nothing could be delivered for so long is paused.
FAILING_FOR = timedelta(days=3)


def pause_s(attempts: int, chance: float, asked_for_s: int | None = None) -> float:
    """Return how long to wait after `attempts` attempts: exponential, 20 % to either side by `chance` (0 to 1).

    What the receiver asked for (Retry-After) lengthens it, up to a day.
    """
    base = _PAUSES_S[min(attempts, len(_PAUSES_S)) - 1]
    own = base * (1 - _JITTER + 2 * _JITTER * chance)
    return max(own, min(asked_for_s or 0, _LONGEST_ASKED_FOR_S))


def rest_s(failures: int) -> int:
    """Return how long a target rests after so many failures in a row, of whatever was sent to it."""
    if failures < _PATIENCE:
        return 0
    return min(5 << min(failures - _PATIENCE, 10), _LONGEST_REST_S)
