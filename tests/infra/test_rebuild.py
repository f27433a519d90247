"""`make rebuild`, and the model that a shop on this machine opens with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from chalicelib.core import blobs, clock, leases
from chalicelib.core.config import Settings
from chalicelib.core.database import transaction
from chalicelib.events import outbox
from chalicelib.recommendations.models import builds, live, rebuild, versions
from chalicelib.recommendations.models.model_tables import recommendation_builds
from chalicelib.recommendations.numeric import model as numeric_model
from chalicelib.recommendations.numeric import train as numeric_train
from infra import first_model
from infra import rebuild as command
from tests.conftest import set_settings
from tests.factories import make_customer, make_order, make_product
from tests.recommendations.models.fakes import CountingModel, Trainer

Output = pytest.CaptureFixture[str]


@pytest.fixture
def trainer(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trainer]:
    """A shop in which somebody bought something, and what builds its model."""
    made = Trainer()
    monkeypatch.setattr(numeric_train, "train", made)
    monkeypatch.setattr(numeric_model, "Model", CountingModel)
    product = make_product()
    make_order(make_customer(), (product, 1000))
    yield made
    live.forget()


def states(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        found = connection.execute(select(recommendation_builds).order_by(recommendation_builds.c.id))
        return [(row.requested_by, row.state) for row in found]


# --- the command -------------------------------------------------------------------------------------------------


def test_the_command_builds_and_says_what_was_measured(trainer: Trainer, shop: Engine, capsys: Output) -> None:
    assert command.main([]) == 0
    version = versions.live_version(blobs.store())
    said = capsys.readouterr().out.splitlines()
    assert said == [
        f"Model {version} is live.",
        "On the latest slice of time: ndcg10 0.2000, recall20 0.3000, people 100,000",
    ]
    assert command.main([]) == 0, "asked for, it builds again"
    assert states(shop) == [("command line", "done")] * 2


def test_a_model_that_is_rejected_has_a_status_of_its_own(trainer: Trainer, capsys: Output) -> None:
    assert command.main([]) == 0
    trainer.metrics["ndcg10"] = 0.01
    capsys.readouterr()
    assert command.main([]) == 3
    said = capsys.readouterr().out
    assert "kept, but not live" in said
    assert "0.0100" in said


def test_an_empty_shop_has_nothing_to_learn(shop: Engine, capsys: Output) -> None:
    assert command.main([]) == 0
    assert capsys.readouterr().out == "There are no products to recommend.\n"


def test_who_comes_second_is_told_so(trainer: Trainer, capsys: Output) -> None:
    with leases.held(builds.BUILD):
        assert command.main([]) == 1
    said = capsys.readouterr()
    assert "Another process is at it" in said.err
    assert "Traceback" not in said.err


def test_ctrl_c_leaves_what_is_live_and_a_note(trainer: Trainer, shop: Engine, capsys: Output) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    trainer.during = interrupt
    assert command.main([]) == 130
    assert states(shop) == [("command line", "failed")]
    assert "what it was" in capsys.readouterr().err
    trainer.during = lambda: None
    assert command.main([]) == 0


def test_a_wrong_setting_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    set_settings(monkeypatch, Settings(database_url="nothing://", data_dir=tmp_path))
    assert command.main([]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


# --- before the doors open ---------------------------------------------------------------------------------------


def test_a_small_shop_learns_before_it_opens_and_once(trainer: Trainer, shop: Engine) -> None:
    said = first_model.learn_before_opening()
    assert said is not None
    assert said.startswith("Recommendations were learned from 1 interactions in ")
    assert live.current() is not None
    assert first_model.learn_before_opening() is None
    assert states(shop) == [("make run", "done")]


def test_what_was_imported_since_is_learned_before_it_opens(
    trainer: Trainer, shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_model.learn_before_opening()
    later = clock.now() + timedelta(seconds=5)
    monkeypatch.setattr(clock, "now", lambda: later)
    with transaction() as connection:
        outbox.record(connection, "import.finished", "import:1", {"import_id": 1})
    make_product()
    later += timedelta(seconds=5)
    assert first_model.learn_before_opening() is not None
    assert len(states(shop)) == 2


def test_a_large_shop_opens_without(trainer: Trainer, shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_model, "QUICK_UNITS", 0)
    said = first_model.learn_before_opening()
    assert said is not None
    assert "when the shop is open" in said
    assert states(shop) == []
    rebuild.rebuild_recommendations(time_left_ms=lambda: 900_000)
    assert live.current() is not None


def test_an_empty_shop_opens_without_a_word(shop: Engine) -> None:
    assert first_model.learn_before_opening() is None


def test_a_model_that_is_not_good_enough_is_said(trainer: Trainer) -> None:
    trainer.metrics["popularity"] = {"ndcg10": 0.9}
    said = first_model.learn_before_opening()
    assert said is not None
    assert "plain popularity 0.9000" in said
    assert live.current() is None


def test_a_shop_opens_also_when_nothing_can_be_learned(trainer: Trainer, shop: Engine) -> None:
    def fail() -> Any:
        raise MemoryError("too many people")

    trainer.during = fail
    said = first_model.learn_before_opening()
    assert said is not None
    assert "MemoryError" in said
    assert states(shop) == [("make run", "failed")]
