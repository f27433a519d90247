"""What the job reads: interactions and the catalogue, from the shop's own export or from tables of a data lake."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession

from chalicelib.core.text import fold
from chalicelib.recommendations.numeric.catalogue import Catalogue

INTERACTIONS = "people bigint, products bigint, times bigint, weights float"
CATALOGUE = "id bigint, name string, category string, brand string, department string, price float"
FORMATS = ("npy", "parquet", "csv", "json")


class BadSource(Exception):
    """What is to be read is not there, or not what it must be; the message says what to change."""


def read_interactions(spark: SparkSession, path: str, form: str) -> DataFrame:
    """Return the interactions below `path`, in the columns of INTERACTIONS.

    `form`: npy for what the shop exports, else parquet, csv (with a line of names) or json (one object a line).

    Raises:
        BadSource: a column is missing, or the form unknown.
    """
    if form == "npy":
        files = spark.read.format("binaryFile").option("pathGlobFilter", "*.npy").load(path)
        return files.select("content").mapInArrow(_rows_of_parts, INTERACTIONS)
    return _read(spark, path, form, INTERACTIONS).na.drop()


def _rows_of_parts(batches: Iterable[Any]) -> Iterator[Any]:
    for batch in batches:
        for content in batch["content"]:
            part = np.load(io.BytesIO(content.as_buffer()), allow_pickle=False)
            yield pa.RecordBatch.from_arrays(
                [pa.array(np.ascontiguousarray(part[name])) for name in part.dtype.names], list(part.dtype.names)
            )


def read_catalogue(spark: SparkSession, path: str, form: str) -> tuple[NDArray[np.int64], Catalogue]:
    """Return the ids of the products, ascending, and what they are known by. All of it is held.

    Raises:
        BadSource: a column is missing, an id is given twice, or the form unknown.
    """
    rows = _read(spark, path, form, CATALOGUE).orderBy("id").toLocalIterator()
    ids: list[int] = []
    prices: list[float] = []
    texts: tuple[list[str], ...] = ([], [], [], [])
    for number, *words, price in rows:
        ids.append(number)
        prices.append(float("nan") if price is None else price)
        for column, word in zip(texts, words, strict=True):
            column.append(fold(word or ""))
    item_ids = np.array(ids, dtype=np.int64)
    if np.any(item_ids[1:] == item_ids[:-1]):
        raise BadSource(f"{path} has a product twice.")
    names, categories, brands, departments = texts
    return item_ids, Catalogue(names, categories, brands, departments, np.array(prices, dtype=np.float32))


def _read(spark: SparkSession, path: str, form: str, schema: str) -> DataFrame:
    if form == "parquet":
        found = spark.read.parquet(path)  # has types of its own
    elif form == "csv":
        found = spark.read.option("header", "true").csv(path)
    elif form == "json":
        found = spark.read.schema(schema).json(path)
    else:
        raise BadSource(f"{form} is no form: {', '.join(FORMATS)} are.")
    columns = [column.split(" ") for column in schema.split(", ")]
    missing = [name for name, _kind in columns if name not in found.columns]
    if missing:
        raise BadSource(f"{path} has no column {', '.join(missing)}.")
    return found.selectExpr(*(f"cast({name} as {kind}) as {name}" for name, kind in columns))
