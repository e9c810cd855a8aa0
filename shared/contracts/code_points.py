"""Code points that show nothing, which their categories do not tell. Pure."""


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
