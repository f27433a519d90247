"""Conversations on MariaDB through the Lambda entry, beside reads by primary key: with few messages and with many.

`make bench-conversations [MESSAGES=200000]`. The sample shop's demo customer talks in a database that holds a tenth
of the messages, then all of them; each in a process of its own, all calls by turns. What must not grow with the
conversations of others is told by the last table.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

from bench import entry
from bench.markdown import table
from bench.shop import BenchShop, bench_shop

Columns = dict[str, list[Any]]

_PER_SESSION = 20
_OWN_SESSIONS = 100
_ACCOUNTS = 200
_AT_ONCE = 20_000
_TALK = (
    "the shop order jeans blue where is my parcel when does it come thanks please show cheaper ones black dress "
    "under fifty dollars size return refund card shipping days store socks jacket winter warm red cotton linen new"
)


def main() -> None:
    """Run the bench, or (with --measure, --fill) a part of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--scale", type=float, default=0.2, help="of the sample shop")
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--fill", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.fill is not None:
        print(json.dumps({"messages": fill(arguments.fill)}))
    elif arguments.measure:
        print(json.dumps(measure(arguments.requests)))
    else:
        report(arguments.scale, arguments.messages, arguments.requests)


def report(scale: float, messages: int, requests: int) -> None:
    """Open a shop, fill it twice, measure twice; print the tables."""
    few = messages // 10
    found = {}
    with bench_shop(scale) as shop:
        shop.run("bench.import_speed", "--measure", str(shop.csv))
        for many in (few, messages):
            shop.run("bench.conversations", "--fill", str(many))
            # As many questions as one likes: the limit is there for people.
            environment = {"ASK_LIMIT_PER_MINUTE": "1000000"}
            found[many] = shop.run(
                "bench.conversations", "--measure", "--requests", str(requests), environment=environment
            )
    for many, rows in found.items():
        print(f"\n### {many:,} messages, load {rows['load']:.1f}\n")
        print(table(entry.HEADER, [entry.cells(row) for row in rows["rows"].values()]))
    print(f"\n### From {few:,} to {messages:,} messages\n")
    print(
        table(["", "p50 times GET /products/{id}, few", "many", "growth"], list(_growth(found[few], found[messages])))
    )


def _growth(few: dict[str, Any], many: dict[str, Any]) -> Iterator[list[str]]:
    for name, row in few["rows"].items():
        if name not in entry.READS:
            before, after = row["ratios"]["product"][1], many["rows"][name]["ratios"]["product"][1]
            yield [row["name"], f"{before:.2f}", f"{after:.2f}", f"**{after / before:.2f}**"]


# --- what is measured --------------------------------------------------------------------------------------------

_NAMES = {
    "add_message": "POST /api/sessions/{id}/add_message",
    "session": f"GET /api/sessions/{{id}}, {_PER_SESSION} messages",
    "sessions": "GET /api/sessions, 20 of them",
    "search": "GET /api/messages/search, one word",
    "ask": "POST /api/sessions/{id}/ask, a search",
    **entry.READS,
}


def measure(requests: int) -> dict[str, Any]:
    """Return the figures of each kind of request in milliseconds, and their ratios to reads by primary key."""
    import app  # noqa: F401 - the entry, before anything is timed
    from chalicelib.core.database.engine import engine

    token = entry.sign_in("customer")
    shop = BenchShop(os.environ["DATABASE_URL"], *(None, None))  # type: ignore[arg-type]
    with shop.connect() as connection:
        calls = _calls(token, connection)
        times = entry.by_turns(calls, requests)
        rows = {}
        for name, own in times.items():
            rows[name] = {"name": _NAMES[name], **entry.figures(own, {read: times[read] for read in entry.READS})}
            rows[name] |= entry.in_statements(engine(), calls[name]) if name != "bare" else {}
    return {"rows": rows, "load": os.getloadavg()[0]}


def _calls(token: str, connection: Any) -> dict[str, entry.Call]:
    """Return what is called by turns; what is written goes into other sessions than those that are read."""
    me = json.loads(entry.ask("GET", "/api/auth/me", {}, None, token)["body"])["customer_id"]
    # New ones for each run, so that neither grows by what the other run wrote.
    written = cycle([_open(token) for _ in range(40)])
    asked = cycle([_open(token) for _ in range(40)])
    shown = cycle(_sessions(connection))
    products = _products(connection)
    seen, bare = cycle(products), cycle(products)
    said = {"content": "Do you have these in blue, and when would they be here?", "message_type": "user"}
    question = {"content": "Show me jeans under $90, please"}
    one = "/api/sessions/{session_id}"
    return {
        "add_message": lambda: entry.ask("POST", f"{one}/add_message", {"session_id": next(written)}, said, token),
        "session": lambda: entry.ask("GET", one, {"session_id": next(shown)}, None, token),
        "sessions": lambda: entry.ask("GET", "/api/sessions", {}, None, token),
        "search": lambda: entry.ask("GET", "/api/messages/search", {}, None, token, {"q": ["parcel"]}),
        "ask": lambda: entry.ask("POST", f"{one}/ask", {"session_id": next(asked)}, question, token),
        "customer": lambda: entry.ask("GET", "/users/{user_id}", {"user_id": me}, None, token),
        "product": lambda: entry.ask("GET", "/products/{product_id}", {"product_id": next(seen)}),
        "bare": lambda: entry.bare_product(connection, next(bare)),
    }


def _open(token: str) -> str:
    return str(json.loads(entry.ask("POST", "/api/sessions", {}, {"title": "Bench"}, token)["body"])["id"])


def _sessions(connection: Any) -> list[str]:
    """Return sessions of the demo customer that hold what `fill` put in."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.public_id FROM conversation_sessions s JOIN accounts a ON a.id = s.account_id "
            "WHERE a.username = 'customer' AND s.title LIKE 'Conversation %' ORDER BY s.id"
        )
        return [str(row[0]) for row in cursor.fetchall()]


def _products(connection: Any) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM products ORDER BY id")
        return [int(row[0]) for row in cursor.fetchall()]


# --- what is there -----------------------------------------------------------------------------------------------


def fill(messages: int) -> int:
    """Put in conversations until there are so many messages; the demo customer's own come first. Return how many."""
    from sqlalchemy import func, select

    from chalicelib.conversations.history.history_tables import conversation_sessions
    from chalicelib.core.database import read, transaction
    from chalicelib.core.database.dialect import insert_rows

    entry.sign_in("customer")  # makes the demo accounts
    with read() as connection:
        present = connection.execute(select(func.count()).select_from(conversation_sessions)).scalar_one()
    people = _people()
    wanted = range(present, messages // _PER_SESSION)
    for start in range(0, len(wanted), _AT_ONCE // _PER_SESSION):
        numbers = wanted[start : start + _AT_ONCE // _PER_SESSION]
        sessions, rows = _conversations(numbers, people)
        with transaction() as connection:
            insert_rows(connection, "conversation_sessions", sessions, {})
            insert_rows(connection, "conversation_messages", rows, {})
    with transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO conversation_profiles (account_id, is_active, preferences, total_conversations, "
            "total_messages, created_at, updated_at) SELECT account_id, 1, '{}', COUNT(*), SUM(message_count), "
            "NOW(6), NOW(6) FROM conversation_sessions GROUP BY account_id "
            "ON DUPLICATE KEY UPDATE total_conversations = VALUES(total_conversations), "
            "total_messages = VALUES(total_messages)"
        )
        connection.exec_driver_sql("ANALYZE TABLE conversation_sessions, conversation_messages")
    return messages


def _people() -> tuple[int, list[int]]:
    """Return the demo customer's account, and other accounts that talk, made where there are none."""
    from sqlalchemy import select

    from chalicelib.accounts.tables import accounts
    from chalicelib.core.database import read, transaction
    from chalicelib.core.database.dialect import insert_rows

    def find() -> dict[str, int]:
        with read() as connection:
            return {row.username: row.id for row in connection.execute(select(accounts.c.username, accounts.c.id))}

    names = [f"talker{number}" for number in range(_ACCOUNTS)]
    if names[0] not in find():
        constants = {
            **dict.fromkeys(("first_name", "last_name"), "Robin"),
            **dict.fromkeys(("created_at", "updated_at"), "2026-01-01 00:00:00.000000"),
            "password_hash": "none",
            "role": "customer",
            "is_active": 1,
            "customer_archived": 0,
        }
        with transaction() as connection:
            insert_rows(connection, "accounts", {"username": names, "username_key": names}, constants)
    found = find()
    return found["customer"], [found[name] for name in names]


def _conversations(
    numbers: range, people: tuple[int, list[int]]
) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """Return sessions with these numbers as ids, and their messages, as columns."""
    from chalicelib.conversations.history.message_words import coded_words

    rng = random.Random(numbers.start)
    own, others = people
    words = _TALK.split()
    sessions: list[dict[str, Any]] = []
    messages: list[dict[str, Any]] = []
    for number in numbers:
        account = own if number < _OWN_SESSIONS else others[number % len(others)]
        began = datetime(2026, 6, 1, tzinfo=UTC) + timedelta(minutes=number)
        texts = [" ".join(rng.choices(words, k=rng.randint(4, 40))) for _ in range(_PER_SESSION)]
        times = [_as_text(began + timedelta(seconds=20 * at)) for at in range(_PER_SESSION)]
        sessions.append(_session(number, account, texts, times))
        messages += [
            {
                "id": number * _PER_SESSION + at + 1,
                "public_id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
                "session_id": number + 1,
                "account_id": account,
                "sequence_number": at + 1,
                "message_type": "ai" if at % 2 else "user",
                "origin": "client",
                "content": said,
                "words": coded_words(said),
                "status": "sent",
                "timestamp": times[at],
                "updated_at": times[at],
                "metadata": "{}",
                "attachments": "[]",
                "word_count": len(said.split()),
                "character_count": len(said),
            }
            for at, said in enumerate(texts)
        ]
    return _columns(sessions), _columns(messages)


def _session(number: int, account: int, texts: list[str], times: list[str]) -> dict[str, Any]:
    users, answers = texts[::2], texts[1::2]
    return {
        "id": number + 1,
        "public_id": str(uuid.uuid4()),
        "account_id": account,
        "title": f"Conversation {number}",
        "description": "",
        "search_key": f"conversation {number}",
        "status": "completed",
        "session_context": "{}",
        "tags": "[]",
        **dict.fromkeys(("created_at", "first_message_at"), times[0]),
        **dict.fromkeys(("updated_at", "last_activity_at", "last_message_at"), times[-1]),
        "last_message_type": "ai",
        **dict.fromkeys(("last_sequence", "message_count"), len(texts)),
        "user_message_count": len(users),
        "ai_message_count": len(answers),
        "user_words": sum(len(said.split()) for said in users),
        "ai_words": sum(len(said.split()) for said in answers),
        "user_characters": sum(map(len, users)),
        "ai_characters": sum(map(len, answers)),
        "user_responses": len(users) - 1,
        "user_response_ms": 20_000 * (len(users) - 1),
        **dict.fromkeys(("system_message_count", "failed_message_count", "ai_responses", "ai_response_ms"), 0),
        **dict.fromkeys(("confidences", "confidence_ppm", "tokens_used"), 0),
    }


def _as_text(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S.%f")


def _columns(rows: list[dict[str, Any]]) -> Columns:
    return {name: [row[name] for row in rows] for name in rows[0]}


if __name__ == "__main__":
    main()
