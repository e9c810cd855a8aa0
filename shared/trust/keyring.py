"""The key pairs in this service's own table, opened: private keys at rest are encrypted
(AES-256-GCM) under the service's key-encryption key.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from types import MappingProxyType

import msgspec

from shared.contracts.keys import KeyPurpose, PublicKey
from shared.db import Database, Row
from shared.errors import Unavailable
from shared.kept import Kept
from shared.trust.ciphers import (
    Cipher,
    CipherBroken,
    OpeningKey,
    SigningKey,
    opening_key,
    signing_key,
)
from shared.trust.keys import key_in, newest_of

HELD = """
SELECT own_keys.*, NOT EXISTS (
    SELECT FROM outbox WHERE outbox.event_id = own_keys.announced_by
) AS confirmed
FROM own_keys WHERE private_sealed IS NOT NULL ORDER BY purpose, generation
"""


class KeysUnreadable(Unavailable):
    """A private key at rest opens under neither PORTICO_KEY_ENCRYPTION_KEY nor a retired one.

    Another replica may have what opens it, so a request that needs it is tried again.
    """


@dataclass(frozen=True, kw_only=True)
class OwnKey:
    """A key pair of this service. `private` is raw.

    What is made of it is made once: to parse a key costs half as much again as to use it.
    """

    public: PublicKey
    private: bytes = field(repr=False)
    confirmed: bool  # the broker has taken the event that published it

    @cached_property
    def signing(self) -> SigningKey:
        """To sign with."""
        return signing_key(self.private)

    @cached_property
    def opening(self) -> OpeningKey:
        """To open seals with."""
        return opening_key(self.private)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKeys:
    """What the table holds, by kid: the keys that open here, and the public halves of the others.

    While the key-encryption key is changed, a replica that has only the former one meets both.
    """

    keys: Mapping[str, OwnKey]
    unreadable: Mapping[str, PublicKey]

    def whole(self) -> Mapping[str, OwnKey]:
        """Every key. Raises KeysUnreadable."""
        if self.unreadable:
            raise KeysUnreadable
        return self.keys


NOTHING = HeldKeys(keys=MappingProxyType({}), unreadable=MappingProxyType({}))


class Keyring(Kept[HeldKeys]):
    """What the table holds, as it was read a moment ago."""

    def __init__(self, *, database: Database, cipher: Cipher) -> None:
        super().__init__(self._held, before=NOTHING)
        self.database = database
        self.cipher = cipher

    def sealed(self, private: bytes, kid: str, purpose: str) -> bytes:
        """Encrypt a private key for its row; copied over another row it does not open."""
        return self.cipher.encrypt(private, _bound(kid, purpose))

    def opened(self, row: Row) -> bytes:
        """Decrypt the private key of a row. Raises KeysUnreadable."""
        try:
            return self.cipher.decrypt(row["private_sealed"], _bound(row["kid"], row["purpose"]))
        except CipherBroken as error:
            raise KeysUnreadable from error

    async def _held(self) -> HeldKeys:
        async with self.database.connection() as connection:
            rows = await connection.fetch(HELD)
        keys, unreadable = {}, {}
        for row in rows:
            kid, public = row["kid"], key_in(row)
            known = self.value.keys.get(kid)
            try:
                private = known.private if known else self.opened(row)
            except KeysUnreadable:
                unreadable[kid] = public
            else:
                keys[kid] = OwnKey(public=public, private=private, confirmed=row["confirmed"])
        return HeldKeys(keys=keys, unreadable=unreadable)


def in_use(keys: Iterable[OwnKey], purpose: KeyPurpose, now: datetime) -> OwnKey | None:
    """The newest that has begun and is in everybody's hands; where there is none, the best known.

    One that has ended signs no more: what it signs now might outlive it.
    """
    live = {key.public.kid: key for key in keys if key.public.usable_until is None}
    known = [k.public for k in live.values() if k.confirmed and k.public.usable_from <= now]
    newest = newest_of(known, purpose, now)
    newest = newest or newest_of([key.public for key in live.values()], purpose, now)
    return live[newest.kid] if newest else None


def is_due(keys: Iterable[OwnKey], purpose: KeyPurpose, now: datetime) -> bool:
    """Whether there is no key, or one that another has taken over from and that is not ended."""
    used = in_use(keys, purpose, now)
    if used is None:
        return True
    begun = used.public.usable_from
    return used.confirmed and any(
        key.public.purpose is purpose
        and key.public.usable_until is None
        and key.public.usable_from < begun <= now
        for key in keys
    )


def _bound(kid: str, purpose: str) -> bytes:
    return msgspec.json.encode(["own key", kid, purpose])
