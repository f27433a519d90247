"""What the assistant remembers of a conversation from one turn to the next, and what it did for a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from chalicelib.conversations.assistant import ask_sql
from chalicelib.core.database import Connection
from chalicelib.core.responses import to_json


@dataclass(frozen=True, slots=True)
class Memory:
    """`engine` is the engine's own; `pending` the change that waits for a yes since the answer of the number
    `answer`; `acted` what was done for which question.
    """

    engine: Mapping[str, Any] = field(default_factory=dict)
    pending: Mapping[str, Any] | None = None
    answer: int = 0
    acted: Mapping[str, Any] | None = None

    def state_for(self, question: int) -> Mapping[str, Any]:
        """Return what the tools must know for a question: what waits for a yes, if the question follows directly."""
        return {"pending": self.pending} if self.pending and question == self.answer + 1 else {}


def read(text: str | None) -> Memory:
    """Return what is remembered, of the JSON that is kept."""
    return Memory() if text is None else Memory(**msgspec.json.decode(text))


def write(memory: Memory) -> str:
    """Return the JSON to keep."""
    return to_json(
        {"engine": memory.engine, "pending": memory.pending, "answer": memory.answer, "acted": memory.acted}
    )


@dataclass(frozen=True, slots=True)
class ActsOf:
    """What was done for a question of a session: kept with the session, in the transaction of the act."""

    session_id: int
    question: int

    def done(self, connection: Connection) -> Mapping[str, Any] | None:
        """Return what was done for the question already; others wait until the transaction ends."""
        acted = read(ask_sql.lock_state(connection, self.session_id)).acted
        return None if acted is None or acted["question"] != self.question else acted["done"]

    def keep(self, connection: Connection, done: Mapping[str, Any]) -> None:
        """Write down what is done, beside all else that is remembered."""
        before = read(ask_sql.lock_state(connection, self.session_id))
        acted = {"question": self.question, "done": dict(done)}
        memory = Memory(before.engine, before.pending, before.answer, acted)
        ask_sql.set_state(connection, self.session_id, write(memory))
