"""Which touch a purchase is attributed to: case by case, and against the plainest way to find it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.recommendations.measuring.attribution import VIEW_WINDOW, Purchase, Touch, attribute

NOON = datetime(2026, 3, 8, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
SECOND = timedelta(seconds=1)


def bought(at: datetime = NOON, *, item: int = 1, customer: int = 1, product: int = 1) -> Purchase:
    return Purchase(item, 1, customer, product, 1000, at)


def touch(kind: str, before: timedelta, *, event: int = 1, customer: int = 1, product: int = 1) -> Touch:
    return Touch(customer, product, kind, NOON - before, event, f"rec_{event}", "home")  # type: ignore[arg-type]


def event_of(purchase: Purchase, *touches: Touch, window: timedelta = WEEK) -> int | None:
    found = attribute([purchase], touches, click_window=window).get(purchase.item_id)
    return None if found is None else found.event_id


def test_the_latest_click_before_the_order_is_the_reason() -> None:
    early, late = touch("click", timedelta(days=3), event=1), touch("click", timedelta(days=2), event=2)
    after = touch("click", -SECOND, event=3)
    assert event_of(bought(), late, after, early) == 2


def test_a_click_counts_from_the_begin_of_its_window_to_the_moment_of_the_order() -> None:
    assert event_of(bought(), touch("click", WEEK)) == 1
    assert event_of(bought(), touch("click", WEEK + SECOND)) is None
    assert event_of(bought(), touch("click", timedelta(0))) == 1
    assert event_of(bought(), touch("click", timedelta(days=2)), window=timedelta(days=1)) is None


def test_what_was_shown_counts_for_a_day_and_only_without_a_click() -> None:
    shown, clicked = touch("impression", timedelta(hours=1), event=2), touch("click", timedelta(days=6), event=1)
    assert event_of(bought(), shown) == 2
    assert event_of(bought(), shown, clicked) == 1
    assert event_of(bought(), touch("impression", VIEW_WINDOW)) == 1
    assert event_of(bought(), touch("impression", VIEW_WINDOW + SECOND)) is None


def test_others_and_other_products_are_no_reason() -> None:
    assert event_of(bought(), touch("click", SECOND, customer=2), touch("click", SECOND, product=2)) is None


def test_of_two_touches_at_one_time_the_later_event_is_the_reason() -> None:
    assert event_of(bought(), touch("click", SECOND, event=9), touch("click", SECOND, event=4)) == 9


def test_each_unit_is_attributed_for_itself() -> None:
    units = [bought(item=1), bought(item=2), bought(item=3, product=2)]
    found = attribute(units, [touch("click", SECOND)], click_window=WEEK)
    assert set(found) == {1, 2}


moments = st.integers(0, 12 * 24).map(lambda hours: NOON - timedelta(hours=hours))
touched = st.builds(
    Touch,
    st.integers(1, 2),
    st.integers(1, 2),
    st.sampled_from(["click", "impression"]),
    moments,
    st.integers(1, 99),
    st.just("r"),
    st.none(),
)
units = st.builds(Purchase, st.integers(1, 99), st.just(1), st.integers(1, 2), st.integers(1, 2), st.just(1), moments)


@given(st.lists(units, max_size=4, unique_by=lambda each: each.item_id), st.lists(touched, max_size=12))
def test_it_is_what_looking_at_every_touch_gives(purchases: list[Purchase], touches: list[Touch]) -> None:
    def by_hand(purchase: Purchase) -> tuple[datetime, int, str] | None:
        for kind, window in (("click", WEEK), ("impression", VIEW_WINDOW)):
            fitting = [
                (each.at, each.event_id, each.kind)
                for each in touches
                if (each.customer_id, each.product_id) == (purchase.customer_id, purchase.product_id)
                and each.kind == kind
                and purchase.at - window <= each.at <= purchase.at
            ]
            if fitting:
                return max(fitting)
        return None

    found = attribute(purchases, touches, click_window=WEEK)
    for purchase in purchases:
        got = found.get(purchase.item_id)
        assert (None if got is None else (got.at, got.event_id, got.kind)) == by_hand(purchase)
