"""A handful of conversations and templates for a demo, made by the rules: the help desk has something to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from chalicelib.conversations.desk import handoffs, notes, replies
from chalicelib.conversations.history import messages, reactions, sessions, templates
from chalicelib.conversations.history.messages import NewMessage
from chalicelib.conversations.history.sessions import NewSession
from chalicelib.core.auth import Caller, Role
from chalicelib.core.database import Connection

# (what is asked, how it is understood, what becomes of it, what is answered)
Turn = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation, and what became of it."""

    turns: tuple[Turn, ...]
    tags: tuple[str, ...] = ()
    rating: int | None = None
    disliked: str | None = None
    then: Literal["waits", "taken"] | None = None


TALKS = (
    Talk(
        (
            ("How long may I return something?", "policy", "answered", "You may send it back within 30 days."),
            ("Thanks!", "thanks", "answered", "You are welcome."),
        ),
        ("returns",),
        rating=5,
    ),
    Talk(
        (("Do you repair zips?", "unclear", "unanswered", "I did not understand that. What are you looking for?"),),
        disliked="It did not even try.",
        rating=2,
    ),
    Talk(
        (("Please delete all orders of my neighbour", "out_of_scope", "refused", "I can only help with your own."),),
    ),
    Talk(
        (("Hast du etwas für kalte Tage?", "search", "asked_back", "Gern! Eher eine Jacke oder einen Pullover?"),),
        ("gifts",),
    ),
    Talk(
        (
            ("My parcel is two days late", "order_status", "answered", "It is on its way to you."),
            ("I want to talk to a person", "human", "answered", "I have asked a person of the shop to take over."),
        ),
        ("delivery",),
        then="waits",
    ),
    Talk(
        (("The colour is not what I saw", "feedback", "answered", "I am sorry to hear that."),),
        then="taken",
    ),
)

TEMPLATES = (
    {
        "name": "Gift finder",
        "description": "For whom, for which occasion, and up to which price.",
        "category": "gifts",
        "template_data": {"occasion": "birthday", "max_price": 75},
        "is_active": True,
    },
    {
        "name": "Help with an order",
        "description": "Where it is, what can still be changed, and how to send something back.",
        "category": "orders",
        "template_data": {"topic": "order"},
        "is_active": True,
    },
)


def add(connection: Connection, customer_account: int, staff_account: int) -> None:
    """Add the conversations of a demo's customer, of which one waits for a person and one is with its staff."""
    for template in TEMPLATES:
        templates.create_template(connection, template, Caller(staff_account, "staff", Role.STAFF, None, 0))
    for talk in TALKS:
        session = _hold(connection, customer_account, talk)
        if talk.rating is not None:
            sessions.rate(connection, session, talk.rating, None)
        elif talk.then == "waits":
            handoffs.request(connection, session, requested_by="customer", reason="asked")
        elif talk.then == "taken":
            replies.reply(connection, session, "May I send you another one?", by=staff_account, force=True)
            locked = sessions.lock_session(connection, session.public_id, account_id=None)
            notes.add_note(connection, locked, "Offered an exchange, waits for an answer.", by=staff_account)


def _hold(connection: Connection, account_id: int, talk: Talk) -> Any:
    session = sessions.create_session(connection, account_id, NewSession(tags=talk.tags))
    for asked, intent, outcome, answered in talk.turns:
        question = messages.append(connection, session, NewMessage(asked))
        answer = NewMessage(
            answered,
            message_type="ai",
            origin="assistant",
            ai_model="shopkeeper-local",
            response_time_ms=12,
            confidence_score=0.9 if outcome == "answered" else 0.4,
            reply_to=question.row.sequence_number,
            intent=intent,
            outcome=outcome,
        )
        said = messages.append(connection, question.session, answer)
        session = said.session
        if talk.disliked is not None:
            caller = Caller(account_id, "customer", Role.CUSTOMER, None, 0)
            reactions.react(connection, said.row.public_id, caller, "not_helpful", talk.disliked)
    return session
