"""Codes of an authenticator app, beside RFC 6238's own test vectors (MF-1)."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.identity.two_step.authenticator import Authenticator, looks_like_one
from shared.contracts.ids import AccountId
from shared.randomness import Randomness
from shared.trust.ciphers import Cipher
from shared.trust.keyring import KeysUnreadable
from tests.builders.two_step import code_of

pytestmark = pytest.mark.proves("MF-1")

SECRET = base64.b32encode(b"12345678901234567890").decode()  # RFC 6238, appendix B
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]
HERS, ANOTHERS = AccountId(UUID(int=1)), AccountId(UUID(int=2))


@pytest.fixture
def authenticator() -> Authenticator:
    randomness = Randomness()
    return Authenticator(
        randomness=randomness, cipher=Cipher(b"k" * 32, randomness), portal_name="Elm & Oak"
    )


@pytest.mark.parametrize(("second", "code"), VECTORS)
def test_the_rfc_s_own_codes_are_taken_and_the_tests_app_shows_them(
    authenticator: Authenticator, second: int, code: str
) -> None:
    now = datetime.fromtimestamp(second, UTC)
    sealed = authenticator.sealed(SECRET, HERS)

    assert authenticator.step_of(sealed, HERS, f"{code[:3]} {code[3:]}", now) == second // 30
    assert code_of(SECRET, now) == code


@pytest.mark.parametrize(("late", "taken"), [(-31, False), (-30, True), (59, True), (60, False)])
def test_a_code_is_good_a_step_before_and_a_step_after(
    authenticator: Authenticator, late: int, taken: bool
) -> None:
    shown_at = datetime.fromtimestamp(1234567890, UTC)  # the first second of its step
    sealed = authenticator.sealed(SECRET, HERS)
    now = shown_at + timedelta(seconds=late)

    assert (authenticator.step_of(sealed, HERS, "005924", now) is not None) is taken


@pytest.mark.parametrize(
    ("off", "phase", "taken"),
    [
        (-31, 0, False),  # of two steps before
        (-31, 1, True),
        (-31, 15, True),
        (-31, 29, True),
        (31, 0, True),
        (31, 15, True),
        (31, 28, True),
        (31, 29, False),  # of two steps after
        (-30, 0, True),
        (30, 29, True),
        (-59, 28, False),
        (-59, 29, True),
        (59, 0, True),
        (59, 1, False),
        (-60, 29, False),
        (60, 0, False),
    ],
)
def test_a_clock_that_is_off_shows_good_codes_as_long_as_they_are_of_a_step_beside_this_one(
    authenticator: Authenticator, off: int, phase: int, taken: bool
) -> None:
    now = datetime.fromtimestamp(1234567890 + phase, UTC)  # so far into its step
    sealed = authenticator.sealed(SECRET, HERS)
    code = code_of(SECRET, now + timedelta(seconds=off))

    assert (authenticator.step_of(sealed, HERS, code, now) is not None) is taken


def test_the_uri_names_portal_and_person_however_they_are_written(
    authenticator: Authenticator,
) -> None:
    secret = authenticator.new_secret()

    uri = authenticator.uri(secret, "maría: lópez")

    assert len(base64.b32decode(secret)) == 20
    assert uri == (
        "otpauth://totp/Elm%20%26%20Oak:mar%C3%ADa%3A%20l%C3%B3pez"
        f"?secret={secret}&issuer=Elm%20%26%20Oak"
    )


def test_a_secret_that_is_copied_to_another_account_does_not_open(
    authenticator: Authenticator,
) -> None:
    sealed = authenticator.sealed(SECRET, HERS)

    with pytest.raises(KeysUnreadable):
        authenticator.opened(sealed, ANOTHERS)


@pytest.mark.parametrize(
    "typed", ["12345", "1234567", "12345a", "\u0661\u0662\u0663\u0664\u0665\u0666", ""]
)
def test_what_no_app_shows_is_none_of_its_codes(typed: str) -> None:
    assert not looks_like_one(typed)
