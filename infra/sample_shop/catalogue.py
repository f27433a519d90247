"""The products: shelves (a category in a department), names, prices and hidden style."""

import hashlib
from dataclasses import dataclass

import numpy as np

from .brands import Brands, make_brands
from .categories import CATEGORIES, MEN, WOMEN, Category, Line, vocabulary
from .draw import Ints, Reals, Rng, exact_shares, pick, zipf
from .places import DISTRIBUTION_CENTERS
from .tastes import TASTE_DIMENSIONS, directions

POPULARITY = 0.5  # the exponent of Zipf's law for products; taste makes the curve steeper still
MAX_BRANDS = 2_000  # the vocabulary of brand names is finite
ENDINGS = np.array([0, 50, 95, 99])
# How cheap, middle and dear brands like their prices to end.
ENDING_SHARES = np.array([[0.05, 0.10, 0.35, 0.50], [0.25, 0.35, 0.25, 0.15], [0.75, 0.20, 0.05, 0.0]])


@dataclass(frozen=True)
class Shelf:
    """A category in one department."""

    category: Category
    department: str
    weight: float


@dataclass(frozen=True)
class Catalogue:
    """All products, one row each (id = row + 1); money is in cents."""

    shelves: list[Shelf]
    shelf_style: Reals
    brands: Brands
    names: list[str]
    skus: list[str]
    shelf: Ints
    brand: Ints
    price: Ints
    cost: Ints
    center: Ints
    popularity: Reals
    style: Reals

    def __len__(self) -> int:
        return len(self.names)


def make_shelves() -> list[Shelf]:
    """Every category in each department that has it."""
    both = [
        Shelf(category, department, share)
        for category in CATEGORIES
        for department, share in ((WOMEN, category.women), (MEN, category.men))
    ]
    return [shelf for shelf in both if shelf.weight]


def make_catalogue(rng: Rng, seed: int, size: int, archetypes: Reals) -> Catalogue:
    """A catalogue of `size` products; a larger one has more brands (as the square root)."""
    shelves = make_shelves()
    weights = np.array([shelf.weight for shelf in shelves])
    brand_count = min(MAX_BRANDS, round(3.5 * size**0.5))
    brands = make_brands(rng, brand_count, archetypes, weights, len(DISTRIBUTION_CENTERS))
    shelf = exact_shares(rng, weights, size)
    brand = _choose_brands(rng, shelf, brands)
    names, factor, style = _describe(rng, shelves, shelf, [brands.names[i] for i in brand.tolist()])
    median = np.array([one.category.price for one in shelves])[shelf]
    price = _price_tags(rng, median * factor * brands.price_level[brand], brands.price_level[brand])
    at_home = rng.random(size) < 0.7
    return Catalogue(
        shelves=shelves,
        shelf_style=directions(rng.normal(size=(len(shelves), TASTE_DIMENSIONS))),
        brands=brands,
        names=names,
        skus=[_sku(seed, product_id) for product_id in range(1, size + 1)],
        shelf=shelf,
        brand=brand,
        price=price,
        cost=_costs(rng, price, brands.margin[brand]),
        center=np.where(at_home, brands.center[brand], rng.integers(len(DISTRIBUTION_CENTERS), size=size)),
        popularity=zipf(rng, size, POPULARITY),
        style=directions(style),
    )


def _choose_brands(rng: Rng, shelf: Ints, brands: Brands) -> Ints:
    """A brand for each product among those on its shelf; large brands have wide ranges."""
    brand = np.zeros(len(shelf), dtype=np.int64)
    for number in range(brands.on_shelf.shape[1]):
        here = np.flatnonzero(shelf == number)
        brand[here] = pick(rng, brands.on_shelf[:, number] * brands.weight**0.75, len(here))
    return brand


def _describe(rng: Rng, shelves: list[Shelf], shelf: Ints, brand_names: list[str]) -> tuple[list[str], Reals, Reals]:
    """Each product's name, the factor its words have on the price, and its hidden style.

    Style comes from the words (people who like linen like linen) and from the product itself.
    """
    names = [""] * len(shelf)
    factor = np.exp(rng.normal(0, 0.2, len(shelf)))
    style = rng.normal(0, 0.7 / TASTE_DIMENSIONS**0.5, (len(shelf), TASTE_DIMENSIONS))
    taken: set[str] = set()
    for number, one in enumerate(shelves):
        lines = [line for line in one.category.lines if line.only in ("", one.department)]
        here = np.flatnonzero(shelf == number)
        kind = rng.integers(len(lines), size=len(here))
        for index, line in enumerate(lines):
            rows = here[kind == index]
            _describe_line(rng, line, rows, brand_names, names, factor, style, taken)
    return names, factor, style


def _describe_line(
    rng: Rng,
    line: Line,
    rows: Ints,
    brand_names: list[str],
    names: list[str],
    factor: Reals,
    style: Reals,
    taken: set[str],
) -> None:
    """Fill in the products of one line."""
    parts = []
    for text in (line.styles, line.fabrics, line.nouns):
        words, factors = vocabulary(text)
        word = rng.integers(len(words), size=len(rows))
        factor[rows] *= np.array(factors)[word]
        style[rows] += rng.normal(0, 0.6 / TASTE_DIMENSIONS**0.5, (len(words), TASTE_DIMENSIONS))[word]
        parts.append([words[i] for i in word.tolist()])
    colours = vocabulary(line.colours)[0]
    first_colour = rng.integers(len(colours), size=len(rows)).tolist()
    for row, look, fabric, noun, colour in zip(rows.tolist(), *parts, first_colour, strict=True):
        article = f"{brand_names[row]} {look} {fabric} {noun}"
        # The same article twice comes in another colour, so that shoppers can tell the two apart.
        choices = (f"{article} - {colours[(colour + step) % len(colours)]}" for step in range(len(colours)))
        names[row] = next((name for name in choices if name not in taken), f"{article} - {row + 1}")
        taken.add(names[row])


def _price_tags(rng: Rng, dollars: Reals, level: Reals) -> Ints:
    """Prices in cents with the endings that shops use."""
    tier = np.digitize(level, [0.8, 1.3])
    draw = rng.random(len(dollars))[:, None]
    ending = ENDINGS[(draw > np.cumsum(ENDING_SHARES, axis=1)[tier][:, :3]).sum(axis=1)]
    tags: Ints = np.maximum(np.floor(dollars), 4).astype(np.int64) * 100 + ending
    return tags


def _costs(rng: Rng, price: Ints, margin: Reals) -> Ints:
    """What the shop paid: 35 to 65 % of the price."""
    share = np.clip(margin + rng.normal(0, 0.03, len(price)), 0.355, 0.645)
    return np.rint(price * share).astype(np.int64)


def _sku(seed: int, product_id: int) -> str:
    return hashlib.blake2b(f"{seed}:{product_id}".encode(), digest_size=16).hexdigest().upper()
