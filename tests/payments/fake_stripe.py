"""A server on this machine that answers as Stripe does: PaymentIntents, refunds, idempotency keys, and its failures.

What a payment method does is told by its name; `faults` are done to the requests that come next, in order.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

SECRET_KEY = "sk_test_of_the_fake"

Json = dict[str, Any]


class StripeProblem(Exception):
    """An error as Stripe words it."""

    def __init__(self, status: int, kind: str, **error: Any) -> None:
        super().__init__(kind)
        self.status = status
        self.body = {"error": {"type": kind, **error}}


@dataclass
class FakeStripe:
    """The state of the account, and what was asked of it."""

    url: str = ""
    intents: dict[str, Json] = field(default_factory=dict)
    refunds: dict[str, Json] = field(default_factory=dict)
    charges: list[tuple[str, int]] = field(default_factory=list)
    tries: list[tuple[str, str]] = field(default_factory=list)
    faults: deque[str] = field(default_factory=deque)
    requests: list[tuple[str, str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _replies: dict[str, tuple[str, int, Json]] = field(default_factory=dict)
    _running: set[str] = field(default_factory=set)
    _mute: dict[str, int] = field(default_factory=dict)
    _behind: set[str] = field(default_factory=set)

    def charged(self, reference: str) -> int:
        """Return the cents that were taken for an intent."""
        return sum(cents for intent, cents in self.charges if intent == reference)

    def refunded(self, reference: str) -> int:
        """Return the cents that were given back."""
        ours = [refund for refund in self.refunds.values() if refund["payment_intent"] == reference]
        return sum(refund["amount"] for refund in ours if refund["status"] == "succeeded")

    def forget_keys(self) -> None:
        """Let a day pass."""
        self._replies.clear()

    def answer(self, method: str, path: str, form: dict[str, str], headers: dict[str, str]) -> tuple[int, Json, bool]:
        """Return status, body, and whether that was said before, by the rules of idempotency keys."""
        self.requests.append((method, path, form, headers))
        if headers.get("authorization") != f"Bearer {SECRET_KEY}":
            raise StripeProblem(401, "invalid_request_error", message=f"Invalid API Key: {headers['authorization']}")
        key = headers.get("idempotency-key")
        if method != "POST" or key is None:
            return 200, self._act(method, path, form), False
        asked = hashlib.sha256(json.dumps([path, form], sort_keys=True).encode()).hexdigest()
        with self._lock:
            if key in self._replies:
                before, status, body = self._replies[key]
                if before != asked:
                    raise StripeProblem(400, "idempotency_error", message="The key was used for another request.")
                return status, body, True
            if key in self._running:
                raise StripeProblem(409, "idempotency_error", code="idempotency_key_in_use", message="In use.")
            self._running.add(key)
        try:
            try:
                status, body = 200, self._act(method, path, form)
            except StripeProblem as problem:
                status, body = problem.status, problem.body
            self._replies[key] = (asked, status, json.loads(json.dumps(body)))
        finally:
            self._running.discard(key)
        return status, body, False

    def is_mute(self, path: str) -> bool:
        """Tell whether the answer about this intent is to be lost, and count it."""
        reference = path.split("/")[3] if path.endswith("/confirm") else ""
        left = self._mute.get(reference, 0)
        self._mute[reference] = left - 1
        return left > 0

    def _act(self, method: str, path: str, form: dict[str, str]) -> Json:
        with self._lock:
            parts = path.strip("/").split("/")[1:]
            if parts == ["payment_intents"]:
                return self._create(form)
            if parts[0] == "payment_intents":
                intent = self._find(self.intents, parts[1], "intent")
                if parts[2:] == ["confirm"]:
                    return self._confirm(intent, form["payment_method"])
                if parts[2:] == ["cancel"]:
                    return self._cancel(intent)
                self._settle(intent)
                return intent
            if parts == ["refunds"]:
                return self._refund(form) if method == "POST" else self._list_refunds(form)
            refund = self._find(self.refunds, parts[1], "refund")
            if refund["status"] == "pending":
                refund["status"] = "succeeded"
            return refund

    def _find(self, things: dict[str, Json], reference: str, param: str) -> Json:
        if reference not in things:
            message = f"No such {param}: '{reference}'"
            raise StripeProblem(404, "invalid_request_error", code="resource_missing", param=param, message=message)
        return things[reference]

    def _create(self, form: dict[str, str]) -> Json:
        if int(form["amount"]) < 50:
            raise StripeProblem(
                400, "invalid_request_error", code="amount_too_small", param="amount", message="Small"
            )
        assert form["automatic_payment_methods[allow_redirects]"] == "never"
        reference = f"pi_{len(self.intents) + 1}x"
        metadata = {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")}
        self.intents[reference] = {
            "id": reference,
            "object": "payment_intent",
            "amount": int(form["amount"]),
            "amount_received": 0,
            "currency": form["currency"],
            "client_secret": f"{reference}_secret_abc",
            "description": form["description"],
            "last_payment_error": None,
            "metadata": metadata,
            "payment_method": None,
            "status": "requires_payment_method",
        }
        return self.intents[reference]

    def _confirm(self, intent: Json, method: str) -> Json:
        if intent["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
            self._refuse_state(intent, "confirm")
        if not method.startswith("pm_card_"):
            message = f"No such PaymentMethod: '{method}'"
            raise StripeProblem(
                400, "invalid_request_error", code="resource_missing", param="payment_method", message=message
            )
        self.tries.append((intent["id"], method))
        intent["last_payment_error"], intent["payment_method"] = None, method
        if "unanswered" in method:
            self._mute[intent["id"]] = 2  # the try and the library's own second one
        if "poor" in method:
            self._decline(intent, "Your card has insufficient funds.", "card_declined", "insufficient_funds")
        if "careful" in method:
            intent["status"] = "requires_action"
        elif "slow" in method:
            intent["status"] = "processing"
        else:
            self._take(intent)
        return intent

    def _decline(self, intent: Json, message: str, code: str, decline_code: str | None) -> None:
        reason = {"type": "card_error", "code": code, "decline_code": decline_code, "message": message}
        intent |= {"status": "requires_payment_method", "last_payment_error": reason, "payment_method": None}
        raise StripeProblem(402, "card_error", **{**reason, "type": "card_error", "payment_intent": intent}) from None

    def _take(self, intent: Json) -> None:
        intent |= {"status": "succeeded", "amount_received": intent["amount"]}
        self.charges.append((intent["id"], intent["amount"]))

    def _settle(self, intent: Json) -> None:
        if intent["status"] == "processing":
            self._take(intent)

    def authorize(self, reference: str, *, approve: bool) -> None:
        """Act as the customer in the browser."""
        intent = self.intents[reference]
        assert intent["status"] == "requires_action"
        if approve:
            self._take(intent)
        else:
            reason = {"code": "payment_intent_authentication_failure", "message": "We could not authenticate you."}
            intent |= {"status": "requires_payment_method", "last_payment_error": reason}

    def _cancel(self, intent: Json) -> Json:
        if intent["status"] in ("succeeded", "canceled", "processing"):
            self._refuse_state(intent, "cancel")
        intent["status"] = "canceled"
        return intent

    def _refuse_state(self, intent: Json, verb: str) -> None:
        message = f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}."
        code = "payment_intent_unexpected_state"
        raise StripeProblem(400, "invalid_request_error", code=code, message=message, payment_intent=intent)

    def _refund(self, form: dict[str, str]) -> Json:
        intent = self._find(self.intents, form["payment_intent"], "payment_intent")
        ours = [refund for refund in self.refunds.values() if refund["payment_intent"] == intent["id"]]
        left = intent["amount_received"] - sum(refund["amount"] for refund in ours if refund["status"] != "failed")
        if not 0 < int(form["amount"]) <= left:
            message = f"Refund amount is greater than unrefunded amount on charge ({left})"
            raise StripeProblem(400, "invalid_request_error", param="amount", message=message)
        method = str(intent["payment_method"])
        status = "failed" if "badrefund" in method else "pending" if "laterefund" in method else "succeeded"
        reference = f"re_{len(self.refunds) + 1}x"
        self.refunds[reference] = {
            "id": reference,
            "object": "refund",
            "amount": int(form["amount"]),
            "failure_reason": "expired_or_canceled_card" if status == "failed" else None,
            "metadata": {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")},
            "payment_intent": intent["id"],
            "status": status,
        }
        return self.refunds[reference]

    def _list_refunds(self, form: dict[str, str]) -> Json:
        self._find(self.intents, form["payment_intent"], "payment_intent")
        newest_first = [
            refund for refund in reversed(self.refunds.values()) if refund["payment_intent"] == form["payment_intent"]
        ]
        if "starting_after" in form:
            ids = [refund["id"] for refund in newest_first]
            newest_first = newest_first[ids.index(form["starting_after"]) + 1 :]
        limit = int(form["limit"])
        return {"object": "list", "data": newest_first[:limit], "has_more": len(newest_first) > limit, "url": "/"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stripe: FakeStripe

    def _handle(self) -> None:
        url = urlsplit(self.path)
        sent = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        form = dict(parse_qsl(sent or url.query))
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault = self.stripe.faults.popleft() if self.stripe.faults else ""
        if fault == "lost" or form.get("payment_method") == "pm_card_lost":
            self._hang_up()
            return
        if fault.isdecimal():
            self._reply(int(fault), {"error": {"type": "api_error", "message": "fault"}})
            return
        try:
            status, body, replayed = self.stripe.answer(self.command, url.path, form, headers)
        except StripeProblem as problem:
            status, body, replayed = problem.status, problem.body, False
        if fault == "hang":
            self.stripe.gate.wait(10)
        if fault in ("unanswered", "hang") or self.stripe.is_mute(url.path):
            self._hang_up()
        elif fault == "garbage":
            self._send(200, b"<html>not JSON</html>")
        else:
            self._reply(status, body, replayed=replayed)

    do_GET = do_POST = _handle  # noqa: N815 - names that http.server calls

    def _reply(self, status: int, body: Json, *, replayed: bool = False) -> None:
        self._send(status, json.dumps(body).encode(), replayed=replayed)

    def _send(self, status: int, data: bytes, *, replayed: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Request-Id", "req_fake")
        if replayed:
            self.send_header("Idempotent-Replayed", "true")
        self.end_headers()
        self.wfile.write(data)

    def _hang_up(self) -> None:
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is part of the play."""


@contextmanager
def fake_stripe() -> Iterator[FakeStripe]:
    """Run the server as long as the block."""
    fake = FakeStripe()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"stripe": fake, "wbufsize": -1}))
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()
