"""Finding messages by their words: in the sessions of one account, or in all of them for the help desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.conversations.history import message_search_sql as sql
from chalicelib.conversations.history.message_words import Snippet, snippet, terms_of, tokens_of
from chalicelib.core.database import Connection
from chalicelib.core.paging import NumberedPage, NumberedQuery


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: messages that have all words of `words`, or words that begin with them."""

    words: str
    session: str | None = None
    message_type: str | None = None
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found: its row with that of its session, and what is shown of it."""

    row: Any
    snippet: Snippet


def search_messages(
    connection: Connection, wanted: Wanted, page: NumberedQuery, *, account_id: int | None
) -> NumberedPage[Hit]:
    """Return the messages with all words that are looked for, newest first; of any account where it is None.

    Takes one statement, and sees what is committed; of one account also what the transaction itself has written.
    """
    terms = terms_of(wanted.words)
    if not terms:
        return NumberedPage((), 0, page.page, page.page_size)
    tokens = [tokens_of(term) for term in terms]
    found = sql.search(connection, tokens, wanted, page, account_id=account_id)
    return found.with_items(_with_snippets(found.items, terms))


def _with_snippets(rows: Sequence[Any], terms: Sequence[Any]) -> list[Hit]:
    return [Hit(row, snippet(row.content, terms)) for row in rows]
