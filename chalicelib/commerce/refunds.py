"""The rules of refunds: written down in the transaction that owes the money, given back after it, once.

A refund is `started` until the provider has answered; its key at the provider is its id, so that asking again never
gives back twice. `execute` is tried right after the commit and by the schedule until there is an answer.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chalicelib.commerce import order_mails, orders_sql, payments_sql, timeline
from chalicelib.core import clock, logging
from chalicelib.core.database import Connection, after_commit, run
from chalicelib.core.errors import Conflict
from chalicelib.core.money import from_cents
from chalicelib.events import outbox
from chalicelib.payments.provider import Notice, Outcome, RefundAnswer
from chalicelib.payments.providers import provider

MANUAL = "manual"  # money that came, and goes, beside any provider
_CUT_OFF_AFTER = timedelta(seconds=60)


class TooMuch(Conflict):
    """More would be given back than was paid."""

    code = "refund-too-large"
    title = "More than was paid"


def ask(
    connection: Connection, payment: Any, *, amount_cents: int, order_id: int | None, reason: str, actor: str
) -> int:
    """Write down that part of a locked payment is given back, and return the refund's id.

    The provider is asked after the commit; see `execute`.
    """
    now = clock.now()
    values = {
        "payment_id": payment.id,
        "order_id": order_id,
        "state": "started",
        "amount_cents": amount_cents,
        "reason": reason[:500],
        "actor": actor,
        "created_at": now,
        "updated_at": now,
    }
    refund_id = payments_sql.insert_refund(connection, values)
    after_commit(connection, lambda: execute(refund_id))
    return refund_id


def refund_order(connection: Connection, order_id: int, amount_cents: int, *, reason: str, actor: str) -> list[int]:
    """Give back an amount of what was paid for an order; return the refunds' ids. Nothing is given back of nothing.

    Raises:
        TooMuch: less than that is left of what was paid.
    """
    if amount_cents == 0:
        return []
    paid = payments_sql.lock_payments_of(connection, order_id)
    given_back = payments_sql.sum_refunds(connection, [payment.id for payment in paid])
    left = {payment.id: payment.amount_cents - given_back.get(payment.id, 0) for payment in paid}
    if amount_cents > sum(left.values()):
        rest = from_cents(sum(left.values()))
        raise TooMuch(f"{from_cents(amount_cents)} cannot be given back: {rest} is left of what was paid.")
    made = []
    for payment in paid:
        part = min(amount_cents, left[payment.id])
        if part:
            made.append(ask(connection, payment, amount_cents=part, order_id=order_id, reason=reason, actor=actor))
            amount_cents -= part
    return made


def refundable_cents(connection: Connection, order_id: int) -> int:
    """Return what is left of what was paid for an order."""
    paid = [
        payment for payment in payments_sql.list_payments_of(connection, order_id) if payment.state == "succeeded"
    ]
    given_back = payments_sql.sum_refunds(connection, [payment.id for payment in paid])
    return sum(payment.amount_cents - given_back.get(payment.id, 0) for payment in paid)


def get_refund(connection: Connection, refund_id: int) -> Any:
    """Return a refund that is there."""
    return payments_sql.find_refund(connection, refund_id)


def execute(refund_id: int) -> None:
    """Have the provider give the money back, and keep its answer; harmless when that was done."""
    refund = run(lambda connection: payments_sql.find_refund(connection, refund_id), writes=False)
    if refund is None or refund.state != "started":
        return
    if refund.provider == MANUAL:
        answer = RefundAnswer(Outcome.SUCCEEDED, None, refund.amount_cents)
    else:
        company = provider(refund.provider)
        if refund.reference is None:
            answer = company.refund(refund.payment_reference, refund.amount_cents, f"refund-{refund_id}")
        else:
            answer = company.retrieve_refund(refund.reference)
    settle(refund_id, answer)


def settle(refund_id: int, answer: RefundAnswer) -> None:
    """Keep what the provider says of a refund. A failure is seen in the timeline; the money is then still owed.

    Money that was given back may come back days later, since the customer's account is closed say: that fails too.
    """

    def work(connection: Connection) -> None:
        found = payments_sql.find_refund(connection, refund_id)
        if found is None:
            return
        if found.order_id is not None:
            orders_sql.lock_order(connection, found.order_id)
        refund = payments_sql.lock_refund(connection, refund_id)
        states = {Outcome.SUCCEEDED: "succeeded", Outcome.PENDING: "started"}
        state = states.get(answer.outcome, "failed")
        if refund.state == "failed" or (refund.state == "succeeded" and state != "failed"):
            return
        message = None if answer.message is None else answer.message[:500]
        values = {"state": state, "reference": answer.reference, "message": message, "updated_at": clock.now()}
        payments_sql.update_refund(connection, refund_id, values)
        if state == "succeeded":
            _succeeded(connection, found)
        elif state == "failed":
            _failed(connection, refund, message)

    run(work, writes=True)


def _succeeded(connection: Connection, refund: Any) -> None:
    amount = from_cents(refund.amount_cents)
    if refund.order_id is None:
        payments_sql.update_payment(connection, refund.payment_id, {"state": "refunded", "updated_at": clock.now()})
        return
    # The reason is the staff's own; the customer reads this.
    timeline.write(connection, refund.order_id, "refunded", f"{amount} was given back.", refund.actor)
    order = orders_sql.find_order(connection, refund.order_id)
    if order is not None:
        order_mails.money_returned(connection, order, amount)
    told = {
        "order_id": refund.order_id,
        "customer_id": None if order is None else order.user_id,
        "refund_id": refund.id,
        "amount": amount,
        "currency": refund.currency,
    }
    outbox.record(connection, "order.refunded", f"order:{refund.order_id}", told)


def _failed(connection: Connection, refund: Any, message: str | None) -> None:
    logging.warning("refund failed", refund_id=refund.id, order_id=refund.order_id)
    if refund.order_id is not None:
        why = message or "The provider refused."
        text = f"{from_cents(refund.amount_cents)} could not be given back and is still owed: {why}"
        timeline.write(connection, refund.order_id, "refund-failed", text, refund.actor, internal=True)


def handle_notice(notice: Notice) -> None:
    """Take in what a provider tells of a refund: a reason to ask it."""
    refund_id = run(lambda connection: _find_for(connection, notice), writes=False)
    if refund_id is not None and notice.refund_reference is not None:
        settle(refund_id, provider(notice.provider).retrieve_refund(notice.refund_reference))


def _find_for(connection: Connection, notice: Notice) -> int | None:
    if notice.refund_reference is None:
        return None
    known = payments_sql.find_refund_by_reference(connection, notice.provider, notice.refund_reference)
    if known is not None:
        return known
    # Its reference may not have been saved. Shops that share an account number alike: the payment must be ours.
    number = (notice.key or "").removeprefix("refund-")
    found = payments_sql.find_refund(connection, int(number)) if number.isdecimal() else None
    if found is None or (found.provider, found.payment_reference) != (notice.provider, notice.reference):
        return None
    return int(found.id) if found.reference is None else None


def list_waiting(connection: Connection, behind: int, limit: int) -> list[int]:
    """Return ids above `behind` of refunds that nobody is working on."""
    return payments_sql.list_waiting_refunds(connection, clock.now() - _CUT_OFF_AFTER, behind, limit)
