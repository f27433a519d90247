"""An image from the browser to the shopper: on this machine, and in a bucket."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
import requests
from moto import mock_aws

from app import app
from chalicelib.commerce.catalogue import product_images
from chalicelib.core import blobs, clock
from chalicelib.core.auth import Role
from chalicelib.core.config import Settings
from tests.client import Answer, Client
from tests.commerce.catalogue.test_image_types import AVIF, JPEG, PNG, WEBP
from tests.conftest import set_settings
from tests.factories import client_of, make_product

IMAGES = {"image/jpeg": JPEG, "image/png": PNG, "image/webp": WEBP, "image/avif": AVIF}


@pytest.fixture
def staff(client: Client) -> Client:
    return client_of(Role.STAFF)


def ask(client: Client, product_id: int, data: bytes = PNG, content_type: str = "image/png") -> Any:
    body = {"content_type": content_type, "size": len(data)}
    answer = client.post(f"/products/{product_id}/image/upload", body)
    assert answer.status == 201
    return answer.json


def upload(client: Client, product_id: int, data: bytes = PNG, content_type: str = "image/png") -> str:
    """Put an image there on this machine; return its key."""
    place = ask(client, product_id, data, content_type)
    assert (place["method"], place["fields"]) == ("PUT", {})
    assert Client().put(place["url"], data).status == 204
    return str(place["key"])


def choose(client: Client, product_id: int, key: str, alt: str | None = "A scarf", version: str = "*") -> Answer:
    return client.put(f"/products/{product_id}/image", {"key": key, "alt": alt}, if_match=version)


def code(answer: Answer) -> str:
    return str(answer.json["type"]).rpartition(":")[2]


# --- on this machine ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content_type", IMAGES)
def test_an_image_is_uploaded_chosen_and_shown(client: Client, staff: Client, content_type: str) -> None:
    product_id, data = make_product(), IMAGES[content_type] + bytes(range(256))
    key = upload(staff, product_id, data, content_type)
    chosen = choose(staff, product_id, key, version='"v1"')
    assert chosen.status == 200
    assert (chosen.json["image_alt"], chosen.json["version"]) == ("A scarf", 2)
    shown = client.get(f"/products/{product_id}").json
    assert shown["image_url"] == f"/{key}"
    assert client.get("/products").json[0]["image_url"] == f"/{key}"
    answer = client.get(shown["image_url"])
    assert answer.status == 200
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert base64.b64decode(answer.text, validate=True) == data
    again = client.get(shown["image_url"], if_none_match=answer.headers["ETag"])
    assert (again.status, again.text) == (304, "")


@pytest.mark.parametrize("accept", [None, "*/*", "image/avif,image/webp,image/*;q=0.8,*/*;q=0.5", "image/png"])
def test_bytes_leave_the_function_in_base64_marked_as_such(client: Client, staff: Client, accept: str | None) -> None:
    product_id = make_product()
    name = upload(staff, product_id).rpartition("/")[2]
    event = {
        "requestContext": {
            "httpMethod": "GET",
            "resourcePath": "/images/products/{product_id}/{image_name}",
            "path": f"/images/products/{product_id}/{name}",
        },
        "headers": {} if accept is None else {"accept": accept},
        "pathParameters": {"product_id": str(product_id), "image_name": name},
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
    }
    raw = app(event, None)
    assert (raw["statusCode"], raw["isBase64Encoded"]) == (200, True)
    assert raw["body"] == base64.b64encode(PNG).decode()


def test_the_gateway_is_told_which_answers_are_bytes() -> None:
    assert set(IMAGES) <= set(app.api.binary_types)


def test_a_product_can_be_shown_without_an_image_again(client: Client, staff: Client) -> None:
    product_id = make_product()
    key = upload(staff, product_id)
    choose(staff, product_id, key)
    answer = staff.delete(f"/products/{product_id}/image", if_match='"v2"')
    assert (answer.json["image_url"], answer.json["image_alt"], answer.json["version"]) == (None, None, 3)
    assert client.get(f"/{key}").status == 200, "pages that were sent may still show it"


def test_images_come_from_another_place_when_the_settings_say_so(
    client: Client, staff: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    product_id = make_product()
    key = upload(staff, product_id)
    choose(staff, product_id, key)
    set_settings(monkeypatch, replace(settings, images_url="https://images.example.com/shop"))
    assert client.get(f"/products/{product_id}").json["image_url"] == f"https://images.example.com/shop/{key}"


def test_a_stale_choice_is_refused(staff: Client) -> None:
    product_id = make_product()
    key = upload(staff, product_id)
    assert staff.patch(f"/products/{product_id}", {"name": "Other"}, if_match='"v1"').status == 200
    assert choose(staff, product_id, key, version='"v1"').status == 412
    assert staff.put(f"/products/{product_id}/image", {"key": key}).status == 428
    assert staff.get(f"/products/{product_id}").json["image_url"] is None


def test_only_what_is_an_image_of_this_product_is_chosen(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    product_id, other = make_product(), make_product()
    key = upload(staff, product_id)
    refused = [
        (other, key),
        (product_id, ask(staff, product_id)["key"]),
        (product_id, upload(staff, product_id, JPEG, "image/png")),
        (product_id, upload(staff, product_id, b"<script>", "image/jpeg")),
        (product_id, upload(staff, product_id, b"\x89", "image/png")),
    ]
    for target, given in refused:
        answer = choose(staff, target, given)
        assert (answer.status, code(answer)) == (409, "image-refused")
    monkeypatch.setattr(product_images, "MAX_IMAGE_BYTES", len(PNG) - 1)
    assert code(choose(staff, product_id, key)) == "image-refused"
    assert staff.get(f"/products/{product_id}").json["version"] == 1
    assert choose(staff, 999_999, key).status == 404


@pytest.mark.parametrize(
    "key", ["january/users.csv", "images/products/1/../../x.png", "images/products/1/short.png", "/etc/passwd", ""]
)
def test_a_key_that_was_never_given_out_is_refused(staff: Client, key: str) -> None:
    assert choose(staff, make_product(), key).status == 422


@pytest.mark.parametrize(
    "body",
    [
        {"content_type": "image/svg+xml", "size": 1},
        {"content_type": "text/html", "size": 1},
        {"content_type": "image/png", "size": 0},
        {"content_type": "image/png", "size": 4_000_001},
        {"content_type": "image/png"},
    ],
)
def test_what_is_no_image_gets_no_place(staff: Client, body: dict[str, Any]) -> None:
    assert staff.post(f"/products/{make_product()}/image/upload", body).status == 422


def test_an_unknown_product_gets_no_place(staff: Client) -> None:
    assert staff.post("/products/999999/image/upload", {"content_type": "image/png", "size": 1}).status == 404


def test_an_upload_takes_exactly_what_was_said_for_ten_minutes(
    client: Client, staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ask(staff, make_product())
    for wrong in (PNG + b"x", PNG[:-1], b""):
        assert client.put(place["url"], wrong).status == 409
    token = place["url"].rpartition("/")[2]
    for forged in (token[:-2], token[:-1] + ("A" if token[-1] != "A" else "B"), "x", "%20", token + "é"):
        assert client.put(f"/local-uploads/{forged}", PNG).status == 404
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=10))
    assert client.put(place["url"], PNG).status == 404
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=9))
    assert client.put(place["url"], PNG).status == 204
    assert client.put(place["url"], b"x" * 5_000_001).status == 413


@pytest.mark.parametrize(
    "name", ["nothing.png", "A" * 22 + ".png", "A" * 22 + ".svg", "..%2F..%2F..%2Fusers.csv", "%2e%2e", "A" * 22]
)
def test_only_images_are_served(client: Client, settings: Settings, name: str) -> None:
    blobs.store().put("users.csv", b"secret", "text/csv")
    blobs.store().put(f"images/products/1/{'A' * 22}.svg", b"<svg/>", "image/svg+xml")
    assert client.get(f"/images/products/1/{name}").status == 404


# --- in a bucket -------------------------------------------------------------------------------------------------


@pytest.fixture
def bucket(client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket that the settings name."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="shopkeeper-images")
        set_settings(monkeypatch, replace(settings, bucket="shopkeeper-images"))
        blobs._store.cache_clear()
        yield s3
    blobs._store.cache_clear()


def post_form(place: Any, data: bytes) -> int:
    """Post the form as a browser does."""
    return requests.post(place["url"], data=place["fields"], files={"file": ("a.png", data)}, timeout=5).status_code


def test_a_bucket_gives_a_form_for_one_key_type_and_size(bucket: Any, staff: Client) -> None:
    product_id = make_product()
    place = ask(staff, product_id)
    assert place["method"] == "POST"
    fields = place["fields"]
    assert (fields["key"], fields["Content-Type"]) == (place["key"], "image/png")
    policy = base64.b64decode(fields["policy"]).decode()
    assert f'["content-length-range", {len(PNG)}, {len(PNG)}]' in policy
    assert '{"Content-Type": "image/png"}' in policy
    assert "X-Amz-Signature".lower() in {name.lower() for name in fields}


def test_an_image_in_the_bucket_is_chosen_and_shown(bucket: Any, client: Client, staff: Client) -> None:
    product_id = make_product()
    place = ask(staff, product_id)
    assert code(choose(staff, product_id, place["key"])) == "image-refused"
    assert post_form(place, PNG) == 204
    assert bucket.head_object(Bucket="shopkeeper-images", Key=place["key"])["ContentLength"] == len(PNG)
    assert choose(staff, product_id, place["key"]).status == 200
    assert base64.b64decode(client.get(f"/{place['key']}").text) == PNG
    bucket.put_object(Bucket="shopkeeper-images", Key=place["key"], Body=b"<script>")
    assert code(choose(staff, product_id, place["key"])) == "image-refused"


def test_where_there_is_a_bucket_nothing_is_put_on_the_machine(
    bucket: Any, client: Client, staff: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    product_id = make_product()
    set_settings(monkeypatch, settings)
    place = ask(staff, product_id)
    set_settings(monkeypatch, replace(settings, bucket="shopkeeper-images"))
    assert client.put(place["url"], PNG).status == 404
