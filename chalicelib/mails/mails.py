"""The queue of mails: written in the transaction that is their reason, sent after it, none lost.

At least once: who dies between sending and noting it leaves a mail that is sent again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta

from chalicelib.core import clock, logging, mail
from chalicelib.core.database import Connection, run
from chalicelib.core.mail import BadMail, Mail
from chalicelib.mails import mails_sql
from chalicelib.mails.templates import Message

# Longer than a try can take: SES is waited for eleven seconds.
_LEASE = timedelta(minutes=2)
_MOST_TRIES = 8
_BATCH = 50
_KEPT = timedelta(days=30)
_SAFETY_MS = 20_000


def queue(connection: Connection, message: Message, *, to: str, expires_at: datetime) -> int:
    """Write a mail down in the caller's transaction and return its id; after `expires_at` it is not sent any more.

    After the commit the caller tries once by `send_now`; what that does not reach, `send_mails` does.
    """
    now = clock.now()
    content = json.dumps({"subject": message.subject, "text": message.text, "html": message.html})
    values = {
        "kind": message.kind,
        "recipient": to,
        "content": content,
        "state": "waiting",
        "attempts": 0,
        "next_try_at": now,
        "expires_at": expires_at,
        "created_at": now,
    }
    return mails_sql.insert_mail(connection, values)


def send_now(*mail_ids: int) -> None:
    """Try to send mails at once, outside of any transaction; a failure is left to the schedule and raises nothing."""
    for mail_id in mail_ids:
        try:
            _try_to_send(mail_id)
        except Exception:
            # What the caller did is committed: its answer must not say otherwise.
            logging.failure("a mail was left to the schedule", mail_id=mail_id)


def send_mails(*, time_left_ms: Callable[[], int]) -> int:
    """Send what waits and is due, as long as there is time; return how many were sent.

    Failures are logged and tried again with growing pauses; a mail that is given up is logged as a warning.
    """
    sent = 0
    run(lambda connection: mails_sql.delete_old(connection, clock.now() - _KEPT), writes=True)
    while due := run(lambda connection: mails_sql.list_due(connection, clock.now(), _BATCH), writes=False):
        for mail_id in due:
            if time_left_ms() < _SAFETY_MS:
                return sent
            sent += _try_to_send(mail_id)
    return sent


def forget(connection: Connection, address: str) -> None:
    """Delete every mail to an address, sent or waiting."""
    mails_sql.delete_to(connection, address)


def _try_to_send(mail_id: int) -> bool:
    """Claim a mail and send it; tell whether it was sent now."""
    claimed = run(lambda connection: _claim(connection, mail_id), writes=True)
    if claimed is None:
        return False
    attempts, to, content, expires_at = claimed
    if expires_at <= clock.now():
        _finish(mail_id, attempts, "given_up", "expired before it could be sent")
        return False
    try:
        mail.send(Mail(to, content["subject"], content["text"], content["html"]))
    except BadMail as error:
        _finish(mail_id, attempts, "given_up", str(error))
        return False
    except Exception as error:
        # Only the kind of it: what a server quotes may hold the address or the link.
        _fail(mail_id, attempts, type(error).__name__)
        return False
    _finish(mail_id, attempts, "sent", None)
    return True


def _claim(connection: Connection, mail_id: int) -> tuple[int, str, dict[str, str], datetime] | None:
    now = clock.now()
    found = mails_sql.find_mail(connection, mail_id)
    if found is None or found.content is None:
        return None
    if not mails_sql.claim(connection, mail_id, tried=found.attempts, now=now, until=now + _LEASE):
        return None
    return found.attempts + 1, found.recipient, json.loads(found.content), found.expires_at


def _fail(mail_id: int, attempts: int, reason: str) -> None:
    if attempts >= _MOST_TRIES:
        _finish(mail_id, attempts, "given_up", reason)
        return
    logging.warning("a mail was not taken", mail_id=mail_id, attempts=attempts, reason=reason)
    values = {"error": reason, "next_try_at": clock.now() + timedelta(minutes=2 ** (attempts - 1))}
    run(lambda connection: mails_sql.update_tried(connection, mail_id, attempts, values), writes=True)


def _finish(mail_id: int, attempts: int, state: str, error: str | None) -> None:
    if state == "given_up":
        logging.warning("a mail was given up", mail_id=mail_id, attempts=attempts, reason=error)
    values = {"state": state, "error": error, "content": None, "finished_at": clock.now()}
    run(lambda connection: mails_sql.update_tried(connection, mail_id, attempts, values), writes=True)
