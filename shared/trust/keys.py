"""What holds for every published key: the event that tells it, and which one is good for what."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from shared.contracts.contract import Contract
from shared.contracts.identity import IDENTITY_KEYS_CHANGED
from shared.contracts.keys import KeyPurpose, KeysChanged, PublicKey
from shared.contracts.notify import NOTIFY_KEYS_CHANGED
from shared.contracts.recovery import RECOVERY_KEYS_CHANGED
from shared.db import Row

KEYS_CHANGED: Mapping[str, Contract[KeysChanged]] = MappingProxyType(
    {
        contract.owner: contract
        for contract in (IDENTITY_KEYS_CHANGED, RECOVERY_KEYS_CHANGED, NOTIFY_KEYS_CHANGED)
    }
)


class KeyUnknown(ValueError):
    """No such key: whoever named it holds nothing of ours. Checkers refuse it as a bad value."""


def key_in(row: Row) -> PublicKey:
    return PublicKey(
        kid=row["kid"],
        purpose=KeyPurpose(row["purpose"]),
        raw=row["public_raw"],
        usable_from=row["usable_from"],
        usable_until=row["usable_until"],
    )


def good_for(key: PublicKey, purpose: KeyPurpose, now: datetime) -> bool:
    """Whether a checker may still trust this key for that, or might have at that moment.

    A revoked key is published with an empty span: it never was good, whatever `now` is asked for,
    or who stole it could date tokens back.
    """
    if key.purpose is not purpose or key.usable_until == key.usable_from:
        return False
    return key.usable_until is None or now < key.usable_until


def newest_of(keys: Iterable[PublicKey], purpose: KeyPurpose, now: datetime) -> PublicKey | None:
    """The key to use now: the latest begun; where a clock says none has, the first one."""
    alive = [key for key in keys if good_for(key, purpose, now)]
    begun = [key for key in alive if key.usable_from <= now]
    if begun:
        return max(begun, key=lambda key: key.usable_from)
    return min(alive, key=lambda key: key.usable_from, default=None)
