"""The service about itself: welcome, health, the API document and its interactive page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from importlib import resources
from typing import Any

from pydantic import AwareDatetime, BaseModel

from chalicelib import __version__
from chalicelib.core import clock
from chalicelib.core.auth import PUBLIC
from chalicelib.core.config import settings
from chalicelib.core.database import Connection
from chalicelib.core.database.dialect import answers
from chalicelib.core.errors import NotFound
from chalicelib.core.openapi import document
from chalicelib.core.routes import Route, Routes, Text

_FEATURES = ["commerce", "recommendations", "analytics", "csv-import"]

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Shopkeeper API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{base}/docs/swagger-ui.css">
</head>
<body>
<div id="page" data-document="{base}/openapi.json"></div>
<script src="{base}/docs/swagger-ui-bundle.js"></script>
<script src="{base}/docs/start.js"></script>
</body>
</html>
"""

_START = """const page = document.getElementById("page");
SwaggerUIBundle({
  url: page.dataset.document,
  domNode: page,
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""

# All from this service; the page's library sets inline styles and draws images from data URLs.
_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"

# Name on the page: file in the package that ships Swagger UI, and its type.
_ASSETS = {
    "swagger-ui.css": ("swagger_style.css", "text/css; charset=utf-8"),
    "swagger-ui-bundle.js": ("swagger_bundle.js", "text/javascript; charset=utf-8"),
}


class Welcome(BaseModel):
    """What answers here."""

    message: str
    version: str
    database: str
    features: list[str]
    status: str


class Services(BaseModel):
    """The parts of the service."""

    api: str
    database: str
    ai_engine: str


class Health(BaseModel):
    """Whether the service can work."""

    status: str
    database: str
    timestamp: AwareDatetime
    services: Services


def system_routes(all_routes: Callable[[], Sequence[Route]], status_of: Callable[[Any], int]) -> Routes:
    """Return the service's own routes; `all_routes` gives what the API document describes."""
    routes = Routes("Service")

    @routes.get("/", access=PUBLIC, response=Welcome)
    def welcome() -> dict[str, Any]:
        """Say what answers here."""
        return {
            "message": "Shopkeeper: a shop that sells, recommends and talks.",
            "version": __version__,
            "database": "SQLite" if (settings().database_url or "").startswith("sqlite") else "MySQL",
            "features": _FEATURES,
            "status": "running",
        }

    @routes.get("/health", access=PUBLIC, response=Health)
    def health(connection: Connection) -> dict[str, Any]:
        """Tell whether the service can work; 503 when the database does not answer."""
        answers(connection)
        return {
            "status": "healthy",
            "database": "connected",
            "timestamp": clock.now(),
            "services": {"api": "running", "database": "connected", "ai_engine": "available"},
        }

    @routes.get("/openapi.json", access=PUBLIC, response=dict[str, Any])
    def get_openapi_document(base_path: str) -> dict[str, Any]:
        """Describe the API as an OpenAPI 3.1 document."""
        return document(all_routes(), status_of, base_path, aliases=False)

    @routes.get("/docs", access=PUBLIC, response="text/html")
    def show_docs(base_path: str) -> Text:
        """Show the API document as a page to read and to try."""
        headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
        return Text(_PAGE.format(base=escape(base_path)), "text/html; charset=utf-8", headers)

    @routes.get("/docs/{asset}", access=PUBLIC, response="text/javascript", errors=[NotFound])
    def get_docs_asset(asset: str) -> Text:
        """Serve the scripts and styles of the page."""
        if asset == "start.js":
            return Text(_START, "text/javascript; charset=utf-8")
        if asset not in _ASSETS:
            raise NotFound(f"The page has no part named {asset!r}.")
        file, content_type = _ASSETS[asset]
        # The package is a folder of files here; its own code is not used.
        text = (resources.files("offapi") / file).read_text(encoding="utf-8")
        return Text(text, content_type, {"Cache-Control": "public, max-age=86400"})

    return routes
