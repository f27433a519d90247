"""Shopkeeper: a shop's back end that sells, recommends and talks. One folder per domain; `core` knows none."""

__version__ = "0.1.0"
