"""Code points that show nothing, which their categories do not tell; and text of one line. Pure."""


def ranges(*spans: tuple[int, int]) -> frozenset[str]:
    """The code points from each first to each last."""
    return frozenset(chr(point) for first, last in spans for point in range(first, last + 1))


IGNORABLE = ranges(
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
"""Default_Ignorable_Code_Point (Unicode, DerivedCoreProperties): most are no letters to anybody,
and some have a printable category all the same.
"""

BLANK = frozenset("\u2800\ufffc\U00013441\U00013442\U00016fe4\U0001d159")
"""Symbols and letters that are drawn as nothing, or stand for what is not there."""


_UNSEEN = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    r"\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc"
)
_UNWANTED = (
    r"\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    r"\u2800\u3164\ufeff\uffa0\ufff0-\ufffc" + "\U000e0000-\U000e00ff"
)
ONE_LINE = rf"^(?=.*[^\s{_UNSEEN}])[^{_UNWANTED}]+(?![\s\S])"
"""Text that people read, as a JSON Schema has it: something to see; no control character, nothing
that breaks the line, turns its direction or hides in it. What joins letters or chooses among their
shapes stays: names of several scripts are written with it.
"""


def trimmed(text: str) -> str:
    """The text without blanks and ignorable code points at its ends: what a paste brings along."""
    first, last = 0, len(text)
    while first < last and _is_edge(text[first]):
        first += 1
    while first < last and _is_edge(text[last - 1]):
        last -= 1
    return text[first:last]


def shows(symbol: str) -> bool:
    """Whether a code point is drawn as something. A blank is not."""
    drawn = symbol.isprintable() and not symbol.isspace()
    return drawn and symbol not in IGNORABLE and symbol not in BLANK


def _is_edge(symbol: str) -> bool:
    return symbol.isspace() or symbol in IGNORABLE
