"""A mail as bytes: headers that nothing can break out of, a text and an HTML part.

Written by hand because the standard library's parser of each header it writes costs more than all
else that a courier does for a mail; what it writes is checked in tests by that same parser.
"""

from binascii import b2a_qp
from collections.abc import Mapping
from email.header import Header
from email.utils import formataddr

from services.notify.sending.errors import AddressInvalid
from shared.contracts.addresses import AddressMalformed, mailable

FOLD = "\r\n "
LONGEST_LINE = 76  # RFC 2047, 2: with an encoded word; RFC 5322 2.1.1 wants 78
WORDS = "Subject"  # the header that is text: another is a structure, which no encoded word may cut


def deliverable(address: str) -> str:
    """Return the address as it stands in headers and on the envelope, its domain in ASCII.

    Raises AddressInvalid; identity judges by the same check before a mail is asked for (ID-6).
    """
    try:
        return mailable(address)
    except AddressMalformed as error:
        raise AddressInvalid from error


def encode(headers: Mapping[str, str], *, text: str, html: str, mark: str) -> bytes:
    """Write a multipart/alternative. `mark` is the mail's own and makes its boundary.

    Quoted-printable holds no "=_", so no part can hold the boundary.
    """
    boundary = f"=_{mark}"
    head = [line(name, value) for name, value in headers.items()]
    head.append("MIME-Version: 1.0")
    head.append(f'Content-Type: multipart/alternative; boundary="{boundary}"')
    pieces = ["\r\n".join(head).encode(), b""]
    for subtype, body in (("plain", text), ("html", html)):
        pieces += [
            f"--{boundary}".encode(),
            f'Content-Type: text/{subtype}; charset="utf-8"'.encode(),
            b"Content-Transfer-Encoding: quoted-printable",
            b"",
            quoted_printable(body),
        ]
    pieces += [f"--{boundary}--".encode(), b""]
    return b"\r\n".join(pieces)


def line(name: str, value: str) -> str:
    """Write one header. Raises ValueError for what could begin another one.

    A value that `sender` has folded comes with its folds.
    """
    if not value.replace(FOLD, " ").isprintable():
        raise ValueError(f"the header {name} would break")
    if name == WORDS and not plain(f"{name}: {value}"):
        value = encoded(value, name)
    return f"{name}: {value}"


def sender(name: str, address: str) -> str:
    """Write a From header's value: a name that its reader's program shows as it is, and an address.

    Raises ValueError for a name that could begin another header. Not by the standard library's
    policy: in Python 3.11 it drops the quotes of a name that it folds, and a comma parts addresses.
    """
    if not name.isprintable():
        raise ValueError("the header From would break")
    whole = formataddr((name, address))
    if plain(f"From: {whole}"):
        return whole
    words = encoded(name, "From")
    last = words.rpartition(FOLD)[2] if FOLD in words else f"From: {words}"
    room = len(last) + len(f" <{address}>") <= LONGEST_LINE
    return f"{words}{' ' if room else FOLD}<{address}>"


def plain(whole: str) -> bool:
    """Whether a header can stand as it is. What looks like an encoded word would be read as one."""
    return whole.isascii() and len(whole) <= LONGEST_LINE and "=?" not in whole


def encoded(text: str, name: str) -> str:
    """Write text as encoded words of at most 75 characters, folded (RFC 2047)."""
    header = Header(text, "utf-8", maxlinelen=LONGEST_LINE, header_name=name)
    return header.encode(linesep="\r\n")


def quoted_printable(text: str) -> bytes:
    """Encode a part; every line ends with CRLF and is at most 76 characters long."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode().split(b"\n")
    return b"\r\n".join(
        b2a_qp(each, quotetabs=False, istext=True, header=False).replace(b"=\n", b"=\r\n")
        for each in lines
    )
