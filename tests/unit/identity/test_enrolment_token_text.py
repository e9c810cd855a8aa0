"""EN-1: a token is one token however a person types it from paper."""

import pytest

from services.identity.enrolment_tokens import token_digest
from shared.tokens import Digests

DIGESTS = Digests(b"k" * 32)


@pytest.mark.proves("EN-1")
@pytest.mark.parametrize(
    "typed",
    ["01AB-CDEF-GHJK-MNPQ", "01abcdefghjkmnpq", " o1ab cdef ghjk mnpq ", "OLab-cdef-ghjk-mnpq"],
)
def test_case_hyphens_blanks_and_look_alike_letters_do_not_matter(typed: str) -> None:
    assert token_digest(DIGESTS, typed) == token_digest(DIGESTS, "01ABCDEFGHJKMNPQ")


def test_the_digest_does_not_hold_the_token() -> None:
    assert b"01AB" not in token_digest(DIGESTS, "01AB-CDEF-GHJK-MNPQ")
