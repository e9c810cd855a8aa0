"""Sealing: a secret to be mailed, encrypted to notify's public key (HPKE, RFC 9180)."""

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from shared.clock import Clock
from shared.contracts.ids import EventId
from shared.contracts.keys import KeyPurpose, PublicKey
from shared.contracts.sealed import Sealed
from shared.db import Connection
from shared.trust import ciphers
from shared.trust.keys import KeyUnknown
from shared.trust.own_keys import OwnKeys
from shared.trust.public_keys import PublicKeys


def binding(*, event_id: EventId, purpose: str, recipient: str, expires_at: datetime) -> bytes:
    """The HPKE `info`: a JSON array, so that no two bindings are written alike."""
    moment = expires_at.astimezone(UTC).isoformat(timespec="microseconds")
    return msgspec.json.encode(["portico seal 1", str(event_id), purpose, recipient, moment])


@dataclass(frozen=True, slots=True)
class Seals:
    """Seals to the key that one transaction has read, as many secrets as it has."""

    key: PublicKey

    def seal(
        self,
        secret: str,
        *,
        event_id: EventId,
        purpose: str,
        recipient: str,
        expires_at: datetime,
    ) -> Sealed:
        """Bind the secret to its event, purpose, recipient and expiry."""
        info = binding(
            event_id=event_id, purpose=purpose, recipient=recipient, expires_at=expires_at
        )
        return Sealed(
            kid=self.key.kid,
            purpose=purpose,
            recipient=recipient,
            expires_at=expires_at,
            ciphertext=ciphers.hpke_seal(secret.encode(), public=self.key.raw, info=info),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealer:
    """Seals to the newest usable sealing key that notify has published."""

    public_keys: PublicKeys
    clock: Clock
    issuer: str  # notify's, in full

    async def ready(self) -> None:
        """Wait up to 1 s for a key, before the transaction that seals. Raises CatchingUp."""
        await self.public_keys.arrived(self.issuer, KeyPurpose.SEALING, self.clock.now())

    async def within(self, tx: Connection) -> Seals:
        """Read the key for this transaction, once for all that it seals.

        Raises CatchingUp at once when no key of notify has arrived: nothing is ever written
        unsealed, and nobody waits holding locks.
        """
        now = self.clock.now()
        return Seals(await self.public_keys.newest(tx, self.issuer, KeyPurpose.SEALING, now))


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """Opens what was sealed to this service; notify alone has one."""

    own_keys: OwnKeys

    async def open(self, sealed: Sealed, *, event_id: EventId) -> str:
        """Raises SealBroken where the binding does not hold, SealKeyUnknown where the key is gone.

        A key is here before anybody seals to it, so there is nothing to wait for.
        """
        try:
            key = await self.own_keys.find(sealed.kid)
        except KeyUnknown as error:
            raise SealKeyUnknown from error
        info = binding(
            event_id=event_id,
            purpose=sealed.purpose,
            recipient=sealed.recipient,
            expires_at=sealed.expires_at,
        )
        try:
            return ciphers.hpke_open(sealed.ciphertext, key=key.opening, info=info).decode()
        except (ciphers.CipherBroken, UnicodeDecodeError) as error:
            raise SealBroken from error


class SealBroken(Exception):
    """The ciphertext, its binding or its key does not fit: it can never be opened."""


class SealKeyUnknown(SealBroken):
    """Sealed to a key that this service does not have: revoked, lost with a backup, or made up."""
