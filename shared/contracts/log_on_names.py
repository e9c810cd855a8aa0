"""The one form under which log-on names are equal, at identity and in recovery. Pure."""

import unicodedata


def name_key(name: str) -> str:
    """The form under which names are equal: trimmed, NFKC, casefolded (ID-1, ID-4).

    Casefolding may undo the normal form and the normal form may make new upper case or blanks, so
    it is done until nothing changes; the key of a key is itself.
    """
    key = name.strip()
    while (folded := unicodedata.normalize("NFKC", key).casefold().strip()) != key:
        key = folded
    return key
