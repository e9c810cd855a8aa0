"""Human text in bodies: what prints on one line, and nothing that hides or turns what is shown."""

import re
from typing import Annotated

from msgspec import Meta

# Controls (C0, C1), soft hyphen, breaks of lines and paragraphs, marks and overrides of direction,
# what has no width, fillers that show nothing, tags: as ranges, so that OpenAPI says them too.
HIDDEN = (
    r"\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    r"\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff"
    "\U000e0000-\U000e007f"
)
JOINERS = r"\u200c\u200d"  # of no width, but they shape Arabic and Indic letters: right behind one
SEEN = (
    "[^\\s\ufe00-\ufe0f\U000e0100-\U000e01ef]"  # what only chooses a form shows nothing by itself
)
JOINED = rf"(?<=[\u0600-\u0dff])[{JOINERS}]"


def printed(but: str = "") -> str:
    """Return the pattern of such a text, without the characters of this class besides."""
    return rf"^(?=.*{SEEN})(?:[^{HIDDEN}{JOINERS}{but}]|{JOINED})+(?![\s\S])"


PRINTED = printed()

Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=PRINTED)]
Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=PRINTED)]
StaffId = Annotated[str, Meta(min_length=1, max_length=100, pattern=printed("@"))]


def prints(text: str) -> bool:
    """Whether a text that came in no body, as from a command line, is such a text."""
    return re.search(PRINTED, text) is not None


def shown(text: str, *, most: int) -> str | None:
    """Return such a text of one that came from anybody, for a line of so many code points.

    What hides or turns becomes a blank, and bytes that are no text are left out. None where nothing
    is left to see.
    """
    whole = text.encode(errors="ignore").decode()
    line = " ".join(re.sub(f"[{HIDDEN}{JOINERS}]", " ", whole).split())[:most].rstrip()
    return line if prints(line) else None
