"""EN-1: a token is one token however a person types it from paper."""

import pytest

from services.identity.enrolment.model import ENROLMENT_TOKEN
from shared.trust.tokens import Digests

DIGESTS = Digests(b"k" * 32)


@pytest.mark.proves("EN-1")
@pytest.mark.parametrize(
    "typed",
    [
        "01AB-CDEF-GHJK-MNPQ",
        "01abcdefghjkmnpq",
        " o1ab cdef ghjk mnpq ",
        "OLab-cdef-ghjk-mnpq",
        "01AB-CDEF-GHJK-MNPQ\r\n",
        "01AB-CDEF-\nGHJK-MNPQ",
        "01AB\u00a0CDEF\u202fGHJK\u3000MNPQ",
        "01AB\u2010CDEF\u2011GHJK\u2013MNPQ",
        "01AB\u2014CDEF\u2212GHJK\uff0dMNPQ",
        "\ufeff01AB-CD\u200bEF-GH\u00adJK-MN\u2060PQ\u200f",
        "０１ＡＢ－ＣＤＥＦ－ＧＨＪＫ－ＭＮＰＱ",
        "\u201e01AB-CDEF-GHJK-MNPQ\u201c.",
        "•01AB•CDEF•GHJK•MNPQ",
    ],
)
def test_case_hyphens_blanks_and_look_alike_letters_do_not_matter(typed: str) -> None:
    assert ENROLMENT_TOKEN.digest(DIGESTS, typed) == ENROLMENT_TOKEN.digest(
        DIGESTS, "01ABCDEFGHJKMNPQ"
    )


@pytest.mark.parametrize(
    "typed",
    [
        "01AB-CDEF-GHJK-MNP",
        "01AB-CDEF-GHJK-MNPR",
        "01AB-CDEF-GHJK-MNPQ0",
        "A01B-CDEF-GHJK-MNPQ",
        "",
    ],
)
def test_another_token_stays_another(typed: str) -> None:
    assert ENROLMENT_TOKEN.digest(DIGESTS, typed) != ENROLMENT_TOKEN.digest(
        DIGESTS, "01ABCDEFGHJKMNPQ"
    )


def test_the_digest_does_not_hold_the_token() -> None:
    assert b"01AB" not in ENROLMENT_TOKEN.digest(DIGESTS, "01AB-CDEF-GHJK-MNPQ")
