"""Who adds or removes an address or a number: the holder, with her password given again (SE-3)."""

from shared.acts import By
from shared.trust.access import SessionCaller
from shared.trust.grants import Grant, GrantChecker, Verb


async def confirmed(grants: GrantChecker, caller: SessionCaller, token: str, *, by: By) -> Grant:
    """Check the grant. What practices write could be read where it goes to, so an access token is
    not enough, which may be a stolen one.

    A credential that changes meanwhile ends the other sessions, and with them what was proven
    there, so its version need not be compared here.
    """
    return await grants.confirmed(
        token,
        Verb.NOTIFICATION_ADDRESS,
        account_id=caller.account_id,
        session_id=caller.session_id,
        now=by.now,
    )
