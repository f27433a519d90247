"""Making another version live by hand: back to an earlier one, forward again, or one that a build did not dare."""

from __future__ import annotations

from chalicelib.core import blobs, leases, logging
from chalicelib.core.database import run
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.events import outbox
from chalicelib.recommendations.models import builds, versions
from chalicelib.recommendations.models.manifests import ArtefactBroken, Manifest, is_version, manifest_key

_WAIT_S = 5.0


class ModelBroken(Conflict):
    """A version is not whole, or not what its manifest says."""

    code = "model-broken"
    title = "Model broken"


def activate(version: str, *, by: str) -> Manifest:
    """Make a version live after reading every byte of it; return its manifest.

    Functions take it up within the settings' MODEL_TTL_S. It stays until a build publishes another.

    Raises:
        NotFound: there is no such version.
        ModelBroken: it is damaged.
        Busy: another process changes which versions there are.
    """
    store = blobs.store()
    if not is_version(version) or store.find(manifest_key(version)) is None:
        raise NotFound(f"There is no model {version[:40]}.")
    # Meanwhile nobody takes versions away.
    with leases.held(versions.VERSIONS, wait_s=_WAIT_S) as lease:
        previous = versions.live_version(store)
        try:
            manifest = versions.check_whole(store, version)
        except (ArtefactBroken, FileNotFoundError) as error:
            raise ModelBroken(f"Model {version} cannot be used: {error}.") from None
        lease.check()
        versions.point_to(store, version)
        # Told also when it was live already: a retry after a crash makes up for what was not told then.
        told = {"version": version, "previous": previous}
        run(lambda connection: outbox.record(connection, "model.activated", builds.AGGREGATE, told), writes=True)
    logging.info("model activated", version=version, previous=previous, by=by)
    return manifest
