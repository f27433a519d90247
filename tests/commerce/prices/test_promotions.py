"""Who may use a code and how often, also when many come at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import TypeVar

import pytest
from sqlalchemy import Engine, func, select

from chalicelib.commerce.prices import promotions
from chalicelib.commerce.prices.pricing import Promotion, PromotionKind
from chalicelib.commerce.prices.promotions import FoundPromotion, PromotionRefused
from chalicelib.commerce.sale_tables import checkouts
from chalicelib.commerce.sale_tables import promotions as promotions_table
from chalicelib.core.database import Connection, insert_row, run
from tests.factories import NOON, make_promotion

T = TypeVar("T")
TICK = timedelta(microseconds=1)
ROBIN = "robin@example.com"

_numbers = count(1)


def look(work: Callable[[Connection], T]) -> T:
    return run(work, writes=False)


def write(work: Callable[[Connection], T]) -> T:
    return run(work, writes=True)


def insert_checkout(connection: Connection, promotion_id: int | None, email_key: str, state: str) -> int:
    cents = dict.fromkeys(("items_cents", "discount_cents", "shipping_cents", "tax_cents", "total_cents"), 0)
    values = {
        "public_id": f"checkout{next(_numbers)}",
        "email": email_key.upper(),
        "email_key": email_key,
        "state": state,
        "currency": "USD",
        "promotion_id": promotion_id,
        "shipping_method": "standard",
        "address": "{}",
        "expires_at": NOON,
        "created_at": NOON,
        "updated_at": NOON,
    }
    return insert_row(connection, checkouts, values | cents)


def make_checkout(promotion_id: int | None, email_key: str = ROBIN, state: str = "open") -> int:
    return write(lambda connection: insert_checkout(connection, promotion_id, email_key, state))


def take(promotion_id: int, email_key: str = ROBIN, *, items_cents: int = 1000) -> FoundPromotion:
    return write(
        lambda connection: promotions.take_use(
            connection, promotion_id, items_cents=items_cents, email_key=email_key, now=NOON
        )
    )


def used(promotion_id: int) -> int:
    column = select(promotions_table.c.used).where(promotions_table.c.id == promotion_id)
    return look(lambda connection: int(connection.execute(column).scalar_one()))


def refusal(code: str, *, email_key: str | None = ROBIN, items_cents: int = 1000) -> str | None:
    def work(connection: Connection) -> str | None:
        found = promotions.find_promotion(connection, code)
        assert found is not None
        return promotions.check(connection, found, items_cents=items_cents, email_key=email_key, now=NOON)

    return look(work)


# --- finding -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["Welcome10", "WELCOME10", " welcome10 ", "\uff57elcome\uff11\uff10"])
def test_a_code_is_found_in_any_spelling(shop: Engine, code: str) -> None:
    promotion_id = make_promotion(
        code="Welcome10",
        kind="fixed",
        value=500,
        minimum_cents=2000,
        starts_at=NOON,
        ends_at=NOON + TICK,
        usage_limit=9,
        customer_limit=2,
        used=3,
        is_active=False,
    )
    terms = Promotion(PromotionKind.FIXED, 500, 2000, NOON, NOON + TICK, is_active=False)
    found = look(lambda connection: promotions.find_promotion(connection, code))
    assert found == FoundPromotion(promotion_id, "Welcome10", terms, usage_limit=9, customer_limit=2, used=3)


@pytest.mark.parametrize("code", ["", "WELCOME", "WELCOME100", "WELCOME10%", "w" * 500])
def test_another_code_is_not_found(shop: Engine, code: str) -> None:
    make_promotion(code="WELCOME10")
    assert look(lambda connection: promotions.find_promotion(connection, code)) is None


# --- checking ----------------------------------------------------------------------------------------------------


def test_a_promotion_without_limits_can_be_used(shop: Engine) -> None:
    promotion_id = make_promotion(code="FREE", used=1_000_000)
    make_checkout(promotion_id)
    assert refusal("FREE", items_cents=0) is None
    assert refusal("FREE", email_key=None) is None


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"is_active": False}, "This code is not in use."),
        ({"starts_at": NOON + TICK}, "This code is not valid yet."),
        ({"ends_at": NOON}, "This code is no longer valid."),
        ({"minimum_cents": 1001}, "This code needs items of 10.01 or more."),
        ({"usage_limit": 3, "used": 3}, "This code has been used as often as it may be."),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(shop: Engine, given: dict[str, object], sentence: str) -> None:
    promotion_id = make_promotion(code="X", **given)
    before = used(promotion_id)
    assert refusal("X") == sentence
    assert refusal("X", email_key=None) == sentence
    with pytest.raises(PromotionRefused) as caught:
        take(promotion_id)
    assert (caught.value.message, caught.value.code) == (sentence, "promotion-refused")
    assert used(promotion_id) == before


@pytest.mark.parametrize(
    "given",
    [
        {"starts_at": NOON},
        {"ends_at": NOON + TICK},
        {"starts_at": NOON, "ends_at": NOON + TICK},
        {"minimum_cents": 1000},
        {"usage_limit": 3, "used": 2},
    ],
)
def test_at_the_edge_it_can_still_be_used(shop: Engine, given: dict[str, object]) -> None:
    promotion_id = make_promotion(code="X", **given)
    before = used(promotion_id)
    assert refusal("X") is None
    assert take(promotion_id).used == before
    assert used(promotion_id) == before + 1


def test_the_uses_of_a_customer_are_the_checkouts_that_are_alive(shop: Engine) -> None:
    promotion_id = make_promotion(code="X", customer_limit=3)
    other_id = make_promotion()
    for state in ("expired", "cancelled", "expired"):
        make_checkout(promotion_id, state=state)
    make_checkout(other_id)
    make_checkout(None)
    make_checkout(promotion_id, "sam@example.com")
    for state in ("open", "paying"):
        make_checkout(promotion_id, state=state)
    assert refusal("X") is None
    make_checkout(promotion_id, state="paid")
    assert refusal("X") == "You have used this code as often as one customer may."
    assert refusal("X", email_key="sam@example.com") is None
    assert refusal("X", email_key=None) is None
    with pytest.raises(PromotionRefused, match="as often as one customer may"):
        take(promotion_id)


# --- using -------------------------------------------------------------------------------------------------------


def test_a_use_that_is_given_back_can_be_taken_again(shop: Engine) -> None:
    promotion_id = make_promotion(usage_limit=1)
    take(promotion_id)
    with pytest.raises(PromotionRefused):
        take(promotion_id)
    write(lambda connection: promotions.give_use_back(connection, promotion_id))
    assert used(promotion_id) == 0
    take(promotion_id)
    assert used(promotion_id) == 1


def test_no_more_is_given_back_than_was_taken(shop: Engine) -> None:
    promotion_id = make_promotion(used=0)
    write(lambda connection: promotions.give_use_back(connection, promotion_id))
    assert used(promotion_id) == 0


def test_a_promotion_that_is_gone_is_refused(shop: Engine) -> None:
    with pytest.raises(PromotionRefused):
        take(999_999)


def test_a_use_leaves_the_version_for_those_who_edit(shop: Engine) -> None:
    promotion_id = make_promotion()
    take(promotion_id)
    row = select(promotions_table.c.version, promotions_table.c.updated_at)
    assert tuple(look(lambda connection: connection.execute(row).one())) == (1, NOON)


def at_once(*works: Callable[[], object]) -> list[str]:
    """Run the works in a thread each, begun together; return `ok` or the name of the error of each."""
    gate = threading.Barrier(len(works))

    def safely(work: Callable[[], object]) -> str:
        gate.wait(10)
        try:
            work()
        except PromotionRefused:
            return "refused"
        return "ok"

    with ThreadPoolExecutor(len(works)) as pool:
        return [done.result() for done in [pool.submit(safely, work) for work in works]]


def buy(promotion_id: int, email_key: str) -> None:
    """Take a use and insert the checkout that has it, as a checkout does."""

    def work(connection: Connection) -> None:
        promotions.take_use(connection, promotion_id, items_cents=1000, email_key=email_key, now=NOON)
        insert_checkout(connection, promotion_id, email_key, "open")

    write(work)


def test_fifty_at_once_have_the_ten_uses_that_there_are(shop: Engine) -> None:
    promotion_id = make_promotion(usage_limit=10)

    def taker(number: int) -> Callable[[], None]:
        return lambda: buy(promotion_id, f"customer{number}@example.com")

    ended = at_once(*[taker(number) for number in range(50)])
    assert (ended.count("ok"), ended.count("refused")) == (10, 40)
    assert used(promotion_id) == 10
    rows = select(func.count()).select_from(checkouts)
    assert look(lambda connection: connection.execute(rows).scalar_one()) == 10


def test_a_customer_who_comes_often_at_once_has_the_one_use(shop: Engine) -> None:
    promotion_id = make_promotion(customer_limit=1)
    both = [lambda: buy(promotion_id, ROBIN), lambda: buy(promotion_id, "sam@example.com")]
    ended = at_once(*both * 8)
    assert (ended.count("ok"), ended.count("refused")) == (2, 14)
    assert used(promotion_id) == 2


def test_what_is_given_back_while_others_take_is_counted_once(shop: Engine) -> None:
    promotion_id = make_promotion(used=10)

    def give_back() -> None:
        write(lambda connection: promotions.give_use_back(connection, promotion_id))

    ended = at_once(*[give_back, lambda: buy(promotion_id, ROBIN)] * 10)
    assert set(ended) == {"ok"}
    assert used(promotion_id) == 10
