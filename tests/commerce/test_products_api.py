"""The catalogue as the public and as staff see it."""

from __future__ import annotations

from chalicelib.core.auth import Role
from tests.client import Client
from tests.factories import make_product, signed_in


def test_prices_are_exact_numbers_with_two_places(client: Client) -> None:
    product_id = make_product(retail_price_cents=1999)
    assert '"retail_price":19.99,' in client.get(f"/products/{product_id}").text


def test_cost_is_shown_to_staff_only(client: Client) -> None:
    product_id = make_product(cost_cents=1010)
    assert "cost" not in client.get(f"/products/{product_id}").json
    assert "cost" not in signed_in(Role.CUSTOMER).get(f"/products/{product_id}").json
    assert signed_in(Role.STAFF).get(f"/products/{product_id}").json["cost"] == 10.10
