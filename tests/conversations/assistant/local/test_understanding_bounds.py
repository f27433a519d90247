"""However a question is made up, understanding it takes a bounded number of comparisons."""

from __future__ import annotations

import pytest

from chalicelib.conversations.assistant.local import understanding
from chalicelib.conversations.assistant.local.understanding import understand
from chalicelib.conversations.assistant.turns import Vocabulary

_WORDS = [f"{first}{second}{third}xql" for first in "abcdefghij" for second in "klmno" for third in "pqrst"]


@pytest.mark.parametrize("text", [" ".join(_WORDS), "%" * 2_000, "\ufdfa" * 2_000, "jackte " * 285])
def test_slips_are_looked_for_in_few_words(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mended: list[str] = []
    mend = understanding._mend

    def counted(word: str, vocabulary: Vocabulary) -> object:
        mended.append(word)
        return mend(word, vocabulary)

    monkeypatch.setattr(understanding, "_mend", counted)
    found = understand(text[:2_000], Vocabulary(words=frozenset({"jacket"})))
    assert len(mended) <= 60
    assert len(mended) == len(set(mended))
    assert len(found.text) <= 8_000


def test_a_slip_is_still_put_right_in_a_long_text() -> None:
    found = understand("a zibblewrot " * 150, Vocabulary(words=frozenset({"zibblewort"})))
    assert set(found.words) == {"a", "zibblewort"}
