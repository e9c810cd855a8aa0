"""Access tokens as identity itself checks them: offline, then against its own sessions (SE-1)."""

from dataclasses import dataclass
from datetime import datetime

from services.identity.practices.clients import RevokedClients
from services.identity.sessions.model import Shown
from services.identity.sessions.reach import Sight
from shared.group_commit import GroupCommit
from shared.trust.access import AccessTokenInvalid, AccessTokens, ClientCaller, SessionCaller


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTokens:
    """Guards identity's verbs and answers introspection: the state of this second."""

    tokens: AccessTokens
    take: GroupCommit[Shown, bool]
    look: GroupCommit[Shown, Sight | None]
    revoked: RevokedClients

    async def check(self, token: str, *, now: datetime) -> SessionCaller | ClientCaller:
        """Raises AccessTokenInvalid, also where the session is over or was narrowed since.

        So it is where the client was revoked, from the second after.
        """
        caller = await self.tokens.check(token, now=now)
        await self._require_live(caller, now)
        return caller

    async def inspect(
        self, token: str, *, now: datetime
    ) -> tuple[SessionCaller, Sight] | ClientCaller:
        """Read one that is good at any service, with what its session sees. Raises as `check`."""
        caller = await self.tokens.inspect(token, now=now)
        if isinstance(caller, ClientCaller):
            await self._require_live(caller, now)
            return caller
        sight = await self.look(shown(caller, now))
        if sight is None:
            raise AccessTokenInvalid
        return caller, sight

    async def _require_live(self, caller: SessionCaller | ClientCaller, now: datetime) -> None:
        if isinstance(caller, SessionCaller) and not await self.take(shown(caller, now)):
            raise AccessTokenInvalid
        if isinstance(caller, ClientCaller) and await self.revoked.includes(caller.client_id):
            raise AccessTokenInvalid


def shown(caller: SessionCaller, now: datetime) -> Shown:
    """Say which token is shown, and when."""
    return Shown(session_id=caller.session_id, issued_at=caller.issued_at, now=now)
