"""Encryption opens only with the same key and the same binding, and only unchanged."""

import base64
import hmac

import pytest

from shared.randomness import Randomness
from shared.trust.ciphers import (
    Cipher,
    CipherBroken,
    KeyPair,
    derive,
    hpke_open,
    hpke_seal,
    opening_key,
    sealing_pair,
    signing_pair,
)

RANDOMNESS = Randomness()
CIPHER = Cipher(bytes(32), RANDOMNESS)


def flips(ciphertext: bytes) -> list[bytes]:
    """The same with one bit changed, for every byte."""
    return [
        ciphertext[:place] + bytes([byte ^ 1]) + ciphertext[place + 1 :]
        for place, byte in enumerate(ciphertext)
    ]


def test_what_is_encrypted_opens_with_the_same_binding() -> None:
    assert CIPHER.decrypt(CIPHER.encrypt(b"secret", b"row 1"), b"row 1") == b"secret"


def test_two_ciphertexts_of_one_secret_differ() -> None:
    assert CIPHER.encrypt(b"secret", b"") != CIPHER.encrypt(b"secret", b"")


@pytest.mark.proves("V11.3.2")
def test_any_changed_byte_is_noticed() -> None:
    for changed in [*flips(CIPHER.encrypt(b"secret", b"row 1")), b"", b"short"]:
        with pytest.raises(CipherBroken):
            CIPHER.decrypt(changed, b"row 1")


def test_another_binding_or_key_does_not_open_it() -> None:
    ciphertext = CIPHER.encrypt(b"secret", b"row 1")

    with pytest.raises(CipherBroken):
        CIPHER.decrypt(ciphertext, b"row 2")
    with pytest.raises(CipherBroken):
        Cipher(b"k" * 32, RANDOMNESS).decrypt(ciphertext, b"row 1")


def test_the_digest_key_of_a_deployment_from_before_is_the_one_that_the_readmes_derive() -> None:
    """base64(HKDF-SHA256(key-encryption key, no salt, "portico digests", 32 bytes)), by hand."""
    key_encryption_key = bytes(range(32))
    extracted = hmac.digest(bytes(32), key_encryption_key, "sha256")
    expanded = hmac.digest(extracted, b"portico digests" + b"\x01", "sha256")

    assert derive(key_encryption_key, "digests") == expanded
    assert base64.b64encode(expanded).decode() == "Zsc/c9pdhIY+teNwV2+/6Q1S9t08tf0omIJSKRpxig0="


def test_a_refresh_successor_opens_only_for_who_holds_the_predecessor() -> None:
    predecessor, session = RANDOMNESS.token(), RANDOMNESS.uuid().bytes
    sealed = Cipher(derive(predecessor.encode(), "refresh successor"), RANDOMNESS).encrypt(
        b"successor", session
    )
    other = Cipher(derive(RANDOMNESS.token().encode(), "refresh successor"), RANDOMNESS)

    with pytest.raises(CipherBroken):
        other.decrypt(sealed, session)


def test_a_seal_opens_with_the_private_key_and_the_same_info() -> None:
    pair = sealing_pair(RANDOMNESS)
    sealed = hpke_seal(b"secret", public=pair.public, info=b"for notify")

    assert hpke_open(sealed, key=opening_key(pair.private), info=b"for notify") == b"secret"


def test_a_changed_seal_or_info_or_key_does_not_open() -> None:
    pair, other = sealing_pair(RANDOMNESS), sealing_pair(RANDOMNESS)
    sealed = hpke_seal(b"secret", public=pair.public, info=b"for notify")

    wrong = [(changed, pair.private, b"for notify") for changed in [*flips(sealed), b""]]
    wrong += [(sealed, other.private, b"for notify"), (sealed, pair.private, b"for notifz")]
    for ciphertext, private, info in wrong:
        with pytest.raises(CipherBroken):
            hpke_open(ciphertext, key=opening_key(private), info=info)


@pytest.mark.parametrize("make", [signing_pair, sealing_pair])
def test_a_private_key_never_shows(make: type[KeyPair]) -> None:
    pair = make(RANDOMNESS)  # type: ignore[call-arg, arg-type]

    assert "private" not in repr(pair)
    assert (len(pair.public), len(pair.private)) == (32, 32)


def test_a_retired_key_opens_and_seals_nothing_new() -> None:
    old, new = bytes(32), bytes(31) + b"1"
    before = Cipher(old, RANDOMNESS).encrypt(b"secret", b"bound")
    cipher = Cipher(new, RANDOMNESS, retired=(old,))

    assert cipher.decrypt(before, b"bound") == b"secret"
    assert Cipher(new, RANDOMNESS).decrypt(cipher.encrypt(b"secret", b"bound"), b"bound")
    with pytest.raises(CipherBroken):
        cipher.decrypt(before, b"another")
    with pytest.raises(CipherBroken):
        Cipher(new, RANDOMNESS).decrypt(before, b"bound")
    assert repr(old) not in repr(cipher)
