"""Text as keys see it: what makes two spellings one. Nothing about languages or search."""

from __future__ import annotations

import unicodedata


def fold(text: str, max_length: int | None = None) -> str:
    """Return the key under which spellings of one word meet, cut to `max_length` characters.

    Case, compatibility forms (full-width letters, ligatures) and space at both ends make no difference;
    accents do. Folding a key again changes nothing.
    """
    if text.isascii():  # most text is, and there all normal forms are the text itself
        return text.strip().lower()[:max_length].rstrip()
    # Case folding may leave a letter beside its accent, so it is normalised once more.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return folded.strip()[:max_length].rstrip()
