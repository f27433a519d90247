"""Sending to a URL that somebody chose: to the public internet only, within a time limit, reading little.

The host is resolved once. Unless every address it has is public none is connected to, and the connection goes to the
address that was looked at: a second look-up could answer otherwise. TLS verifies the name. Redirects are not
followed, proxies not used.
"""

from __future__ import annotations

import http.client
import io
import re
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from chalicelib import __version__
from chalicelib.core import clock
from chalicelib.core.config import settings
from chalicelib.core.errors import Conflict
from chalicelib.core.logging import redact
from chalicelib.events.addresses import is_public

TIMEOUT_S = 10.0  # for all of it: connecting, sending, the answer
MOST_KEPT = 500  # characters of an answer
_MOST_READ = 2_048  # bytes of an answer: 500 characters have at most 2,000
_MOST_ADDRESSES = 4  # that are tried in turn

_PRINTABLE = re.compile(r"[!-\[\]-~]+")  # of ASCII, without space and backslash
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*", re.IGNORECASE)
_V6 = re.compile(r"[0-9a-f:.]+", re.IGNORECASE)


class UrlRefused(Conflict):
    """A webhook cannot go there."""

    code = "url-refused"
    title = "URL refused"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL leads: `path` with its query, `host` as TLS verifies it."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        """The Host header: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt went. `status` is None when no answer came; `error` is None when it was delivered."""

    status: int | None
    error: str | None
    response: str
    duration_ms: int
    retry_after_s: int | None = None

    @property
    def delivered(self) -> bool:
        """Whether the receiver took it."""
        return self.error is None

    @property
    def is_gone(self) -> bool:
        """Whether the receiver says that it wants nothing any more."""
        return self.status == 410


def parse_url(url: str) -> Place:
    """Return where `url` leads.

    Raises:
        UrlRefused: it is of a form, scheme or port that webhooks do not go to.
    """
    if not _PRINTABLE.fullmatch(url):
        raise UrlRefused("Write the URL in ASCII, without spaces and backslashes; names of hosts in punycode.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UrlRefused("This is no URL.") from None
    secure = parts.scheme == "https"
    if not secure and not (parts.scheme == "http" and settings().webhooks_allow_http):
        raise UrlRefused("The URL must begin with https://.")
    if "@" in parts.netloc:
        raise UrlRefused("The URL must hold no user name or password: the signature tells who sends.")
    if parts.fragment:
        raise UrlRefused("The URL must have no fragment (#).")
    host = parts.hostname or ""
    if not (_V6.fullmatch(host) if "[" in parts.netloc else _NAME.fullmatch(host)):
        raise UrlRefused("The URL names no host.")
    port = (443 if secure else 80) if port is None else port
    if not _port_allowed(port):
        raise UrlRefused(f"Webhooks do not go to port {port}.")
    query = f"?{parts.query}" if parts.query else ""
    return Place(secure, host, port, (parts.path or "/") + query)


def _port_allowed(port: int) -> bool:
    config = settings()
    if config.webhooks_allow_private:
        return port > 0
    return port in config.webhooks_ports or (port == 80 and config.webhooks_allow_http)


def resolve(place: Place) -> list[str]:
    """Return the addresses of a place, each once; asks the name server.

    Raises:
        UrlRefused: it has none, or one that is not of the public internet.
    """
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UrlRefused(f"The host {place.host} is not known.") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses:
        raise UrlRefused(f"The host {place.host} has no address.")
    if not settings().webhooks_allow_private and not all(map(is_public, addresses)):
        raise UrlRefused(f"The host {place.host} has an address that is not public.")
    return addresses


def check_url(url: str) -> None:
    """See that webhooks may go to `url`, as it is now; it is looked at again at each delivery. Asks the name server.

    Raises:
        UrlRefused: they may not.
    """
    resolve(parse_url(url))


def post(url: str, headers: Mapping[str, str], body: bytes, *, timeout_s: float = TIMEOUT_S) -> Outcome:
    """Send a JSON body, and tell how it went; raises nothing that the network or the receiver can cause."""
    started = time.monotonic()
    try:
        status, response, retry_after_s = _post(url, headers, body, started + timeout_s)
    except UrlRefused as error:
        return Outcome(None, error.message, "", _since(started))
    except TimeoutError:
        return Outcome(None, f"No answer within {timeout_s:g} seconds.", "", _since(started))
    except ssl.SSLCertVerificationError as error:
        return Outcome(None, f"The certificate is not good: {error.verify_message}.", "", _since(started))
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Outcome(None, f"No answer: {type(error).__name__}: {redact(str(error))[:300]}", "", _since(started))
    return Outcome(status, _objection(status), response, _since(started), retry_after_s)


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _objection(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"The answer was {status}; redirects are not followed."
    return f"The answer was {status}."


def _post(url: str, headers: Mapping[str, str], body: bytes, deadline: float) -> tuple[int, str, int | None]:
    place = parse_url(url)
    connection = _Connection(place, resolve(place), deadline)
    try:
        connection.putrequest("POST", place.path, skip_host=True, skip_accept_encoding=True)
        own = {"Host": place.host_header, "User-Agent": f"Shopkeeper/{__version__}", "Connection": "close"}
        own |= {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        for name, value in own.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        try:
            text = answer.read1(_MOST_READ).decode("utf-8", "replace")[:MOST_KEPT]
        except (OSError, http.client.HTTPException):
            text = ""  # the status has said what matters
        return answer.status, text, _retry_after_s(answer.getheader("retry-after"))
    finally:
        connection.hang_up()


def _retry_after_s(header: str | None) -> int | None:
    """Return the seconds of a Retry-After, a number or a date; None of anything else."""
    if header is None:
        return None
    header = header.strip()
    if header.isascii() and header.isdecimal():
        return min(int(header[:9]), 10**8)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0, round((moment - clock.now()).total_seconds()))


class _Connection(http.client.HTTPConnection):
    """A connection to one of the addresses that were looked at, all of it within a deadline."""

    def __init__(self, place: Place, addresses: Sequence[str], deadline: float) -> None:
        super().__init__(place.host, place.port)
        self._place = place
        self._addresses = addresses[:_MOST_ADDRESSES]
        self._deadline = deadline
        self._wire: socket.socket | None = None

    def connect(self) -> None:
        """Connect to the first address that answers, and shake hands."""
        self._wire = self._first_that_answers()
        self._wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._place.secure:
            self._wire.settimeout(_left(self._deadline))
            self._wire = _tls().wrap_socket(self._wire, server_hostname=self._place.host)
        self.sock: Any = _Wire(self._wire, self._deadline)

    def hang_up(self) -> None:
        """Close the socket, however far it came."""
        if self._wire is not None:
            self._wire.close()

    def _first_that_answers(self) -> socket.socket:
        for number, address in enumerate(self._addresses):
            # An address that is silent leaves time for those behind it.
            patience = _left(self._deadline) / (len(self._addresses) - number)
            try:
                return socket.create_connection((address, self._place.port), timeout=patience)
            except OSError:
                if number == len(self._addresses) - 1:
                    raise
        raise AssertionError("the last attempt raises")


@cache
def _tls() -> ssl.SSLContext:
    """Return the context of all connections: reading the authorities takes 20 ms."""
    return ssl.create_default_context()


def _left(deadline: float) -> float:
    """Return the seconds until `deadline`.

    Raises:
        TimeoutError: none.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Wire:
    """A socket each of whose operations has what is left of one deadline: a trickle does not prolong it."""

    def __init__(self, wire: socket.socket, deadline: float) -> None:
        self._wire = wire
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        """Send all of `data`."""
        self._wire.settimeout(_left(self._deadline))
        self._wire.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return a file that reads from the socket."""
        return io.BufferedReader(_Reader(self._wire, self._deadline))

    def close(self) -> None:
        """Do nothing: http.client closes as soon as it has seen the headers, with the body still to be read."""


class _Reader(io.RawIOBase):
    """The reading side of a socket, within a deadline."""

    def __init__(self, wire: socket.socket, deadline: float) -> None:
        super().__init__()
        self._wire = wire
        self._deadline = deadline

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what is there into `buffer`; 0 at the end."""
        self._wire.settimeout(_left(self._deadline))
        return self._wire.recv_into(buffer)
