"""The figures of a day counted anew in plain Python, row by row, from the raw tables: what the SQL has to equal."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Table, select

from chalicelib.accounts.tables import accounts
from chalicelib.commerce.tables import order_items, orders
from chalicelib.conversations.assistant.assistant_tables import shown_products
from chalicelib.conversations.desk.desk_tables import conversation_handoffs
from chalicelib.conversations.figures.figure_tables import conversation_day_intents, conversation_days
from chalicelib.conversations.history.history_tables import (
    conversation_messages,
    conversation_sessions,
    message_reactions,
)
from chalicelib.core.database import read

GOOD, BAD = {"like", "helpful", "accurate"}, {"dislike", "not_helpful", "inaccurate"}
OUTCOMES = ("answered", "asked_back", "refused", "unanswered", "failed")


def _rows(table: Table) -> list[Any]:
    with read() as connection:
        return list(connection.execute(select(table)))


def kept_figures() -> tuple[dict[date, dict[str, int]], dict[tuple[date, str], tuple[int, int]]]:
    """Return the figures and the intents that are kept, by day."""
    days = {row.day: {k: int(v) for k, v in row._mapping.items() if k != "day"} for row in _rows(conversation_days)}
    intents = {(row.day, row.intent): (row.questions, row.unanswered) for row in _rows(conversation_day_intents)}
    return days, intents


def counted_anew(window: timedelta) -> tuple[dict[date, dict[str, int]], dict[tuple[date, str], tuple[int, int]]]:
    """Return what the figures and the intents have to be."""
    days: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    intents: dict[tuple[date, str], list[int]] = defaultdict(lambda: [0, 0])
    sessions, messages = {row.id: row for row in _rows(conversation_sessions)}, _rows(conversation_messages)
    reactions, handoffs = _rows(message_reactions), _rows(conversation_handoffs)
    kinds = defaultdict(set)
    for reaction in reactions:
        kinds[reaction.message_id].add(reaction.reaction_type)
    for session in sessions.values():
        day = days[session.created_at.date()]
        day["conversations"] += 1
        answers = sorted(
            (each for each in messages if each.session_id == session.id and each.outcome),
            key=lambda each: each.sequence_number,
        )
        resolved = any(each.outcome == "answered" for each in answers)
        resolved = resolved and not any(each.session_id == session.id for each in handoffs)
        resolved = resolved and (session.session_rating or 5) > 2
        day["resolved"] += resolved and not kinds[answers[-1].id] & BAD
        if session.session_rating is not None:
            day["ratings"] += 1
            day["rating_sum"] += session.session_rating
    people = defaultdict(set)
    for message in messages:
        on = message.timestamp.date()
        day = days[on]
        day["messages"] += 1
        if message.message_type == "user":
            people[on].add(message.account_id)
        if message.message_type == "ai":
            day["helpful"] += bool(kinds[message.id] & GOOD)
            day["not_helpful"] += bool(kinds[message.id] & BAD)
        if message.outcome:
            day["questions"] += 1
            day[message.outcome] += 1
            day["response_ms"] += message.response_time_ms or 0
            day["tokens"] += message.tokens_used or 0
            day["cost_micros"] += message.cost_micros or 0
            counts = intents[on, message.intent]
            counts[0] += 1
            counts[1] += message.outcome in ("unanswered", "failed")
    for on, found in people.items():
        days[on]["people"] = len(found)
    for handoff in handoffs:
        day = days[handoff.requested_at.date()]
        asked, taken = handoff.reason != "unasked", handoff.taken_at is not None
        day["handoffs"] += asked
        day["taken_over"] += taken
        if asked and taken:
            day["waited"] += 1
            day["wait_s"] += int(handoff.taken_at.timestamp()) - int(handoff.requested_at.timestamp())
    _count_orders(days, sessions, window)
    names = conversation_days.c.keys()[1:]
    full = {on: {name: int(found[name]) for name in names} for on, found in days.items() if any(found.values())}
    return full, {key: (found[0], found[1]) for key, found in intents.items()}


def _count_orders(days: Any, sessions: dict[int, Any], window: timedelta) -> None:
    shoppers = {row.id: row.customer_id for row in _rows(accounts)}
    shown = [
        (shoppers[sessions[row.session_id].account_id], row.product_id, row.shown_at, row.session_id)
        for row in _rows(shown_products)
    ]
    items = [row for row in _rows(order_items) if row.status not in ("cancelled", "returned")]
    converted = defaultdict(set)
    for order in _rows(orders):
        led = []
        for item in items:
            if item.order_id != order.id or order.user_id is None:
                continue
            touched = [
                (at, session_id)
                for customer, product, at, session_id in shown
                if (customer, product) == (order.user_id, item.product_id)
                and order.created_at - window <= at <= order.created_at
            ]
            if touched:
                led.append(max(touched))
                days[order.created_at.date()]["revenue_cents"] += item.sale_price_cents
        if led:
            days[order.created_at.date()]["orders"] += 1
            converted[order.created_at.date()].add(max(led)[1])
    for on, found in converted.items():
        days[on]["converted"] = len(found)
