"""The texts of mails: the same in both forms, and no value in them is taken for HTML."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from chalicelib.mails import templates
from chalicelib.mails.templates import Message

LINK = "https://shop.example/verify-email?token=shk_a-b_c&next=1"
EVIL = "<script>alert('x')</script>&amp;"

ALL = [
    templates.verify_email(LINK, hours=24),
    templates.already_registered(LINK),
    templates.nothing_to_verify(LINK),
    templates.not_open("register"),
    templates.reset_password(EVIL, LINK, minutes=60),
    templates.no_account(LINK),
    templates.password_changed(EVIL, LINK),
    templates.confirm_new_email(EVIL, LINK, hours=24),
    templates.email_change_asked(EVIL, LINK),
]


class Reader(HTMLParser):
    """Reads paragraphs and links as a mail program shows them."""

    def __init__(self) -> None:
        super().__init__()
        self.paragraphs: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "p":
            self.paragraphs.append("")
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.paragraphs[-1] += data


@pytest.mark.parametrize("message", ALL, ids=lambda message: message.kind)
def test_both_forms_of_a_mail_say_the_same(message: Message) -> None:
    reader = Reader()
    reader.feed(message.html)
    assert "\n\n".join(reader.paragraphs) + "\n" == message.text
    assert reader.tags <= {"html", "body", "p", "a"}, "no value became a tag"
    assert reader.links == ([LINK] if LINK in message.text else [])


def test_each_kind_of_mail_has_a_name_that_fits_its_column() -> None:
    kinds = [message.kind for message in ALL]
    assert len(set(kinds)) == len(kinds)
    assert max(map(len, kinds)) <= 32
    assert all(message.subject.isprintable() for message in ALL)


def test_what_is_shown_of_a_message_holds_no_link() -> None:
    assert "token" not in repr(ALL[0])
