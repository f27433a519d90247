"""What a purchase costs: discount, tax and shipping, exact to the cent. Plain values in, plain values out.

Amounts are integer cents. A sum is rounded once and then shared out over its units, so that the parts add up to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.core.money import from_cents

PER_PERCENT = 100  # a percentage promotion counts in hundredths of a percent
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """So many units of a product at its present price; `category_key` is folded."""

    product_id: int
    price_cents: int
    quantity: int
    category_key: str


class PromotionKind(StrEnum):
    """What the `value` of a promotion counts."""

    PERCENTAGE = "percentage"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Promotion:
    """A reduction. `value` is in hundredths of a percent, or in cents; it begins at `minimum_cents` of items."""

    kind: PromotionKind
    value: int
    minimum_cents: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    is_active: bool = True

    def refusal(self, items_cents: int, now: datetime) -> str | None:
        """Say why it does not apply to a sum of items at a moment; None when it does. The end is excluded."""
        if not self.is_active:
            return "This code is not in use."
        if self.starts_at is not None and now < self.starts_at:
            return "This code is not valid yet."
        if self.ends_at is not None and now >= self.ends_at:
            return "This code is no longer valid."
        if items_cents < self.minimum_cents:
            return f"This code needs items of {from_cents(self.minimum_cents)} or more."
        return None

    def discount_cents(self, items_cents: int) -> int:
        """Return what is taken off, never more than there is."""
        if self.kind is PromotionKind.FIXED:
            return min(self.value, items_cents)
        return min(divided(items_cents * self.value, 100 * PER_PERCENT), items_cents)


@dataclass(frozen=True, slots=True)
class TaxRule:
    """A rate in millionths. An empty key stands for any; `included` says that prices hold the tax already."""

    country_key: str
    state_key: str
    category_key: str
    rate: int
    included: bool


@dataclass(frozen=True, slots=True)
class ShippingRule:
    """What a way to ship costs; nothing from `free_from_cents` of discounted items on. An empty country is any."""

    country_key: str
    method: str
    name: str
    price_cents: int
    free_from_cents: int | None = None


@dataclass(frozen=True, slots=True)
class PricedUnit:
    """One unit of a purchase with its part of discount and tax."""

    product_id: int
    price_cents: int
    discount_cents: int
    tax_cents: int
    tax_included: bool

    @property
    def sale_cents(self) -> int:
        """What the unit is sold at."""
        return self.price_cents - self.discount_cents

    @property
    def paid_cents(self) -> int:
        """What is paid for the unit, tax that is added included."""
        return self.sale_cents + (0 if self.tax_included else self.tax_cents)


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of a purchase. `tax_cents` is all tax; `added_tax_cents` the part that prices do not hold."""

    units: tuple[PricedUnit, ...]
    items_cents: int
    discount_cents: int
    shipping_cents: int
    tax_cents: int
    added_tax_cents: int

    @property
    def total_cents(self) -> int:
        """What is to be paid."""
        return self.items_cents - self.discount_cents + self.shipping_cents + self.added_tax_cents


# Where nobody has said anything about shipping, it is free.
FREE_SHIPPING = ShippingRule("", "standard", "Standard", 0)


def divided(amount: int, by: int) -> int:
    """Return amount / by, rounded half up; both are not negative."""
    return (2 * amount + by) // (2 * by)


def shared_out(total: int, weights: Sequence[int]) -> list[int]:
    """Share `total` out in proportion to `weights`: the parts add up to it.

    By largest remainders, earlier ones first among equals. No part is above its weight where the total is not above
    their sum. Nothing is shared out over weights of nothing.
    """
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    remainders = sorted(range(len(weights)), key=lambda at: (-(total * weights[at] % whole), at))
    for at in remainders[: total - sum(parts)]:
        parts[at] += 1
    return parts


def tax_rule_for(rules: Sequence[TaxRule], country_key: str, state_key: str, category_key: str) -> TaxRule | None:
    """Return the rule that says most: the place counts before the category, the country before the state."""
    fitting = [
        rule
        for rule in rules
        if rule.country_key in ("", country_key)
        and rule.state_key in ("", state_key)
        and rule.category_key in ("", category_key)
    ]
    return max(
        fitting,
        key=lambda rule: (rule.country_key != "", rule.state_key != "", rule.category_key != ""),
        default=None,
    )


def shipping_rules_for(rules: Sequence[ShippingRule], country_key: str) -> dict[str, ShippingRule]:
    """Return the ways to ship into a country: its own rules, or else those for any country."""
    own = [rule for rule in rules if rule.country_key == country_key and country_key]
    common = [rule for rule in rules if rule.country_key == ""]
    return {rule.method: rule for rule in (own or common or [FREE_SHIPPING])}


def quote(
    lines: Sequence[Line],
    *,
    promotion: Promotion | None,
    tax_rules: Mapping[str, TaxRule | None],
    shipping: ShippingRule | None,
) -> Quote:
    """Return the price of `lines`, its units ordered by product.

    `promotion` must apply (see `Promotion.refusal`); `tax_rules` holds the rule of each category key; shipping is
    left out where it is not known yet. Shipping is not taxed.
    """
    # By product, not as they came: the order of a cart must not decide which unit bears an odd cent, and its tax.
    ordered = sorted(lines, key=lambda line: (line.product_id, line.price_cents))
    units = [line for line in ordered for _ in range(line.quantity)]
    items_cents = sum(line.price_cents for line in units)
    discount_cents = promotion.discount_cents(items_cents) if promotion else 0
    discounts = shared_out(discount_cents, [line.price_cents for line in units])
    bases = [line.price_cents - discount for line, discount in zip(units, discounts, strict=True)]
    rules = [tax_rules.get(line.category_key) for line in units]
    taxes = _taxes(bases, rules)
    priced = tuple(
        PricedUnit(line.product_id, line.price_cents, discount, tax, rule is not None and rule.included)
        for line, discount, tax, rule in zip(units, discounts, taxes, rules, strict=True)
    )
    shipping_cents = 0
    if shipping is not None and units:
        free_from = shipping.free_from_cents
        is_free = free_from is not None and items_cents - discount_cents >= free_from
        shipping_cents = 0 if is_free else shipping.price_cents
    return Quote(
        units=priced,
        items_cents=items_cents,
        discount_cents=discount_cents,
        shipping_cents=shipping_cents,
        tax_cents=sum(taxes),
        added_tax_cents=sum(unit.tax_cents for unit in priced if not unit.tax_included),
    )


def _taxes(bases: Sequence[int], rules: Sequence[TaxRule | None]) -> list[int]:
    """Return the tax of each unit: the sum of a rate is rounded once, then shared out over its units."""
    taxes = [0] * len(bases)
    for rate, included in sorted({(rule.rate, rule.included) for rule in rules if rule is not None}):
        group = [at for at, rule in enumerate(rules) if rule and (rule.rate, rule.included) == (rate, included)]
        base = sum(bases[at] for at in group)
        total = divided(base * rate, MILLION + rate if included else MILLION)
        for at, part in zip(group, shared_out(total, [bases[at] for at in group]), strict=True):
            taxes[at] = part
    return taxes
