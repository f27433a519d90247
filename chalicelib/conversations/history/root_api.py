"""Where the conversations are: the list of addresses that clients begin with."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, Field

from chalicelib import __version__
from chalicelib.core import clock
from chalicelib.core.auth import SIGNED_IN, Caller
from chalicelib.core.routes import Routes

routes = Routes("Conversations", also=("/api", "/api/conversations"))

_PLACES = {
    "auth": "auth/token",
    "profiles": "profiles",
    "my_profile": "profiles/me",
    "sessions": "sessions",
    "session_stats": "sessions/stats",
    "messages": "messages",
    "analytics": "analytics",
    "analytics_summary": "analytics/summary",
    "templates": "templates",
}


class Root(BaseModel):
    """What is here, and where."""

    message: str
    version: str
    user: str = Field(description="The user name of who is signed in.")
    endpoints: dict[str, str] = Field(description="Addresses below this host, by name.")
    documentation: str
    timestamp: AwareDatetime


@routes.get("/api", access=SIGNED_IN, response=Root)
def get_conversations_root(caller: Caller, base_path: str) -> dict[str, object]:
    """Tell where profiles, sessions, messages, figures and templates are."""
    return {
        "message": "Conversations of Shopkeeper",
        "version": __version__,
        "user": caller.username,
        "endpoints": {name: f"{base_path}/api/{place}/" for name, place in _PLACES.items()},
        "documentation": f"{base_path}/docs",
        "timestamp": clock.now(),
    }
