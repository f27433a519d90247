"""Mails leave by SES, or as files for somebody who develops; no value of a mail becomes a header of its own."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from chalicelib.core import config, mail
from chalicelib.core.config import ConfigurationError, Settings
from chalicelib.core.mail import BadMail, FolderOutbox, Mail, SesOutbox
from tests.conftest import set_settings
from tests.mailbox import Mailbox

HELLO = Mail("robin@example.com", "Grüße", "Bonjour Zoë\nhttps://shop.example/?a=1&b=2\n", "<p>Bonjour Zoë</p>\n")


@pytest.fixture(autouse=True)
def settings_of_this_test_end_with_it() -> Iterator[None]:
    yield
    config.settings.cache_clear()
    mail._outbox.cache_clear()


@pytest.fixture
def ses(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A simulated SES that takes mails from the shop's address."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        boto3.client("sesv2").create_email_identity(EmailIdentity="shop@example.com")
        yield ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]


def test_a_mail_is_a_file_that_any_mail_program_reads(tmp_path: Path) -> None:
    FolderOutbox(tmp_path / "mail").send(HELLO)
    [path] = (tmp_path / "mail").iterdir()
    assert path.suffix == ".eml"
    assert b"\nhttps://shop.example/?a=1&b=2\r\n" in path.read_bytes(), "who opens it as text can copy the link"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600, "its links sign people in"
    [read] = Mailbox(tmp_path / "mail").all()
    assert (read.to, read.subject) == ("robin@example.com", "Grüße")
    assert (read.text.replace("\r\n", "\n"), read.html.replace("\r\n", "\n")) == (HELLO.text, HELLO.html)


def test_files_are_named_by_time_and_never_overwritten(tmp_path: Path) -> None:
    for _ in range(20):
        FolderOutbox(tmp_path).send(HELLO)
    assert len(list(tmp_path.iterdir())) == 20


def test_where_no_sender_is_set_mails_lie_in_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_settings(monkeypatch, Settings(data_dir=tmp_path))
    mail.send(HELLO)
    assert [each.to for each in Mailbox(tmp_path / "mail").all()] == ["robin@example.com"]


def test_a_deployed_function_without_a_sender_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_settings(monkeypatch, Settings(data_dir=tmp_path, deployed=True))
    with pytest.raises(ConfigurationError, match="MAIL_FROM"):
        mail.send(HELLO)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sender", ["shop@example.com", "The Shop <shop@example.com>"])
def test_a_mail_goes_out_by_ses(ses: Any, monkeypatch: pytest.MonkeyPatch, sender: str) -> None:
    set_settings(monkeypatch, Settings(mail_from=sender))
    mail.send(HELLO)
    [sent] = ses.sent_messages
    assert (sent.source, sent.destinations["ToAddresses"], sent.subject) == (sender, ["robin@example.com"], "Grüße")
    assert sent.body in (HELLO.text, HELLO.html)


def test_what_ses_refuses_raises(ses: Any) -> None:
    with pytest.raises(Exception, match="not verified"):
        SesOutbox("stranger@example.org").send(HELLO)
    assert ses.sent_messages == []


@pytest.mark.parametrize(
    "to",
    [
        "",
        "robin",
        "robin@localhost",
        "a@example.com,b@example.com",
        "a@example.com b@example.com",
        "Robin <robin@example.com>",
        "robin@example.com\n",
        "robin@example.com\r\nBcc: eve@example.com",
        "robin@exam\x00ple.com",
        "zoë@example.com",
        "r" * 250 + "@example.com",
    ],
)
def test_what_is_no_address_gets_no_mail(to: str) -> None:
    with pytest.raises(BadMail):
        Mail(to, "Hello", "text")


@pytest.mark.parametrize("subject", ["", "one\ntwo", "one\r\nBcc: eve@example.com", "a\x00b", "one\u2028two"])
def test_a_subject_is_one_line(subject: str) -> None:
    with pytest.raises(BadMail):
        Mail("robin@example.com", subject, "text")


@given(to=st.text(), subject=st.text(), text=st.text(st.characters(codec="utf-8")))
def test_no_text_makes_another_header(tmp_path: Path, to: str, subject: str, text: str) -> None:
    for address in (to, f"robin@example.com{to}", f"{to}@example.com"):
        try:
            made = Mail(address, f"Hello {subject}", text)
        except BadMail:
            continue
        folder = tmp_path / "mail"
        FolderOutbox(folder).send(made)
        [path] = folder.glob("*.eml")
        head = path.read_bytes().split(b"\r\n\r\n")[0].decode()
        names = [line.partition(":")[0].lower() for line in head.split("\r\n") if not line.startswith((" ", "\t"))]
        assert sorted(names)[:1] + sorted(set(names))[1:] == sorted(names)
        known = {"from", "to", "subject", "date", "content-type", "content-transfer-encoding", "mime-version"}
        assert set(names) <= known
        path.unlink()


def test_what_is_shown_of_a_mail_holds_no_link() -> None:
    assert "https://" not in repr(HELLO)
