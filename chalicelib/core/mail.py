"""One mail to one address: through SES, or as a file where no sender is set. The only user of boto3's SES.

Nothing here waits or tries again: that is the queue of `mails`.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from chalicelib.core import clock
from chalicelib.core.config import ConfigurationError, Settings, settings

# The form of an address that HTML's own field takes, with a dot in the domain: ASCII, no comments, no quotes.
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS = rf"[A-Za-z0-9.!#$%&'*+/=?^_{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+"
_ADDRESS = re.compile(ADDRESS)
_LOCAL_SENDER = "Shopkeeper <shop@localhost>"


class BadMail(ValueError):
    """The mail can never be sent as it is: its address is none, or a header would hold more than one line."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to one person. Its text may hold a secret link and is not shown.

    Raises:
        BadMail: the address is none, or the subject is not one line.
    """

    to: str
    subject: str
    text: str = field(repr=False)
    html: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        # Checked here and not only where addresses come in: imported ones have any form.
        if len(self.to) > 254 or not _ADDRESS.fullmatch(self.to):
            raise BadMail("the address is none")
        if not self.subject or not self.subject.isprintable():
            raise BadMail("the subject is not one line of text")


class Outbox(Protocol):
    """Where mails leave the shop."""

    def send(self, mail: Mail) -> None:
        """Hand the mail over; any exception means that it was not taken."""


class FolderOutbox:
    """Mails as files in a folder, for somebody who develops: newest last, opened by any mail program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, mail: Mail) -> None:
        """Write the mail; nobody ever sees half of it."""
        now = clock.now()
        message = EmailMessage(policy=SMTP)
        message["From"] = _LOCAL_SENDER
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(now)
        # As it is, not encoded: who looks into the file can copy the link.
        message.set_content(mail.text, cte="8bit")
        if mail.html is not None:
            message.add_alternative(mail.html, subtype="html", cte="8bit")
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{now:%Y%m%dT%H%M%S.%f}-{secrets.token_hex(4)}.eml"
        beside = self.folder / f".{name}.part"
        # Links in it sign people in: not for other users of this machine.
        beside.touch(0o600, exist_ok=False)
        beside.write_bytes(message.as_bytes())
        beside.replace(self.folder / name)


class SesOutbox:
    """Mails through Amazon SES."""

    def __init__(self, sender: str) -> None:
        # Function-level: most cold starts never send a mail.
        import boto3
        from botocore.config import Config

        self._sender = sender
        # One try within the time of a request: the queue is what tries again.
        waits = Config(connect_timeout=3, read_timeout=8, retries={"total_max_attempts": 1})
        self._client: Any = boto3.client("sesv2", config=waits)

    def send(self, mail: Mail) -> None:
        """Hand the mail to SES."""
        body = {"Text": _content(mail.text)}
        if mail.html is not None:
            body["Html"] = _content(mail.html)
        self._client.send_email(
            FromEmailAddress=self._sender,
            Destination={"ToAddresses": [mail.to]},
            Content={"Simple": {"Subject": _content(mail.subject), "Body": body}},
        )


def _content(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


def local_folder(config: Settings) -> Path:
    """Return the folder where mails are put when no sender is set."""
    return config.data_dir / "mail"


@cache
def _outbox(config: Settings) -> Outbox:
    if config.mail_from is not None:
        return SesOutbox(config.mail_from)
    if config.deployed:
        # A function has no folder that anybody looks into.
        raise ConfigurationError("No mail can be sent: set MAIL_FROM to an address that SES has verified.")
    return FolderOutbox(local_folder(config))


def send(mail: Mail) -> None:
    """Send a mail the way that the settings name; never inside a transaction.

    Raises:
        Exception: it was not taken, for whatever reason; it may be tried again.
    """
    _outbox(settings()).send(mail)
