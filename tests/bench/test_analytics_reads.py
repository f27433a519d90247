"""The table of what the bench of figures asks: all there is under /analytics, and nothing else."""

from __future__ import annotations

import pytest

from bench import analytics_reads
from bench.analytics_reads import LEDGER, READS


def test_each_read_under_analytics_has_a_line_and_each_line_is_one() -> None:
    analytics_reads.check(analytics_reads.operations())


def test_a_read_without_a_line_and_a_line_without_a_read_are_errors() -> None:
    with pytest.raises(LookupError, match="/analytics/weather"):
        analytics_reads.check([*READS, "/analytics/weather"])
    with pytest.raises(LookupError, match="/analytics/stock"):
        analytics_reads.check([path for path in READS if path != "/analytics/stock"])


def test_each_line_asks_something_and_what_is_counted_in_the_ledger_is_a_read_too() -> None:
    assert all(READS.values())
    assert set(LEDGER) <= set(READS)
