"""Secrets as people type them: off a slip of paper, or pasted with whatever stood around. Pure."""

import unicodedata
from collections.abc import Mapping

LONGEST = 400  # code points that are looked at; no secret typed by hand has more than 100


def typed_symbols(typed: str, *, alphabet: str, read_as: Mapping[str, str]) -> str:
    """The symbols of the alphabet that were typed, in their order; `read_as` names look-alikes.

    Whatever else is there is left out: hyphens and dashes of every kind, blanks that break or do
    not, line breaks, what nobody sees. Wide, small and circled letters are letters. Nothing is
    lost by it: a symbol that is missing or wrong is still missing or wrong.
    """
    plain = unicodedata.normalize("NFKC", typed[:LONGEST]).upper()
    return "".join(
        read_as.get(symbol, symbol) for symbol in plain if symbol in read_as or symbol in alphabet
    )
