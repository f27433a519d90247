"""The figures of conversations over a time: sums of days, shares of them, and how they changed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from chalicelib.conversations.figures import days_sql
from chalicelib.conversations.figures.due_days import CONVERSATIONS
from chalicelib.core.config import settings
from chalicelib.core.database import Connection
from chalicelib.core.money import from_cents

Granularity = Literal["day", "week", "month"]

MOST_DAYS = 400
MOST_INTENTS = 50
_DAY = timedelta(days=1)

COUNTS = (
    "conversations", "people", "messages", "questions", "answered", "asked_back", "refused", "unanswered", "failed",
    "resolved", "handoffs", "taken_over", "ratings", "helpful", "not_helpful", "converted", "orders", "tokens",
)  # fmt: skip
_SUMMED = (*COUNTS, "waited", "wait_s", "rating_sum", "response_ms", "revenue_cents", "cost_micros")
# As they stand in an answer, and in the columns of the file.
NAMES = (
    "conversations", "people", "messages", "questions", "answered", "asked_back", "refused", "unanswered", "failed",
    "answer_rate", "avg_response_ms", "resolved", "resolution_rate", "handoffs", "handoff_rate", "taken_over",
    "avg_wait_s", "ratings", "avg_rating", "helpful", "not_helpful", "helpful_rate", "converted", "conversion_rate",
    "orders", "revenue", "tokens", "cost",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    """Some days, both ends included, with their figures."""

    first: date
    last: date
    figures: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Summary:
    """A time and the one before it, as long; the spans that it falls into; what was asked most; and as of when."""

    total: Span
    before: Span
    change: dict[str, float | None]
    series: list[Span]
    intents: list[dict[str, Any]]
    as_of: Any


def summarize(connection: Connection, first: date, last: date, granularity: Granularity) -> Summary:
    """Return the figures of the days from `first` to `last`. Three statements."""
    length = last - first + _DAY
    rows = days_sql.list_days(connection, first - length, last)
    total, before = _span(rows, first, last), _span(rows, first - length, first - _DAY)
    return Summary(
        total,
        before,
        {name: _change(before.figures[name], total.figures[name]) for name in NAMES},
        [_span(rows, *span) for span in spans(first, last, granularity)],
        [_intent(row) for row in days_sql.list_intents(connection, first, last, MOST_INTENTS)],
        CONVERSATIONS.watermark(connection).as_of,
    )


def spans(first: date, last: date, granularity: Granularity) -> list[tuple[date, date]]:
    """Return the days, weeks (from Monday on) or months that a time falls into, cut off at its ends."""
    found: list[tuple[date, date]] = []
    while first <= last:
        end = min(_end(first, granularity), last)
        found.append((first, end))
        first = end + _DAY
    return found


def _end(day: date, granularity: Granularity) -> date:
    if granularity == "day":
        return day
    if granularity == "week":
        return day + (6 - day.weekday()) * _DAY
    return (day.replace(day=28) + 4 * _DAY).replace(day=1) - _DAY


def _span(rows: Sequence[Any], first: date, last: date) -> Span:
    within = [row for row in rows if first <= row.day <= last]
    return Span(first, last, _figures({name: sum(getattr(row, name) for row in within) for name in _SUMMED}))


def _figures(sums: Mapping[str, int]) -> dict[str, Any]:
    counts = {name: sums[name] for name in COUNTS}
    voices = sums["helpful"] + sums["not_helpful"]
    return {
        **counts,
        "answer_rate": _ratio(sums["answered"], sums["questions"]),
        "avg_response_ms": _ratio(sums["response_ms"], sums["questions"]),
        "resolution_rate": _ratio(sums["resolved"], sums["conversations"]),
        "handoff_rate": _ratio(sums["handoffs"], sums["conversations"]),
        "avg_wait_s": _ratio(sums["wait_s"], sums["waited"]),
        "avg_rating": _ratio(sums["rating_sum"], sums["ratings"]),
        "helpful_rate": _ratio(sums["helpful"], voices),
        "conversion_rate": _ratio(sums["converted"], sums["conversations"]),
        "revenue": from_cents(sums["revenue_cents"]),
        "cost": Decimal(sums["cost_micros"]).scaleb(-6),
    }


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _change(before: Any, now: Any) -> float | None:
    return float(now / before - 1) if before and now is not None else None


def _intent(row: Any) -> dict[str, Any]:
    # Sums of integers are Decimal on MySQL.
    return {"intent": row.intent, "questions": int(row.questions), "unanswered": int(row.unanswered)}


def as_csv(series: Iterable[Span]) -> str:
    """Return spans as CSV, a line each; a figure that there is none of is empty."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["from", "to", *NAMES])
    writer.writerows([span.first, span.last, *(span.figures[name] for name in NAMES)] for span in series)
    return text.getvalue()


def definitions() -> dict[str, str]:
    """Say of each figure what it is."""
    window = settings().attribution_days
    return {
        "conversations": "Conversations that began in the time.",
        "people": "Accounts that wrote something; each counts once a day.",
        "messages": "Messages of all kinds that were written in the time and are not deleted.",
        "questions": "Questions that the shop's assistant took up, by the time of its answer. Those that a client "
        "answers with a model of its own are none.",
        "answered": "Questions that it answered.",
        "asked_back": "Questions where it had to know more first.",
        "refused": "Questions that it must not or cannot serve, and said so.",
        "unanswered": "Questions that it did not understand or found nothing for.",
        "failed": "Questions where a tool or a model broke.",
        "answer_rate": "answered / questions.",
        "avg_response_ms": "Mean time from a question to its answer, in milliseconds.",
        "resolved": "Conversations that began in the time, with at least one answered question, never handed over "
        "to a person nor waiting for one, whose last answer nobody found bad (dislike, not_helpful, inaccurate), and "
        "that were not rated 1 or 2. As of now: one may stop being resolved.",
        "resolution_rate": "resolved / conversations.",
        "handoffs": "Times that a person was asked for: by the customer, the assistant or staff.",
        "handoff_rate": "handoffs / conversations. A conversation may be handed over more than once.",
        "taken_over": "Hand-offs that a person took, also those that nobody had asked for; by the time of asking.",
        "avg_wait_s": "Mean time from asking for a person to one taking over, in seconds, of those that were taken.",
        "ratings": "Conversations that began in the time and are rated.",
        "avg_rating": "Mean of these ratings, 1 to 5.",
        "helpful": "Messages of an AI that somebody found good (like, helpful, accurate), by their own time.",
        "not_helpful": "Messages of an AI that somebody found bad (dislike, not_helpful, inaccurate), likewise.",
        "helpful_rate": "helpful / (helpful + not_helpful).",
        "converted": f"Conversations that led to an order: within {window} days after the assistant first showed a "
        "product there, its customer ordered and kept it. By the day of the order, each counts once a day. Where "
        "several conversations showed it, it was the last.",
        "conversion_rate": "converted / conversations.",
        "orders": "Orders that conversations led to, by their day. Cancelled and returned units do not count.",
        "revenue": "What the units of these orders were sold for that a conversation had shown, in the shop's "
        "currency, without tax that is added.",
        "tokens": "Tokens that the assistant's model used.",
        "cost": "What these tokens cost, as the settings say of the model.",
    }
