"""How long a cold function takes until a model answers, in a process that has loaded nothing before."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

BUCKET = "bucket"
VERSION = "20260101T000000Z-00000000"


def opened(folder: Path) -> Any:
    """Return the model that was built in a folder as a function opens it: checked, its arrays memory-mapped."""
    from chalicelib.core.blobs import FolderBlobs
    from chalicelib.recommendations.models import artefacts
    from chalicelib.recommendations.numeric.model import Model

    found = artefacts.load(FolderBlobs(folder / BUCKET), VERSION, folder / "cache")
    return Model(found.arrays, found.manifest.parameters)


def cold(folder: Path) -> dict[str, float]:
    """Open the model and ask it once, in this process that has not done so before."""
    began = time.perf_counter()
    import numpy as np

    from chalicelib.recommendations.models import artefacts, live  # noqa: F401 - the code is no part of the loading
    from chalicelib.recommendations.numeric.interactions import History
    from chalicelib.recommendations.numeric.model import Model  # noqa: F401

    imported = time.perf_counter()
    model = opened(folder)
    loaded = time.perf_counter()
    items = np.arange(0, model.n_items, max(1, model.n_items // 5), dtype=np.int32)
    model.score(History(items, np.ones(len(items), dtype=np.float32), np.ones(len(items), dtype=np.float32)))
    ready = time.perf_counter()
    return {
        "import_ms": (imported - began) * 1e3,
        "load_ms": (loaded - imported) * 1e3,
        "first_ms": (ready - loaded) * 1e3,
        "ready_ms": (ready - imported) * 1e3,
    }


if __name__ == "__main__":
    print(json.dumps(cold(Path(sys.argv[1]))))
