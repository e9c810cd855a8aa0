"""The one form of a domain, the same for a key, for what is typed and for sending (ID-4). Pure.

UTS 46 without transitional processing, as browsers and registries have it: faß.example is not
fass.example, and each label of other letters has one A-label (IDNA 2008).
"""

import idna
from idna import uts46data  # noqa: F401 - else it is read from the disk amid the first request

LONGEST = 253  # RFC 1035 2.3.4, written with dots
_ACE = "xn--"


class DomainMalformed(ValueError):
    """No domain: a label that no registry may hand out, or too many of them."""


def canonical(domain: str) -> str:
    """The domain as the DNS is asked for it: in ASCII and lower case. Raises DomainMalformed.

    An A-label is read and made anew: one that stands for nothing, or for what has another form, is
    no domain's.
    """
    if len(domain) > LONGEST:
        raise DomainMalformed
    try:
        labels = idna.uts46_remap(domain).split(".")
        return ".".join(_canonical_label(label) for label in labels)
    except idna.IDNAError:
        raise DomainMalformed from None


def _canonical_label(label: str) -> str:
    """A label of plain letters is taken as it is: the DNS knows some that IDNA does not."""
    if label.isascii() and not label.startswith(_ACE):
        return label
    return idna.alabel(label).decode("ascii")
