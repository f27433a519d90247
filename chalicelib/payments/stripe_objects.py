"""What Stripe's objects mean to the shop: plain JSON in, the types of `provider` out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.payments.provider import Answer, Notice, NoticeKind, Outcome, RefundAnswer

# Under which metadata keep our keys.
KEY_FIELD = "shopkeeper_key"

_INTENT_OUTCOMES = {
    "requires_confirmation": Outcome.PREPARED,
    "requires_action": Outcome.NEEDS_ACTION,
    "processing": Outcome.PENDING,
    "requires_capture": Outcome.PENDING,
    "succeeded": Outcome.SUCCEEDED,
    "canceled": Outcome.CANCELLED,
}

_REFUND_OUTCOMES = {
    "succeeded": Outcome.SUCCEEDED,
    "failed": Outcome.DECLINED,
    "canceled": Outcome.DECLINED,
    "pending": Outcome.PENDING,
    "requires_action": Outcome.PENDING,
}

_MAX_MESSAGE = 500


def outcome_of(intent: Mapping[str, Any]) -> Outcome:
    """Return what became of a PaymentIntent; a state that is new to us is PENDING, which is asked for again."""
    status = intent["status"]
    if status == "requires_payment_method":
        # Both of an intent that nobody has tried to pay yet, and of one that was declined.
        return Outcome.DECLINED if intent.get("last_payment_error") else Outcome.PREPARED
    return _INTENT_OUTCOMES.get(status, Outcome.PENDING)


def answer_of(intent: Mapping[str, Any]) -> Answer:
    """Return the state of a PaymentIntent."""
    outcome = outcome_of(intent)
    failure = (intent.get("last_payment_error") or {}) if outcome is Outcome.DECLINED else {}
    return Answer(
        outcome=outcome,
        reference=intent["id"],
        amount_cents=intent["amount_received"] if outcome is Outcome.SUCCEEDED else intent["amount"],
        # The bank's own reason where there is one: `card_declined` says little.
        decline_code=failure.get("decline_code") or failure.get("code"),
        message=_short(failure.get("message")),
        client_secret=intent.get("client_secret") if outcome is Outcome.NEEDS_ACTION else None,
    )


def refund_answer_of(refund: Mapping[str, Any]) -> RefundAnswer:
    """Return the state of a refund."""
    outcome = _REFUND_OUTCOMES.get(refund["status"], Outcome.PENDING)
    reason = refund.get("failure_reason") or refund["status"]
    message = f"Stripe could not refund: {reason}." if outcome is Outcome.DECLINED else None
    return RefundAnswer(outcome, refund["id"], refund["amount"], message)


def notice_of(event: Mapping[str, Any]) -> Notice:
    """Return what an event says."""
    thing = event["data"]["object"]
    if thing["object"] == "payment_intent":
        return _payment_notice(event, thing)
    if thing["object"] == "refund":
        return _refund_notice(event, thing)
    if thing["object"] == "dispute":
        return Notice(
            provider="stripe",
            id=event["id"],
            kind=NoticeKind.DISPUTE,
            reference=thing.get("payment_intent"),
            amount_cents=thing["amount"],
            message=f"{event['type']}: {thing.get('reason')}, {thing.get('status')}",
        )
    return Notice("stripe", event["id"], NoticeKind.OTHER, message=event["type"])


def _payment_notice(event: Mapping[str, Any], intent: Mapping[str, Any]) -> Notice:
    answer = answer_of(intent)
    return Notice(
        provider="stripe",
        id=event["id"],
        kind=NoticeKind.PAYMENT,
        reference=answer.reference,
        key=(intent.get("metadata") or {}).get(KEY_FIELD),
        outcome=answer.outcome,
        amount_cents=answer.amount_cents,
        message=answer.message,
    )


def _refund_notice(event: Mapping[str, Any], refund: Mapping[str, Any]) -> Notice:
    answer = refund_answer_of(refund)
    return Notice(
        provider="stripe",
        id=event["id"],
        kind=NoticeKind.REFUND,
        reference=refund.get("payment_intent"),
        refund_reference=answer.reference,
        key=(refund.get("metadata") or {}).get(KEY_FIELD),
        outcome=answer.outcome,
        amount_cents=answer.amount_cents,
        message=answer.message,
    )


def _short(text: str | None) -> str | None:
    return None if text is None else text[:_MAX_MESSAGE]
