"""What an account is found by, and whom a name that was typed belongs to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self
from uuid import UUID

from shared.contracts.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountNames:
    """What an account is found by: its names, and the digests that typed ones are compared with."""

    account_id: AccountId
    username: str
    username_digest: bytes
    email: str | None
    email_digest: bytes | None
    reserved: Sequence[str]
    reserved_digests: Sequence[bytes]

    def renewed(self, digest: Callable[[str], bytes]) -> Self:
        """The same names with the digests that this one makes of them."""
        return replace(
            self,
            username_digest=digest(self.username),
            email_digest=digest(self.email) if self.email else None,
            reserved_digests=[digest(name) for name in self.reserved],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationAddresses:
    """The same of an account's verified notification addresses (RC-2)."""

    account_id: AccountId
    addresses: Sequence[str]
    address_digests: Sequence[bytes]

    def renewed(self, digest: Callable[[str], bytes]) -> Self:
        """Likewise."""
        return replace(self, address_digests=[digest(address) for address in self.addresses])


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Whom a name belongs to: an active account with a verified e-mail.

    `practice_minutes` has an entry for each practice it is enrolled at; None: not heard of yet.
    """

    account_id: AccountId
    username: str
    email: str
    security_version: int
    locale: str
    time_zone: str
    practice_minutes: tuple[int | None, ...]


STRANGER = Addressee(
    account_id=AccountId(UUID(int=0)),
    username="",
    email="",
    security_version=0,
    locale="en",
    time_zone="UTC",
    practice_minutes=(),
)
"""Stands in for nobody, so that a miss takes the steps of a hit; nothing of it is ever stored."""
