"""A believable fashion shop, invented from a seed: the six CSV files of an import at any scale.

`generate` writes them; `python -m infra.sample_shop DIR --scale 0.05` does so from a shell.

What to expect of the data, beyond its being whole:

- Of the orders about 77 % are Complete, 12 % Cancelled and 10 % Returned. Only orders of the last weeks are
  Processing or Shipped (half a percent in all), for older ones have arrived.
- Four in ten customers have ordered; most of them once or twice, a few dozens of times.
- People have tastes, so "bought together" predicts the next purchase two to three times as well as popularity.
  Two products in ten of a small shop have never been sold, and four in ten of a large one.
- A unit is sold (`sold_at`) while its order is Processing, Shipped or Complete. One that was returned, or whose
  order was cancelled, is for sale again; a later order takes another unit, so each item keeps its own.
"""

from .shop import Counts, generate

__all__ = ["Counts", "generate"]
