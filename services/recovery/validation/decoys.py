"""Four addresses of which one may be true, the same for the same draw. Pure.

They differ by the house number alone. Streets to put for another stand on a list that anybody can
read: the one street that is on none would be the true one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

COUNT = 4

# fmt: off
STREETS = (
    "Alder", "Ash", "Aspen", "Bay", "Beech", "Birch", "Bridge", "Brook", "Canal", "Cedar", "Center",
    "Cherry", "Chestnut", "Church", "Clinton", "College", "Cypress", "Division", "Dogwood", "Elm",
    "Fairview", "Forest", "Franklin", "Grant", "Grove", "Harrison", "Hickory", "High", "Hill",
    "Jackson", "Jefferson", "Juniper", "King", "Lake", "Laurel", "Lincoln", "Linden", "Locust",
    "Madison", "Magnolia", "Main", "Maple", "Market", "Meadow", "Mill", "Monroe", "Oak", "Orchard",
    "Park", "Pine", "Pleasant", "Poplar", "Prospect", "River", "School", "Spring", "Spruce",
    "Summit", "Sycamore", "Union", "Valley", "Walnut", "Washington", "Willow",
)
KINDS = ("Street", "Street", "Avenue", "Avenue", "Road", "Lane", "Drive", "Court")
TOWNS = (
    ("Albany", "NY 122"), ("Ashland", "OR 975"), ("Auburn", "AL 368"), ("Bristol", "CT 060"),
    ("Burlington", "VT 054"), ("Cleveland", "OH 441"), ("Clinton", "MS 390"), ("Dayton", "OH 454"),
    ("Dover", "DE 199"), ("Fairfield", "CT 068"), ("Franklin", "TN 370"), ("Georgetown", "TX 786"),
    ("Greenville", "SC 296"), ("Jackson", "MI 492"), ("Kingston", "NY 124"), ("Lebanon", "PA 170"),
    ("Madison", "WI 537"), ("Manchester", "NH 031"), ("Marion", "IN 469"), ("Milton", "MA 021"),
    ("Newport", "RI 028"), ("Oxford", "MS 386"), ("Riverside", "CA 925"), ("Salem", "OR 973"),
    ("Springfield", "IL 627"), ("Winchester", "VA 226"),
)
# fmt: on
NUMBER = re.compile(r"[0-9]{1,9}")
MORE = {9: 4, 13: 88}  # from 9 to 12, to 100, to 1,000, to 10,000, ...: each a multiple of four
POSTAL_CODE = re.compile(r"(?<![0-9])[0-9]{5}(?:[0-9]{4})?(?![0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Four addresses in the order they are shown in, and the place of the one that was given."""

    addresses: tuple[str, ...]
    place: int


def key(address: str) -> str:
    """What of it is another in each decoy: the same however the rest of it is written."""
    found = _number(address)
    return found.group() if found else ""


def usable(address: str) -> bool:
    """Whether decoys can be made around it: it has a house number to put another for."""
    return _number(address) is not None


def around(address: str, draw: bytes) -> Choices:
    """Put three others beside an address that is usable, in an order that is drawn.

    Which three is the same for everybody: two accounts at one address that had others each would
    share the true one alone.
    """
    found = _number(address)
    if found is None:
        raise ValueError("nothing of this address can be another")
    digits = found.group()
    zeros, number = digits[: len(digits) - len(digits.lstrip("0"))], int(digits)
    numbers = [number, *(each for each in _together(number) if each != number)]
    shown = [f"{address[: found.start()]}{zeros}{each}{address[found.end() :]}" for each in numbers]
    return _shuffled(shown, draw[31])


def made_up(draw: bytes) -> str:
    """Make an address that is nobody's but by chance."""
    number = 1 + int.from_bytes(draw[0:2]) % (99 if draw[2] % 3 else 999)
    town, postcode = TOWNS[draw[7] % len(TOWNS)]
    return (
        f"{number} {STREETS[draw[5] % len(STREETS)]} {KINDS[draw[6] % len(KINDS)]}, "
        f"{town}, {postcode}{int.from_bytes(draw[8:10]) % 100:02}"
    )


def _number(address: str) -> re.Match[str] | None:
    """The first number, unless it may be the postal code: of a town is known which are its own."""
    found = NUMBER.search(address)
    if found is None or not int(found.group()):
        return None
    alone = POSTAL_CODE.search(address, found.end()) is None
    return None if alone and POSTAL_CODE.fullmatch(found.group()) else found


def _together(number: int) -> Sequence[int]:
    """Four house numbers of about its size, itself among them; the same four by each of them, so
    that they tell of none that it was the given one.
    """
    lowest, many = 1, 8
    while number >= lowest + many:
        lowest += many
        many = MORE.get(lowest) or 9 * (lowest - 1)
    apart = many // COUNT
    return range(lowest + (number - lowest) % apart, lowest + many, apart)


def _shuffled(addresses: Sequence[str], draw: int) -> Choices:
    orders = list(permutations(range(COUNT)))
    order = orders[draw % len(orders)]
    return Choices(addresses=tuple(addresses[at] for at in order), place=order.index(0))
