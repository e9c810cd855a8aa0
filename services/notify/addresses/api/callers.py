"""Who calls, as addresses and numbers are added for."""

from services.notify.addresses.confirmations import Holder
from shared.trust.access import SessionCaller


def holder_of(caller: SessionCaller) -> Holder:
    """Take from a session what its grants and the account's snapshot are compared with."""
    return Holder(
        account_id=caller.account_id,
        account_version=caller.account_version,
        session_id=caller.session_id,
    )
