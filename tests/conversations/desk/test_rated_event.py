"""Others are told of a rating: by ids and a number alone."""

from __future__ import annotations

import json

from sqlalchemy import Engine, select

from chalicelib.conversations.history import sessions
from chalicelib.core.auth import Role
from chalicelib.core.database import read, transaction
from chalicelib.events.tables import outbox_events
from tests.conversations.makers import put_session
from tests.factories import make_account_row


def test_a_rating_is_told(shop: Engine) -> None:
    session = put_session(make_account_row(Role.CUSTOMER), title="A secret")
    with transaction() as connection:
        sessions.rate(connection, session, 4, "satisfied")
    with read() as connection:
        [event] = connection.execute(select(outbox_events)).all()
    assert (event.kind, event.aggregate) == ("conversation.rated", f"conversation:{session.public_id}")
    assert json.loads(event.payload) == {
        "conversation_id": session.public_id,
        "account_id": session.account_id,
        "rating": 4,
    }
