"""E-mail addresses: who takes one and who mails to it judge it alike (ID-6, NT-4). Pure."""

import re
import string

from shared.contracts.code_points import shows, trimmed
from shared.contracts.domains import DomainMalformed, canonical

LONGEST, LONGEST_LOCAL, LONGEST_LABEL = 254, 64, 63  # RFC 5321 4.5.3.1
_ATOM = r"[^\s\x00-\x1f\x7f<>()\[\]\",;:\\@.]+"  # none of what changes who a header names
_ADDRESS = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?P<domain>[^\s@]+)")
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_IN_LOWER_CASE = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}", re.I)


class AddressMalformed(ValueError):
    """Not one address that a mail can be written to."""


def mailable(address: str) -> str:
    """Return the address as it stands in headers and on the envelope, its domain in its one form.

    Raises AddressMalformed: nothing is mended, nothing guessed.
    """
    found = _ADDRESS.fullmatch(address) if len(address) <= LONGEST else None
    if found is None or not (address.isascii() or all(map(shows, address))):
        raise AddressMalformed
    local, domain = found["local"], _canonical(found["domain"])
    sound = (
        _DOMAIN.fullmatch(domain) is not None
        and len(local.encode()) <= LONGEST_LOCAL
        and len(local.encode()) + len(domain) < LONGEST
        and all(len(label) <= LONGEST_LABEL for label in domain.split("."))
    )
    if not sound:
        raise AddressMalformed
    return f"{local}@{domain}"


def same_mailbox(one: str, other: str) -> bool:
    """Whether a mail to either goes to the same place, however the domains are written.

    Narrower than the form under which names are equal: a local part that only looks alike, or has
    other capitals, is another one's mailbox as far as anybody but its server knows.
    """
    try:
        return one == other or mailable(one) == mailable(other)
    except AddressMalformed:
        return False


def mailbox_key(address: str) -> str:
    """The form under which what is known of a mailbox is kept: trimmed, the domain in its one form.

    Of a local part only the capitals of ASCII are folded, since servers do not tell them apart.
    Anything more would say of one mailbox what is known of another: whoever has a look-alike of
    somebody's address could have hers suppressed. What cannot be mailed to has no other form.
    """
    typed = trimmed(address)
    try:
        return mailable(typed).translate(_IN_LOWER_CASE)
    except AddressMalformed:
        return typed.translate(_IN_LOWER_CASE)


def masked(address: str) -> str:
    """Enough of an address for its holder to know it by, and nothing to write to (ID-6)."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def _canonical(domain: str) -> str:
    try:
        return canonical(domain)
    except DomainMalformed:
        raise AddressMalformed from None
