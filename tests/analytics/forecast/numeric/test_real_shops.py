"""The forecast on a real shop's year and on the sample shop: better than repeating the last week, or it says so."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from chalicelib.analytics.forecast.numeric.backtest import BASELINE
from chalicelib.analytics.forecast.numeric.choose import Forecast, forecast
from chalicelib.analytics.forecast.numeric.series import Reals
from infra.sample_shop.shop import generate


def by_day(path: Path) -> dict[str, Reals]:
    """Revenue and units of each day from the first order to the last, but those of cancelled orders."""
    revenue, units = Counter[int](), Counter[int]()
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as stream:
        for row in csv.DictReader(stream):
            if row["status"] != "Cancelled":
                day = date.fromisoformat(row["created_at"][:10]).toordinal()
                revenue[day] += round(float(row["sale_price"]) * 100)
                units[day] += 1
    days = range(min(units), max(units))  # the last day may not be over
    return {
        name: np.array([float(found[day]) for day in days])
        for name, found in (("revenue", revenue), ("units", units))
    }


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reals]:
    folder = tmp_path_factory.mktemp("shop")
    generate(folder, scale=0.05, today=date(2026, 11, 27))
    return by_day(folder / "order_items.csv")


@pytest.fixture(scope="module")
def real(real_data: Path) -> dict[str, Reals]:
    return by_day(real_data / "online_retail" / "order_items.csv.gz")


def is_better_or_says_that_it_is_not(found: object) -> bool:
    assert isinstance(found, Forecast)
    assert found.errors is not None
    assert found.baseline_errors is not None
    if not found.beats_baseline:
        assert found.model == BASELINE
        assert found.reason
        return False
    assert found.errors.mae < found.baseline_errors.mae
    return True


@pytest.mark.parametrize("horizon", [7, 28, 90])
@pytest.mark.parametrize("what", ["revenue", "units"])
def test_the_sample_shop_is_foretold_better_than_by_its_last_week(
    sample: dict[str, Reals], what: str, horizon: int
) -> None:
    found = forecast(sample[what], horizon)
    assert is_better_or_says_that_it_is_not(found)
    assert isinstance(found, Forecast)
    for bounds in found.bounds:
        assert bounds.coverage == pytest.approx(bounds.share, abs=0.1)


@pytest.mark.parametrize("horizon", [7, 28, 90])
@pytest.mark.parametrize("what", ["revenue", "units"])
def test_a_real_year_is_foretold_better_than_by_its_last_week(
    real: dict[str, Reals], what: str, horizon: int
) -> None:
    assert is_better_or_says_that_it_is_not(forecast(real[what], horizon))


def test_a_shop_that_is_closed_on_saturdays_is_not_expected_to_sell_then(real: dict[str, Reals]) -> None:
    # The year begins on Wednesday, 1 December 2010.
    saturdays = np.arange(3, len(real["units"]), 7)
    assert not real["units"][saturdays].any()
    found = forecast(real["units"], 28)
    assert isinstance(found, Forecast)
    ahead = len(real["units"]) + np.arange(28)
    expected = found.expected[ahead % 7 == 3]
    assert expected.max() < 0.01 * found.expected.mean()
