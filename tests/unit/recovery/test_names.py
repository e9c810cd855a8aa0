import pytest

from services.recovery.projections.names import name_digest
from shared.trust.tokens import Digests

DIGESTS = Digests(b"k" * 32)


def test_two_names_are_two_digests_and_neither_tells_its_name() -> None:
    digest = name_digest(DIGESTS, "juniper.hale")

    assert len(digest) == 32
    assert digest != name_digest(DIGESTS, "juniper-hale")
    assert digest != name_digest(Digests(b"l" * 32), "juniper.hale")


@pytest.mark.parametrize("typed", ["", "   ", "\x00", "\ud800", "\ufdfa" * 320])
def test_whatever_is_typed_has_a_digest(typed: str) -> None:
    assert len(name_digest(DIGESTS, typed)) == 32
