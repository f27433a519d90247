"""Uploads on this machine, where no bucket gives out forms: a signed path of our own that takes one file.

The path says what it takes (key, type, size) until when, and a key in the data folder signs it: as with a bucket's
form, whoever has it may use it, and for nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_KEY_FILE = "upload-key"  # in the data folder
_MAC = 16  # bytes


@dataclass(frozen=True, slots=True)
class Permission:
    """What may be put where, and until when. Size in bytes."""

    key: str
    content_type: str
    size: int
    expires_at: datetime


def sign(data_dir: Path, permission: Permission) -> str:
    """Return the token that carries a permission."""
    facts = [permission.key, permission.content_type, permission.size, int(permission.expires_at.timestamp())]
    payload = json.dumps(facts).encode()
    return base64.urlsafe_b64encode(_mac(data_dir, payload) + payload).rstrip(b"=").decode()


def read(data_dir: Path, token: str, now: datetime) -> Permission | None:
    """Return the permission that a token carries; None when it is over, or none of ours."""
    try:
        data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    mac, payload = data[:_MAC], data[_MAC:]
    if not hmac.compare_digest(mac, _mac(data_dir, payload)):
        return None
    key, content_type, size, until = json.loads(payload)
    permission = Permission(key, content_type, size, datetime.fromtimestamp(until, UTC))
    return permission if now < permission.expires_at else None


def _mac(data_dir: Path, payload: bytes) -> bytes:
    return hmac.new(_signing_key(data_dir), payload, hashlib.sha256).digest()[:_MAC]


def _signing_key(data_dir: Path) -> bytes:
    path = data_dir / _KEY_FILE
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        made = data_dir / f"{_KEY_FILE}.{secrets.token_hex(8)}"
        made.write_bytes(secrets.token_bytes(32))
        made.chmod(0o600)
        with suppress(FileExistsError):  # another process was quicker: its key counts
            path.hardlink_to(made)
        made.unlink()
    return path.read_bytes()
