"""Texts of bodies, all of them: what would end a text in the database, or a line of a mail, never gets in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from chalicelib.core.auth import Role
from tests.client import Client, api_document
from tests.factories import client_of, make_customer

# Kept as a hash only, or taken apart by a parser of their own that names line and column.
_UNBOUND = {"password", "old_password", "new_password", "token", "username", "csv"}
_LINES = {"content", "description", "note", "reason", "comment", "text"}


def _texts(
    schema: dict[str, Any], name: str = "", seen: tuple[str, ...] = ()
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each text below a schema with the name of its field."""
    if "$ref" in schema:
        target = schema["$ref"].rpartition("/")[2]
        if target not in seen:
            yield from _texts(api_document()["components"]["schemas"][target], name, (*seen, target))
        return
    for branch in [*schema.get("anyOf", []), *schema.get("oneOf", []), *schema.get("allOf", [])]:
        yield from _texts(branch, name, seen)
    if schema.get("type") == "string" and not {"enum", "const", "format"} & schema.keys():
        yield name, schema
    for field, below in schema.get("properties", {}).items():
        yield from _texts(below, field, seen)
    if "items" in schema:
        yield from _texts(schema["items"], name, seen)


def _all_texts() -> list[Any]:
    found = {}
    for path, operations in api_document()["paths"].items():
        for method, operation in operations.items():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                for name, schema in _texts(content["schema"]):
                    found[f"{method} {path} {name}"] = (name, schema)
    return [pytest.param(*each, id=key) for key, each in found.items()]


@pytest.mark.parametrize(("name", "schema"), _all_texts())
def test_a_text_is_bounded_and_takes_no_control_characters(name: str, schema: dict[str, Any]) -> None:
    assert schema["maxLength"] > 0
    if name in _UNBOUND and "pattern" not in schema:
        return
    assert not re.search(schema["pattern"], "a\0b")
    assert not re.search(schema["pattern"], "a\x1bb")
    assert name in _LINES or not re.search(schema["pattern"], "a\r\nBcc: b@example.com")


@pytest.mark.parametrize(
    ("path", "field"), [("", "first_name"), ("", "city"), ("/addresses/1", "name"), ("/addresses/1", "city")]
)
def test_a_customer_cannot_hide_a_nul_in_its_texts(shop: Engine, path: str, field: str) -> None:
    customer = make_customer()
    answer = client_of(Role.CUSTOMER, customer_id=customer).patch(
        f"/users/{customer}{path}", {field: "Robin\0Doe"}, If_Match="*"
    )
    assert (answer.status, answer.json["errors"][0]["location"]) == (422, f"body.{field}")


@pytest.mark.parametrize("target", ["/users/1", "/users/1/addresses/1", "/accounts/1", "/webhooks/1"])
def test_a_change_has_to_say_something(shop: Engine, target: str) -> None:
    answer = client_of(Role.ADMIN).patch(target, {}, If_Match="*")
    assert (answer.status, answer.json["errors"][0]["message"].partition(" of ")[0]) == (422, "say at least one")


def test_a_guest_may_not_have_mails_sent_to_two_addresses_at_once(shop: Engine) -> None:
    cart = Client().post("/carts").json["id"]
    place = {"name": "R", "street_address": "1", "postal_code": "1", "city": "Lyon", "country": "France"}
    body = {"address": place, "email": "one@example.com,two@example.com"}
    assert Client().post(f"/carts/{cart}/checkout", body, Idempotency_Key="k").status == 422
