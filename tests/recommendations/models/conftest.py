"""What tests of models share: both kinds of bucket, and builds that take no time."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from itertools import count
from typing import Any

import boto3
import pytest
from moto import mock_aws
from sqlalchemy import Engine

from chalicelib.core import blobs
from chalicelib.core.blobs import Blobs
from chalicelib.core.config import Settings
from chalicelib.recommendations.models import live
from chalicelib.recommendations.numeric import model as numeric_model
from chalicelib.recommendations.numeric import train as numeric_train
from chalicelib.recommendations.signals import interactions
from tests.conftest import set_settings
from tests.factories import make_center, make_product
from tests.recommendations.models.fakes import CountingModel, Stream, Trainer, batch

_buckets = count(1)


@pytest.fixture(scope="module")
def aws() -> Iterator[Any]:
    """An S3 of this module's own."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield boto3.client("s3")


@pytest.fixture(params=["folder", "bucket"])
def kind_of_bucket(request: pytest.FixtureRequest) -> str:
    """Each place of bytes in turn."""
    kind: str = request.param
    return kind


@pytest.fixture
def store(kind_of_bucket: str, settings: Settings, aws: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Blobs]:
    """The place of bytes of the settings."""
    if kind_of_bucket == "bucket":
        name = f"models-{next(_buckets)}"
        aws.create_bucket(Bucket=name)
        set_settings(monkeypatch, dataclasses.replace(settings, bucket=name))
    yield blobs.store()
    live.forget()


@pytest.fixture
def trainer(monkeypatch: pytest.MonkeyPatch) -> Trainer:
    """The trainer that builds use."""
    made = Trainer()
    monkeypatch.setattr(numeric_train, "train", made)
    monkeypatch.setattr(numeric_model, "Model", CountingModel)
    return made


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Stream:
    """The stream that builds read."""
    made = Stream()
    monkeypatch.setattr(interactions, "stream", made)
    return made


@dataclasses.dataclass
class ModelShop:
    """A shop with some products that were bought, and what its builds use."""

    store: Blobs
    trainer: Trainer
    stream: Stream
    products: list[int]


@pytest.fixture
def model_shop(shop: Engine, store: Blobs, trainer: Trainer, stream: Stream) -> ModelShop:
    """A shop to build models for: products a, b, c; one draft; a was bought twice, b once, c never."""
    center = make_center()
    ids = [make_product(distribution_center_id=center) for _ in range(3)]
    make_product(distribution_center_id=center, status="draft")
    a, b, _ = ids
    stream.batches = [batch((1, a, 0, 1.0), (2, a, 50, 1.0)), batch((-7, b, 100, 0.25))]
    return ModelShop(store, trainer, stream, ids)
