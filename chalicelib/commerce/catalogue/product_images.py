"""The rules of product images: where they are put, what is taken, where they are shown."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO

from chalicelib.commerce.catalogue import image_types, products
from chalicelib.core import blobs, clock, local_uploads
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import Conflict, NotFound, TooLarge

MAX_IMAGE_BYTES = 4_000_000  # a function's answer has 6 MB, and bytes leave it in base64
KEY = r"images/products/[1-9][0-9]{0,18}/[A-Za-z0-9_-]{22}\.(jpg|png|webp|avif)"
_TTL_S = 600


class ImageRefused(Conflict):
    """What was put there is no image that this product can have."""

    code = "image-refused"
    title = "Image refused"


@dataclass(frozen=True, slots=True)
class Upload:
    """Where to put an image. By POST it is a form (`fields`, then `file`), by PUT the bytes alone."""

    key: str
    method: str
    url: str
    fields: dict[str, str]
    expires_at: datetime


def url_of(key: str | None) -> str | None:
    """Return where an image is shown: below the URL of the settings, else below this API."""
    return None if key is None else f"{settings().images_url or ''}/{key}"


def prepare_upload(product_id: int, content_type: str, size: int, base_path: str) -> Upload:
    """Return where to put an image of a product within the next ten minutes.

    Raises:
        NotFound: there is no such product.
    """
    run(lambda connection: products.get_product(connection, product_id, unpublished=True), writes=False)
    key = f"images/products/{product_id}/{secrets.token_urlsafe(16)}.{image_types.ENDINGS[content_type]}"
    expires_at = clock.now() + timedelta(seconds=_TTL_S)
    form = blobs.store().upload_form(key, content_type, size, _TTL_S)
    if form is not None:
        return Upload(key, "POST", form.url, form.fields, expires_at)
    token = local_uploads.sign(settings().data_dir, local_uploads.Permission(key, content_type, size, expires_at))
    return Upload(key, "PUT", f"{base_path}/local-uploads/{token}", {}, expires_at)


def take_local_upload(token: str, data: bytes) -> None:
    """Keep the bytes that `prepare_upload` was asked for.

    Raises:
        NotFound: the token is over or none of ours, or the shop has a bucket.
        ImageRefused: it is of another size than was said.
    """
    config = settings()
    permission = None if config.bucket else local_uploads.read(config.data_dir, token, clock.now())
    if permission is None:
        raise NotFound("There is no such upload, or its ten minutes are over: ask for another.")
    if len(data) != permission.size:
        raise ImageRefused(f"These are {len(data)} bytes; the upload is for {permission.size}.")
    blobs.store().put(permission.key, data, permission.content_type)


def set_image(product_id: int, key: str, alt: str | None, *, expected_version: int | None, by: str) -> None:
    """Show the uploaded image `key` with a product.

    Raises:
        NotFound, PreconditionFailed: the product is gone, or somebody has changed it since.
        ImageRefused: it is of another product, not there, too large, or no such image.
    """
    run(lambda connection: products.get_product(connection, product_id, unpublished=True), writes=False)
    _check(product_id, key)
    values = {"image_key": key, "image_alt": alt}

    def work(connection: Connection) -> None:
        products.change_product(connection, product_id, values, expected_version=expected_version, by=by)

    run(work, writes=True)


def remove_image(connection: Connection, product_id: int, *, expected_version: int | None, by: str) -> None:
    """Show a product without an image. The file stays: copies of the page may still point to it.

    Raises:
        NotFound, PreconditionFailed: the product is gone, or somebody has changed it since.
    """
    values = {"image_key": None, "image_alt": None}
    products.change_product(connection, product_id, values, expected_version=expected_version, by=by)


def read_image(product_id: int, name: str) -> tuple[bytes, str]:
    """Return the bytes and the type of an image.

    Raises:
        NotFound: there is none.
        TooLarge: somebody put something else there.
    """
    key = f"images/products/{product_id}/{name}"
    if not re.fullmatch(KEY, key):
        raise NotFound(f"There is no image {name}.")
    try:
        stream = blobs.store().open(key)
    except FileNotFoundError:
        raise NotFound(f"There is no image {name}.") from None
    with stream:
        data = stream.read(MAX_IMAGE_BYTES + 1)
    if len(data) > MAX_IMAGE_BYTES:
        raise TooLarge(f"The image {name} is too large to be shown from here.")
    return data, image_types.TYPES[name.rpartition(".")[2]]


def _check(product_id: int, key: str) -> None:
    if not (re.fullmatch(KEY, key) and key.startswith(f"images/products/{product_id}/")):
        raise ImageRefused(f"{key} is no upload for product {product_id}.")
    store = blobs.store()
    found = store.find(key)
    if found is None:
        raise ImageRefused(f"Nothing was put at {key} yet.")
    if found.size > MAX_IMAGE_BYTES:
        raise ImageRefused(f"The image has {found.size} bytes; at most {MAX_IMAGE_BYTES} are taken.")
    with store.open(key) as stream:
        kind = image_types.type_of(_read(stream, image_types.HEAD))
    wanted = image_types.TYPES[key.rpartition(".")[2]]
    if kind != wanted:
        raise ImageRefused(f"The file is {kind or 'no image that is known here'}, not {wanted}.")


def _read(stream: BinaryIO, size: int) -> bytes:
    """Return the first `size` bytes: a stream of a network may give fewer at once."""
    head = b""
    while len(head) < size and (more := stream.read(size - len(head))):
        head += more
    return head
