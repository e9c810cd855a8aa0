"""The commonly used passwords (ID-3), from the list that zxcvbn keeps: the one door to it."""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

from zxcvbn.frequency_lists import FREQUENCY_LISTS


@cache
def common_passwords() -> frozenset[str]:
    """30,000 passwords, most used first in the source, all in lower case."""
    return frozenset(FREQUENCY_LISTS["passwords"])


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonList:
    """Where the list can be looked at, by whoever wonders about a refusal."""

    name: str
    version: str
    address: str


COMMON_LIST = CommonList(
    name="zxcvbn",
    version=version("zxcvbn"),
    address="https://github.com/dwolfhub/zxcvbn-python",
)
