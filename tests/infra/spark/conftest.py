"""What the tests of the Spark job share: one session in local mode, and a small shop with a planted pattern.

They run by `make test-spark`, in an environment of their own; elsewhere those that need Spark are skipped.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.fit import Budget
from chalicelib.recommendations.numeric.interactions import Interactions, coded_interactions

N_PEOPLE, N_ITEMS, N_GROUPS = 2_000, 500, 10
START_S, SPAN_S = 1_760_000_000, 300 * 86_400
BUDGET = Budget(500_000_000, 120.0)


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """A session on two cores of this machine."""
    sql = pytest.importorskip("pyspark.sql", reason="only `make test-spark` installs PySpark")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    made = (
        sql.SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "1g")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "200000")
        .getOrCreate()
    )
    made.sparkContext.setLogLevel("ERROR")
    yield made
    made.stop()


@dataclass(frozen=True)
class SmallShop:
    """Interactions as the stream gives them, in no order; `item_ids` ascending."""

    columns: dict[str, NDArray[Any]]
    item_ids: NDArray[np.int64]
    catalogue: Catalogue
    now: int

    def rows(self, spark: Any) -> Any:
        """Return the interactions as Spark reads them."""
        from infra.spark import sources

        return spark.createDataFrame(list(zip(*self.lists(), strict=True)), schema=sources.INTERACTIONS)

    def lists(self) -> list[list[Any]]:
        """Return the columns as plain values."""
        return [column.tolist() for column in self.columns.values()]

    def interactions(self) -> Interactions:
        """Return the interactions as the build in one process reads them."""
        people, products, times, weights = self.columns.values()
        return coded_interactions(people, products, times, weights, self.item_ids)


@pytest.fixture(scope="session")
def small_shop() -> SmallShop:
    """People who come on some days of a year and buy mostly of one of ten groups of items; customers and visitors."""
    rng = np.random.default_rng(11)
    visits = rng.poisson(4.0, N_PEOPLE) + 1
    sizes = rng.poisson(2.0, int(visits.sum())) + 1
    visitor = np.repeat(np.arange(N_PEOPLE), visits)
    people = np.repeat(visitor, sizes)
    times = np.repeat(START_S + rng.integers(0, SPAN_S, len(visitor)), sizes)
    n = len(people)
    group = np.where(rng.random(n) < 0.75, people % N_GROUPS, rng.integers(0, N_GROUPS, n))
    items = (rng.random(n) ** 2 * (N_ITEMS // N_GROUPS)).astype(np.int64) * N_GROUPS + group
    weights = np.where(rng.random(n) < 0.7, 1.0, 0.25).astype(np.float32)
    order = rng.permutation(n)
    item_ids = np.arange(N_ITEMS, dtype=np.int64) * 3 + 7
    columns = {
        # Below 0 is a visitor who never signed in.
        "people": np.where(people % 3 == 0, -people - 1, people + 1)[order],
        "products": item_ids[items][order],
        "times": times[order],
        "weights": weights[order],
    }
    names = [f"thing {item % 37} of kind {item % N_GROUPS}" for item in range(N_ITEMS)]
    prices = np.full(N_ITEMS, 9.5, dtype=np.float32)
    prices[::50] = np.nan
    brands = [f"brand {item % 7}" for item in range(N_ITEMS)]
    return SmallShop(columns, item_ids, Catalogue(names, brands=brands, prices=prices), START_S + SPAN_S)
