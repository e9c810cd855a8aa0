"""Revoking a session by its refresh token: a log-off that always succeeds (RFC 7009, SE-1)."""

from dataclasses import dataclass

from services.identity.actions import Action
from services.identity.sessions.model import SessionEnd
from services.identity.sessions.sessions import Sessions, refresh_digest
from services.identity.sessions.store import refresh_tokens as store
from shared.acts import Acts, By
from shared.trust.tokens import Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocations:
    acts: Acts
    digests: Digests
    sessions: Sessions

    async def revoke(self, token: str, *, by: By) -> None:
        """End the session that a refresh token is of, with all of its tokens (RFC 7009 2.1).

        One that was used ends it as well: its client may have lost the reply with the successor,
        and brought to a refresh it would end the session too. What ends nothing is told alike and
        leaves no row, for nothing was done.
        """
        digest = refresh_digest(self.digests, token)
        async with self.acts.begin(by, Action.REVOKE_SESSION) as act:
            session = await store.session_of(act.tx, digest)
            if session is not None and await self.sessions.end_within(
                act, session.account_id, why=SessionEnd.REVOKED, only=session.id
            ):
                act.about(account=session.account_id)
            else:
                act.repeated()
