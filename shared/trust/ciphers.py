"""The one door to cryptography: key pairs, HPKE, AES-256-GCM and HKDF, each with one setting."""

from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.randomness import Randomness

SigningKey = Ed25519PrivateKey
VerifyingKey = Ed25519PublicKey
OpeningKey = X25519PrivateKey

KEY_BYTES = 32
NONCE_BYTES = 12


class CipherBroken(Exception):
    """The ciphertext was changed, is bound to something else, or the key is another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """Raw keys of 32 bytes each; the private one never shows in a repr."""

    public: bytes
    private: bytes = field(repr=False)


def signing_pair(randomness: Randomness) -> KeyPair:
    """Make an Ed25519 pair."""
    private = randomness.bytes(KEY_BYTES)
    return KeyPair(public=signing_key(private).public_key().public_bytes_raw(), private=private)


def sealing_pair(randomness: Randomness) -> KeyPair:
    """Make an X25519 pair."""
    private = randomness.bytes(KEY_BYTES)
    key = X25519PrivateKey.from_private_bytes(private)
    return KeyPair(public=key.public_key().public_bytes_raw(), private=private)


def signing_key(private: bytes) -> SigningKey:
    """Return the key that shared.trust.signed signs with."""
    return Ed25519PrivateKey.from_private_bytes(private)


@lru_cache(maxsize=64)
def verifying_key(public: bytes) -> VerifyingKey:
    """Return the key that shared.trust.signed checks with."""
    return Ed25519PublicKey.from_public_bytes(public)


def opening_key(private: bytes) -> OpeningKey:
    """Return the key that `hpke_open` opens with."""
    return X25519PrivateKey.from_private_bytes(private)


def derive(secret: bytes, purpose: str) -> bytes:
    """HKDF-SHA256 of an already unguessable secret: one key for each purpose, 32 bytes."""
    return HKDF(
        algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"portico {purpose}".encode()
    ).derive(secret)


def hpke_seal(plaintext: bytes, *, public: bytes, info: bytes) -> bytes:
    """Encrypt to a public key (RFC 9180, base mode); only the same `info` opens it."""
    return _suite().encrypt(plaintext, X25519PublicKey.from_public_bytes(public), info)


def hpke_open(ciphertext: bytes, *, key: OpeningKey, info: bytes) -> bytes:
    """Decrypt. Raises CipherBroken where the ciphertext, the key or the `info` differs."""
    try:
        return _suite().decrypt(ciphertext, key, info)
    except (InvalidTag, ValueError) as error:
        raise CipherBroken from error


def _suite() -> Suite:
    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class Cipher:
    """AES-256-GCM under one key; each ciphertext carries its own random nonce before it.

    What was encrypted under a retired key is read, never written.
    """

    key: bytes = field(repr=False)
    randomness: Randomness
    retired: tuple[bytes, ...] = field(default=(), repr=False)

    def encrypt(self, plaintext: bytes, bound: bytes) -> bytes:
        """`bound` is not kept in the ciphertext: who decrypts must know it."""
        nonce = self.randomness.bytes(NONCE_BYTES)
        return nonce + AESGCM(self.key).encrypt(nonce, plaintext, bound)

    def decrypt(self, ciphertext: bytes, bound: bytes) -> bytes:
        """Raises CipherBroken."""
        nonce, body = ciphertext[:NONCE_BYTES], ciphertext[NONCE_BYTES:]
        for key in (self.key, *self.retired):
            try:
                return AESGCM(key).decrypt(nonce, body, bound)
            except (InvalidTag, ValueError):
                continue
        raise CipherBroken
