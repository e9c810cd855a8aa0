"""RC-8, RC-4: how answers are compared and judged, and which two questions are drawn."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.recovery.questions.answers import LONGEST, SHORTEST, Chosen, judge, normalised
from services.recovery.questions.bank import BANK, FIVE, drawn, drawn_of_nobody
from shared.contracts.languages import Language
from shared.trust.passwords import normal_form

pytestmark = pytest.mark.proves("RC-8")

TEXTS = st.text(max_size=120)


@given(typed=TEXTS)
def test_the_form_that_is_compared_is_its_own_form_and_the_one_that_is_hashed(typed: str) -> None:
    form = normalised(typed)

    assert form is not None
    assert normalised(form) == form
    assert normal_form(form) == form
    assert form == form.strip()


@given(typed=TEXTS)
def test_capitals_and_blanks_make_no_difference(typed: str) -> None:
    assert normalised(f"  {typed.replace(' ', '   ')}\u200b\t") == normalised(typed)
    assert normalised(typed.casefold()) == normalised(typed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("STRASSE", "straße"),
        ("\uff21\uff24\uff21", "ada"),
        ("Jose\u0301", "josé"),
        ("\ufb01nch", "finch"),
    ],
)
def test_what_another_keyboard_writes_is_the_same_answer(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@given(typed=st.text(min_size=900))
def test_what_is_far_too_long_has_no_form(typed: str) -> None:
    assert normalised(typed) is None


@given(answers=st.lists(TEXTS, min_size=FIVE, max_size=FIVE))
def test_whatever_may_be_set_keeps_every_rule(answers: list[str]) -> None:
    chosen = [Chosen(code=code, answer=text) for code, text in zip(BANK, answers, strict=False)]
    forms = [normalised(text) or "" for text in answers]

    if judge(chosen, username="Juniper.Hale") == ():
        assert all(SHORTEST <= len(form) <= LONGEST for form in forms)
        assert len(set(forms)) == FIVE
        assert "juniper.hale" not in forms


@given(digest=st.binary(min_size=32, max_size=32), turn=st.integers(0, 10_000))
def test_two_are_drawn_that_differ_and_the_next_turn_draws_others(digest: bytes, turn: int) -> None:
    five = list(BANK)[:FIVE]

    first, second = drawn(digest, five, turn=turn)

    assert first != second
    assert {first, second} <= set(five)
    assert drawn(digest, five[::-1], turn=turn) == (first, second)
    assert set(drawn(digest, five, turn=turn + 1)) != {first, second}


def test_each_pair_is_drawn_as_often_as_any_other() -> None:
    five = list(BANK)[:FIVE]
    pairs = Counter(drawn(number.to_bytes(32, "big"), five) for number in range(800))

    assert len(pairs) == FIVE * (FIVE - 1)
    assert set(pairs.values()) == {40}


def test_a_question_that_joins_the_bank_changes_what_nobody_is_asked_only_to_itself() -> None:
    digests = [number.to_bytes(32, "big") for number in range(2000)]
    before = [drawn_of_nobody(digest) for digest in digests]

    after = [drawn_of_nobody(digest, [*BANK, "first-car"]) for digest in digests]

    changed = [new for old, new in zip(before, after, strict=True) if set(old) != set(new)]
    assert changed
    assert all("first-car" in each for each in changed)
    firsts, seconds = (Counter(each[place] for each in before) for place in (0, 1))
    assert set(firsts) == set(seconds) == set(BANK)
    assert all(80 < count < 170 for count in (*firsts.values(), *seconds.values()))  # of 125


def test_every_question_is_worded_in_every_language() -> None:
    assert len(BANK) >= 15
    for code, texts in BANK.items():
        assert set(texts) == set(Language), code
        assert all(text.endswith("?") for text in texts.values()), code
