"""The commonly used passwords (ID-3), from the list that zxcvbn keeps: the one door to it."""

from functools import cache

from zxcvbn.frequency_lists import FREQUENCY_LISTS


@cache
def common_passwords() -> frozenset[str]:
    """30,000 passwords, most used first in the source, all in lower case."""
    return frozenset(FREQUENCY_LISTS["passwords"])
