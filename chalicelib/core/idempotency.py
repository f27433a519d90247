"""Safe retries: a request that names itself (Idempotency-Key) is carried out once and then answered the same again.

What is kept of a request, who may carry it out, and when that ends. `core.http` says what of an answer is kept.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec

from chalicelib.core import clock
from chalicelib.core.database import Connection, run
from chalicelib.core.database import idempotency as sql
from chalicelib.core.errors import Conflict, InvalidInput, MalformedInput
from chalicelib.core.responses import to_json

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
MAX_KEY_LENGTH = 255
KEY_PATTERN = f"^[!-~]{{1,{MAX_KEY_LENGTH}}}$"

KEPT_FOR = timedelta(hours=24)
# Twice the time that a function may take: who holds a claim for longer has died.
_LEASE = timedelta(seconds=60)

_KEY = re.compile(KEY_PATTERN[1:-1])
_IN_FLIGHT, _DONE, _FORGOTTEN = "in_flight", "done", "forgotten"
# The purge leaves a function this much time to end in.
_RESERVE_MS = 10_000


class KeyMissing(MalformedInput):
    """The operation is carried out only for a request that says which one it is."""

    code = "idempotency-key-missing"
    title = "Idempotency-Key needed"


class KeyMalformed(MalformedInput):
    """The Idempotency-Key is none."""

    code = "idempotency-key-malformed"
    title = "Malformed Idempotency-Key"


class KeyReused(InvalidInput):
    """The key named another request before."""

    code = "idempotency-key-reused"
    title = "Idempotency-Key used before"


class RequestInFlight(Conflict):
    """The same request is being carried out at this moment."""

    code = "request-in-flight"
    title = "Request in flight"


class AnswerForgotten(Conflict):
    """The request was carried out; what it was answered is not kept any more, since what it told of was deleted."""

    code = "answer-forgotten"
    title = "Answer forgotten"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, the path of the route and the first id in it: what an answer can be forgotten by."""

    account_id: int | None = None
    operation: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered, without what belongs to each request anew (CORS, X-Request-Id)."""

    status: int
    headers: Mapping[str, str | list[str]]
    body: str


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to carry a request out. `name` is random: who lost the claim to another cannot store an answer."""

    request_key: str
    name: str


def check_key(given: str | None, *, required: bool) -> None:
    """Look at the key that a request names itself by.

    Raises:
        KeyMissing, KeyMalformed: there is none, or it is not 1 to 255 visible ASCII characters.
    """
    if given is None:
        if required:
            raise KeyMissing(
                f"Send the header {HEADER} with a value of your own, such as a new UUID; "
                "send the same value when you try this request again."
            )
        return
    if _KEY.fullmatch(given) is None:
        raise KeyMalformed(
            f"{HEADER} must be 1 to {MAX_KEY_LENGTH} visible ASCII characters without spaces, such as a UUID."
        )


def request_key(scope: str, method: str, path: str, key: str) -> str:
    """Return the name of a request among all: a key is that of one caller (`scope`) and one operation."""
    return _hash([scope, method, path, key])


def fingerprint(
    rights: str, method: str, path: str, query: Mapping[str, Sequence[str]], body: bytes, if_match: str | None
) -> str:
    """Return a hash of what is asked by somebody who has those `rights`.

    The body counts as JSON: spaces and the order of fields make no difference.
    """
    digest = hashlib.sha256(_canonical(body)).hexdigest()
    return _hash([rights, method, path, sorted(query.items()), digest, if_match])


def _hash(parts: Sequence[Any]) -> str:
    # As JSON, in which no two lists read alike.
    return hashlib.sha256(to_json(parts).encode()).hexdigest()


def _canonical(body: bytes) -> bytes:
    try:
        return msgspec.json.encode(msgspec.json.decode(body), order="deterministic")
    except (ValueError, RecursionError):
        return body  # no JSON: an operation without a body does not look at it


def claim(key: str, asked: str, about: Asked | None = None) -> Claim | Answer:
    """Return the right to carry the request `key` out, or the answer that it got before.

    `asked` is its fingerprint. A claim whose lease has run out, and an answer whose time is over, are taken over.

    Raises:
        KeyReused: the key named a request that asked for something else.
        RequestInFlight: somebody is carrying it out.
        AnswerForgotten: it was carried out, and what it told of was deleted since.
    """
    # A look first: on SQLite an insert would wait for the transaction of the one who carries it out.
    row = run(lambda connection: sql.find(connection, key), writes=False)
    name, now, about = uuid.uuid4().hex, clock.now(), about or Asked()
    fresh = {
        "fingerprint": asked,
        "state": _IN_FLIGHT,
        "claim": name,
        "locked_until": now + _LEASE,
        "status": None,
        "headers": None,
        "body": None,
        "created_at": now,
        "expires_at": now + KEPT_FOR,
        "account_id": about.account_id,
        "operation": about.operation,
        "subject": about.subject,
    }
    if row is None:
        values = {"request_key": key, **fresh}
        if run(lambda connection: sql.insert_claim(connection, values), writes=True):
            return Claim(key, name)
        row = run(lambda connection: sql.find(connection, key), writes=False)
        if row is None:  # and gone again: its claim was released
            raise _in_flight()
    if row.expires_at > now:
        if row.fingerprint != asked:
            raise KeyReused(f"This {HEADER} came with another request before; use a new one for each new request.")
        if row.state == _DONE:
            return Answer(row.status, msgspec.json.decode(row.headers), row.body)
        if row.state == _FORGOTTEN:
            raise AnswerForgotten("This request was carried out; what it told of was deleted since.")
        if row.locked_until > now:
            raise _in_flight()
    seen = {"claim": row.claim, "state": row.state}
    if run(lambda connection: sql.change_if(connection, key, **seen, values=fresh), writes=True):
        return Claim(key, name)
    raise _in_flight()  # another one was quicker


def store(connection: Connection, held: Claim, answer: Answer) -> None:
    """Keep the answer, in the caller's transaction: with the work that it tells of, or not at all.

    Raises:
        RequestInFlight: the claim was lost to another one, so that the transaction must be rolled back.
    """
    values = {
        "state": _DONE,
        "status": answer.status,
        "headers": to_json(answer.headers),
        "body": answer.body,
    }
    if not sql.change_if(connection, held.request_key, claim=held.name, state=_IN_FLIGHT, values=values):
        raise _in_flight()


def forget(
    connection: Connection,
    *,
    operations: Sequence[str] = ("/",),
    account_id: int | None = None,
    subject: str | None = None,
) -> int:
    """Forget what the requests of an account were answered, or those about a subject, and return how many.

    `operations` are the beginnings of the paths of their routes. That they were carried out stays known: a retry
    is refused, and does nothing a second time.
    """
    if account_id is None and subject is None:
        raise TypeError("whose answers, or about what")
    accounts = () if account_id is None else (account_id,)
    return forget_many(
        connection, operations=operations, account_ids=accounts, subjects=() if subject is None else (subject,)
    )


def forget_many(
    connection: Connection,
    *,
    operations: Sequence[str] = ("/",),
    account_ids: Sequence[int] = (),
    subjects: Sequence[str] = (),
) -> int:
    """Forget what several accounts were answered, and what was answered about several subjects; see `forget`."""
    values = {"state": _FORGOTTEN, "status": None, "headers": None, "body": None}
    return sql.forget(
        connection, values, operations=operations, account_ids=account_ids, subjects=subjects, state=_DONE
    )


def release(held: Claim) -> None:
    """Give the claim back, so that a retry carries the request out anew; does nothing when the answer is stored.

    Also after a connection that was lost at COMMIT, when nobody knows whether the work was kept: its transaction has
    locked the row to store the answer, so that this waits until the server has settled it, and then finds the answer
    (the work was kept: the row stays and is replayed) or the claim (it was not: the row goes). A view that manages
    its own transactions has no such lock; it finds what it did before by the `request_key`.
    """
    run(
        lambda connection: sql.delete_if(connection, held.request_key, claim=held.name, state=_IN_FLIGHT), writes=True
    )


def _in_flight() -> RequestInFlight:
    return RequestInFlight("This request is being carried out; ask again in a moment.", retry_after_s=1)


def purge(limit: int = 500, *, time_left_ms: Callable[[], int] | None = None) -> int:
    """Delete what is past its time, at most `limit` rows a transaction, and return how many rows that were.

    Ends early when `time_left_ms` says that the function must; the next run goes on.
    """
    deleted = 0
    while time_left_ms is None or time_left_ms() > _RESERVE_MS:
        found, gone = _purge_some(limit)
        deleted += gone
        if found < limit:
            break
    return deleted


def _purge_some(limit: int) -> tuple[int, int]:
    """Return how many rows were due, and how many of them were deleted (the others were taken over meanwhile)."""
    now = clock.now()
    keys = run(lambda connection: sql.list_expired(connection, now, limit), writes=False)
    if not keys:
        return 0, 0
    return len(keys), run(lambda connection: sql.delete_expired(connection, keys, now), writes=True)
