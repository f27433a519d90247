"""The id of an answer: it names the model and the variant that made it, so that serving writes no row. Pure rules.

`rec_<version>.<variant>.<random>`, such as `rec_20261127T054500Z-1f0c.-.9b2e61f0a3c4d5e7`: what was shown and clicked
comes back with it. `-` stands for no model, and for no experiment.
"""

from __future__ import annotations

import re
import secrets

MOST = 64
NONE = "-"
PATTERN = r"rec_[A-Za-z0-9._-]{1,40}\.[A-Za-z0-9_-]{1,32}\.[0-9a-f]{8,16}"

_RANDOM, _LEAST_RANDOM = 16, 8
_VERSION = re.compile(r"[A-Za-z0-9._-]{1,40}")
_VARIANT = re.compile(r"[A-Za-z0-9_-]{1,32}")
_WHOLE = re.compile(PATTERN)


def make(version: str | None, variant: str = NONE) -> str:
    """Return a new id, of at most 64 characters, for an answer of the model `version` (None: of no model).

    Raises:
        ValueError: the names have other characters, or leave no room for what makes the id unique.
    """
    named = version or NONE
    room = min(_RANDOM, MOST - len(f"rec_{named}.{variant}."))
    if not (_VERSION.fullmatch(named) and _VARIANT.fullmatch(variant)) or room < _LEAST_RANDOM:
        raise ValueError(f"no request id can name the version {named!r} and the variant {variant!r}")
    return f"rec_{named}.{variant}.{secrets.token_hex(_RANDOM)[:room]}"


def parse(text: str) -> tuple[str, str] | None:
    """Return (version, variant) as they stand in an id, `-` for none; None where it is no id of ours."""
    if len(text) > MOST or not _WHOLE.fullmatch(text):
        return None
    # The variant holds no dot, the version may.
    version, variant, _random = text.removeprefix("rec_").rsplit(".", 2)
    return version, variant
