"""The model of the Spark job is that of the build in one process, within what adding up in another order changes."""

from __future__ import annotations

import io
import json
import shutil
from argparse import Namespace
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chalicelib.core.blobs import FolderBlobs
from chalicelib.recommendations.models import artefacts, spark_files, versions
from chalicelib.recommendations.models.manifests import Manifest, plain
from chalicelib.recommendations.numeric import choose, plan
from chalicelib.recommendations.numeric import fit as numeric_fit
from chalicelib.recommendations.numeric import train as training
from chalicelib.recommendations.numeric.interactions import History
from chalicelib.recommendations.numeric.linear import LinearFits, Shape
from chalicelib.recommendations.numeric.model import Model
from chalicelib.recommendations.numeric.pairs import affordable, make_pairs
from chalicelib.recommendations.numeric.plan import some_people
from chalicelib.recommendations.numeric.train import Trained
from tests.infra.spark.conftest import BUDGET, N_ITEMS, SmallShop

pytest.importorskip("pyspark", reason="only `make test-spark` installs PySpark")

from infra.spark import blocks, fitting, matrices, rebuild_job, sources

DAY_S = 86_400.0


def export(shop: SmallShop, place: Path, folder: str) -> None:
    """Write what the shop's function exports."""
    store = FolderBlobs(place)
    rows = np.empty(len(shop.columns["people"]), dtype=spark_files.COLUMNS)
    for name, column in shop.columns.items():
        rows[name] = column
    for number, part in enumerate(np.array_split(rows, 3)):
        stream = io.BytesIO()
        np.save(stream, part, allow_pickle=False)
        store.put(spark_files.interactions_key(folder, number), stream.getvalue(), "application/octet-stream")
    assert shop.catalogue.prices is not None
    lines = [
        {"id": number, "name": name, "category": "", "brand": brand, "department": "", "price": price}
        for number, name, brand, price in zip(
            shop.item_ids.tolist(),
            shop.catalogue.names,
            shop.catalogue.brands,
            [None if np.isnan(price) else float(price) for price in shop.catalogue.prices],
            strict=True,
        )
    ]
    text = "\n".join(json.dumps(line) for line in lines)
    store.put(spark_files.catalogue_key(folder, 0), text.encode(), "application/x-ndjson")


def options(place: Path, folder: str, shop: SmallShop, *more: str) -> Namespace:
    now = np.datetime64(shop.now, "s").item().isoformat() + "+00:00"
    given = ["--place", str(place), "--folder", folder, "--now", now, "--memory-mb", "500", "--time-s", "120", *more]
    return rebuild_job._parser().parse_args([*given, "--revision", "4c7b1f2"])


@pytest.fixture(scope="module")
def here(small_shop: SmallShop) -> Trained:
    """The model that one process builds."""
    return training.train(small_shop.interactions(), small_shop.catalogue, now=small_shop.now, budget=BUDGET)


@dataclass(frozen=True)
class Built:
    """What the job left: its result, and the version read from the place of bytes."""

    store: FolderBlobs
    folder: str
    result: spark_files.Result
    manifest: Manifest
    artefact: artefacts.Artefact

    @property
    def arrays(self) -> Any:
        return self.artefact.arrays


@pytest.fixture(scope="module")
def built(spark: Any, small_shop: SmallShop, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The version that the job makes of what the shop exports, from several blocks."""
    place = tmp_path_factory.mktemp("bucket")
    folder = f"{spark_files.FOLDER}/1-20261127T000000Z"
    export(small_shop, place, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "ROWS", 8_000)
        result = rebuild_job.run(spark, options(place, folder, small_shop))
    store = FolderBlobs(place)
    artefact = artefacts.load(store, result.version, place / "cache", manifest_sha256=result.manifest_sha256)
    return Built(store, folder, result, artefact.manifest, artefact)


@pytest.fixture(scope="module")
def fit(spark: Any, small_shop: SmallShop, tmp_path_factory: pytest.TempPathFactory) -> fitting._Fit:
    """The steps of a build, over several blocks."""
    made = blocks.make_blocks(small_shop.rows(spark), small_shop.item_ids, most_rows=8_000)
    assert len(made.firsts) > 1
    return fitting._Fit(spark, made, small_shop.now, tmp_path_factory.mktemp("matrices"))


def differing(found: Any, expected: Any, path: str = "") -> list[str]:
    """Return the paths at which figures are not the same: one matrix inverted twice differs in the last digits."""
    if isinstance(expected, dict):
        inner = [differing(found.get(name), value, f"{path}/{name}") for name, value in expected.items()]
        return [each for paths in inner for each in paths]
    same = found == pytest.approx(expected, abs=0.01) if isinstance(expected, float) else found == expected
    return [] if same else [f"{path}: {found}, not {expected}"]


# --- the whole model ---------------------------------------------------------------------------------------------


def test_it_learns_from_the_same(built: Built, small_shop: SmallShop) -> None:
    expected = small_shop.interactions()
    sizes, window = built.manifest.sizes, built.manifest.window
    assert (sizes.people, sizes.items, sizes.interactions) == (expected.n_people, N_ITEMS, len(expected))
    assert window.first == datetime.fromtimestamp(int(expected.times.min()), UTC)
    assert window.last == datetime.fromtimestamp(int(expected.times.max()), UTC)
    np.testing.assert_array_equal(built.artefact.item_ids, small_shop.item_ids)


def test_it_chooses_the_same(built: Built, here: Trained) -> None:
    assert differing(built.manifest.parameters, plain(here.settings)) == []
    assert differing(built.manifest.metrics, plain(here.metrics)) == []
    assert built.manifest.parameters["chosen"] == plain(here.settings["chosen"])
    assert here.metrics["people"] > 500
    assert here.metrics["ndcg10"] > 1.5 * here.metrics["popularity"]["ndcg10"]


def test_its_arrays_are_of_the_same_kinds_and_shapes(built: Built, here: Trained) -> None:
    def kinds(model: Built | Trained) -> dict[str, Any]:
        return {name: (array.dtype, array.shape) for name, array in model.arrays.items()}

    assert kinds(built) == kinds(here)


@pytest.mark.parametrize("name", ["popularity", "recent_popularity", "together.codes", "together.counts"])
def test_what_is_counted_is_equal(built: Built, here: Trained, name: str) -> None:
    assert here.arrays[name].any()
    np.testing.assert_array_equal(built.arrays[name], here.arrays[name])


@pytest.mark.parametrize("part", ["bm25", "rp3"])
def test_neighbours_are_equal_but_for_rounding(built: Built, here: Trained, part: str) -> None:
    def dense(model: Built | Trained) -> Any:
        made = np.zeros((N_ITEMS, N_ITEMS))
        strengths = model.arrays[f"{part}.strengths"].astype(np.float64)
        np.maximum.at(made, (np.arange(N_ITEMS)[:, None], model.arrays[f"{part}.codes"]), strengths)
        return made

    assert dense(here).any()
    # Stored are half floats; of neighbours at the end of a list either of two equals may be there.
    last = here.arrays[f"{part}.strengths"][:, -1:].astype(np.float64)
    found, expected = dense(built), dense(here)
    inner = expected > 1.01 * last
    np.testing.assert_allclose(found[inner], expected[inner], rtol=1e-3)


def test_nearly_everybody_gets_the_same_ten(built: Built, here: Trained, small_shop: SmallShop) -> None:
    interactions = small_shop.interactions()
    starts = interactions.starts
    models = [Model(built.arrays, built.manifest.parameters), Model(here.arrays, here.settings)]
    same = 0
    asked = range(0, interactions.n_people, 10)
    for person in asked:
        rows = slice(int(starts[person]), int(starts[person + 1]))
        ages = ((small_shop.now - interactions.times[rows]) / DAY_S).astype(np.float32)
        history = History(interactions.items[rows], interactions.weights[rows], ages)
        ten = [np.argsort(-model.score(history), kind="stable")[:10].tolist() for model in models]
        same += ten[0] == ten[1]
    assert same >= 0.99 * len(asked)


# --- the steps ---------------------------------------------------------------------------------------------------


def test_neighbours_before_they_are_stored_are_equal_within_a_ten_thousandth(
    fit: fitting._Fit, small_shop: SmallShop
) -> None:
    sums = fit.sums()
    people = make_pairs(small_shop.interactions(), now=small_shop.now, unit_s=DAY_S).people
    assert fit.most is None
    for found, expected in (
        (fit._bm25((1.2, 0.4), 50, sums), choose.bm25_part(people, 50, (1.2, 0.4)).neighbours),
        (fit._rp3((0.4, 0.6), 50, sums), choose.rp3_part(people, 50, (0.4, 0.6)).neighbours),
    ):
        assert expected.strengths.any()
        np.testing.assert_allclose(found.strengths, expected.strengths, rtol=1e-4)
        assert (found.codes == expected.codes).mean() > 0.99


def test_of_long_lists_only_the_newest_count_where_all_would_cost_too_much(
    fit: fitting._Fit, small_shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numeric_fit, "MOST_PRODUCTS", 150_000.0)
    monkeypatch.setattr(fit, "most", None)
    sums = fit.sums()
    people = affordable(make_pairs(small_shop.interactions(), now=small_shop.now, unit_s=DAY_S), 150_000.0)
    assert int(people.lengths.max()) == fit.most
    expected = choose.bm25_part(people, 50, (1.2, 0.4)).neighbours
    found = fit._bm25((1.2, 0.4), 50, sums)
    np.testing.assert_allclose(found.strengths, expected.strengths, rtol=1e-4)
    assert (found.codes == expected.codes).mean() > 0.99


@pytest.mark.parametrize("shape", [Shape(2.0), Shape(2.0, half_life=60.0), Shape(4.0, sequence=0.3)])
def test_the_linear_model_is_equal_but_for_rounding(fit: fitting._Fit, small_shop: SmallShop, shape: Shape) -> None:
    interactions = small_shop.interactions()
    items = np.arange(0, N_ITEMS, 2, dtype=np.int32)
    found = fitting._SparkFits(fit, items).fit(shape)
    pairs = make_pairs(interactions, now=small_shop.now, unit_s=DAY_S)
    expected = LinearFits(pairs, interactions, items, DAY_S).fit(shape)
    assert found is not None
    assert expected is not None
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


def test_of_many_interactions_it_draws_the_people_that_one_process_would(
    fit: fitting._Fit, small_shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "CHOSEN_BY", 9_000)
    expected = some_people(small_shop.interactions())
    found = fit.sample()
    assert 0 < len(expected) < len(small_shop.interactions())
    for name in ("people", "items", "times", "weights"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    assert (found.n_people, found.n_items) == (expected.n_people, expected.n_items)


def test_without_interactions_there_is_a_model_of_the_catalogue(
    spark: Any, small_shop: SmallShop, tmp_path: Path
) -> None:
    nobody = replace(small_shop, columns={name: column[:0] for name, column in small_shop.columns.items()})
    rows = spark.createDataFrame([], schema=sources.INTERACTIONS)
    found = fitting.build(
        spark, rows, nobody.item_ids, nobody.catalogue, now=nobody.now, budget=BUDGET, folder=tmp_path
    )
    expected = training.train(nobody.interactions(), nobody.catalogue, now=nobody.now, budget=BUDGET)
    assert found.trained.settings == expected.settings
    for name, array in expected.arrays.items():
        np.testing.assert_array_equal(found.trained.arrays[name], array)


@pytest.mark.parametrize(
    ("work", "n_runs"), [([1, 1, 1, 1], 2), ([100, 1, 1, 1], 3), ([0, 0, 5], 9), ([7], 4), ([], 4)]
)
def test_runs_of_items_are_whole_and_none_is_empty(work: list[int], n_runs: int) -> None:
    runs = matrices.even_runs(np.array(work, dtype=np.int64), n_runs)
    assert [item for first, last in runs for item in range(first, last)] == list(range(len(work)))
    assert all(first < last for first, last in runs)


def test_runs_of_items_take_about_as_much_work() -> None:
    work = np.random.default_rng(0).integers(0, 1_000, 10_000)
    sums = [int(work[first:last].sum()) for first, last in matrices.even_runs(work, 20)]
    assert len(sums) == 20
    assert max(sums) < 1.1 * min(sums)


# --- the job -----------------------------------------------------------------------------------------------------


def test_the_job_leaves_a_whole_version_that_nobody_is_shown_yet(built: Built) -> None:
    store = built.store
    assert spark_files.read(store, spark_files.result_key(built.folder), spark_files.Result) == built.result
    progress = spark_files.read(store, spark_files.progress_key(built.folder), spark_files.Progress)
    assert progress is not None
    assert progress.step == "publishing"
    assert versions.live_version(store) is None
    assert versions.check_whole(store, built.result.version) == built.manifest
    assert (built.manifest.git_revision, built.manifest.rejected) == ("4c7b1f2", None)


@pytest.mark.parametrize("form", ["parquet", "csv", "json"])
def test_interactions_are_read_from_other_tables_too(
    spark: Any, small_shop: SmallShop, tmp_path: Path, form: str
) -> None:
    writer = small_shop.rows(spark).repartition(3).write.option("header", "true")
    getattr(writer, form)(str(tmp_path / "rows"))
    found = sources.read_interactions(spark, (tmp_path / "rows").as_uri(), form)
    expected = sorted(zip(*small_shop.lists(), strict=True))
    assert sorted(tuple(row) for row in found.collect()) == expected


def test_a_table_without_a_column_is_refused(spark: Any, small_shop: SmallShop, tmp_path: Path) -> None:
    small_shop.rows(spark).drop("times").write.parquet(str(tmp_path / "rows"))
    with pytest.raises(sources.BadSource, match="no column times"):
        sources.read_interactions(spark, (tmp_path / "rows").as_uri(), "parquet")


def test_a_product_that_is_given_twice_is_refused(spark: Any, small_shop: SmallShop, tmp_path: Path) -> None:
    export(small_shop, tmp_path, "x")
    path = tmp_path / "x" / "catalogue"
    shutil.copyfile(path / "part-00000.jsonl", path / "part-00001.jsonl")
    with pytest.raises(sources.BadSource, match="twice"):
        sources.read_catalogue(spark, path.as_uri(), "json")
