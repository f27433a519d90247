"""How far people came on a day."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.analytics.funnel.steps import (
    CUSTOMERS,
    GUESTS,
    KIND,
    MOST_NAMES,
    OTHER,
    SOURCE,
    SURFACE,
    Buyer,
    Day,
    Reached,
    Visit,
)


def looked(customer_id: int | None = None, visitor_id: int | None = None, **given: object) -> Visit:
    return Visit(customer_id, visitor_id, given.get("surface"), bool(given.get("carted", False)))  # type: ignore[arg-type]


def test_who_orders_came_all_the_way() -> None:
    day = Day()
    day.add("ordered", [Buyer(1, "")])
    assert day.groups({1: "Search"}) == {
        (KIND, CUSTOMERS): Reached(1, 1, 1, 1),
        (SOURCE, "Search"): Reached(1, 1, 1, 1),
    }


def test_a_customer_counts_once_however_it_is_seen() -> None:
    day = Day()
    day.see([looked(1), looked(1, surface="home"), looked(1, carted=True), looked(2)])
    day.add("carted", [Buyer(1, "cart 9")])
    day.add("checked_out", [Buyer(1, "a@example.com")])
    found = day.groups({1: "Search", 2: None})
    assert found[KIND, CUSTOMERS] == Reached(2, 1, 1, 0)
    assert found[SOURCE, "Search"] == Reached(1, 1, 1, 0)
    assert found[SOURCE, ""] == Reached(1, 0, 0, 0)
    assert found[SURFACE, "home"] == Reached(1, 1, 1, 0)


def test_guests_are_as_many_at_each_step_as_were_seen_there_and_no_fewer_than_at_the_next() -> None:
    day = Day()
    day.see([looked(visitor_id=7), looked(visitor_id=8, carted=True)])
    day.add("carted", [Buyer(None, "cart 1"), Buyer(None, "cart 2"), Buyer(None, "cart 2")])
    day.add("checked_out", [Buyer(None, mail) for mail in ("a", "b", "c")])
    day.add("ordered", [Buyer(None, "a"), Buyer(None, "d")])
    assert day.groups({}) == {(KIND, GUESTS): Reached(4, 4, 4, 2)}


def test_a_visitor_at_a_surface_counts_as_far_as_its_browser_tells() -> None:
    day = Day()
    day.see([looked(visitor_id=7, surface=" home "), looked(visitor_id=7, carted=True), looked(visitor_id=8)])
    assert day.groups({})[SURFACE, "home"] == Reached(1, 1, 0, 0)


def test_invented_surfaces_and_sources_are_bounded() -> None:
    day = Day()
    many = MOST_NAMES + 20
    day.see([looked(number, surface=f"s{number}") for number in range(1, many + 1)])
    found = day.groups({number: f"source {number}" for number in range(1, many + 1)})
    surfaces = [name for segment, name in found if segment == SURFACE]
    sources = {name: reached for (segment, name), reached in found.items() if segment == SOURCE}
    assert len(surfaces) == MOST_NAMES
    assert len(sources) == MOST_NAMES + 1
    assert sources[OTHER] == Reached(20, 0, 0, 0)


people = st.integers(1, 6)
visits = st.lists(
    st.builds(
        lambda who, is_customer, surface, carted: Visit(
            who if is_customer else None, None if is_customer else who, surface, carted
        ),
        people,
        st.booleans(),
        st.sampled_from([None, None, "home", "cart"]),
        st.booleans(),
    ),
    max_size=12,
)
buyers = st.lists(
    st.builds(lambda who, is_customer: Buyer(who if is_customer else None, f"g{who}"), people, st.booleans()),
    max_size=6,
)


@given(visits, buyers, buyers, buyers)
def test_no_step_has_more_people_than_the_one_before_and_sources_sum_up(
    seen: list[Visit], carted: list[Buyer], begun: list[Buyer], ordered: list[Buyer]
) -> None:
    day = Day()
    day.see(seen)
    for step, whose in (("carted", carted), ("checked_out", begun), ("ordered", ordered)):
        day.add(step, whose)
    found = day.groups({1: "Search", 2: "Email", 3: "Search"})
    for reached in found.values():
        assert reached.viewed >= reached.carted >= reached.checked_out >= reached.ordered
    customers = found.get((KIND, CUSTOMERS), Reached())
    for step in ("viewed", "carted", "checked_out", "ordered"):
        assert sum(getattr(each, step) for key, each in found.items() if key[0] == SOURCE) == getattr(customers, step)
    assert customers.ordered == len({each.customer_id for each in ordered} - {None})
