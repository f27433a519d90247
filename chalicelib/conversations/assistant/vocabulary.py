"""The words of the shop that an engine understands questions by: its categories, brands and departments."""

from __future__ import annotations

from chalicelib.commerce.catalogue import search
from chalicelib.commerce.catalogue.search_facets import Catalogue, Column
from chalicelib.commerce.catalogue.search_words import all_words
from chalicelib.conversations.assistant.turns import Vocabulary
from chalicelib.core.database import Connection


class _Memory:
    """The vocabulary of the catalogue that was seen last: the same object as long as the catalogue is the same."""

    made: tuple[Catalogue, Vocabulary] | None = None


def vocabulary_of(connection: Connection) -> Vocabulary:
    """Return the shop's words, as old as the search's memory of the catalogue may be."""
    catalogue = search.in_memory(connection).catalogue
    made = _Memory.made
    if made is None or made[0] is not catalogue:
        values = (_values(catalogue.category), _values(catalogue.brand), _values(catalogue.department))
        made = _Memory.made = (catalogue, Vocabulary(*values, all_words(catalogue.words)))
    return made[1]


def _values(column: Column) -> tuple[str, ...]:
    return tuple(sorted(filter(None, column.spellings)))
