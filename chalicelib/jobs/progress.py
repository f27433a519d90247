"""How far a job has come while it runs: told by the work, heard by whoever runs it. No database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# (rows so far, how many are left: None where the work cannot know)
Listener = Callable[[int, int | None], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def report(*, rows: int, left: int | None = None) -> None:
    """Tell how far the job has come; of no effect where nobody runs it as a job. Never call it in a transaction."""
    heard_by = _listener.get()
    if heard_by is not None:
        heard_by(rows, left)


@contextmanager
def heard(listener: Listener) -> Iterator[None]:
    """Have a listener hear what is told within, in this thread."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
