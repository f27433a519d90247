"""What a person of the shop says in a conversation, and under which name the customer sees it."""

from __future__ import annotations

from typing import Any

from chalicelib.accounts import accounts
from chalicelib.conversations.desk import handoffs
from chalicelib.conversations.history import messages
from chalicelib.conversations.history.messages import Appended, NewMessage
from chalicelib.core.database import Connection

# Of one who has given no name: user names and addresses of staff stay inside.
THE_SHOP = "the shop"


def reply(connection: Connection, session: Any, content: str, *, by: int, force: bool = False) -> Appended:
    """Say something in a locked conversation that the person has taken over; `force` takes it first.

    The customer sees `metadata.author`: the first name, as it was when it was said.

    Raises:
        NotTaken: it is with the assistant, or with another person.
        SessionArchived: it has to be made active first.
    """
    if force:
        session = handoffs.take_over(connection, session, assignee_id=by, force=True)
    handoffs.check_taken_by(session, by)
    said = NewMessage(
        content,
        message_type="system",
        origin="staff",
        author_id=by,
        metadata={"author": shown_name(accounts.find_people(connection, [by]).get(by))},
    )
    return messages.append(connection, session, said)


def shown_name(person: Any | None) -> str:
    """Return under which name a customer sees somebody of the shop."""
    return (person.first_name.strip() if person is not None else "") or THE_SHOP
