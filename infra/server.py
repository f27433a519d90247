"""The local server: `chalice local` with the manners of the deployed gateway.

Chalice's own server and event conversion, with three differences: an answer leaves in one write (Nagle's algorithm
would hold it for 40 ms); what the gateway itself refuses is a problem document with CORS headers, as the deployed
gateway's responses are; and the schedules run.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

from chalice.app import CloudWatchEvent, EventSourceHandler
from chalice.config import Config
from chalice.local import ChaliceRequestHandler, LambdaContext, LocalChalice, LocalDevServer

from chalicelib.core import cors, logging, responses
from chalicelib.core.errors import AppError

MAX_BODY_BYTES = 10 * 1024 * 1024  # API Gateway's own limit

# How long a scheduled function pauses between two runs here, in seconds: those that somebody waits for, shortly.
PACE_S = {
    "continue_imports": 2.0,
    "deliver_events": 1.0,
    "send_mails": 2.0,
    "sweep_checkouts": 5.0,
    "refresh_search": 300.0,
    "rebuild_recommendations": 5.0,
    "measure_recommendations": 20.0,
    "summarize_sales": 10.0,
    "forecast_sales": 60.0,
    "suggest_reorders": 60.0,
    "watch_figures": 60.0,
    "summarize_funnel": 20.0,
    "summarize_returns": 20.0,
    "summarize_stock": 60.0,
    "measure_conversations": 20.0,
    "close_idle_sessions": 60.0,
    "purge_events": 600.0,
    "purge_behaviour_events": 600.0,
    "purge_conversations": 600.0,
    "forget_checkouts": 600.0,
    "purge_idempotency_keys": 600.0,
    "purge_job_runs": 600.0,
    "run_asked_jobs": 2.0,
}
OTHER_PACE_S = 30.0


class _Refusal(AppError):
    """What the gateway answers without asking the application."""


_REFUSALS = {
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "Method not allowed"),
    411: ("length-required", "Length required"),
    413: ("too-large", "Too large"),
}


class Handler(ChaliceRequestHandler):
    """One connection of a client."""

    wbufsize = -1
    timeout = 60  # seconds of silence

    def _generic_handle(self) -> None:
        length = self.headers.get("content-length", "0")
        if "transfer-encoding" in self.headers or not length.isdecimal():
            self.close_connection = True
            self._refuse(411, "Send the body with a Content-Length.")
            return
        if len(length) > 12 or int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            self._refuse(413, f"The body has {length} bytes; at most {MAX_BODY_BYTES} are taken.")
            return
        headers, body = self._parse_payload()
        gateway = self.local_gateway
        try:
            event = gateway._generate_lambda_event(self.command, self.path, headers, body)
        except ValueError:
            self._refuse(404, f"There is nothing at {self.path.partition('?')[0]}.")
            return
        methods = sorted(gateway._app_object.routes[event["requestContext"]["resourcePath"]])
        if self.command not in methods:
            self._refuse(405, f"{self.command} is not possible here.", {"Allow": ", ".join(methods)})
            return
        response = gateway._app_object(event, gateway._generate_lambda_context())
        all_headers = {**response["headers"], **response["multiValueHeaders"]}
        self._send_http_response(response["statusCode"], all_headers, self._handle_binary(response)["body"])

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = _generic_handle
    do_TRACE = do_CONNECT = do_QUERY = _generic_handle  # to be refused in the same form

    def _send_http_response(self, code: int, headers: Any, body: str | bytes | None) -> None:
        if self.command == "HEAD" or code in (204, 304):
            # Without a body the length of none would be a lie: it is the GET's that these would tell.
            self.send_response(code)
            self._send_headers(headers)
        else:
            super()._send_http_response(code, headers, body)

    def _refuse(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        code, title = _REFUSALS[status]
        error = _Refusal(message, code=code)
        error.title = title
        request_id = uuid.uuid4().hex
        body = responses.problem(error, status, self.path.partition("?")[0], request_id)
        sent = cors.headers(self.headers.get("origin")) | (headers or {})
        sent |= {"Content-Type": responses.PROBLEM_TYPE, "X-Request-Id": request_id}
        self._send_http_response(status, sent, "" if self.command == "HEAD" else body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the application logs each request itself."""


def make_server(app: Any, host: str, port: int) -> LocalDevServer:
    """Return a server of `app` that listens already.

    Raises:
        OSError: the port is taken.
    """
    config = Config.create(chalice_app=app, project_dir=".", lambda_timeout=60)
    own_requests_per_thread(app)
    return LocalDevServer(app, config, host, port, handler_cls=Handler)


def own_requests_per_thread(app: Any) -> None:
    """Let each thread have its own current request, as `chalice local` does: a function serves one at a time."""
    if not isinstance(app, LocalChalice):
        app.__class__ = type("ThreadedChalice", (LocalChalice, type(app)), {})


class Schedules:
    """Runs every scheduled function of the app, more often than in the cloud: somebody is watching.

    Each in a thread of its own, so that a long import holds nothing else up, and never twice at once.
    """

    def __init__(self, app: Any) -> None:
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(name, handler), name=name, daemon=True)
            for name, handler in app.handler_map.items()
            if isinstance(handler, EventSourceHandler) and handler.event_class is CloudWatchEvent
        ]

    @property
    def names(self) -> list[str]:
        """The functions that are run."""
        return [thread.name for thread in self._threads]

    def start(self) -> None:
        """Begin; each function runs for the first time after its pause."""
        for thread in self._threads:
            thread.start()

    def _repeat(self, name: str, handler: Callable[[Any, Any], Any]) -> None:
        while not self._stopping.wait(PACE_S.get(name, OTHER_PACE_S)):
            try:
                handler(_schedule_event(), LambdaContext(name, 1024, max_runtime_ms=900_000))
            except Exception:
                # As in the cloud: the failure is logged, the next run comes.
                logging.failure("a scheduled function failed", function=name)

    def stop(self) -> None:
        """Let the present runs finish, start no other."""
        self._stopping.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the present runs to finish, each for `timeout_s` at most; tell whether all did."""
        for thread in self._threads:
            thread.join(timeout_s)
        return not any(thread.is_alive() for thread in self._threads)


def _schedule_event() -> dict[str, Any]:
    return {
        "version": "0",
        "id": uuid.uuid4().hex,
        "account": "local",
        "time": "1970-01-01T00:00:00Z",
        "region": "local",
        "resources": [],
        "source": "aws.events",
        "detail-type": "Scheduled Event",
        "detail": {},
    }
