from datetime import date
from typing import Annotated

import pytest
from msgspec import Meta

from deploy.gateway.web.forms import SECRET, Chosen, Form, NoForm, Reading, read_form
from tests.unit.gateway.words import ENGLISH


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
