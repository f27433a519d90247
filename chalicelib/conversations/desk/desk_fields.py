"""The fields of the help desk's queries and bodies."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

_FIRST, _LAST = date(2000, 1, 1), date(2200, 1, 1)


def _written_as_day(value: object) -> object:
    # A number of seconds would be taken for a day too.
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("must be a day such as 2026-03-01")
    return value


Day = Annotated[date, Field(ge=_FIRST, lt=_LAST), BeforeValidator(_written_as_day)]

# Trimmed first; SQLite would end the text at a NUL.
Content = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000, pattern=r"^[^\x00]*$"),
]


class Days(BaseModel):
    """From which day to which."""

    date_from: Day | None = Field(None, description="Only from this day (UTC) on.")
    date_to: Day | None = Field(None, description="Only until this day (UTC), itself included.")

    @property
    def since(self) -> datetime | None:
        """The first moment."""
        return None if self.date_from is None else datetime.combine(self.date_from, time(), UTC)

    @property
    def before(self) -> datetime | None:
        """The moment behind the last one."""
        return None if self.date_to is None else datetime.combine(self.date_to, time(), UTC) + timedelta(days=1)
