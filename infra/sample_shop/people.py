"""The customers: who they are, where they live and when they signed up."""

import re
import unicodedata
from dataclasses import dataclass

import numpy as np

from .draw import Flags, Ints, Reals, Rng, pick, zipf
from .names import CULTURES
from .places import COUNTRIES, City
from .rhythm import DAY, Span, demand, moments

SOURCES = ("Search", "Organic", "Facebook", "Email", "Display")
SOURCE_SHARES = np.array([0.62, 0.16, 0.09, 0.08, 0.05])
DOMAINS = ("example.com", "example.org", "example.net")
LETTERS = "ABEGHJLNPRTXY"  # the postal codes of all our countries may use these
BOXES = ("{0}.{1}", "{0}{1}", "{2}.{1}", "{0}_{1}", "{1}.{0}")  # given name, family name, initial
FEMALE_SHARE = 0.54
FLAT_SHARE = 0.3
CULTURE_NAMES = tuple(CULTURES)


@dataclass(frozen=True)
class People:
    """The customers in the order they signed up, one row each (id = row + 1)."""

    first_names: list[str]
    last_names: list[str]
    emails: list[str]
    age: Ints
    female: Flags
    addresses: list[str]
    postal_codes: list[str]
    cities: list[City]
    city: Ints
    latitude: Reals
    longitude: Reals
    source: Ints
    created: Ints

    def __len__(self) -> int:
        return len(self.emails)


def make_people(rng: Rng, size: int, span: Span) -> People:
    """`size` customers; the first one signs up when the shop opens."""
    cities, weights, countries = _cities()
    city = pick(rng, weights, size)
    centre = np.array([(one.latitude, one.longitude) for one in cities])[city]
    latitude, longitude = (centre + rng.normal(0, 0.03, (size, 2))).round(6).T
    age = 12 + np.floor(69 * rng.beta(2.1, 3.6, size)).astype(np.int64)
    created = _sign_ups(rng, size, span, longitude)
    female = rng.random(size) < FEMALE_SHARE
    country = countries[city]
    first_names, last_names = _names(rng, country, female)
    return People(
        first_names=first_names,
        last_names=last_names,
        emails=_emails(rng, first_names, last_names),
        age=age,
        female=female,
        addresses=_addresses(rng, country),
        postal_codes=_postal_codes(rng, [cities[i].postal for i in city.tolist()]),
        cities=cities,
        city=city,
        latitude=latitude,
        longitude=longitude,
        source=pick(rng, SOURCE_SHARES, size),
        created=created,
    )


def _cities() -> tuple[list[City], Reals, Ints]:
    """All cities, their weights and the index of their country."""
    cities: list[City] = []
    weights: list[float] = []
    countries: list[int] = []
    for index, country in enumerate(COUNTRIES):
        listed = country.cities()
        total = sum(weight for _, weight in listed)
        cities += [city for city, _ in listed]
        weights += [country.share * weight / total for _, weight in listed]
        countries += [index] * len(listed)
    return cities, np.array(weights), np.array(countries, dtype=np.int64)


def _sign_ups(rng: Rng, size: int, span: Span, longitude: Reals) -> Ints:
    """Ascending sign-up times; their number grows through the years and follows the season mildly."""
    days = span.days()
    growth = 0.25 + np.linspace(0, 1.3, len(days)) ** 1.4
    day = days[pick(rng, growth * demand(rng, days) ** 0.5, size)]
    created = np.sort(moments(rng, span, day, longitude))
    created[0] = min(int(created[0]), span.opening + DAY // 2)  # so that the first order has a customer
    return created


def _names(rng: Rng, country: Ints, female: Flags) -> tuple[list[str], list[str]]:
    """First and last names from the cultures of each person's country."""
    culture = np.zeros(len(country), dtype=np.int64)
    for index, one in enumerate(COUNTRIES):
        rows = np.flatnonzero(country == index)
        shares = np.array([share for _, share in one.cultures])
        known = np.array([CULTURE_NAMES.index(name) for name, _ in one.cultures])
        culture[rows] = known[pick(rng, shares, len(rows))]
    first, last = [""] * len(country), [""] * len(country)
    for index, named in enumerate(CULTURES.values()):
        here = culture == index
        _fill(rng, first, np.flatnonzero(here & female), named.female)
        _fill(rng, first, np.flatnonzero(here & ~female), named.male)
        _fill(rng, last, np.flatnonzero(here), named.surnames)
    return first, last


def _fill(rng: Rng, target: list[str], rows: Ints, names: str) -> None:
    """Give each row one of the names, some of which are more common than others."""
    known = names.split(", ")
    chosen = pick(rng, zipf(rng, len(known), 0.4), len(rows))
    for row, index in zip(rows.tolist(), chosen.tolist(), strict=True):
        target[row] = known[index]


def _emails(rng: Rng, first: list[str], last: list[str]) -> list[str]:
    """Distinct addresses on the domains reserved for examples; namesakes get a number.

    A box has no digits of its own, so counting its uses keeps every address distinct.
    """
    size = len(first)
    pattern = pick(rng, np.array([0.45, 0.2, 0.15, 0.1, 0.1]), size).tolist()
    domain = rng.integers(len(DOMAINS), size=size).tolist()
    plain = {name: _plain(name) for name in sorted({*first, *last})}
    uses: dict[str, int] = {}
    emails = []
    for row in range(size):
        given, family = plain[first[row]], plain[last[row]]
        box = BOXES[pattern[row]].format(given, family, given[0])
        host = DOMAINS[domain[row]]
        number = uses.get(box + host, 0)
        uses[box + host] = number + 1
        emails.append(f"{box}{number or ''}@{host}")
    return emails


def _plain(name: str) -> str:
    """A name in the letters a to z."""
    folded = unicodedata.normalize("NFKD", name.replace("ß", "ss")).lower()
    return re.sub("[^a-z]", "", folded)


def _addresses(rng: Rng, country: Ints) -> list[str]:
    """Street addresses in the manner of each country; some with a flat."""
    number = np.ceil(rng.exponential(60, len(country))).astype(np.int64).tolist()
    flat = rng.integers(1, 40, len(country)).tolist()
    has_flat = (rng.random(len(country)) < FLAT_SHARE).tolist()
    addresses = [""] * len(country)
    for index, one in enumerate(COUNTRIES):
        culture = CULTURES[one.cultures[0][0]]
        streets = culture.streets.split(", ")
        rows = np.flatnonzero(country == index)
        chosen = rng.integers(len(streets), size=len(rows))
        for row, street in zip(rows.tolist(), chosen.tolist(), strict=True):
            address = culture.address.format(s=streets[street], n=number[row], f=flat[row])
            addresses[row] = culture.flat.format(a=address, f=flat[row]) if has_flat[row] else address
    return addresses


def _postal_codes(rng: Rng, patterns: list[str]) -> list[str]:
    """Fill in the postal patterns."""
    draws = rng.integers(1 << 40, size=len(patterns)).tolist()
    return [_postal_code(pattern, draw) for pattern, draw in zip(patterns, draws, strict=True)]


def _postal_code(pattern: str, draw: int) -> str:
    code = ""
    for sign in pattern:
        if sign == "#":
            draw, digit = divmod(draw, 10)
            code += str(digit)
        elif sign == "@":
            draw, letter = divmod(draw, len(LETTERS))
            code += LETTERS[letter]
        else:
            code += sign
    return code
