"""The form under which a password is judged and hashed, and how long it may be (ID-3). Pure."""

import unicodedata

LONGEST = 200  # code points of the NFKC form
_JOINED = 4  # code points that normalising makes one of, at most: a letter with three marks


def normal_form(typed: str) -> str | None:
    """The NFKC form; None for a text far too long to have one of at most `LONGEST` code points.

    Length is judged before anything else is done: one code point can become 18, and marks are put
    in order in quadratic time, so a few kilobytes would hold up whoever else is served. What
    decomposes into more than four times `LONGEST` is longer than that however it is composed.
    """
    most = _JOINED * LONGEST
    if len(typed) > most:
        return None
    if sum(len(unicodedata.normalize("NFKD", symbol)) for symbol in typed) > most:
        return None
    return unicodedata.normalize("NFKC", typed)


def judged_part(typed: str) -> str:
    """The NFKC form as far as it is judged: one code point too many shows what is too long."""
    form = normal_form(typed)
    if form is None:
        form = unicodedata.normalize("NFKC", typed[: _JOINED * (LONGEST + 1)])
    return form[: LONGEST + 1]
