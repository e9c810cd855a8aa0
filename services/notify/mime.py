"""A mail as bytes: headers that nothing can break out of, a text and an HTML part.

Written by hand because the standard library's parser of each header it writes costs more than all
else that a courier does for a mail; what it writes is checked in tests by that same parser.
"""

from binascii import b2a_qp
from collections.abc import Mapping
from email.header import Header

from services.notify.errors import AddressInvalid
from shared.contracts.addresses import AddressMalformed, mailable

LONGEST_LINE = 900  # RFC 5322 2.1.1 allows 998


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
    """Write one header. Raises ValueError for what could begin another one."""
    if not value.isprintable():
        raise ValueError(f"the header {name} would break")
    if name != "To" and (not value.isascii() or len(value) > LONGEST_LINE):
        value = Header(value, "utf-8", header_name=name).encode(linesep="\r\n")
    return f"{name}: {value}"


def quoted_printable(text: str) -> bytes:
    """Encode a part; every line ends with CRLF and is at most 76 characters long."""
    lines = text.replace("\r\n", "\n").encode().split(b"\n")
    return b"\r\n".join(
        b2a_qp(each, quotetabs=False, istext=True, header=False).replace(b"=\n", b"=\r\n")
        for each in lines
    )
