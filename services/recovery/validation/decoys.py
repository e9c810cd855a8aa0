"""Four addresses of which one may be true, the same for the same draw. Pure.

Each of two streets stands with each of two numbers. Decoys that differed from the true one each in
its own way would show it: it is what they have in common, or the one whose street is on no list.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

COUNT = 4
DRAW = 32  # bytes

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
NO_STREET = frozenset((
    "street", "st", "avenue", "ave", "av", "road", "rd", "lane", "ln", "drive", "dr", "court", "ct",
    "place", "pl", "boulevard", "blvd", "way", "terrace", "ter", "circle", "cir", "highway", "hwy",
    "parkway", "pkwy", "square", "sq", "trail", "trl", "route", "rte", "n", "s", "e", "w", "ne",
    "nw", "se", "sw", "north", "south", "east", "west", "apt", "apartment", "unit", "suite", "ste",
    "floor", "fl", "room", "rm", "po", "p.o", "box", "number", "no", "calle", "c", "avenida",
    "avda", "plaza", "paseo", "camino", "carretera", "via", "viale", "piazza", "rue", "allee",
    "chemin", "strasse", "weg", "platz",
))
# fmt: on
WORD = re.compile(r"\b[^\W\d_]+(?:['\u2019.-][^\W\d_]+)*\.?")  # words that are no part of a number
NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Four addresses in the order they are shown in, and the place of the one that was given."""

    addresses: tuple[str, ...]
    place: int


@dataclass(frozen=True, slots=True)
class Line:
    """An address by its parts that can be another: house number and street, where it has them."""

    text: str
    number: slice | None
    street: slice | None

    def but(self, number: str | None, street: str | None) -> str:
        """Write it with another number or street."""
        changed = [(self.number, number), (self.street, street)]
        text = self.text
        for part, other in sorted(
            ((part, other) for part, other in changed if part is not None and other is not None),
            key=lambda change: change[0].start,
            reverse=True,
        ):
            text = text[: part.start] + other + text[part.stop :]
        return text


def key(address: str) -> str:
    """What of it can be another, in one form: the same however the rest of it is written."""
    line = parsed(address)
    parts = [address[part] for part in (line.number, line.street) if part is not None]
    return " ".join(parts).casefold()


def usable(address: str) -> bool:
    """Whether decoys can be made around it: it has a number or a street to put another for."""
    line = parsed(address)
    return line.number is not None or line.street is not None


def around(address: str, draw: bytes) -> Choices:
    """Put three others beside an address that is usable."""
    line = parsed(address)
    first, second = int.from_bytes(draw[0:4]), int.from_bytes(draw[4:6])
    if line.number is not None and line.street is not None:
        number = _number_beside(address[line.number], first)
        street = _street_beside(address[line.street], second)
        others = [line.but(number, None), line.but(None, street), line.but(number, street)]
    elif line.number is not None:
        given, thirds = address[line.number], (0, 1, 2)
        others = [line.but(_number_beside(given, first, third), None) for third in thirds]
    elif line.street is not None:
        given, thirds = address[line.street], (0, 1, 2)
        others = [line.but(None, _street_beside(given, second, third)) for third in thirds]
    else:
        raise ValueError("nothing of this address can be another")
    return _shuffled([address, *others], draw[31])


def made_up(draw: bytes) -> str:
    """Make an address that is nobody's but by chance."""
    number = 1 + int.from_bytes(draw[0:2]) % (99 if draw[2] % 3 else 999)
    town, postcode = TOWNS[draw[7] % len(TOWNS)]
    return (
        f"{number} {STREETS[draw[5] % len(STREETS)]} {KINDS[draw[6] % len(KINDS)]}, "
        f"{town}, {postcode}{int.from_bytes(draw[8:10]) % 100:02}"
    )


def parsed(address: str) -> Line:
    """Find the house number, and the street in the same part of the address.

    A town is no street: of a box at a post office the number alone can be another.
    """
    number = NUMBER.search(address)
    begin = address.rfind(",", 0, number.start()) + 1 if number else 0
    end = address.find(",", begin)
    words = [*WORD.finditer(address, begin, len(address) if end < 0 else end)]
    named = [word.group().rstrip(".").casefold() not in NO_STREET for word in words]
    if True not in named:
        return Line(address, _span(number), None)
    first = last = named.index(True)
    while last + 1 < len(words) and named[last + 1] and _close(address, words, last):
        last += 1
    return Line(address, _span(number), slice(words[first].start(), words[last].end()))


def _close(address: str, words: Sequence[re.Match[str]], at: int) -> bool:
    """Whether nothing but blanks is between a word and the next."""
    return not address[words[at].end() : words[at + 1].start()].strip()


def _span(found: re.Match[str] | None) -> slice | None:
    return slice(found.start(), found.end()) if found else None


def _number_beside(given: str, drawn: int, third: int = 0) -> str:
    """Another number of as many digits, for each third of them another."""
    lowest = 10 ** (len(given) - 1)
    others = 9 * lowest - 1
    other = lowest + (drawn + third * others // 3) % others
    return str(other + 1 if other >= int(given) else other)


def _street_beside(given: str, drawn: int, third: int = 0) -> str:
    """Another street in letters as large, for each third of them another."""
    others = [street for street in STREETS if street.casefold() != given.casefold()]
    street = others[(drawn + third * len(others) // 3) % len(others)]
    return street.upper() if given.isupper() else street.lower() if given.islower() else street


def _shuffled(addresses: Sequence[str], draw: int) -> Choices:
    orders = list(permutations(range(COUNT)))
    order = orders[draw % len(orders)]
    return Choices(addresses=tuple(addresses[at] for at in order), place=order.index(0))
