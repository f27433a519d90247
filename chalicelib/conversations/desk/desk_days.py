"""The days by which the help desk's lists are narrowed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from pydantic import BaseModel, Field

from chalicelib.core.inputs import Day


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
