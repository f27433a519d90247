"""The texts of all mails, as plain text and as simple HTML. Values in, a message out; nothing is sent here."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

_SHOP = "Shopkeeper"
_IGNORE = "If that was not you, nothing has happened, and you need not do anything."


@dataclass(frozen=True, slots=True)
class Message:
    """What a mail says, and the `kind` under which the queue knows it."""

    kind: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


def verify_email(link: str, *, hours: int) -> Message:
    """Return the mail that proves an address at registration."""
    return _message(
        "verify-email",
        "Confirm your e-mail address",
        "Somebody, we hope you, registered at the shop with this address.",
        f"To confirm it, open this link within {hours} hours and give the password that you chose:",
        link=link,
        after=("Did you not register? Then leave the link alone: nobody can use your address without it.",),
    )


def already_registered(reset_page: str) -> Message:
    """Return the mail to somebody whose address was used to register again."""
    return _message(
        "already-registered",
        "You have an account already",
        "Somebody, perhaps you, tried to register at the shop with this address. It has an account already.",
        "If it was you, sign in as usual. If you forgot the password, ask for a new one here:",
        link=reset_page,
        after=(_IGNORE,),
    )


def nothing_to_verify(register_page: str) -> Message:
    """Return the mail to somebody who asked for another confirmation where nothing waits for one."""
    return _message(
        "nothing-to-verify",
        "There is nothing to confirm",
        "Somebody, perhaps you, asked for another link to confirm this address. No registration waits for one; "
        "links are good for a day. You can register here:",
        link=register_page,
        after=(_IGNORE,),
    )


def not_open(what: str) -> Message:
    """Return the mail to an address that staff have closed."""
    return _message(
        "not-open",
        "This address cannot be used",
        f"Somebody, perhaps you, tried to {what} with this address. It is closed at the shop.",
        "Please write to us if you think that is a mistake.",
    )


def reset_password(username: str, link: str, *, minutes: int) -> Message:
    """Return the mail with which a password is set anew."""
    return _message(
        "reset-password",
        "Choose a new password",
        f"Somebody, we hope you, asked for a new password of the account {username}.",
        f"To choose one, open this link within {minutes} minutes. It works once:",
        link=link,
        after=("If that was not you, leave the link alone: your password stays as it is.",),
    )


def no_account(register_page: str) -> Message:
    """Return the mail to somebody who asked for a new password where there is no account."""
    return _message(
        "no-account",
        "There is no account with this address",
        "Somebody, perhaps you, asked for a new password, but no account has this address. Perhaps you used another. "
        "You can register here:",
        link=register_page,
        after=(_IGNORE,),
    )


def password_changed(username: str, reset_page: str) -> Message:
    """Return the notice that a password is another one now."""
    return _message(
        "password-changed",
        "Your password was changed",
        f"The password of the account {username} was changed, and it was signed out on other devices.",
        "If that was not you, take the account back at once by choosing a new password here:",
        link=reset_page,
    )


def confirm_new_email(username: str, link: str, *, hours: int) -> Message:
    """Return the mail that proves the new address of an account."""
    return _message(
        "confirm-new-email",
        "Confirm your new e-mail address",
        f"The account {username} wants to use this address from now on.",
        f"To confirm it, open this link within {hours} hours:",
        link=link,
        after=("If that was not you, leave the link alone: the address is not used without it.",),
    )


def email_change_asked(username: str, reset_page: str) -> Message:
    """Return the notice to the old address that another one was asked for."""
    return _message(
        "email-change-asked",
        "Your e-mail address is about to change",
        f"Another e-mail address was asked for the account {username}. It changes as soon as that one is confirmed.",
        "If that was not you, choose a new password here, which also takes the change back:",
        link=reset_page,
    )


def order_placed(order_id: int, items: int, total: str, order_page: str) -> Message:
    """Return the mail that confirms an order; `total` with its currency."""
    return _message(
        "order-placed",
        f"Your order {order_id}",
        f"Thank you. We have your order {order_id}: {_items(items)} for {total}.",
        "We write again when it leaves. How it stands, you see here:",
        link=order_page,
    )


def order_shipped(order_id: int, items: int, carrier: str | None, tracking_number: str | None) -> Message:
    """Return the mail that tells of a parcel on its way."""
    by = f" with {carrier}" if carrier else ""
    tracked = () if tracking_number is None else (f"The number of the parcel is {tracking_number}.",)
    return _message(
        "order-shipped",
        f"Your order {order_id} is on its way",
        f"{_items(items)} of your order {order_id} left us{by}.",
        *tracked,
    )


def order_cancelled(order_id: int, items: int) -> Message:
    """Return the mail that tells what of an order will not come."""
    return _message(
        "order-cancelled",
        f"Your order {order_id}: cancelled",
        f"{_items(items)} of your order {order_id} will not be sent.",
        "What you paid for it goes back to where it came from.",
    )


def money_returned(order_id: int, amount: str) -> Message:
    """Return the mail that tells of money given back; `amount` with its currency."""
    return _message(
        "money-returned",
        f"Your order {order_id}: {amount} returned",
        f"We gave back {amount} for your order {order_id}. It may take your bank some days to show it.",
    )


def _items(count: int) -> str:
    return f"{count} {'item' if count == 1 else 'items'}"


def _message(kind: str, subject: str, *before: str, link: str | None = None, after: tuple[str, ...] = ()) -> Message:
    paragraphs = [*before, *([link] if link else []), *after, _SHOP]
    parts = [f"<p>{_anchor(part) if part == link else escape(part)}</p>" for part in paragraphs]
    html = ["<!doctype html>", '<html lang="en"><body>', *parts, "</body></html>", ""]
    return Message(kind, subject, "\n\n".join(paragraphs) + "\n", "\n".join(html))


def _anchor(link: str) -> str:
    return f'<a href="{escape(link)}">{escape(link)}</a>'
