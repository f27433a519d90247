"""The end of an import is told to others: once, with what it came to."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.commerce.after_sale import events
from tests.csv_import.csv_files import import_files, user, write_files


@pytest.mark.parametrize("strict", [False, True])
def test_the_end_of_an_import_is_told_with_its_counts(shop: Engine, tmp_path: Path, strict: bool) -> None:
    write_files(tmp_path, users=[user(id=1, email="a@example.com"), user(id=2, email="b@example.com")])
    import_id = import_files(tmp_path, strict=strict).row.id
    told = {"import_id": import_id, "state": "done", "inserted": 2, "updated": 0, "rejected": 0}
    assert events("import.finished") == [("import.finished", f"import:{import_id}", told)]


def test_a_strict_import_that_keeps_nothing_says_so(shop: Engine, tmp_path: Path) -> None:
    write_files(tmp_path, users=[user(id=1, email="a@example.com"), user(id=2, email="a@example.com")])
    import_id = import_files(tmp_path, strict=True).row.id
    ((_, _, told),) = events("import.finished")
    assert told == {"import_id": import_id, "state": "failed", "inserted": 0, "updated": 0, "rejected": 1}
