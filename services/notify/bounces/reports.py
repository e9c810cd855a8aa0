"""A delivery status report (RFC 3464): to whom it came back, and of what it tells. Pure.

Anybody may write to a return path, so nothing of it is believed but where it leads to, and it is
read line by line: the standard library's reader takes seconds for a few hundred KiB of line breaks
or of parts within parts.
"""

import re
from dataclasses import dataclass

SENT_BACK_TO = re.compile(
    r"^(?:to|delivered-to|x-original-to):(.*(?:\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE
)
PART = re.compile(  # RFC 6533 gives it another name where addresses are beyond ASCII
    r"^content-type:[ \t]*message/(?:global-)?delivery-status\b", re.IGNORECASE | re.MULTILINE
)
FAILED = re.compile(r"^action:[ \t]*failed\b", re.IGNORECASE | re.MULTILINE)
DELIVERED = re.compile(r"^action:[ \t]*delivered\b", re.IGNORECASE | re.MULTILINE)
STATUS = re.compile(r"^status:[ \t]*([45]\.\d{1,3}\.\d{1,3})\b", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a mail says that came to a return path."""

    to: str  # as its headers have it
    failed: bool
    delivered: bool = False  # neither: it tells of a delay, or went on, or is no report at all
    status: str | None = None  # RFC 3463


def read(message: bytes) -> Report:
    """Read a mail, whatever it is."""
    text = message.decode("latin-1").replace("\r\n", "\n")
    head = text.partition("\n\n")[0]
    to = "\n".join(SENT_BACK_TO.findall(head))
    blocks = recipients(text)
    for block in blocks:
        if FAILED.search(block):
            found = STATUS.search(block)
            return Report(to=to, failed=True, status=found[1] if found else None)
    return Report(to=to, failed=False, delivered=any(map(DELIVERED.search, blocks)))


def recipients(text: str) -> list[str]:
    """Return what the report says of the mail, then of each recipient; ours have one."""
    part = PART.search(text)
    begin = text.find("\n\n", part.end()) if part else -1
    if begin < 0:
        return []
    end = text.find("\n--", begin)
    return text[begin : end if end >= 0 else len(text)].split("\n\n")
