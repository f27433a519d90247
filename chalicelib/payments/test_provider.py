"""A provider of payments that takes no money: it keeps books of its own and behaves as the payment method says.

It stands for a company of its own: its books are written in transactions of its own, as an outside call would be, and
nothing in them is rolled back with the shop's. The methods are described in docs/payments.md.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from chalicelib.core import clock, logging
from chalicelib.core.database import AnyRow, Connection, run
from chalicelib.core.errors import Conflict
from chalicelib.payments import signatures
from chalicelib.payments import test_provider_sql as sql
from chalicelib.payments.provider import (
    Answer,
    BadSignature,
    Intent,
    Notice,
    NoticeKind,
    Outcome,
    ProviderRefused,
    ProviderUnavailable,
    RefundAnswer,
    UnknownReference,
)
from chalicelib.payments.test_methods import Behaviour, behaviour_of

SIGNATURE_HEADER = "test-signature"
MAX_ATTEMPTS = 20
_SETTLE_AT_ONCE = 100

# Notices are signed when they are delivered, by the process that delivers them: nobody else needs the secret.
_SECRET = secrets.token_hex(32)

_OPEN = (Outcome.PREPARED, Outcome.DECLINED)


class NothingToAuthorize(Conflict):
    """The payment does not wait for its customer."""

    code = "nothing-to-authorize"
    title = "Nothing to authorize"


class TestProvider:
    """See `provider.Provider`, which this is one of."""

    name = "test"

    def prepare(self, intent: Intent) -> str:
        """Make an intent, or find the one of the same key."""
        return run(lambda connection: _prepare(connection, intent), writes=True)

    def confirm(self, reference: str, method: str) -> Answer:
        """Charge an intent that is open, as its method has it."""
        behaviour = behaviour_of(method)
        if not behaviour.arrives:
            raise _no_answer()
        answer, charged = run(lambda connection: _confirm(connection, reference, method), writes=True)
        if charged and not behaviour.answered:
            raise _no_answer()
        return answer

    def retrieve(self, reference: str) -> Answer:
        """Tell what became of an intent; what was late is decided now."""
        return run(lambda connection: _answer(_settle(connection, _locked(connection, reference))), writes=True)

    def cancel(self, reference: str) -> Answer:
        """Cancel what has not succeeded."""
        return run(lambda connection: _cancel(connection, reference), writes=True)

    def refund(self, reference: str, amount_cents: int, key: str) -> RefundAnswer:
        """Give money back, or find the refund of the same key."""
        answer, answered = run(lambda connection: _refund(connection, reference, amount_cents, key), writes=True)
        if not answered:
            raise _no_answer()
        return answer

    def retrieve_refund(self, refund_reference: str) -> RefundAnswer:
        """Tell what became of a refund; what was late is decided now."""
        return run(lambda connection: _retrieve_refund(connection, refund_reference), writes=True)

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Return what a notice says, if it was signed in this process."""
        signatures.verify(_SECRET, headers.get(SIGNATURE_HEADER, ""), body, clock.now())
        try:
            told = json.loads(body)
            kind, outcome = NoticeKind(told.pop("kind")), told.pop("outcome")
            return Notice(provider=self.name, kind=kind, outcome=outcome and Outcome(outcome), **told)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BadSignature("The notice is none that this provider sends.") from None

    def authorize(self, reference: str, *, approve: bool) -> Answer:
        """Do what a customer does in the browser for a payment that NEEDS_ACTION.

        Raises:
            UnknownReference, NothingToAuthorize: there is no such payment, or it does not wait.
        """
        return run(lambda connection: _authorize(connection, reference, approve=approve), writes=True)

    def deliver_notices(self, handle: Callable[[Notice], None], limit: int = 100) -> int:
        """Hand every notice that is due to `handle`, and return how many were taken.

        What was late is decided first. A notice that `handle` raises at comes again, later and later, as from a real
        provider; `handle` is called outside of any transaction.
        """
        run(_settle_all, writes=True)
        due = run(lambda connection: sql.list_notices(connection, clock.now(), limit), writes=False)
        taken = 0
        for notice in due:
            for _ in range(notice.deliveries):
                if not self._deliver(notice, handle):
                    break
                taken += 1
        return taken

    def _deliver(self, notice: AnyRow, handle: Callable[[Notice], None]) -> bool:
        try:
            handle(self.read_notice(*signed(notice.body)))
        except Exception:
            # As a provider does with any answer but 200: write it down and try again later.
            logging.failure("a notice of a payment was not taken", event=notice.event_id)
            run(lambda connection: _try_later(connection, notice), writes=True)
            return False
        run(lambda connection: sql.count_delivery(connection, notice.id), writes=True)
        return True

    def total_charged(self, key: str | None = None, **metadata: str) -> int:
        """Return the cents that were ever taken, for the intent of a key or for all with such metadata."""
        return _total(run(sql.list_charges, writes=False), key, metadata)

    def total_refunded(self, key: str | None = None, **metadata: str) -> int:
        """Return the cents that were given back, chosen as in `total_charged`."""
        rows = run(lambda connection: sql.list_given_back(connection, Outcome.SUCCEEDED), writes=False)
        return _total(rows, key, metadata)


def signed(body: str) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a notice as they are sent."""
    data = body.encode()
    return {SIGNATURE_HEADER: signatures.sign(_SECRET, data, clock.now())}, data


def _no_answer() -> ProviderUnavailable:
    return ProviderUnavailable("The payment provider did not answer in time.", retry_after_s=5)


def _new_reference(kind: str) -> str:
    return f"{kind}_{secrets.token_hex(16)}"


def _prepare(connection: Connection, intent: Intent) -> str:
    found = sql.find_intent_by_key(connection, intent.key)
    if found is None:
        try:
            return _insert_intent(connection, intent)
        except sql.KeyTaken:
            found = sql.find_intent_by_key(connection, intent.key)
    if found is None or (found.amount_cents, found.currency) != (intent.amount_cents, intent.currency):
        raise ProviderRefused("The key of this payment was used for another sum.")
    return str(found.reference)


def _insert_intent(connection: Connection, intent: Intent) -> str:
    reference, now = _new_reference("tpi"), clock.now()
    values = {
        "reference": reference,
        "intent_key": intent.key,
        "amount_cents": intent.amount_cents,
        "currency": intent.currency,
        "description": intent.description,
        "details": json.dumps(dict(intent.metadata)),
        "state": Outcome.PREPARED,
        "created_at": now,
        "updated_at": now,
    }
    sql.insert_intent(connection, values)
    return reference


def _locked(connection: Connection, reference: str) -> AnyRow:
    intent = sql.lock_intent(connection, reference)
    if intent is None:
        raise UnknownReference("The payment provider knows no such payment.")
    return intent


def _confirm(connection: Connection, reference: str, method: str) -> tuple[Answer, bool]:
    """Return the answer, and whether this call is what brought it about."""
    intent = _locked(connection, reference)
    if intent.state not in _OPEN or (intent.state == Outcome.DECLINED and intent.method == method):
        return _answer(intent), False
    behaviour = behaviour_of(method)
    return _answer(_become(connection, intent, behaviour.outcome, behaviour, method)), True


def _become(connection: Connection, intent: AnyRow, outcome: Outcome, behaviour: Behaviour, method: str) -> AnyRow:
    """Bring a locked intent to `outcome`: the one place where money is taken, and where payments are told of."""
    now = clock.now()
    declined = outcome is Outcome.DECLINED
    values = {
        "state": outcome,
        "method": method,
        "decline_code": behaviour.decline_code or "authentication_failed" if declined else None,
        "message": behaviour.message or "The payment was not authorized." if declined else None,
        "updated_at": now,
    }
    sql.update_intent(connection, intent.id, values)
    if outcome is Outcome.SUCCEEDED:
        sql.insert_charge(connection, intent.id, intent.amount_cents, now)
    if outcome in (Outcome.SUCCEEDED, Outcome.DECLINED, Outcome.CANCELLED):
        told = {"outcome": outcome, "message": values["message"]}
        _tell(connection, NoticeKind.PAYMENT, intent, intent.intent_key, behaviour.deliveries, **told)
    if outcome is Outcome.SUCCEEDED and behaviour.disputed:
        _tell(connection, NoticeKind.DISPUTE, intent, intent.intent_key, message="fraudulent")
    return _locked(connection, intent.reference)


def _settle(connection: Connection, intent: AnyRow) -> AnyRow:
    """Decide a locked intent that is under way."""
    later = behaviour_of(intent.method).later
    if intent.state != Outcome.PENDING or later is None:
        return intent
    return _become(connection, intent, later, behaviour_of(intent.method), intent.method)


def _settle_all(connection: Connection) -> None:
    for intent in sql.list_intents(connection, Outcome.PENDING, _SETTLE_AT_ONCE):
        _settle(connection, _locked(connection, intent.reference))
    for refund in sql.list_refunds(connection, Outcome.PENDING, _SETTLE_AT_ONCE):
        _retrieve_refund(connection, refund.reference)


def _answer(intent: AnyRow) -> Answer:
    waits = intent.state == Outcome.NEEDS_ACTION
    return Answer(
        outcome=Outcome(intent.state),
        reference=intent.reference,
        amount_cents=intent.amount_cents,
        decline_code=intent.decline_code,
        message=intent.message,
        client_secret=f"{intent.reference}_secret_test" if waits else None,
    )


def _cancel(connection: Connection, reference: str) -> Answer:
    intent = _settle(connection, _locked(connection, reference))
    if intent.state in (*_OPEN, Outcome.NEEDS_ACTION):
        behaviour = behaviour_of(intent.method)
        intent = _become(connection, intent, Outcome.CANCELLED, behaviour, intent.method)
    return _answer(intent)


def _authorize(connection: Connection, reference: str, *, approve: bool) -> Answer:
    intent = _locked(connection, reference)
    if intent.state != Outcome.NEEDS_ACTION:
        raise NothingToAuthorize("This payment does not wait for its customer.")
    outcome = Outcome.SUCCEEDED if approve else Outcome.DECLINED
    return _answer(_become(connection, intent, outcome, behaviour_of(intent.method), intent.method))


def _refund(connection: Connection, reference: str, amount_cents: int, key: str) -> tuple[RefundAnswer, bool]:
    """Return the answer, and whether it reaches who asked."""
    intent = _locked(connection, reference)
    found = sql.find_refund_by_key(connection, intent.id, key)
    if found is not None:
        return _refund_answer(found), True
    behaviour = behaviour_of(intent.method)
    given_back = sql.sum_refunds(connection, intent.id, (Outcome.SUCCEEDED, Outcome.PENDING))
    if intent.state != Outcome.SUCCEEDED or not 0 < amount_cents <= intent.amount_cents - given_back:
        message = "More than is left of the payment cannot be given back."
        return RefundAnswer(Outcome.DECLINED, None, amount_cents, message), True
    failed = behaviour.refund is Outcome.DECLINED
    refund = {
        "reference": _new_reference("tre"),
        "intent_id": intent.id,
        "refund_key": key,
        "amount_cents": amount_cents,
        "state": behaviour.refund,
        "message": "The bank of the customer refused the refund." if failed else None,
        "created_at": clock.now(),
    }
    sql.insert_refund(connection, refund)
    made = sql.find_refund_by_key(connection, intent.id, key)
    if made is None:
        raise LookupError("a refund that was just written is gone")
    if behaviour.refund is not Outcome.PENDING:
        _tell_refund(connection, intent, made)
    return _refund_answer(made), behaviour.refund_answered


def _refund_answer(refund: AnyRow) -> RefundAnswer:
    return RefundAnswer(Outcome(refund.state), refund.reference, refund.amount_cents, refund.message)


def _retrieve_refund(connection: Connection, refund_reference: str) -> RefundAnswer:
    refund = sql.lock_refund(connection, refund_reference)
    if refund is None:
        raise UnknownReference("The payment provider knows no such refund.")
    if refund.state != Outcome.PENDING:
        return _refund_answer(refund)
    sql.update_refund(connection, refund_reference, Outcome.SUCCEEDED)
    done, intent = sql.lock_refund(connection, refund_reference), sql.find_intent(connection, refund.intent_id)
    if done is None or intent is None:
        raise LookupError("a refund without its payment")
    _tell_refund(connection, intent, done)
    return _refund_answer(done)


def _tell_refund(connection: Connection, intent: AnyRow, refund: AnyRow) -> None:
    told = {"refund_reference": refund.reference, "outcome": refund.state, "message": refund.message}
    _tell(connection, NoticeKind.REFUND, intent, refund.refund_key, amount_cents=refund.amount_cents, **told)


def _tell(
    connection: Connection, kind: NoticeKind, intent: AnyRow, key: str, deliveries: int = 1, **told: Any
) -> None:
    event_id, now = _new_reference("tevt"), clock.now()
    defaults = {"refund_reference": None, "outcome": None, "amount_cents": intent.amount_cents, "message": None}
    body = {"id": event_id, "kind": kind, "reference": intent.reference, "key": key, **defaults, **told}
    values = {"event_id": event_id, "body": json.dumps(body), "deliveries": deliveries, "attempts": 0, "due_at": now}
    sql.insert_notice(connection, values)


def _try_later(connection: Connection, notice: AnyRow) -> None:
    if notice.attempts + 1 >= MAX_ATTEMPTS:
        sql.delete_notice(connection, notice.id)
        return
    sql.postpone_notice(connection, notice, clock.now() + timedelta(seconds=min(2**notice.attempts, 3600)))


def _total(rows: Sequence[AnyRow], key: str | None, metadata: Mapping[str, str]) -> int:
    return sum(
        row.amount_cents
        for row in rows
        if (key is None or row.intent_key == key) and metadata.items() <= json.loads(row.details).items()
    )
