"""Who adds or removes an address or a number: the holder, with her password given again (SE-3)."""

from dataclasses import dataclass

from shared.acts import By
from shared.contracts.ids import AccountId, SessionId
from shared.trust.grants import Grant, GrantChecker, Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who asks: the holder of a session, as of the account's version in its token."""

    account_id: AccountId
    account_version: int
    session_id: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmations:
    """What practices write could be read where it goes to, so a token is not enough, which may be
    a stolen one.
    """

    grants: GrantChecker

    async def check(self, holder: Holder, token: str, *, by: By) -> Grant:
        """Check the grant. A credential that changes meanwhile ends the other sessions, and with
        them what was proven there, so its version need not be compared here.
        """
        return await self.grants.confirmed(
            token,
            Verb.NOTIFICATION_ADDRESS,
            account_id=holder.account_id,
            session_id=holder.session_id,
            now=by.now,
        )
