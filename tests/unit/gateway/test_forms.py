from datetime import date
from typing import Annotated, Literal

import pytest
from msgspec import Meta

from deploy.gateway.web.forms import SECRET, Chosen, Form, NoForm, Reading, read_form
from deploy.gateway.web.languages import Language
from tests.unit.gateway.words import ENGLISH, SPANISH


class Example(Form, frozen=True, kw_only=True):
    username: Annotated[str, Meta(max_length=10)]
    password: Annotated[str, SECRET, Meta(max_length=20)]
    birth_date: date
    email: str = ""
    confirm: bool = False


GOOD = {
    "username": " juniper ",
    "password": " blanks stay ",
    "birth_date_day": "17",
    "birth_date_month": "4",
    "birth_date_year": "1988",
}


def read(**changed: str) -> Reading[Example]:
    return read_form(Example, {**GOOD, **changed}, ENGLISH)


def test_a_form_is_read_and_only_secrets_keep_their_blanks() -> None:
    form = read(confirm="yes").form

    assert form == Example(
        username="juniper",
        password=" blanks stay ",
        birth_date=date(1988, 4, 17),
        confirm=True,
    )


def test_what_is_missing_or_too_long_is_told_at_its_field_and_secrets_are_not_put_back() -> None:
    reading = read(username="", password="x" * 21)

    assert reading.form is None
    assert {problem.field: problem.text for problem in reading.problems} == {
        "username": "Type your username.",
        "password": "This is too long.",
    }
    assert "password" not in reading.typed
    assert reading.typed["birth_date_day"] == "17"


@pytest.mark.parametrize(
    ("day", "month", "year"),
    [
        ("31", "2", "1988"),
        ("0", "1", "1988"),
        ("17", "4", "88"),
        ("a", "b", "c"),
        ("１", "4", "1988"),
    ],
)
def test_a_date_there_is_not_is_told(day: str, month: str, year: str) -> None:
    reading = read(birth_date_day=day, birth_date_month=month, birth_date_year=year)

    assert [problem.field for problem in reading.problems] == ["birth_date"]
    assert reading.typed["birth_date_day"] == day


@pytest.mark.parametrize(
    ("typed", "language", "wanted"),
    [
        ("04/17/1988", ENGLISH, date(1988, 4, 17)),
        ("4/7/1988", ENGLISH, date(1988, 4, 7)),
        ("4/7/1988", SPANISH, date(1988, 7, 4)),
        ("17/4/1988", SPANISH, date(1988, 4, 17)),
        ("17/4/1988", ENGLISH, None),
        ("30/2/1988", SPANISH, None),
    ],
)
def test_a_whole_date_with_slashes_has_the_order_of_the_language(
    typed: str, language: Language, wanted: date | None
) -> None:
    posted = {**GOOD, "birth_date_day": typed, "birth_date_month": "", "birth_date_year": ""}

    reading = read_form(Example, posted, language)

    assert (reading.form and reading.form.birth_date) == wanted
    assert [problem.field for problem in reading.problems] == ([] if wanted else ["birth_date"])


def test_a_whole_date_is_taken_wherever_it_was_pasted() -> None:
    reading = read(birth_date_day="", birth_date_month="1988-04-17", birth_date_year="")

    assert reading.form is not None
    assert reading.form.birth_date == date(1988, 4, 17)


def test_a_field_that_the_form_does_not_have_is_no_form_of_ours() -> None:
    with pytest.raises(NoForm):
        read(admin="yes")


class ManyForm(Form, frozen=True, kw_only=True):
    passkey: Chosen


ONE, OTHER = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"


def test_what_is_chosen_of_many_is_read_by_id_and_shown_again() -> None:
    posted = {f"passkey-{ONE}": "keep", f"passkey-{OTHER}": "remove"}

    reading = read_form(ManyForm, posted, ENGLISH)

    assert reading.form == ManyForm(passkey={ONE: "keep", OTHER: "remove"})
    assert reading.typed == posted
    assert read_form(ManyForm, {}, ENGLISH).form == ManyForm(passkey={})


@pytest.mark.parametrize(
    "field", [f"other-{ONE}", "passkey-", f"passkey-{ONE}x", "passkey", f"passkey-{ONE}-{ONE}"]
)
def test_a_choice_of_none_of_them_is_no_form_of_ours(field: str) -> None:
    with pytest.raises(NoForm):
        read_form(ManyForm, {field: "keep"}, ENGLISH)


class DeedForm(Form, frozen=True, kw_only=True):
    deed: Literal["unlock", "thaw"]


@pytest.mark.parametrize("deed", ["unlok", "UNLOCK", "un-enrol"])
def test_a_button_that_the_form_does_not_have_does_nothing(deed: str) -> None:
    assert read_form(DeedForm, {"deed": "thaw"}, ENGLISH).form == DeedForm(deed="thaw")
    with pytest.raises(NoForm):
        read_form(DeedForm, {"deed": deed}, ENGLISH)


def test_no_button_at_all_is_told_as_missing() -> None:
    (problem,) = read_form(DeedForm, {}, ENGLISH).problems

    assert problem.field == "deed"
