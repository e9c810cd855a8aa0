"""Ceremonies: options given out, and answered once (MF-6). Nothing is written before the answer."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from services.identity.passkeys.authenticators import Authenticators
from services.identity.passkeys.errors import CeremonyOver, PasskeysNotOffered
from services.identity.passkeys.model import (
    CHALLENGE_BYTES,
    LIFE,
    Begun,
    Ceremony,
    Making,
    Purpose,
)
from services.identity.passkeys.store import ceremonies as store
from shared.acts import Act
from shared.contracts.ids import AccountId, SessionId
from shared.randomness import Randomness, base64url
from shared.trust.ciphers import Cipher, CipherBroken

BOUND = b"passkey ceremony"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremonies:
    randomness: Randomness
    cipher: Cipher
    door: Authenticators | None  # None: no RP id is set

    @property
    def authenticators(self) -> Authenticators:
        """What looks at answers. Raises PasskeysNotOffered."""
        if self.door is None:
            raise PasskeysNotOffered
        return self.door

    def ask(
        self,
        purpose: Purpose,
        *,
        allowed: Sequence[bytes] = (),
        account_id: AccountId | None = None,
        session_id: SessionId | None = None,
        now: datetime,
    ) -> Begun:
        """Have a passkey answer, of this account and session where they are named."""
        challenge = self.randomness.bytes(CHALLENGE_BYTES)
        return Begun(
            ceremony=self._sealed(
                Ceremony(
                    id=self.randomness.uuid(),
                    purpose=purpose,
                    challenge=challenge,
                    expires_at=now + LIFE,
                    account_id=account_id,
                    session_id=session_id,
                )
            ),
            options=self.authenticators.request(challenge=challenge, allowed=allowed),
        )

    def make(
        self,
        making: Making,
        *,
        username: str,
        known: Sequence[bytes],
        account_id: AccountId,
        session_id: SessionId,
        now: datetime,
    ) -> Begun:
        """Have a passkey made, by this session for its account."""
        challenge = self.randomness.bytes(CHALLENGE_BYTES)
        return Begun(
            ceremony=self._sealed(
                Ceremony(
                    id=self.randomness.uuid(),
                    purpose=Purpose.MAKE,
                    challenge=challenge,
                    expires_at=now + LIFE,
                    account_id=account_id,
                    session_id=session_id,
                    making=making,
                )
            ),
            options=self.authenticators.creation(
                challenge=challenge,
                user_handle=making.user_handle,
                username=username,
                known=known,
            ),
        )

    def open(
        self,
        token: str,
        purpose: Purpose,
        *,
        account_id: AccountId | None = None,
        session_id: SessionId | None = None,
        now: datetime,
    ) -> Ceremony:
        """The ceremony that this answer is to. Raises CeremonyOver, alike for one that is late, or
        of another purpose, account or session; and PasskeysNotOffered.
        """
        _ = self.authenticators
        try:
            sealed = base64.urlsafe_b64decode(f"{token}{'=' * (-len(token) % 4)}")
            ceremony = msgspec.json.decode(self.cipher.decrypt(sealed, BOUND), type=Ceremony)
        except (CipherBroken, binascii.Error, ValueError):
            raise CeremonyOver from None
        asked = ceremony.purpose, ceremony.account_id, ceremony.session_id
        if asked != (purpose, account_id, session_id) or now >= ceremony.expires_at:
            raise CeremonyOver
        return ceremony

    async def spend(self, act: Act, ceremony: Ceremony) -> None:
        """Use it up, right or wrong: of parallel answers one is looked at. Raises CeremonyOver."""
        if not await store.spend(act.tx, ceremony):
            raise CeremonyOver

    def _sealed(self, ceremony: Ceremony) -> str:
        sealed = self.cipher.encrypt(msgspec.json.encode(ceremony), BOUND)
        return base64url(sealed)
