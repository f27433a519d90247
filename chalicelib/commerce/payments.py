"""The rules of payments: a checkout is charged once, and what was charged becomes an order.

Three steps, each safe to repeat: the payment is written down (`started`), prepared at the provider and its reference
saved (`asked`), then confirmed; `settle` turns the provider's answer into what follows from it. The provider is only
ever called outside of transactions. Whatever is cut off in between, `reconcile` finishes: it asks the provider what
became of it. Rows are locked in one order: cart, checkout, payment.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chalicelib.commerce import checkouts, checkouts_sql, orders, payments_sql, refunds
from chalicelib.commerce.checkouts import CheckoutClosed
from chalicelib.core import clock, logging
from chalicelib.core.auth import Caller
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import AppError, Conflict
from chalicelib.events import outbox
from chalicelib.payments.provider import (
    Answer,
    Intent,
    Notice,
    NoticeKind,
    Outcome,
    Provider,
    ProviderUnavailable,
    UnknownReference,
)
from chalicelib.payments.providers import provider, provider_name

NOTHING = "none"  # the provider of a checkout that costs nothing

_MONEY_CAME = ("succeeded", "refunding", "refunded")
_GIVEN_UP = ("declined", "cancelled")
_FINAL = (*_MONEY_CAME, *_GIVEN_UP)
# A request lives 29 seconds: what is older was cut off.
_CUT_OFF_AFTER = timedelta(seconds=60)
# How long a provider may take to decide before its payment is cancelled.
_PATIENCE = timedelta(minutes=30)


class PaymentDeclined(Conflict):
    """The provider refuses to take the money; the units stay reserved for another try."""

    code = "payment-declined"
    title = "Payment declined"


def pay(public_id: str, caller: Caller | None, method: str, request_key: str | None) -> Answer | None:
    """Charge an open checkout by a payment method and return the provider's answer, None while it is not known.

    The same `request_key` goes on with the payment that it began.

    Raises:
        NotFound: there is no such checkout.
        CheckoutClosed: it is not open: paid, being paid, expired or cancelled.
        PaymentDeclined: the provider refuses; the checkout is open again.
        ProviderUnavailable: nothing was charged; try again.
    """

    def begin(connection: Connection) -> int | None:
        return _begin(connection, public_id, caller, method, request_key)

    payment_id = run(begin, writes=True)
    if payment_id is None:
        return None  # there was nothing to pay
    return _go_on(payment_id, public_id)


def _begin(
    connection: Connection, public_id: str, caller: Caller | None, method: str, request_key: str | None
) -> int | None:
    seen = checkouts.get_checkout(connection, public_id, caller)
    checkout = checkouts.lock(connection, seen.id, seen.cart_id)
    if request_key is not None:
        begun = payments_sql.find_payment_by_request(connection, request_key)
        if begun is not None:
            return int(begun.id)
    now = clock.now()
    if checkout.state != "open" or checkout.expires_at <= now:
        state = "expired" if checkout.state == "open" else checkout.state
        raise CheckoutClosed(f"This checkout is {state}; it cannot be paid.")
    free = checkout.total_cents == 0
    values = {
        "request_key": request_key,
        "checkout_id": checkout.id,
        "provider": NOTHING if free else provider_name(),
        "state": "started",
        "amount_cents": checkout.total_cents,
        "currency": checkout.currency,
        "method": NOTHING if free else method,
        "created_at": now,
        "updated_at": now,
    }
    payment_id = payments_sql.insert_payment(connection, values)
    if free:
        _place(connection, payment_id, checkout)
        return None
    checkouts_sql.update_checkout(connection, checkout.id, {"state": "paying", "updated_at": now})
    return payment_id


def _go_on(payment_id: int, public_id: str) -> Answer | None:
    payment = run(lambda connection: payments_sql.find_payment(connection, payment_id), writes=False)
    if payment is None or payment.state in _FINAL:
        return _answer_of(payment)
    company = provider(payment.provider)
    if payment.state == "started":
        try:
            reference = company.prepare(_intent(payment, public_id))
        except AppError:
            # Nothing is charged before the reference is saved: the checkout can be paid, or cancelled, at once.
            run(lambda connection: _give_up_unasked(connection, payment_id), writes=True)
            raise
        if not run(lambda connection: _save_reference(connection, payment_id, reference), writes=True):
            raise CheckoutClosed("This payment took too long and was given up; pay again.")
    else:
        reference = str(payment.reference)
    try:
        return _carry_out(company, payment_id, reference, payment.method)
    except ProviderUnavailable as error:
        logging.warning("payment outcome unknown", payment_id=payment_id, reason=error.message)
        return None


def _answer_of(payment: Any) -> Answer | None:
    """Return what a payment that has ended came to."""
    if payment is None or payment.state in _MONEY_CAME:
        return None
    raise PaymentDeclined(payment.message or "The payment was not made.")


def _intent(payment: Any, public_id: str) -> Intent:
    # The id that nobody can guess tells shops apart that share an account at the provider, and number alike.
    return Intent(
        key=f"payment-{payment.id}",
        amount_cents=payment.amount_cents,
        currency=payment.currency,
        description=f"Checkout {payment.checkout_id}",
        metadata={"payment": str(payment.id), "checkout": public_id},
    )


def _save_reference(connection: Connection, payment_id: int, reference: str) -> bool:
    """Keep the reference before anything is charged under it; False when the payment was given up meanwhile."""
    values = {"reference": reference, "state": "asked", "updated_at": clock.now()}
    if payments_sql.update_payment(connection, payment_id, values, if_state=["started"]):
        return True
    # The same request, carried on twice, has the same reference: it goes on too, and nothing is charged again.
    found = payments_sql.find_payment(connection, payment_id)
    return found is not None and found.reference == reference


def _carry_out(company: Provider, payment_id: int, reference: str, method: str) -> Answer:
    answer = _ended(company, company.confirm(reference, method))
    settle(payment_id, answer)
    if answer.outcome in (Outcome.DECLINED, Outcome.CANCELLED):
        raise PaymentDeclined(answer.message or "The payment was declined; try another way to pay.")
    return answer


def _ended(company: Provider, answer: Answer) -> Answer:
    """Return the answer; where it is a refusal, only once the intent is ended.

    Somebody who holds its secret could still confirm it after the checkout is open again, and pay twice.
    """
    if answer.outcome is not Outcome.DECLINED:
        return answer
    final = company.cancel(answer.reference)
    # Cancelling what was declined keeps the reason; what succeeded, or is under way, at the last moment counts.
    return answer if final.outcome in (Outcome.CANCELLED, Outcome.DECLINED) else final


def settle(payment_id: int, answer: Answer) -> None:
    """Turn what the provider says of a payment into what follows from it; a settled payment stays as it is.

    But for money that comes for a payment which was given up: it goes back.
    """

    def work(connection: Connection) -> None:
        seen = payments_sql.find_checkout_of(connection, payment_id)
        if seen is None:
            return
        checkout = checkouts.lock(connection, seen.id, seen.cart_id)
        payment = payments_sql.lock_payment(connection, payment_id)
        if answer.outcome is Outcome.SUCCEEDED and payment.state not in _MONEY_CAME:
            _succeed(connection, payment, checkout)
        elif payment.state in _FINAL:
            return
        elif answer.outcome in (Outcome.DECLINED, Outcome.CANCELLED):
            _fail(connection, payment, checkout, answer)
        else:
            state = "needs_action" if answer.outcome is Outcome.NEEDS_ACTION else "asked"
            if state != payment.state:  # asking again and again must not keep it from the sweep
                payments_sql.update_payment(connection, payment.id, {"state": state, "updated_at": clock.now()})

    run(work, writes=True)


def _place(connection: Connection, payment_id: int, checkout: Any) -> None:
    order_id = orders.place(connection, checkout)
    values = {"state": "succeeded", "order_id": order_id, "updated_at": clock.now()}
    payments_sql.update_payment(connection, payment_id, values)


def _succeed(connection: Connection, payment: Any, checkout: Any) -> None:
    # A checkout that is being paid for by another payment by now is none of this one's.
    if checkout.state == "paying" and payment.state not in _GIVEN_UP:
        _place(connection, payment.id, checkout)
        return
    # Somebody finished a payment that had been given up: the money goes back by itself.
    logging.warning("payment without an order", payment_id=payment.id, checkout_state=checkout.state)
    payments_sql.update_payment(connection, payment.id, {"state": "refunding", "updated_at": clock.now()})
    refunds.ask(
        connection,
        payment,
        amount_cents=payment.amount_cents,
        order_id=None,
        reason="The checkout had ended when the payment arrived.",
        actor="schedule",
    )


def _fail(connection: Connection, payment: Any, checkout: Any, answer: Answer) -> None:
    now = clock.now()
    declined = answer.outcome is Outcome.DECLINED
    values = {
        "state": "declined" if declined else "cancelled",
        "decline_code": answer.decline_code,
        "message": None if answer.message is None else answer.message[:500],
        "updated_at": now,
    }
    payments_sql.update_payment(connection, payment.id, values)
    if checkout.state == "paying":
        checkouts_sql.update_checkout(connection, checkout.id, {"state": "open", "updated_at": now})
    if declined:
        told = {"checkout_id": checkout.id, "decline_code": answer.decline_code}
        outbox.record(connection, "payment.failed", f"checkout:{checkout.id}", told)


def handle_notice(notice: Notice) -> None:
    """Take in what a provider tells by itself. What it says is only a reason to ask: notices come late and twice."""
    if notice.kind is NoticeKind.PAYMENT:
        payment = run(lambda connection: _find_for(connection, notice), writes=False)
        if payment is not None and _matters(payment, notice):
            _ask_again(payment)
            return
    elif notice.kind is NoticeKind.REFUND:
        refunds.handle_notice(notice)
        return
    logging.info("payment notice without effect", provider=notice.provider, kind=notice.kind.value, id=notice.id)


def _find_for(connection: Connection, notice: Notice) -> Any:
    # By its reference alone: nothing is charged before that is saved, and another shop at the same account of the
    # provider has payments of the same keys.
    if notice.reference is None:
        return None
    return payments_sql.find_payment_by_reference(connection, notice.provider, notice.reference)


def _matters(payment: Any, notice: Notice) -> bool:
    if payment.state in _GIVEN_UP:
        return notice.outcome is Outcome.SUCCEEDED
    return payment.state not in _FINAL


def confirm_again(public_id: str, caller: Caller | None) -> None:
    """Ask the provider what became of the payment of a checkout: after the customer did what it had to do.

    Raises:
        NotFound: there is no such checkout.
    """

    def find(connection: Connection) -> Any:
        checkout = checkouts.get_checkout(connection, public_id, caller)
        return payments_sql.find_last_payment(connection, checkout.id)

    payment = run(find, writes=False)
    if payment is not None and payment.state not in ("started", *_FINAL):
        _ask_again(payment)


def _ask_again(payment: Any) -> None:
    """Ask the provider for the state of a payment and settle it; an intent that was declined is ended first."""
    company = provider(payment.provider)
    answer = _ended(company, company.retrieve(payment.reference))
    if answer.outcome is not Outcome.PREPARED:
        settle(payment.id, answer)


def reconcile(payment: Any) -> None:
    """Finish a payment that was cut off: ask the provider, and give up what it has not begun or nobody finished."""
    if payment.state == "started":
        run(lambda connection: _give_up_unasked(connection, payment.id), writes=True)
        return
    company = provider(payment.provider)
    try:
        answer = _ended(company, company.retrieve(payment.reference))
        overdue = clock.now() - payment.created_at > _PATIENCE
        waits = answer.outcome in (Outcome.PENDING, Outcome.NEEDS_ACTION)
        if answer.outcome is Outcome.PREPARED or (waits and overdue):
            answer = company.cancel(payment.reference)
    except UnknownReference:
        answer = Answer(Outcome.CANCELLED, payment.reference, 0, message="The provider does not know this payment.")
    settle(payment.id, answer)


def _give_up_unasked(connection: Connection, payment_id: int) -> None:
    """End a payment that was never prepared, or whose reference was lost before anything was charged under it."""
    seen = payments_sql.find_checkout_of(connection, payment_id)
    if seen is None:
        return
    checkout = checkouts_sql.lock_checkout(connection, seen.id)
    now = clock.now()
    # Without its key the same request may begin another payment.
    values = {"state": "cancelled", "request_key": None, "message": "Interrupted; pay again.", "updated_at": now}
    if (
        payments_sql.update_payment(connection, payment_id, values, if_state=["started"])
        and checkout.state == "paying"
    ):
        checkouts_sql.update_checkout(connection, checkout.id, {"state": "open", "updated_at": now})


def list_cut_off(connection: Connection, behind: int, limit: int) -> list[Any]:
    """Return payments with ids above `behind` that nobody is working on, by id."""
    return list(payments_sql.list_unsettled(connection, clock.now() - _CUT_OFF_AFTER, behind, limit))
