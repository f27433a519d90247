"""Dialogues that are known to fail, each with the reason; docs/assistant-dialogues.md names them too."""

from __future__ import annotations

from collections.abc import Mapping

KNOWN: Mapping[str, str] = {
    "a name with a word of German": '"leg" in the name of a product is taken for German',
    "a letter too many": "a misspelt word alone is too little to go by: it asks back",
    "German without umlauts": "words of the catalogue match by their beginning: a belted coat passes for a belt",
    "German with English words": "more English than German words: it answers in English",
    "a yes to another one": "a no with a correction ends the change and does not begin the other",
    "leggings, a colour, a size": "a size beside a kind, a colour and a limit finds nothing",
    "buy it": "to want to buy is taken for a search",
    "three pairs": "to want three of something without a verb is taken for a search",
    "an order with typos": 'a misspelt "order" is not understood',
    "Lieferstatus": 'a number behind a word other than "order" is not taken for an order\'s',
    "ein Umtausch": "a question whether something may be exchanged is taken for the wish to send it back",
    "noch ein Mensch": "a person who is asked for in other words is not called: the terms are read instead",
    "held out: a size is no limit": "a measure of a body is looked for as a word of a name",
    "held out: the third, in the cart": '"that\'s the one" is no yes that is known: it asks again',
}
