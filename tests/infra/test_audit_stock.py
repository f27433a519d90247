"""The audit of stock by command."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from infra import audit_stock
from tests.commerce.stock_checks import assert_stock_adds_up
from tests.factories import make_center, make_product, make_stock, make_unit


def test_books_that_agree_are_found_so(shop: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    make_stock(make_product(), 3)
    assert audit_stock.main([]) == 0
    assert capsys.readouterr().out == "Counters, units and ledger agree.\n"


def test_what_differs_is_named_and_can_be_mended(shop: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    product, center = make_product(), make_center()
    make_stock(product, 1, center_id=center)
    make_unit(product, product_distribution_center_id=center)
    assert audit_stock.main([]) == 1
    said = f"product {product}, center {center}: against the units, the counters have free -1\nThat is all.\n"
    assert capsys.readouterr().out == said
    assert audit_stock.main(["--mend"]) == 0
    assert capsys.readouterr().out == "1 entries booked.\nCounters, units and ledger agree.\n"
    assert_stock_adds_up()
