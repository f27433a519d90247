"""What the shop has mailed: read from the folder where mails go when no sender is set."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Mail:
    """A mail as its reader sees it."""

    to: str
    subject: str
    text: str
    html: str

    @property
    def link(self) -> str:
        """The one link in it."""
        found = re.findall(r"https?://\S+", self.text)
        assert len(found) == 1, self.text
        return str(found[0])

    @property
    def token(self) -> str:
        """The token that its link carries."""
        return parse_qs(urlsplit(self.link).query)["token"][0]


class Mailbox:
    """All mails that went out, oldest first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self, to: str | None = None) -> list[Mail]:
        """Return the mails, those to one address if said."""
        found = [_read(path) for path in sorted(self.folder.glob("*.eml"))]
        return [mail for mail in found if to in (None, mail.to)]

    def last(self, to: str) -> Mail:
        """Return the newest mail to an address."""
        return self.all(to)[-1]


def _read(path: Path) -> Mail:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    parts = {kind: cast(EmailMessage, message.get_body((kind,))) for kind in ("plain", "html")}
    text, html = (parts[kind].get_content() for kind in ("plain", "html"))
    return Mail(message["To"], message["Subject"], text, html)
