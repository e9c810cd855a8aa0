"""How long a password may be is judged before anything is done with it (ID-3)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.trust.passwords import LONGEST, judged_part, normal_form

ANY = st.text(max_size=1200) | st.text(alphabet="a\u0301\u0315\u0323\u1100\u1161\u11a8\ufdfa\u1f82")

pytestmark = pytest.mark.proves("ID-3")


@given(ANY)
def test_only_what_cannot_fit_has_no_form(typed: str) -> None:
    whole = unicodedata.normalize("NFKC", typed)

    assert normal_form(typed) == whole or (normal_form(typed) is None and len(whole) > LONGEST)


@given(ANY)
def test_of_what_is_too_long_the_first_code_points_are_judged_and_show_it(typed: str) -> None:
    whole = unicodedata.normalize("NFKC", typed)
    judged = judged_part(typed)

    assert len(judged) == min(len(whole), LONGEST + 1)
    assert normal_form(typed) is None or judged == whole[: LONGEST + 1]


def test_a_password_of_two_hundred_letters_fits_however_it_is_decomposed() -> None:
    composed = "\u1f82" * LONGEST

    assert normal_form(unicodedata.normalize("NFD", composed)) == composed
