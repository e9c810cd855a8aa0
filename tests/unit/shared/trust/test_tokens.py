"""Digests of opaque secrets: keyed, and apart for each purpose."""

import pytest

from shared.trust.ciphers import derive
from shared.trust.tokens import Digests

DIGESTS = Digests(bytes(32))


def test_a_digest_depends_on_the_key_the_purpose_and_the_secret() -> None:
    found = {
        DIGESTS.of("link", "abc"),
        DIGESTS.of("token", "abc"),
        DIGESTS.of("link", "abd"),
        Digests(b"k" * 32).of("link", "abc"),
    }

    assert len(found) == 4
    assert {len(digest) for digest in found} == {32}


def test_no_purpose_runs_into_the_secret() -> None:
    assert DIGESTS.of("link", "ab") != DIGESTS.of("linka", "b")
    with pytest.raises(ValueError, match="NUL"):
        DIGESTS.of("link\0a", "b")


@pytest.mark.parametrize("secret", ["", "a\0b", "\ud800", "é" * 1000])
def test_whatever_is_sent_has_a_digest(secret: str) -> None:
    assert DIGESTS.of("link", secret) == DIGESTS.of("link", secret)


def test_the_key_never_shows() -> None:
    assert "kkkk" not in repr(Digests(b"k" * 32))


def test_one_key_is_derived_for_each_purpose() -> None:
    assert derive(bytes(32), "digests") != derive(bytes(32), "own keys")
    assert len(derive(b"any length", "digests")) == 32
