"""The live model of this process: loaded once, memory-mapped, and looked after when the pointer moves.

A request never fails because of a model: what cannot be loaded is logged, and the one before goes on, or none.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.core import blobs, logging
from chalicelib.core.blobs import Blobs
from chalicelib.core.config import settings
from chalicelib.recommendations.models import versions
from chalicelib.recommendations.models.manifests import Pointer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from chalicelib.recommendations.numeric.model import Model

# A version that cannot be loaded is not tried again at each request.
_RETRY_S = 30.0


@dataclass(frozen=True)
class LiveModel:
    """A model at work. `item_ids`: (n_items,) int64, the product of each item code, ascending."""

    version: str
    model: Model
    item_ids: NDArray[np.int64]
    built_at: datetime
    manifest: Mapping[str, Any]

    def codes_of(self, product_ids: Sequence[int] | NDArray[Any]) -> NDArray[np.int32]:
        """Return the item codes of products: (n,) int32, -1 where the model does not know one."""
        import numpy as np  # late: only who has a model needs it

        wanted = np.asarray(product_ids, dtype=np.int64)
        if not len(self.item_ids):
            return np.full(wanted.shape, -1, dtype=np.int32)
        places = np.minimum(np.searchsorted(self.item_ids, wanted), len(self.item_ids) - 1)
        return np.where(self.item_ids[places] == wanted, places, -1).astype(np.int32)


def current() -> LiveModel | None:
    """Return the live model, None where there is none that can be loaded.

    The pointer is looked up when the settings' time is over; while one thread loads a new version, the others go on
    with the one before.
    """
    return _keeper_of(blobs.store()).current()


def forget() -> None:
    """Let go of what is loaded (tools and tests)."""
    global _keeper
    with _keepers:
        _keeper = None


@dataclass
class _Keeper:
    """The model of one place of bytes."""

    store: Blobs
    lock: threading.Lock = field(default_factory=threading.Lock)
    held: LiveModel | None = None
    looked_at: float = float("-inf")
    failed: Pointer | None = None
    failed_at: float = float("-inf")
    told: str = ""

    def current(self) -> LiveModel | None:
        if not self._is_time():
            return self.held
        # Who needs a first model waits for it; who has one does not.
        if not self.lock.acquire(blocking=self.held is None):
            return self.held
        try:
            if self._is_time():
                self._look()
                self.looked_at = time.monotonic()
            return self.held
        finally:
            self.lock.release()

    def _is_time(self) -> bool:
        return time.monotonic() - self.looked_at >= settings().model_ttl_s

    def _look(self) -> None:
        """Load the version that the pointer names, unless it is the one that is held or has just failed."""
        try:
            pointer = versions.read_pointer(self.store)
        except Exception as error:
            self._complain("which model is live cannot be read", None, error)
            return
        if pointer is None:
            self.held = None
            return
        if self.held is not None and self.held.version == pointer.version:
            return
        if pointer == self.failed and time.monotonic() - self.failed_at < _RETRY_S:
            return
        try:
            self.held = _load(self.store, pointer)
        except Exception as error:
            self.failed, self.failed_at = pointer, time.monotonic()
            self._complain("the live model cannot be loaded", pointer.version, error)
        else:
            self.failed, self.told = None, ""

    def _complain(self, message: str, version: str | None, error: Exception) -> None:
        """Log a failure once, until it is another."""
        reason = f"{type(error).__name__}: {error}"
        if self.told != f"{version} {reason}":
            self.told = f"{version} {reason}"
            kept = self.held.version if self.held else None
            logging.failure(message, version=version, reason=reason, in_its_place=kept)


_keepers = threading.Lock()
_keeper: _Keeper | None = None


def _keeper_of(store: Blobs) -> _Keeper:
    """Return the keeper of the place that the settings name now."""
    global _keeper
    found = _keeper
    if found is None or found.store is not store:
        with _keepers:
            if _keeper is None or _keeper.store is not store:
                _keeper = _Keeper(store)
            found = _keeper
    return found


def _load(store: Blobs, pointer: Pointer) -> LiveModel:
    # numpy: only who is asked for recommendations pays for it
    from chalicelib.recommendations.models import artefacts
    from chalicelib.recommendations.numeric.model import Model

    started = time.monotonic()
    cache = cache_folder()
    found = artefacts.load(store, pointer.version, cache, manifest_sha256=pointer.manifest_sha256)
    model = Model(found.arrays, found.manifest.parameters)
    artefacts.forget_others(cache, [pointer.version])
    logging.info("model loaded", version=pointer.version, elapsed_ms=round((time.monotonic() - started) * 1000))
    return LiveModel(
        pointer.version, model, found.item_ids, found.manifest.built_at, found.manifest.model_dump(mode="json")
    )


def cache_folder() -> Path:
    """Return where downloaded arrays are kept: a function may write below the temporary folder alone."""
    config = settings()
    base = Path(tempfile.gettempdir()) if config.deployed else config.data_dir
    return base / "model-cache"
