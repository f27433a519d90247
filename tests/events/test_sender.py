"""Sending to a URL that somebody chose: nowhere but the public internet, within ten seconds, reading little."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import http.server
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chalicelib.core import config
from chalicelib.core.config import Settings
from chalicelib.events import sender, signing
from chalicelib.events.sender import UrlRefused, check_url, parse_url, post
from tests.conftest import set_settings

PUBLIC = "93.184.215.14"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture(autouse=True)
def _cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The settings of a deployed stage."""
    set_settings(monkeypatch, Settings())
    yield
    config.settings.cache_clear()


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of somebody who tries it on this machine."""
    set_settings(monkeypatch, Settings(webhooks_allow_http=True, webhooks_allow_private=True))


def resolve_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str] | Exception) -> list[str]:
    """Let the name server answer each of `answers` in turn, the last one for ever; return who is asked for."""
    asked: list[str] = []

    def look_up(host: str, port: int, **_options: Any) -> list[Any]:
        asked.append(host)
        answer = answers[min(len(asked), len(answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answer]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def connected_to(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Let no connection be made; return to where one was tried."""
    tried: list[tuple[str, int]] = []

    def connect(_self: socket.socket, address: tuple[str, int]) -> None:
        tried.append(address)
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return tried


# --- forms of URLs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "https:///path",
        "//example.com/",
        "example.com",
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "https://user@example.com/",
        "https://user:secret@example.com/",
        "https://@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com:80/",
        "https://example.com:22/",
        "https://example.com:8443/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:x/",
        "https://example.com/#part",
        "https://exa mple.com/",
        "https://example.com/a b",
        "https://example.com/\r\nX-Injected: 1",
        "https://example.com/\x00",
        "https://example.com\\@127.0.0.1/",
        "https://bücher.example/",
        "https://example.com./",
        "https://-example.com/",
        "https://exa%6dple.com/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://[v1.x]/",
        "https://" + "a" * 64 + ".example/",
    ],
)
def test_a_url_of_another_form_is_refused_before_the_name_server_is_asked(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolve_to(monkeypatch, [PUBLIC])
    with pytest.raises(UrlRefused):
        check_url(url)
    assert asked == []


def test_a_good_url_is_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    place = parse_url("https://Hooks.Example.com/in/7?key=a%20b")
    assert (place.secure, place.host, place.port, place.path) == (True, "hooks.example.com", 443, "/in/7?key=a%20b")
    assert place.host_header == "hooks.example.com"
    assert parse_url("https://example.com").path == "/"
    assert parse_url("https://[2606:4700::1111]/").host_header == "[2606:4700::1111]"
    set_settings(monkeypatch, Settings(webhooks_ports=(443, 8443), webhooks_allow_http=True))
    assert parse_url("https://example.com:8443/").host_header == "example.com:8443"
    assert parse_url("http://example.com/").port == 80


# --- hosts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["10.0.0.7"],
        ["100.64.1.1"],
        ["0.0.0.0"],
        ["::1"],
        ["::ffff:169.254.169.254"],
        ["64:ff9b::a9fe:a9fe"],
        ["fe80::1%eth0"],
        [PUBLIC, "10.0.0.7"],
        ["10.0.0.7", PUBLIC],
        [],
    ],
    ids=str,
)
def test_a_host_with_any_address_inside_is_never_connected_to(
    addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve_to(monkeypatch, addresses)
    tried = connected_to(monkeypatch)
    with pytest.raises(UrlRefused):
        check_url("https://inside.example/")
    outcome = post("https://inside.example/", {}, b"{}")
    assert tried == []
    assert (outcome.delivered, outcome.status) == (False, None)
    assert "inside.example" in str(outcome.error)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.0.0.1", "017700000001", "127.1", "localhost", "[::1]"])
def test_spellings_of_this_machine_are_seen_through_by_what_they_resolve_to(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the resolver of this machine, which reads all of these as its own address."""
    tried = connected_to(monkeypatch)
    with pytest.raises(UrlRefused):
        check_url(f"https://{host}/")
    assert not post(f"https://{host}/", {}, b"{}").delivered
    assert tried == []


def test_a_host_that_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, socket.gaierror("Name or service not known"))
    with pytest.raises(UrlRefused, match=r"nobody\.example is not known"):
        check_url("https://nobody.example/")


def test_the_connection_goes_to_the_address_that_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers otherwise the second time (rebinding) gets no second question."""
    asked = resolve_to(monkeypatch, [PUBLIC], ["127.0.0.1"])
    tried = connected_to(monkeypatch)
    post("https://rebinding.example/", {}, b"{}")
    assert asked == ["rebinding.example"]
    assert tried == [(PUBLIC, 443)]


def test_a_host_that_moved_inside_after_registration_is_refused_at_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, [PUBLIC], ["10.0.0.7"])
    tried = connected_to(monkeypatch)
    check_url("https://moving.example/")
    assert not post("https://moving.example/", {}, b"{}").delivered
    assert tried == []


def test_the_addresses_are_tried_in_turn_but_not_endlessly(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, [f"8.8.8.{number}" for number in range(50)])
    tried = connected_to(monkeypatch)
    outcome = post("https://many.example/", {}, b"{}")
    assert [address for address, _ in tried] == ["8.8.8.0", "8.8.8.1", "8.8.8.2", "8.8.8.3"]
    assert "ConnectionRefusedError" in str(outcome.error)


# --- over a real socket ------------------------------------------------------------------------------------------

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


class Server:
    """A receiver on this machine that keeps what it is sent."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[tuple[str, Message, bytes]] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.requests.append((self.path, self.headers, body))
                answer(self)

            def log_message(self, *_arguments: Any) -> None:
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            def handle_error(self, *_arguments: Any) -> None:
                """A client that hangs up is what some tests are about."""

        self.server = Quiet(("127.0.0.1", 0), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks?shop=1"


@contextmanager
def serving(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    made = Server(answer, tls)
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
        thread.join(timeout=10)


def say(status: int, body: bytes = b"", **headers: str) -> Answer:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def verify(headers: Message, body: bytes, secret: str) -> bool:
    """Verify a message as docs/events.md tells receivers to."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = [part.partition(",") for part in headers["webhook-signature"].split(" ")]
    return any(version == "v1" and hmac.compare_digest(mark, expected) for version, _, mark in given)


@pytest.mark.usefixtures("at_home")
def test_a_receiver_gets_the_body_and_can_verify_it() -> None:
    body = '{"type":"order.paid","data":{"name":"Zoë"}}'.encode()
    with serving(say(200, b"thank you")) as server:
        outcome = post(server.url, signing.headers("evt_1", 1_700_000_000, body, [SECRET]), body)
    assert (outcome.delivered, outcome.status, outcome.error, outcome.response) == (True, 200, None, "thank you")
    path, headers, received = server.requests[0]
    assert (path, received) == ("/hooks?shop=1", body)
    assert headers["content-type"] == "application/json"
    assert headers["host"] == f"127.0.0.1:{server.port}"
    assert headers["user-agent"].startswith("Shopkeeper/")
    assert verify(headers, received, SECRET)
    assert not verify(headers, received + b" ", SECRET)
    assert not verify(headers, received, signing.new_secret())


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_success_is_one(status: int) -> None:
    with serving(say(status)) as server:
        assert post(server.url, {}, b"{}").delivered


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize("status", [400, 401, 404, 409, 410, 429, 500, 503])
def test_anything_else_is_a_failure_that_names_the_status(status: int) -> None:
    with serving(say(status, b"why")) as server:
        outcome = post(server.url, {}, b"{}")
    assert (outcome.delivered, outcome.status, outcome.response) == (False, status, "why")
    assert str(status) in str(outcome.error)
    assert outcome.is_gone is (status == 410)


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_not_followed(status: int) -> None:
    with serving(say(200)) as target, serving(say(status, Location=target.url)) as server:
        outcome = post(server.url, {}, b"{}")
    assert (outcome.delivered, outcome.status) == (False, status)
    assert target.requests == []


@pytest.mark.usefixtures("at_home")
def test_of_a_huge_answer_the_beginning_is_kept_and_the_rest_not_read() -> None:
    written = [0]

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(500)
        handler.end_headers()
        while written[0] < 200_000_000:
            handler.wfile.write("é".encode() * 50_000)
            written[0] += 100_000

    with serving(answer) as server:
        outcome = post(server.url, {}, b"{}")
    assert (outcome.status, outcome.response) == (500, "é" * 500)
    assert written[0] < 50_000_000


@pytest.mark.usefixtures("at_home")
def test_headers_without_end_are_not_read_to_the_end() -> None:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(1_000):
            handler.wfile.write(f"X-{number}: {'x' * 1000}\r\n".encode())

    with serving(answer) as server:
        outcome = post(server.url, {}, b"{}")
    assert not outcome.delivered


@pytest.mark.usefixtures("at_home")
def test_a_server_that_is_silent_is_given_up() -> None:
    release = threading.Event()

    def answer(_handler: http.server.BaseHTTPRequestHandler) -> None:
        release.wait(10)

    with serving(answer) as server:
        started = time.monotonic()
        outcome = post(server.url, {}, b"{}", timeout_s=0.2)
        elapsed = time.monotonic() - started
        release.set()
    assert (outcome.delivered, outcome.status) == (False, None)
    assert "No answer within 0.2 seconds" in str(outcome.error)
    assert 0.2 <= elapsed < 8
    assert 200 <= outcome.duration_ms < 8000


@pytest.mark.usefixtures("at_home")
def test_a_trickle_does_not_prolong_the_time() -> None:
    """Each byte comes soon enough for a limit by operation; the limit is for the whole."""
    stop = threading.Event()

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not stop.wait(0.02):
            handler.wfile.write(b"x")

    with serving(answer) as server:
        started = time.monotonic()
        outcome = post(server.url, {}, b"{}", timeout_s=0.3)
        elapsed = time.monotonic() - started
        stop.set()
    assert "No answer within" in str(outcome.error)
    assert elapsed < 8


@pytest.mark.usefixtures("at_home")
def test_a_status_counts_even_if_the_body_never_comes() -> None:
    stop = threading.Event()

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "10")
        handler.end_headers()
        stop.wait(10)

    with serving(answer) as server:
        outcome = post(server.url, {}, b"{}", timeout_s=0.2)
        stop.set()
    assert (outcome.delivered, outcome.status, outcome.response) == (True, 200, "")


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize(
    "raw", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\x00\xff" * 100, b"HTTP/1.1 999999 x"]
)
def test_what_is_no_http_is_a_failure_and_no_exception(raw: bytes) -> None:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.wfile.write(raw)

    with serving(answer) as server:
        outcome = post(server.url, {}, b"{}")
    assert (outcome.delivered, outcome.status) == (False, None)


@pytest.mark.usefixtures("at_home")
def test_a_closed_port_is_a_failure_and_no_exception() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    outcome = post(f"http://127.0.0.1:{port}/", {}, b"{}")
    assert "ConnectionRefusedError" in str(outcome.error)


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120), ("0", 0), ("-5", None), ("soon", None), ("", None), ("9" * 50, 10**8), ("1.5", None)],
)
def test_a_wish_to_wait_is_read(header: str, seconds: int | None) -> None:
    with serving(say(503, Retry_After=header)) as server:
        assert post(server.url, {}, b"{}").retry_after_s == seconds


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize(("offset_s", "seconds"), [(300, 300), (-300, 0)])
def test_a_wish_to_wait_may_be_a_date(offset_s: int, seconds: int) -> None:
    when = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=offset_s)
    with serving(say(503, Retry_After=when.strftime("%a, %d %b %Y %H:%M:%S GMT"))) as server:
        found = post(server.url, {}, b"{}").retry_after_s
    assert found is not None
    assert abs(found - seconds) <= 2


# --- TLS ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of hooks.example, with its key, that signs for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "hooks.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.usefixtures("at_home")
def test_the_certificate_must_be_that_of_the_name_not_of_the_address(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    names: list[str | None] = []
    tls.sni_callback = lambda _wire, name, _context: names.append(name)
    resolve_to(monkeypatch, ["127.0.0.1"])
    with serving(say(200), tls) as server:
        stranger = post(f"https://hooks.example:{server.port}/", {}, b"{}")
        assert "certificate is not good" in str(stranger.error)
        trusting = ssl.create_default_context(cafile=str(certificate))
        monkeypatch.setattr(sender, "_tls", lambda: trusting)
        assert post(f"https://hooks.example:{server.port}/", {}, b"{}").delivered
        impostor = post(f"https://other.example:{server.port}/", {}, b"{}")
        assert "certificate is not good" in str(impostor.error)
    assert len(server.requests) == 1
    assert names == ["hooks.example", "hooks.example", "other.example"]


@pytest.mark.usefixtures("at_home")
def test_a_server_that_never_shakes_hands_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, ["127.0.0.1"])
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        outcome = post(f"https://hooks.example:{silent.getsockname()[1]}/", {}, b"{}", timeout_s=0.2)
    assert "No answer within" in str(outcome.error)
    assert time.monotonic() - started < 8


def test_what_is_allowed_at_home_is_allowed_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    home = Settings(webhooks_allow_http=True, webhooks_allow_private=True)
    set_settings(monkeypatch, home)
    check_url("http://127.0.0.1:8080/")
    set_settings(monkeypatch, replace(home, webhooks_allow_private=False))
    for url in ("http://127.0.0.1/", "http://127.0.0.1:8080/"):
        with pytest.raises(UrlRefused):
            check_url(url)
