"""Refreshing a session: the token rotates at each use, and an honest twin gets the same (SE-1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.identity.actions import Action
from services.identity.sessions.errors import RefreshInvalid
from services.identity.sessions.model import Refreshable, SessionEnd, SessionLives
from services.identity.sessions.replies import SessionReply
from services.identity.sessions.sessions import (
    Opened,
    Sessions,
    device_digest,
    refresh_digest,
)
from services.identity.sessions.store import refresh_tokens as store
from services.identity.sessions.store import standings
from shared.acts import Act, Acts, By
from shared.contracts.reach import Service
from shared.randomness import Randomness
from shared.trust.ciphers import Cipher, derive
from shared.trust.tokens import Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshes:
    """A rotation changes no one's authority and is not audited; a refusal is."""

    acts: Acts
    randomness: Randomness
    digests: Digests
    lives: SessionLives
    sessions: Sessions

    async def refresh(
        self, token: str, *, device: str | None, resource: Sequence[Service], by: By
    ) -> SessionReply:
        """Hand out the successor, one for however many services. Raises RefreshInvalid.

        `device` is the secret of the device that the session began on, where its client has one.
        """
        opened = await self._rotate(token, by.now) or await self._again(token, device, by)
        return await self.sessions.sign(opened, resource=resource, now=by.now)

    async def _rotate(self, token: str, now: datetime) -> Opened | None:
        digest = refresh_digest(self.digests, token)
        successor = self.randomness.token()
        async with self.acts.database.connection() as connection:
            session = await store.rotate(
                connection,
                digest,
                successor=refresh_digest(self.digests, successor),
                successor_sealed=self._cipher(token).encrypt(successor.encode(), digest),
                idle=self.lives.idle,
                rest=self.lives.rest,
                now=now,
            )
            if session is None:
                return None
            # A statement of its own: one that waited for a narrowing sees the account before it.
            standing = await standings.of_session(connection, session.id)
        return Opened(session=session, standing=standing, refresh_token=successor)

    async def _again(self, token: str, device: str | None, by: By) -> Opened:
        """What an honest client gets for a token that does not rotate. Raises RefreshInvalid."""
        digest = refresh_digest(self.digests, token)
        async with self.acts.open(by) as act:
            found = await store.find(
                act.tx,
                digest,
                device=device_digest(self.digests, device),
                rest=self.lives.rest,
                now=act.now,
            )
            if found is not None and self._rests(found):
                return Opened(session=found.session, standing=found.standing, refresh_token=token)
            if found is not None and self._is_twin(found, act.now):
                return self._same_successor(found, token, digest)
            if found is not None and found.live and found.same_device:
                lost = self._same_successor(found, token, digest)
                successor = refresh_digest(self.digests, lost.refresh_token)
                if await store.is_unused(act.tx, successor):
                    return lost
            await self._refuse(act, found)
        raise RefreshInvalid

    def _rests(self, found: Refreshable) -> bool:
        """What its predecessor's twins are handed as well: this token, which is unused."""
        return found.live and found.rests and found.used_at is None

    def _is_twin(self, found: Refreshable, now: datetime) -> bool:
        return found.live and found.used_at is not None and now < found.used_at + self.lives.twin

    def _same_successor(self, found: Refreshable, token: str, digest: bytes) -> Opened:
        sealed = found.successor_sealed or b""
        successor = self._cipher(token).decrypt(sealed, digest).decode()
        return Opened(session=found.session, standing=found.standing, refresh_token=successor)

    async def _refuse(self, act: Act, found: Refreshable | None) -> None:
        """Somebody else may hold a token that comes back late: its session ends (RFC 9700)."""
        reused = found is not None and found.live
        if found is not None and reused:
            session = found.session
            await self.sessions.end_within(
                act, session.account_id, why=SessionEnd.REFRESH_REUSE, only=session.id
            )
        act.record(
            Action.REFRESH,
            "refused",
            account=found.session.account_id if found else None,
            detail="refresh_reused" if reused else RefreshInvalid.cause,
        )

    def _cipher(self, predecessor: str) -> Cipher:
        """The key is derived from the predecessor, which identity does not keep."""
        key = derive(predecessor.encode(), "refresh-successor")
        return Cipher(key, self.randomness)
