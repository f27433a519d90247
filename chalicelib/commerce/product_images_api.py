"""Images of products over HTTP: asking for a place, putting one there, showing it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from chalicelib.commerce import product_images
from chalicelib.commerce.product_images import KEY, MAX_IMAGE_BYTES
from chalicelib.commerce.products_api import ProductPage, answer_product
from chalicelib.core.auth import PUBLIC, STAFF, Caller
from chalicelib.core.blobs import IMMUTABLE
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import Conflict, NotFound, TooLarge
from chalicelib.core.inputs import Line, whole
from chalicelib.core.routes import Bytes, Reply, Routes

routes = Routes("Catalogue")

Size = Annotated[int, Field(ge=1, le=MAX_IMAGE_BYTES), BeforeValidator(whole)]


class NewImage(BaseModel):
    """What is to be uploaded."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"content_type": "image/jpeg", "size": 81_234}]}
    )

    content_type: Literal["image/jpeg", "image/png", "image/webp", "image/avif"]
    size: Size = Field(description="In bytes, exactly.")


class ImageUpload(BaseModel):
    """Where to put the image: POST a form (multipart/form-data: `fields`, then `file`), or PUT the bytes alone."""

    key: str = Field(description="What to name in the PUT that shows the image.")
    method: Literal["POST", "PUT"]
    url: str
    fields: dict[str, str]
    expires_at: AwareDatetime


class ImageChoice(BaseModel):
    """An uploaded image and what it shows."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"key": "images/products/1/AAAAAAAAAAAAAAAAAAAAAA.jpg", "alt": "Slim jeans in dark blue"}]
        },
    )

    key: str = Field(max_length=100, pattern=f"^{KEY}$")
    alt: Line | None = Field(None, max_length=500, description="What the image shows, for those who do not see it.")


@routes.post("/products/{product_id}/image/upload", access=STAFF, response=ImageUpload, status=201, errors=[NotFound])
def create_image_upload(product_id: int, base_path: str, body: NewImage) -> dict[str, Any]:
    """Ask for a place to put an image of a product, within ten minutes.

    Then show it by PUT /products/{product_id}/image with the `key`.
    """
    upload = product_images.prepare_upload(product_id, body.content_type, body.size, base_path)
    return {
        "key": upload.key,
        "method": upload.method,
        "url": upload.url,
        "fields": upload.fields,
        "expires_at": upload.expires_at,
    }


@routes.put("/local-uploads/{token}", access=PUBLIC, response=None, status=204, errors=[NotFound, Conflict])
def put_local_upload(token: str, upload: bytes) -> None:
    """Put the bytes of an image there, on a machine without a bucket; `url` of the upload leads here."""
    product_images.take_local_upload(token, upload)


@routes.put("/products/{product_id}/image", access=STAFF, response=ProductPage, errors=[NotFound, Conflict])
def set_product_image(caller: Caller, product_id: int, expected_version: int | None, body: ImageChoice) -> Reply:
    """Show an uploaded image with a product. Size and first bytes are looked at: it must be what it is called."""
    product_images.set_image(product_id, body.key, body.alt, expected_version=expected_version, by=caller.username)
    return run(lambda connection: answer_product(connection, product_id), writes=False)


@routes.delete("/products/{product_id}/image", access=STAFF, response=ProductPage, errors=[NotFound])
def remove_product_image(
    connection: Connection, caller: Caller, product_id: int, expected_version: int | None
) -> Reply:
    """Show a product without an image."""
    product_images.remove_image(connection, product_id, expected_version=expected_version, by=caller.username)
    return answer_product(connection, product_id)


@routes.get(
    "/images/products/{product_id}/{image_name}", access=PUBLIC, response="image/*", errors=[NotFound, TooLarge]
)
def get_product_image(product_id: int, image_name: str) -> Bytes:
    """Answer the bytes of an image. They never change: keep them as long as you like."""
    data, content_type = product_images.read_image(product_id, image_name)
    return Bytes(data, content_type, {"Cache-Control": IMMUTABLE})
