"""Reading single values of the environment, and saying what is wrong with one. Which settings there are: `config`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo


class ConfigurationError(Exception):
    """A setting is missing or wrong; the message names it and says what to change."""


def integer(environment: Mapping[str, str], name: str, default: int, least: int = 1, most: int | None = None) -> int:
    """Return a whole number from `least` to `most`."""
    text = environment.get(name) or str(default)
    try:
        value = int(text)
    except ValueError:
        raise ConfigurationError(f"{name} must be a whole number, not {text!r}.") from None
    if value < least:
        raise ConfigurationError(f"{name} must be at least {least}, not {value}.")
    if most is not None and value > most:
        raise ConfigurationError(f"{name} must be at most {most}, not {value}.")
    return value


def share(environment: Mapping[str, str], name: str, default: float) -> float:
    """Return a number from 0 to 1."""
    text = environment.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        raise ConfigurationError(f"{name} must be a number such as 0.1, not {text!r}.") from None
    if not 0 <= value <= 1:
        raise ConfigurationError(f"{name} must be from 0 to 1, not {text}.")
    return value


def choice(environment: Mapping[str, str], name: str, allowed: Sequence[str], default: str) -> str:
    """Return one of the allowed words."""
    text = environment.get(name) or default
    if text not in allowed:
        raise ConfigurationError(f"{name} must be one of {', '.join(allowed)}, not {text!r}.")
    return text


def flag(environment: Mapping[str, str], name: str) -> bool:
    """Return whether the value is 1; it must be 1 or 0."""
    text = environment.get(name) or "0"
    if text not in ("0", "1"):
        raise ConfigurationError(f"{name} must be 1 or 0, not {text!r}.")
    return text == "1"


def micros(environment: Mapping[str, str], name: str) -> int:
    """Return an amount such as 0.00025 in millionths, 0 where none is given."""
    text = environment.get(name) or "0"
    try:
        amount = Decimal(text) * 1_000_000
    except InvalidOperation:
        raise ConfigurationError(f"{name} must be a number such as 0.003, not {text!r}.") from None
    # Asked first, since what is no number at all cannot be compared.
    if not amount.is_finite() or not 0 <= amount <= 1_000_000_000 or amount != int(amount):
        raise ConfigurationError(f"{name} must be from 0 to 1000 with six decimals at most, not {text}.")
    return int(amount)


def time_zone(environment: Mapping[str, str], name: str) -> str:
    """Return the name of a time zone of the IANA database, UTC where none is given."""
    text = environment.get(name) or "UTC"
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):  # unknown, or no name at all
        raise ConfigurationError(f"{name} must be a time zone such as Europe/Berlin, not {text!r}.") from None
    return text
