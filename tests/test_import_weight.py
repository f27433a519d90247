"""What a cold start pays for: `import app` loads none of the heavy parts that most requests never use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

HEAVY = ("numpy", "boto3", "botocore", "sqlalchemy.orm", "argon2", "alembic", "pymysql", "stripe", "requests")

EVENT = {
    "requestContext": {"httpMethod": "GET", "resourcePath": "/docs", "path": "/docs", "identity": {}},
    "headers": {},
    "pathParameters": None,
    "multiValueQueryStringParameters": None,
    "stageVariables": None,
    "body": None,
}


def heavy_after(script: str, database_url: str) -> set[str]:
    """Return which heavy packages a fresh process has loaded after `script`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DB_", "AWS_"))}
    done = subprocess.run(
        [sys.executable, "-c", f"{script}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"],
        cwd=ROOT,
        env={**environment, "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(json.loads(done.stdout))
    return loaded & set(HEAVY)


@pytest.mark.parametrize("scheme", ["sqlite:///", "mysql+pymysql://root@localhost/shop?unix_socket="])
def test_a_cold_start_loads_nothing_heavy_and_connects_to_nothing(scheme: str, tmp_path: Path) -> None:
    database = tmp_path / "shop.db"
    assert heavy_after("import app", f"{scheme}{database}") == set()
    assert not database.exists()


def test_a_page_without_data_needs_nothing_heavy_either(tmp_path: Path) -> None:
    script = f"from app import app\nassert app({EVENT!r}, None)['statusCode'] == 200"
    assert heavy_after(script, f"sqlite:///{tmp_path / 'shop.db'}") == set()


def test_what_is_heavy_would_be_seen(tmp_path: Path) -> None:
    script = "".join(f"import {name}\n" for name in HEAVY)
    assert heavy_after(f"import app\n{script}", f"sqlite:///{tmp_path / 'shop.db'}") == set(HEAVY)
