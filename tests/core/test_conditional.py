"""Answers that the caller has already: ETag, If-None-Match, and who may keep what."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from chalicelib.commerce.tables import distribution_centers
from chalicelib.core.auth import Role
from chalicelib.core.database import transaction
from chalicelib.core.responses import etag, matches
from tests.client import Answer, Client
from tests.factories import make_center, make_customer, make_order, make_product, signed_in


def tag_of(answer: Answer) -> str:
    assert answer.status == 200
    return answer.headers["ETag"]


def test_a_tag_is_strong_and_quoted(client: Client) -> None:
    tag = tag_of(client.get("/products"))
    assert tag.startswith('"')
    assert tag.endswith('"')
    assert len(tag) > 10


def test_the_same_data_have_the_same_tag_and_changed_data_another(client: Client) -> None:
    center_id = make_center(name="old")
    target = f"/distribution-centers/{center_id}"
    first = tag_of(client.get(target))
    assert tag_of(client.get(target)) == first
    with transaction() as connection:
        table = distribution_centers
        connection.execute(update(table).where(table.c.id == center_id).values(name="new"))
    answer = client.get(target, if_none_match=first)
    assert tag_of(answer) != first
    assert answer.json["name"] == "new"


@pytest.mark.parametrize("form", ["{tag}", "W/{tag}", '"other", {tag}', '"a",W/"b" , W/{tag},"c"', "*"])
def test_a_copy_that_is_current_is_not_sent_again(client: Client, form: str) -> None:
    make_product()
    full = client.get("/products")
    answer = client.get("/products", if_none_match=form.format(tag=full.headers["ETag"]))
    assert (answer.status, answer.text) == (304, "")
    assert answer.headers["ETag"] == full.headers["ETag"]
    assert "Content-Type" not in answer.headers
    for name in ("Cache-Control", "Vary", "Link", "X-Total-Count"):
        assert answer.headers.get(name) == full.headers.get(name)


@pytest.mark.parametrize("form", ['"other"', 'W/"other"', "{bare}", "", ",", '"a", "b"'])
def test_another_copy_is_replaced(client: Client, form: str) -> None:
    full = client.get("/products")
    answer = client.get("/products", if_none_match=form.format(bare=full.headers["ETag"].strip('"')))
    assert (answer.status, answer.text) == (200, full.text)


def test_head_is_conditional_too(client: Client) -> None:
    tag = tag_of(client.get("/products"))
    answer = client.request("HEAD", "/products", headers={"if-none-match": tag})
    assert (answer.status, answer.text) == (304, "")


def test_an_error_has_no_tag_and_is_never_not_modified(client: Client) -> None:
    answer = client.get("/products/1", if_none_match="*")
    assert answer.status == 404
    assert "ETag" not in answer.headers


def test_a_change_has_no_tag(client: Client) -> None:
    answer = signed_in(Role.CUSTOMER).post("/api/auth/logout-all", if_none_match="*")
    assert answer.status == 200
    assert "ETag" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_staff_and_the_public_have_different_copies(client: Client) -> None:
    make_product()
    public, staff = client.get("/products"), signed_in(Role.STAFF).get("/products")
    assert tag_of(public) != tag_of(staff)
    for answer in (public, staff):
        assert "Authorization" in answer.headers["Vary"]


def test_a_tag_of_the_public_does_not_hide_the_costs_from_staff(client: Client) -> None:
    make_product()
    answer = signed_in(Role.STAFF).get("/products", if_none_match=tag_of(client.get("/products")))
    assert answer.status == 200
    assert "cost" in answer.json[0]


def test_shared_caches_may_keep_what_is_public_and_ask_each_time(client: Client) -> None:
    directives = client.get("/products").headers["Cache-Control"]
    assert directives == "no-cache"


@pytest.mark.parametrize("target", ["/products", "/orders", "/users"])
def test_what_a_token_was_sent_for_is_private(client: Client, target: str) -> None:
    customer_id = make_customer()
    make_order(customer_id)
    directives = signed_in(Role.CUSTOMER, customer_id=customer_id).get(target).headers["Cache-Control"]
    assert {word.strip() for word in directives.split(",")} == {"private", "no-cache"}


def test_parts_of_the_documentation_may_be_kept_a_while() -> None:
    answer = Client().get("/docs/swagger-ui.css")
    assert answer.headers["Cache-Control"].startswith("public, max-age=")
    again = Client().get("/docs/swagger-ui.css", if_none_match=answer.headers["ETag"])
    assert again.status == 304


def test_two_pages_of_a_list_have_two_tags(client: Client) -> None:
    for _ in range(2):
        make_product()
    assert tag_of(client.get("/products?limit=1")) != tag_of(client.get("/products?limit=1&skip=1"))


def test_a_tag_depends_on_every_byte() -> None:
    tags = {etag(body) for body in ("", "a", "b", "ab", "ba", "ä", " ")}
    assert len(tags) == 7


def test_conditions_are_compared_weakly() -> None:
    assert matches('W/"x"', '"x"')
    assert not matches('"X"', '"x"')
    assert not matches("x", '"x"')
