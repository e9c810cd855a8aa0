"""Accounts and practices as notify knows them."""

from dataclasses import dataclass

from shared.contracts.identity import AccountState
from shared.contracts.ids import AccountId
from shared.contracts.practice_settings import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as notify knows it."""

    account_id: AccountId
    state: AccountState
    email: str | None  # verified
    locale: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An account that names a patient record among its enrolments."""

    account: Account
    enrolled: bool
    gone: bool  # merged, or absorbed as far as merges were told


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """A practice as notify knows it."""

    name: str
    locale: str
    channels: tuple[Channel, ...] = (Channel.EMAIL, Channel.PORTAL)  # in its order of trying
