"""The shop's invented brands: names, size, price level, taste and the shelves they are on."""

from dataclasses import dataclass

import numpy as np

from .draw import Ints, Reals, Rng, pick, zipf
from .tastes import ARCHETYPE_PRICES, TASTE_DIMENSIONS


def _words(text: str) -> list[str]:
    return text.split(", ")


NATURE = _words(
    "Alder, Amber, Anchor, Aspen, Birch, Bramble, Brook, Canyon, Cedar, Clover, Copper, Cove, Dune, "
    "Ember, Fern, Field, Finch, Flint, Fox, Garnet, Harbor, Hawthorn, Hazel, Heath, Heron, Indigo, "
    "Juniper, Lantern, Larch, Linden, Maple, Marsh, Meadow, Mill, Moss, Oak, Orchard, Otter, Pebble, "
    "Pine, Quarry, Quill, Raven, Reed, Ridge, River, Rowan, Saffron, Sage, Salt, Sparrow, Sable, Tern, "
    "Thistle, Thorn, Tide, Timber, Willow, Wren, Yarrow"
)
TRADES = _words("Supply, Studio, Works, Collective, Goods, House, Atelier, Workshop, Mercantile, Outfitters")
FAMILIES = _words(
    "Abernethy, Ashdown, Bellamy, Blackwood, Castellan, Corrigan, Delacroix, Ellsworth, Fairbairn, "
    "Farrow, Gallagher, Halloran, Harcourt, Ivarsson, Kowalczyk, Lindqvist, Lockhart, Marchetti, "
    "Merriweather, Northcott, Okafor, Pemberton, Quinlan, Ravensworth, Sandoval, Thackeray, Underhill, "
    "Vandermeer, Whitlock, Yamagata"
)
FAMILY_FORMS = ("{0} & Daughters", "{0} & Sons", "{0}'s", "{0} London", "House of {0}", "{0} Bros.", "Maison {0}")
ONSETS = _words(
    "Vel, Kor, Mar, Tal, Bren, Lun, Sav, Ori, Nor, Fen, Hal, Jun, Dor, Est, Ful, Gar, Ily, Rav, Syl, Tov, "
    "Wen, Zem, Bel, Cas, Ery, Lys, Mir, Nev, Pel, Quo, Ros, Thal, Vas, Yl"
)
ENDINGS = _words(
    "ora, ano, ette, ica, una, elle, ven, dale, wyn, mere, issa, ara, ett, oria, enne, ilde, ovi, ander, aro, iel"
)


@dataclass(frozen=True)
class Brands:
    """The brands; row i of `on_shelf` tells which shelves brand i is on."""

    names: list[str]
    weight: Reals
    price_level: Reals
    style: Reals
    margin: Reals  # the part of a price that is cost
    center: Ints  # index of the distribution center that stores most of its goods
    on_shelf: Reals  # 0 or 1


def make_brands(rng: Rng, size: int, archetypes: Reals, shelf_weight: Reals, centers: int) -> Brands:
    """Invent `size` brands for the given shelves."""
    kind = rng.integers(len(archetypes), size=size)
    weight = zipf(rng, size, 0.85)
    return Brands(
        names=_names(rng, size),
        weight=weight,
        price_level=np.exp(ARCHETYPE_PRICES[kind] + rng.normal(0, 0.22, size)),
        style=archetypes[kind] + rng.normal(0, 0.35 / np.sqrt(TASTE_DIMENSIONS), (size, TASTE_DIMENSIONS)),
        margin=rng.uniform(0.4, 0.6, size),
        center=rng.integers(centers, size=size),
        on_shelf=_shelves(rng, weight, shelf_weight),
    )


def _shelves(rng: Rng, weight: Reals, shelf_weight: Reals) -> Reals:
    """Most brands are on a few shelves, the large ones on many; no shelf has fewer than three brands."""
    brands, shelves = len(weight), len(shelf_weight)
    on_shelf = np.zeros((brands, shelves))
    large = weight >= np.sort(weight)[-max(1, brands // 20)]
    wanted = np.where(large, rng.integers(12, 22, brands), rng.integers(2, 8, brands))
    for brand, count in enumerate(wanted.tolist()):
        on_shelf[brand, rng.choice(shelves, count, replace=False, p=shelf_weight / shelf_weight.sum())] = 1
    for shelf in np.flatnonzero(on_shelf.sum(axis=0) < 3).tolist():
        on_shelf[rng.choice(brands, 3, replace=False), shelf] = 1
    return on_shelf


def _names(rng: Rng, size: int) -> list[str]:
    """Distinct names of four patterns."""
    names: dict[str, None] = {}
    while len(names) < size:
        pattern = int(pick(rng, np.array([0.3, 0.3, 0.28, 0.12]), 1)[0])
        one, two = rng.integers(1 << 30, size=2).tolist()
        names.setdefault(_name(pattern, one, two))
    return list(names)


def _name(pattern: int, one: int, two: int) -> str:
    if pattern == 0:
        first = one % len(NATURE)
        second = first + 1 + two % (len(NATURE) - 1)  # never the first word again
        return f"{NATURE[first]} & {NATURE[second % len(NATURE)]}"
    if pattern == 1:
        return f"{NATURE[one % len(NATURE)]} {TRADES[two % len(TRADES)]}"
    if pattern == 2:
        return ONSETS[one % len(ONSETS)] + ENDINGS[two % len(ENDINGS)]
    return FAMILY_FORMS[two % len(FAMILY_FORMS)].format(FAMILIES[one % len(FAMILIES)])
