"""Who gets which arm: the same person the same, and shares as they were given."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.recommendations.measuring.assignment import Arm, Overrides, arm_in, arm_of, variant_name
from chalicelib.recommendations.measuring.statistics import chi_square_p

PLAIN = Overrides()
PEOPLE = [f"c:{number}" for number in range(20_000)]


def arms_of(*shares: int) -> list[Arm]:
    return [Arm(f"arm{place}", share, PLAIN) for place, share in enumerate(shares)]


def counted(people: list[str], salt: str, arms: list[Arm]) -> Counter[str | None]:
    found = (arm_of(person, salt, arms) for person in people)
    return Counter(None if arm is None else arm.name for arm in found)


@pytest.mark.parametrize("shares", [(50, 50), (90, 10), (34, 33, 33), (20, 20, 20, 20, 20), (5, 5)])
def test_the_shares_are_kept(shares: tuple[int, ...]) -> None:
    found = counted(PEOPLE, "salt", arms_of(*shares))
    expected = [*shares, 100 - sum(shares)]
    observed = [found[f"arm{place}"] for place in range(len(shares))] + [found[None]]
    if expected[-1] == 0:
        assert observed.pop() == 0
        expected.pop()
    assert chi_square_p(observed, expected) > 0.001


def test_ids_that_follow_each_other_are_spread_like_those_of_visitors() -> None:
    visitors = [f"v:{hashlib.md5(str(number).encode()).hexdigest()}" for number in range(20_000)]
    found = counted(visitors, "salt", arms_of(50, 50))
    assert chi_square_p([found["arm0"], found["arm1"]], [50, 50]) > 0.001


def test_another_salt_deals_anew() -> None:
    """Who was in the new arm of one experiment is in either arm of the next as likely as anybody."""
    arms = arms_of(50, 50)
    first = [person for person in PEOPLE if arm_of(person, "one", arms) is arms[1]]
    found = counted(first, "two", arms)
    assert chi_square_p([found["arm0"], found["arm1"]], [50, 50]) > 0.001


def test_the_place_of_a_person_is_the_documented_hash() -> None:
    place = int.from_bytes(hashlib.sha256(b"salt:c:17").digest()[:8], "big") % 10_000
    low, high = place // 100, place // 100 + 1
    assert arm_of("c:17", "salt", arms_of(high, 100 - high)) == Arm("arm0", high, PLAIN)
    found = arm_of("c:17", "salt", arms_of(low, 100 - low)) if low else None
    assert low == 0 or found == Arm("arm1", 100 - low, PLAIN)


@given(st.text(max_size=40), st.text(max_size=40), st.lists(st.integers(1, 20), min_size=1, max_size=5))
def test_the_same_person_always_sees_the_same(person: str, salt: str, shares: list[int]) -> None:
    arms = arms_of(*shares)
    assert arm_of(person, salt, arms) is arm_of(person, salt, arms)


@given(st.text(max_size=40))
def test_everybody_takes_part_where_the_shares_are_a_hundred(person: str) -> None:
    assert arm_of(person, "salt", arms_of(1, 99)) is not None


def test_arms_of_two_experiments_are_two_variants() -> None:
    assert variant_name(12, "control") == "12-control"
    assert arm_in("12-control", 12) == "control"
    assert [arm_in(variant, 1) for variant in ("12-control", "-", "1", "")] == [None] * 4
