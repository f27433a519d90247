"""The daily figures: worked out by hand, counted again where something changed, the same whatever the order."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, event, insert, select, update

from chalicelib.commerce.tables import order_items, orders
from chalicelib.core import clock
from chalicelib.core.database import read, run, transaction
from chalicelib.recommendations.measuring import days, measure
from chalicelib.recommendations.measuring.days import RECOMMENDATIONS
from chalicelib.recommendations.measuring.figure_tables import recommendation_days
from chalicelib.recommendations.signals.signal_tables import behaviour_events
from tests.conftest import empty
from tests.factories import NOON, counted_statements, make_customer, make_event, make_item, make_order, make_product
from tests.recommendations.measuring import happenings
from tests.recommendations.measuring.happenings import DAY, MODEL, due_days, figures, make_visitor, request_of

TODAY = NOON.date()
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def late_in_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    set_now(monkeypatch, NOON + 6 * HOUR)


def set_now(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)


def run_job(time_left_ms: int = 900_000) -> int:
    return measure.measure_recommendations(lambda: time_left_ms).left


def figure(day: date = TODAY, **given: Any) -> dict[str, Any]:
    return {"day": day, "version": MODEL, "variant": "-", "surface": "home", **given}


def as_of() -> datetime | None:
    with read() as connection:
        return RECOMMENDATIONS.watermark(connection).as_of


def test_what_is_shown_and_clicked_is_counted_by_model_variant_and_surface(shop: Engine) -> None:
    jeans, socks, robin = make_product(), make_product(), make_customer()
    browser = make_visitor()
    happenings.make_event("impression", jeans, customer_id=robin)
    happenings.make_event("impression", socks, customer_id=robin)
    happenings.make_event("click", jeans, customer_id=robin)
    happenings.make_event("impression", jeans, visitor_id=browser, surface="cart")
    happenings.make_event("impression", jeans, visitor_id=browser, request_id=request_of(variant="3-new"))
    happenings.make_event("impression", jeans, visitor_id=browser, surface=None)
    happenings.make_event("impression", jeans, visitor_id=browser, request_id="rec_-.-.0123abcd")
    happenings.make_event("view", jeans, customer_id=robin)
    run_job()
    assert figures() == [
        figure(version="-", impressions=1, people=1),
        figure(surface="", impressions=1, people=1),
        figure(surface="cart", impressions=1, people=1),
        figure(impressions=2, clicks=1, people=1),
        figure(variant="3-new", impressions=1, people=1),
    ]


def test_people_are_counted_once_a_group_and_by_browser_whoever_signs_in_there(shop: Engine) -> None:
    product, robin, browser = make_product(), make_customer(), make_visitor()
    for visitor, customer in ((browser, None), (browser, robin), (None, robin)):
        happenings.make_event("impression", product, visitor_id=visitor, customer_id=customer)
    run_job()
    assert figures() == [figure(impressions=3, people=2)]


@pytest.mark.parametrize("forged", ["order:1", "rec_", "rec_x.-.xyz", "rec_x.-.0123456", "rec_x.0123456789abcdef"])
def test_ids_that_are_none_of_ours_are_not_counted(shop: Engine, forged: str) -> None:
    product, robin = make_product(), make_customer()
    happenings.make_event("click", product, customer_id=robin, request_id=forged)
    make_order(robin, (product, 1000), created_at=NOON + HOUR, updated_at=NOON + HOUR)
    run_job()
    assert figures() == []


def test_no_more_groups_are_kept_of_a_day_than_a_shop_needs(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "MOST_GROUPS", 2)
    product, robin = make_product(), make_customer()
    for number in range(5):
        happenings.make_event("impression", product, customer_id=robin, request_id=request_of(f"forged{number}"))
    for _ in range(2):
        happenings.make_event("impression", product, customer_id=robin)
    run_job()
    assert figures() == [figure(impressions=2, people=1), figure(version="forged0", impressions=1, people=1)]


def test_what_was_bought_after_a_click_stands_on_the_day_of_the_order(shop: Engine) -> None:
    jeans, socks, robin = make_product(), make_product(), make_customer()
    happenings.make_event("click", jeans, NOON - 3 * DAY, customer_id=robin)
    happenings.make_event("impression", socks, NOON - HOUR, customer_id=robin, surface="cart")
    # Two jeans after a click, socks that were shown, and a pair that was sent back.
    order = make_order(robin, (jeans, 1000), (jeans, 900), (socks, 300))
    make_item(order, jeans, 1000, user_id=robin, status="returned")
    run_job()
    assert figures() == [
        figure(day=date(2026, 2, 26), clicks=1, people=1),
        # The order counts once: where its latest touch was.
        figure(surface="cart", impressions=1, people=1, orders=1, items=1, revenue_cents=300),
        figure(items=2, revenue_cents=1900),
    ]


def test_a_click_counts_for_as_many_days_as_the_setting_says(shop: Engine) -> None:
    product, early, late = make_product(), make_customer(), make_customer()
    happenings.make_event("click", product, NOON - 7 * DAY, customer_id=early)
    happenings.make_event("click", product, NOON - 7 * DAY - timedelta(seconds=1), customer_id=late)
    for customer in (early, late):
        make_order(customer, (product, 1000))
    run_job()
    assert figures()[-1] == figure(orders=1, items=1, revenue_cents=1000)


def test_others_purchases_and_those_of_guests_are_not_attributed(shop: Engine) -> None:
    product, robin, sam = make_product(), make_customer(), make_customer()
    happenings.make_event("click", product, customer_id=robin)
    make_order(sam, (product, 1000), created_at=NOON + HOUR, updated_at=NOON + HOUR)
    make_order(None, (product, 1000), created_at=NOON + HOUR, updated_at=NOON + HOUR)
    run_job()
    assert figures() == [figure(clicks=1, people=1)]


# --- what comes later --------------------------------------------------------------------------------------------


def test_what_is_sent_back_later_is_taken_out(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    product, robin = make_product(), make_customer()
    happenings.make_event("click", product, NOON - HOUR, customer_id=robin)
    order = make_order(robin, (product, 1000), (product, 500))
    run_job()
    assert figures() == [figure(clicks=1, people=1, orders=1, items=2, revenue_cents=1500)]
    later = NOON + 40 * DAY
    with transaction() as connection:
        first = select(order_items.c.id).order_by(order_items.c.id).limit(1).scalar_subquery()
        first_id = connection.scalar(select(first))
        connection.execute(update(order_items).where(order_items.c.id == first_id).values(status="returned"))
        connection.execute(update(orders).where(orders.c.id == order).values(updated_at=later))
    set_now(monkeypatch, later + HOUR)
    run_job()
    assert figures() == [figure(clicks=1, people=1, orders=1, items=1, revenue_cents=500)]


def test_a_click_that_is_told_days_later_changes_what_was_bought_since(
    shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    product, robin = make_product(), make_customer()
    make_order(robin, (product, 1000))
    run_job()
    assert figures() == []
    now = NOON + 4 * DAY
    happenings.make_event("click", product, NOON - 2 * DAY, customer_id=robin, received_at=now)
    set_now(monkeypatch, now + HOUR)
    run_job()
    assert figures() == [
        figure(day=date(2026, 2, 27), clicks=1, people=1),
        figure(orders=1, items=1, revenue_cents=1000),
    ]


def test_an_import_of_orders_of_the_past_is_counted(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    product, robin = make_product(), make_customer()
    happenings.make_event("click", product, NOON - 20 * DAY, customer_id=robin)
    run_job()
    # It began before the last look, and ended after it.
    make_order(robin, (product, 1000), created_at=NOON - 19 * DAY, updated_at=NOON - HOUR)
    set_now(monkeypatch, NOON + 8 * HOUR)
    make_event("import.finished", "import:1", import_id=1)
    set_now(monkeypatch, NOON + 9 * HOUR)
    run_job()
    assert figures()[-1] == figure(day=(NOON - 19 * DAY).date(), orders=1, items=1, revenue_cents=1000)


def test_who_signs_in_after_the_purchase_is_known_the_next_day(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    product, robin, browser = make_product(), make_customer(), make_visitor()
    happenings.make_event("click", product, NOON - HOUR, visitor_id=browser)
    make_order(robin, (product, 1000))
    run_job()
    with transaction() as connection:
        connection.execute(update(behaviour_events).values(customer_id=robin))
    set_now(monkeypatch, NOON + DAY)
    run_job()
    assert figures() == [figure(clicks=1, people=1, orders=1, items=1, revenue_cents=1000)]


def test_days_whose_events_may_be_gone_keep_their_figures(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    product, robin = make_product(), make_customer()
    happenings.make_event("click", product, NOON - HOUR, customer_id=robin)
    order = make_order(robin, (product, 1000))
    run_job()
    before = figures()
    later = NOON + 173 * DAY
    with transaction() as connection:
        connection.execute(delete(behaviour_events))
        connection.execute(update(orders).where(orders.c.id == order).values(updated_at=later))
    set_now(monkeypatch, later + HOUR)
    run_job()
    assert figures() == before != []


# --- once, twice, half -------------------------------------------------------------------------------------------


def fill() -> None:
    product, robin = make_product(), make_customer()
    for days_ago in range(5):
        happenings.make_event("click", product, NOON - days_ago * DAY - HOUR, customer_id=robin)
        at = NOON - days_ago * DAY
        make_order(robin, (product, 100 + days_ago), created_at=at, updated_at=at)


def test_run_twice_the_figures_are_the_same(shop: Engine) -> None:
    fill()
    run_job()
    first = figures()
    assert len(first) == 5
    run_job()
    assert figures() == first
    assert due_days() == []


def test_without_time_the_days_stay_due_and_the_next_run_counts_them(shop: Engine) -> None:
    fill()
    assert run_job(time_left_ms=1000) == 8
    assert (figures(), len(due_days()), as_of()) == ([], 8, None)
    assert run_job() == 0
    assert len(figures()) == 5
    assert as_of() == NOON + 6 * HOUR


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("statement", range(1, 40, 3))
def test_killed_anywhere_no_day_is_half_counted(shop: Engine, statement: int) -> None:
    """Each day is as it was or as it is to be; the next run makes them all so."""
    fill()
    run_job()
    whole = figures()
    with transaction() as connection:
        connection.execute(update(recommendation_days).values(clicks=99))
        RECOMMENDATIONS.note(connection, looked_back_on=None)
    old = figures()
    seen = 0

    def kill(*_arguments: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == statement:
            raise Killed

    event.listen(shop, "before_cursor_execute", kill)
    try:
        with pytest.raises(Killed):
            run_job()
    finally:
        event.remove(shop, "before_cursor_execute", kill)
    for row in figures():
        assert row in whole or row in old
    assert len(figures()) == 5
    run_job()
    assert figures() == whole


def test_a_failure_is_raised_and_the_day_stays_due(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any, **_named: Any) -> None:
        raise RuntimeError("no such day")

    with monkeypatch.context() as broken:
        broken.setattr(days, "figures_of", fail)
        with pytest.raises(RuntimeError):
            run_job()
    assert (len(due_days()), as_of()) == (8, None)
    set_now(monkeypatch, NOON + 7 * HOUR)
    run_job()
    assert (due_days(), as_of()) == ([], NOON + 7 * HOUR)


def test_a_day_that_changes_while_it_is_counted_stays_due(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    fill()
    count = days.figures_of

    def and_then_changed(connection: Any, day: date) -> list[dict[str, Any]]:
        found = count(connection, day)
        if day == TODAY:
            run(lambda other: RECOMMENDATIONS.mark(other, [day]), writes=True)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(days, "figures_of", and_then_changed)
        run_job()
    assert due_days() == [TODAY]


def test_nothing_to_count_costs_few_statements(shop: Engine) -> None:
    fill()
    run_job()
    with transaction() as connection:
        connection.execute(delete(behaviour_events))
        connection.execute(delete(order_items))
        connection.execute(delete(orders))
    with counted_statements(shop) as statements:
        run_job()
    assert len(statements) < 40


# --- whatever the order in which it comes ------------------------------------------------------------------------

hours = st.integers(0, 12 * 24 - 1)
steps = st.one_of(
    st.tuples(
        st.sampled_from(["click", "impression"]), st.integers(0, 2), st.integers(0, 1), hours, st.integers(0, 96)
    ),
    st.tuples(st.just("order"), st.integers(0, 2), st.integers(0, 1), hours, st.just(0)),
    st.tuples(st.just("return"), st.integers(0, 9), st.just(0), hours, st.just(0)),
    st.tuples(st.just("run"), st.just(0), st.just(0), hours, st.just(0)),
)


@settings(max_examples=25)
@given(st.lists(steps, max_size=20))
def test_counting_what_changed_gives_what_counting_everything_gives(shop: Engine, steps: list[Any]) -> None:
    empty(shop)
    with pytest.MonkeyPatch.context() as patch:
        products, customers = [make_product(), make_product()], [make_customer() for _ in range(3)]
        made: list[int] = []
        # In the order of time: what happens at an hour, and what is told later than it happened.
        moments = sorted((hour + late, place) for place, (*_rest, hour, late) in enumerate(steps))
        for told, place in moments:
            kind, who, what, hour, _late = steps[place]
            at, now = NOON + hour * HOUR, NOON + told * HOUR
            set_now(patch, now)
            if kind == "run":
                run_job()
            elif kind == "order":
                given_times = {"created_at": at, "updated_at": now}
                made.append(make_order(customers[who], (products[what], 100), (products[0], 10), **given_times))
            elif kind == "return" and made:
                order = made[who % len(made)]
                with transaction() as connection:
                    items = order_items.c.order_id == order
                    one = connection.scalar(select(order_items.c.id).where(items).order_by(order_items.c.id).limit(1))
                    connection.execute(update(order_items).where(order_items.c.id == one).values(status="returned"))
                    connection.execute(update(orders).where(orders.c.id == order).values(updated_at=now))
            elif kind in ("click", "impression"):
                happenings.make_event(kind, products[what], at, customer_id=customers[who], received_at=now)
        end = NOON + 20 * DAY
        set_now(patch, end)
        run_job()
        incremental = figures()
        with transaction() as connection:
            connection.execute(delete(recommendation_days))
            every_day = {TODAY + n * DAY for n in range(21)}
            RECOMMENDATIONS.mark(connection, every_day)
        run_job()
        assert figures() == incremental


def test_rows_of_a_day_that_has_none_any_more_are_taken_away(shop: Engine) -> None:
    with transaction() as connection:
        zero = {"people": 1, "orders": 0, "items": 0, "revenue_cents": 0}
        given_row = {"day": TODAY, "version": "x", "variant": "-", "surface": "", "impressions": 1, "clicks": 0}
        connection.execute(insert(recommendation_days).values(**given_row, **zero))
    run_job()
    assert figures() == []
