"""Answers: the form in which they are compared, and what no answer may be (RC-8). Pure."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from services.recovery.questions.bank import BANK, FIVE
from shared.contracts.code_points import IGNORABLE
from shared.errors import Violation
from shared.trust.passwords import normal_form

SHORTEST, LONGEST = 3, 100  # code points


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A question and the answer to it, as they were typed."""

    code: str
    answer: str = field(repr=False)


def normalised(typed: str) -> str | None:
    """The form that is hashed: NFKC, casefold, trimmed, spaces folded, nothing that is not seen.

    What somebody answers years later has other capitals, another keyboard's accents and a blank too
    many. None for a text far too long to have one of at most LONGEST code points.
    """
    form = normal_form(typed)
    if form is None:
        return None
    seen = "".join(symbol for symbol in form.casefold() if symbol not in IGNORABLE)
    return " ".join(unicodedata.normalize("NFKC", seen).split())


def judge(chosen: Sequence[Chosen], *, username: str) -> tuple[Violation, ...]:
    """Say all that is wrong with five questions and their answers; nothing: they may be set.

    An answer that is another's, its question's or the username's opens more than one door.
    """
    if len(chosen) != FIVE:
        return (Violation(field="questions", code="questions_not_five", detail="choose five"),)
    forms = [normalised(each.answer) for each in chosen]
    codes = Counter(each.code for each in chosen)
    answers = Counter(form for form in forms if form)
    return tuple(
        violation
        for place, (each, form) in enumerate(zip(chosen, forms, strict=True))
        for violation in (
            *_of_question(f"questions[{place}].code", each.code, codes),
            *_of_answer(f"questions[{place}].answer", each.code, form, answers, username),
        )
    )


def _of_question(at: str, code: str, codes: Counter[str]) -> Iterator[Violation]:
    if code not in BANK:
        yield Violation(field=at, code="question_unknown", detail="not in the bank")
    elif codes[code] > 1:
        yield Violation(field=at, code="question_doubled", detail="chosen more than once")


def _of_answer(
    at: str, code: str, form: str | None, answers: Counter[str], username: str
) -> Iterator[Violation]:
    bounds = {"minimum": SHORTEST, "maximum": LONGEST}
    if form is None or len(form) > LONGEST:
        yield Violation(field=at, code="answer_too_long", detail="100 at most", params=bounds)
    elif len(form) < SHORTEST:
        yield Violation(field=at, code="answer_too_short", detail="three at least", params=bounds)
    elif answers[form] > 1:
        yield Violation(field=at, code="answer_doubled", detail="answers more than one question")
    elif _bare(form) in {_bare(normalised(text) or "") for text in BANK.get(code, {}).values()}:
        yield Violation(field=at, code="answer_is_question", detail="is the question itself")
    elif form == normalised(username):
        yield Violation(field=at, code="answer_is_username", detail="is the username")


def _bare(form: str) -> str:
    """Without marks: whoever copies a question leaves its question mark out."""
    return "".join(symbol for symbol in form if symbol.isalnum())
