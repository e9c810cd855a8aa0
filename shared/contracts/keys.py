"""Public keys are facts: each service that signs or opens publishes the set it has."""

from enum import StrEnum

from shared.contracts.contract import Data, Moment


class KeyPurpose(StrEnum):
    SIGNING = "signing"  #: Ed25519
    SEALING = "sealing"  #: X25519, HPKE base mode


class PublicKey(Data, frozen=True, kw_only=True):
    """`raw` is the 32-byte public key. Where `usable_until` is `usable_from` it was revoked: it is
    good for nothing, at whatever time something says to have been signed with it.
    """

    kid: str
    purpose: KeyPurpose
    raw: bytes
    usable_from: Moment
    usable_until: Moment | None


class KeysChanged(Data, frozen=True, kw_only=True):
    issuer: str
    keys: tuple[PublicKey, ...]
