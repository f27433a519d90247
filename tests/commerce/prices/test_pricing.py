"""What a purchase costs: cases worked out by hand, and what holds of every purchase."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.commerce.prices import pricing
from chalicelib.commerce.prices.pricing import (
    FREE_SHIPPING,
    MILLION,
    Line,
    Promotion,
    PromotionKind,
    Quote,
    ShippingRule,
    TaxRule,
    divided,
    shared_out,
)
from tests.factories import NOON

TICK = timedelta(microseconds=1)
STANDARD = ShippingRule("", "standard", "Standard", 495, 5000)


def percent(value: float) -> Promotion:
    return Promotion(PromotionKind.PERCENTAGE, round(value * 100))


def fixed(cents: int) -> Promotion:
    return Promotion(PromotionKind.FIXED, cents)


def added(rate: int) -> TaxRule:
    return TaxRule("", "", "", rate, included=False)


def included(rate: int) -> TaxRule:
    return TaxRule("", "", "", rate, included=True)


def lines(*given: tuple[int, int] | tuple[int, int, str]) -> list[Line]:
    """Return lines of (price in cents, quantity, category), numbered from 1."""
    return [
        Line(number, price, quantity, category[0] if category else "jeans")
        for number, (price, quantity, *category) in enumerate(given, 1)
    ]


def quote(
    bought: list[Line],
    *,
    promotion: Promotion | None = None,
    tax: TaxRule | None = None,
    taxes: dict[str, TaxRule | None] | None = None,
    shipping: ShippingRule | None = None,
) -> Quote:
    """Price a purchase; `tax` is the rule of every category, unless `taxes` says more."""
    rules = taxes if taxes is not None else {line.category_key: tax for line in bought}
    return pricing.quote(bought, promotion=promotion, tax_rules=rules, shipping=shipping)


# --- by hand -----------------------------------------------------------------------------------------------------


def test_nothing_costs_nothing() -> None:
    assert quote([], promotion=fixed(500), tax=added(190_000), shipping=STANDARD) == Quote((), 0, 0, 0, 0, 0)


def test_without_rules_the_prices_add_up() -> None:
    found = quote(lines((1999, 2), (500, 1)))
    assert (found.items_cents, found.discount_cents, found.tax_cents, found.shipping_cents) == (4498, 0, 0, 0)
    assert found.total_cents == 4498
    assert [(unit.product_id, unit.sale_cents, unit.paid_cents) for unit in found.units] == [
        (1, 1999, 1999),
        (1, 1999, 1999),
        (2, 500, 500),
    ]


@pytest.mark.parametrize(
    ("prices", "rate", "tax"),
    [
        ([1000], 88_750, 89),  # 88.75
        ([1000, 1000], 88_750, 178),  # 177.5: each alone would be 89 twice, the same
        ([100, 100, 100], 88_750, 27),  # 26.625: each alone would be 9 three times, also 27
        ([50, 50, 50, 50], 88_750, 18),  # 17.75; each alone is 4.4375, which would make 16
        ([1999], 72_500, 145),  # 144.9275
        ([10], 50_000, 1),  # 0.5 is rounded up
        ([10], 49_999, 0),
        ([0], 190_000, 0),
        ([100], 0, 0),
        ([100], MILLION, 100),
    ],
)
def test_added_tax_is_rounded_once_half_up(prices: list[int], rate: int, tax: int) -> None:
    found = quote(lines(*[(price, 1) for price in prices]), tax=added(rate))
    assert (found.tax_cents, found.added_tax_cents) == (tax, tax)
    assert found.total_cents == sum(prices) + tax


@pytest.mark.parametrize(
    ("prices", "rate", "tax"),
    [
        ([11900], 190_000, 1900),
        ([1999], 190_000, 319),  # 1999 * 19 / 119 = 319.17
        ([999, 999], 190_000, 319),  # 1998 * 19 / 119 = 319.01; each alone 159.5 would make 320
        ([1], 190_000, 0),  # 0.16
        ([2], 333_333, 0),  # 0.49999...
        ([3], MILLION, 2),  # 1.5 is rounded up
        ([1070], 70_000, 70),
    ],
)
def test_included_tax_is_held_by_the_price(prices: list[int], rate: int, tax: int) -> None:
    found = quote(lines(*[(price, 1) for price in prices]), tax=included(rate))
    assert (found.tax_cents, found.added_tax_cents) == (tax, 0)
    assert found.total_cents == sum(prices)
    assert all(unit.tax_included and unit.paid_cents == unit.price_cents for unit in found.units)


def test_half_of_three_cents_is_two_cents_off() -> None:
    """1.5 cents are rounded up once; the first two units bear a cent each."""
    found = quote(lines((1, 3)), promotion=percent(50), tax=added(88_750))
    assert [unit.discount_cents for unit in found.units] == [1, 1, 0]
    assert (found.items_cents, found.discount_cents, found.tax_cents, found.total_cents) == (3, 2, 0, 1)


def test_a_discount_falls_on_units_by_their_price() -> None:
    """5.00 off 10.00 + 20.00 + 20.00: 1.00, 2.00 and 2.00."""
    found = quote(lines((1000, 1), (2000, 2)), promotion=fixed(500))
    assert [unit.discount_cents for unit in found.units] == [100, 200, 200]


def test_a_discount_that_does_not_divide_falls_on_the_largest_remainders() -> None:
    """1.00 off 3 x 3.33 + 0.01: 33.3 each and 0.1; the cent that is left goes to the first."""
    found = quote(lines((333, 3), (1, 1)), promotion=fixed(100))
    assert [unit.discount_cents for unit in found.units] == [34, 33, 33, 0]


def test_tax_is_on_what_is_left_after_the_discount() -> None:
    """10 % off 50.00 leaves 45.00; 8.875 % of that is 3.99375; shipping is paid, for 45.00 is below 50.00."""
    found = quote(lines((2500, 2)), promotion=percent(10), tax=added(88_750), shipping=STANDARD)
    assert (found.items_cents, found.discount_cents, found.tax_cents, found.shipping_cents) == (5000, 500, 399, 495)
    assert found.total_cents == 4500 + 399 + 495
    assert [unit.tax_cents for unit in found.units] == [200, 199]


def test_each_rate_is_rounded_by_itself() -> None:
    """19 % of 9.99 held: 1.595 -> 1.60; 7 % of 9.99 held: 0.6535 -> 0.65; 5 % of 9.99 added: 0.4995 -> 0.50."""
    taxes = {"jeans": included(190_000), "books": included(70_000), "rent": added(50_000), "gifts": None}
    bought = lines((999, 1, "jeans"), (999, 1, "books"), (999, 1, "rent"), (999, 1, "gifts"), (999, 1, "unknown"))
    found = quote(bought, taxes=taxes)
    assert [unit.tax_cents for unit in found.units] == [160, 65, 50, 0, 0]
    assert [unit.tax_included for unit in found.units] == [True, True, False, False, False]
    assert (found.tax_cents, found.added_tax_cents, found.total_cents) == (275, 50, 5045)


def test_one_rate_of_several_categories_is_rounded_once() -> None:
    """17.75 cents of four times 50 cents, although the rules are two."""
    taxes: dict[str, TaxRule | None] = {
        "jeans": TaxRule("united states", "", "jeans", 88_750, included=False),
        "socks": TaxRule("united states", "new york", "", 88_750, included=False),
    }
    assert quote(lines((50, 2, "jeans"), (50, 2, "socks")), taxes=taxes).tax_cents == 18


@pytest.mark.parametrize(
    ("items", "promotion", "shipping", "paid"),
    [
        (4999, None, STANDARD, 495),
        (5000, None, STANDARD, 0),
        (5001, fixed(1), STANDARD, 0),
        (5000, fixed(1), STANDARD, 495),
        (5000, None, None, 0),
        (1_000_000, None, ShippingRule("", "express", "Express", 1295), 1295),
        (1, None, ShippingRule("", "gift", "Gift", 700, 0), 0),
        (100, fixed(100), STANDARD, 495),
        (100, None, FREE_SHIPPING, 0),
    ],
)
def test_shipping_is_free_from_a_sum_of_discounted_items_on_and_never_taxed(
    items: int, promotion: Promotion | None, shipping: ShippingRule | None, paid: int
) -> None:
    found = quote(lines((items, 1)), promotion=promotion, tax=added(MILLION), shipping=shipping)
    assert found.shipping_cents == paid
    assert found.tax_cents == items - found.discount_cents


def test_the_example_of_the_documentation() -> None:
    bought = lines((2450, 2), (600, 1, "socks"))
    found = quote(bought, promotion=percent(10), tax=added(88_750), shipping=STANDARD)
    assert [unit.discount_cents for unit in found.units] == [245, 245, 60]
    assert [unit.tax_cents for unit in found.units] == [196, 195, 48]
    assert (found.items_cents, found.discount_cents, found.shipping_cents) == (5500, 550, 495)
    assert (found.tax_cents, found.total_cents) == (439, 5884)
    held = quote(bought, promotion=percent(10), tax=included(190_000), shipping=STANDARD)
    assert (held.tax_cents, held.total_cents) == (790, 5445)


# --- promotions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("promotion", "items", "discount"),
    [
        (percent(10), 4995, 500),  # 499.5
        (percent(10), 4994, 499),
        (percent(33.33), 10_000, 3333),
        (percent(100), 4995, 4995),
        (percent(0.01), 4999, 0),
        (percent(0.01), 5000, 1),
        (fixed(500), 4995, 500),
        (fixed(500), 499, 499),
        (fixed(500), 500, 500),
        (fixed(500), 0, 0),
        (percent(100), 0, 0),
    ],
)
def test_what_a_promotion_takes_off(promotion: Promotion, items: int, discount: int) -> None:
    assert promotion.discount_cents(items) == discount


def test_a_promotion_holds_from_its_begin_until_before_its_end() -> None:
    bounded = Promotion(PromotionKind.FIXED, 1, starts_at=NOON, ends_at=NOON + timedelta(hours=1))
    said = [bounded.refusal(0, NOON + wait) for wait in (-TICK, timedelta(0), timedelta(hours=1) - TICK)]
    assert said == ["This code is not valid yet.", None, None]
    assert bounded.refusal(0, NOON + timedelta(hours=1)) == "This code is no longer valid."


def test_what_refuses_a_promotion_first_is_what_more_items_would_not_change() -> None:
    off = Promotion(PromotionKind.FIXED, 1, minimum_cents=5000, ends_at=NOON, is_active=False)
    late = Promotion(PromotionKind.FIXED, 1, minimum_cents=5000, ends_at=NOON)
    small = Promotion(PromotionKind.FIXED, 1, minimum_cents=5000)
    assert off.refusal(0, NOON) == "This code is not in use."
    assert late.refusal(0, NOON) == "This code is no longer valid."
    assert small.refusal(4999, NOON) == "This code needs items of 50.00 or more."
    assert small.refusal(5000, NOON) is None


# --- rules -------------------------------------------------------------------------------------------------------


def test_of_tax_rules_that_fit_the_one_that_says_most_wins() -> None:
    """Country, then state, then category: a rule for a place beats one for a category anywhere."""
    weakest_first = [
        TaxRule("", "", "", 1, included=False),
        TaxRule("", "", "jeans", 2, included=False),
        TaxRule("us", "", "", 3, included=False),
        TaxRule("us", "", "jeans", 4, included=False),
        TaxRule("us", "ca", "", 5, included=False),
        TaxRule("us", "ca", "jeans", 6, included=False),
    ]
    for count in range(1, 7):
        for rules in (weakest_first[:count], weakest_first[count - 1 :: -1]):
            found = pricing.tax_rule_for(rules, "us", "ca", "jeans")
            assert found is not None
            assert found.rate == count
    assert pricing.tax_rule_for(weakest_first[2:], "fr", "ca", "jeans") is None
    assert pricing.tax_rule_for([], "us", "ca", "jeans") is None


def test_a_country_ships_by_its_own_rules_or_by_those_for_any() -> None:
    common, own, other = (
        ShippingRule("", "standard", "Standard", 1),
        ShippingRule("nz", "boat", "By boat", 2),
        ShippingRule("fr", "standard", "Standard", 3),
    )
    assert pricing.shipping_rules_for([common, own, other], "nz") == {"boat": own}
    assert pricing.shipping_rules_for([common, own, other], "us") == {"standard": common}
    assert pricing.shipping_rules_for([common, own, other], "") == {"standard": common}
    assert pricing.shipping_rules_for([own], "us") == {"standard": FREE_SHIPPING}


# --- what holds always -------------------------------------------------------------------------------------------

CENTS = st.one_of(st.integers(0, 20), st.integers(0, 100_000), st.just(99_999_999_999))
RATES = st.one_of(st.sampled_from([0, 70_000, 88_750, 190_000, MILLION]), st.integers(0, MILLION))
RULES = st.none() | st.builds(TaxRule, st.just(""), st.just(""), st.just(""), RATES, st.booleans())
CATEGORIES = ("a", "b", "c")
TAXES = st.fixed_dictionaries(dict.fromkeys(CATEGORIES, RULES))
PROMOTIONS = st.none() | st.one_of(
    st.builds(Promotion, st.just(PromotionKind.PERCENTAGE), st.integers(1, 10_000)),
    st.builds(Promotion, st.just(PromotionKind.FIXED), st.integers(1, 200_000)),
)
SHIPPING = st.none() | st.builds(
    ShippingRule, st.just(""), st.just("standard"), st.just(""), CENTS, st.none() | CENTS
)


@st.composite
def purchases(draw: st.DrawFn) -> list[Line]:
    product_ids = draw(st.lists(st.integers(1, 1000), unique=True, max_size=6))
    return [
        Line(product_id, draw(CENTS), draw(st.integers(1, 4)), draw(st.sampled_from(CATEGORIES)))
        for product_id in product_ids
    ]


@given(purchases(), PROMOTIONS, TAXES, SHIPPING)
def test_the_parts_of_every_purchase_add_up(
    bought: list[Line],
    promotion: Promotion | None,
    taxes: dict[str, TaxRule | None],
    shipping: ShippingRule | None,
) -> None:
    found = quote(bought, promotion=promotion, taxes=taxes, shipping=shipping)
    assert found.items_cents == sum(line.price_cents * line.quantity for line in bought)
    assert found.discount_cents == sum(unit.discount_cents for unit in found.units)
    assert found.tax_cents == sum(unit.tax_cents for unit in found.units)
    assert found.total_cents == sum(unit.paid_cents for unit in found.units) + found.shipping_cents
    held = Counter({line.product_id: line.quantity for line in bought})
    assert Counter(unit.product_id for unit in found.units) == held


@given(purchases(), PROMOTIONS, TAXES, SHIPPING)
def test_nothing_of_a_purchase_is_below_nothing(
    bought: list[Line],
    promotion: Promotion | None,
    taxes: dict[str, TaxRule | None],
    shipping: ShippingRule | None,
) -> None:
    found = quote(bought, promotion=promotion, taxes=taxes, shipping=shipping)
    assert 0 <= found.discount_cents <= found.items_cents
    assert 0 <= found.added_tax_cents <= found.tax_cents
    assert 0 <= found.shipping_cents <= found.total_cents
    for unit in found.units:
        assert 0 <= unit.discount_cents <= unit.price_cents
        # No rate is above 100 %, and what a price holds is less than the price.
        assert 0 <= unit.tax_cents <= unit.sale_cents


@given(purchases(), PROMOTIONS, TAXES)
def test_the_tax_of_each_rate_is_within_half_a_cent_of_the_exact_one(
    bought: list[Line], promotion: Promotion | None, taxes: dict[str, TaxRule | None]
) -> None:
    category_of = {line.product_id: line.category_key for line in bought}
    found = quote(bought, promotion=promotion, taxes=taxes)
    for rate, is_included in {(rule.rate, rule.included) for rule in taxes.values() if rule}:
        exact = tax = Fraction(0)
        for unit in found.units:
            rule = taxes[category_of[unit.product_id]]
            if rule is not None and (rule.rate, rule.included) == (rate, is_included):
                exact += Fraction(unit.sale_cents * rate, MILLION + rate if is_included else MILLION)
                tax += unit.tax_cents
        assert abs(tax - exact) <= Fraction(1, 2)


@given(st.data(), purchases(), PROMOTIONS, TAXES, SHIPPING)
def test_the_order_of_lines_makes_no_difference(
    data: st.DataObject,
    bought: list[Line],
    promotion: Promotion | None,
    taxes: dict[str, TaxRule | None],
    shipping: ShippingRule | None,
) -> None:
    other = data.draw(st.permutations(bought))
    one = quote(bought, promotion=promotion, taxes=taxes, shipping=shipping)
    two = quote(other, promotion=promotion, taxes=taxes, shipping=shipping)
    assert (one.total_cents, one.tax_cents, one.added_tax_cents) == (
        two.total_cents,
        two.tax_cents,
        two.added_tax_cents,
    )
    assert Counter(one.units) == Counter(two.units)


def test_whoever_comes_first_the_odd_cent_falls_on_the_same_unit() -> None:
    """One cent off two of 1.00 each, of which one is taxed."""
    taxed, free = Line(1, 100, 1, "jeans"), Line(2, 100, 1, "books")
    taxes: dict[str, TaxRule | None] = {"jeans": added(MILLION), "books": None}
    for bought in ([taxed, free], [free, taxed]):
        found = quote(bought, promotion=fixed(1), taxes=taxes)
        assert [(unit.product_id, unit.discount_cents) for unit in found.units] == [(1, 1), (2, 0)]
        assert found.total_cents == 99 + 99 + 100


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), max_size=20))
def test_what_is_shared_out_adds_up_and_is_fair(total: int, weights: list[int]) -> None:
    parts = shared_out(total, weights)
    whole = sum(weights)
    if whole == 0:
        assert parts == [0] * len(weights)
        return
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, whole)) < 1


@given(st.integers(0, 10**15), st.integers(1, 10**9))
def test_a_quotient_is_the_nearest_whole_number_a_half_rounded_up(amount: int, by: int) -> None:
    assert divided(amount, by) == (Fraction(amount, by) + Fraction(1, 2)) // 1
