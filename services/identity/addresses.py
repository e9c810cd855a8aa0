"""E-mail addresses as far as they can be judged without sending a mail (ID-6). Pure."""

from services.identity.errors import EmailMalformed
from shared.contracts.log_on_names import name_key
from shared.errors import Violation

LONGEST, LONGEST_LOCAL = 254, 64  # RFC 5321 4.5.3.1
_STRUCTURE = frozenset('<>()[]",;:\\')  # would change who a mail header names


def check_address(typed: str, *, field: str) -> str:
    """Return the trimmed address, or raise EmailMalformed. The mailed link proves the rest."""
    address = typed.strip()
    local, at, domain = address.rpartition("@")
    labels = domain.split(".")
    sound = (
        bool(at and local)
        and len(address) <= LONGEST
        and len(local) <= LONGEST_LOCAL
        and "@" not in local
        and len(labels) > 1
        and all(0 < len(label) <= 63 and label.strip("-") == label for label in labels)
        and all(symbol.isprintable() and not symbol.isspace() for symbol in address)
        and not _STRUCTURE & set(address)
    )
    if not sound:
        raise EmailMalformed(
            Violation(field=field, code="email_malformed", detail="not an e-mail address")
        )
    return address


def address_key(address: str) -> str:
    """Addresses share the name space of log-on names, and so its key (ID-4)."""
    return name_key(address)
