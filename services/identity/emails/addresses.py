"""E-mail addresses as far as they can be judged without sending a mail (ID-6). Pure."""

from services.identity.emails.errors import EmailMalformed
from shared.contracts.addresses import AddressMalformed, mailable
from shared.contracts.code_points import trimmed
from shared.contracts.log_on_names import name_key


def check_address(typed: str, *, field: str) -> str:
    """Return the trimmed address, or raise EmailMalformed. The mailed link proves the rest.

    What notify could not write a mail to is refused here, where somebody is told.
    """
    address = trimmed(typed)
    try:
        mailable(address)
    except AddressMalformed:
        raise EmailMalformed.in_field(field, "not an e-mail address") from None
    return address


def address_key(address: str) -> str:
    """Addresses share the name space of log-on names, and so its key (ID-4)."""
    return name_key(address)
