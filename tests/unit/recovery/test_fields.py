"""What somebody says she is, beside what a record says (RC-6)."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.recovery.validation.model import Fields, Record, spelled
from shared.contracts.matching import name_forms

pytestmark = pytest.mark.proves("RC-6")

RECORD = Record(
    patient_id=UUID(int=1),
    last_name="Müller-Hale",
    first_name="Zoë",
    birth_date=date(1988, 4, 17),
    home_phone="+1 (213) 555-0142",
    address="12 Elm Street",
)
TYPED = Fields(
    username="juniper.hale",
    birth_date=date(1988, 4, 17),
    last_name="Mueller Hale",
    first_name="zoe",
    home_phone="213 555 0142",
)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"last_name": "MULLERHALE"},
        {"first_name": "Zoë"},
        {"home_phone": "0012135550142"},
        {"username": "whoever"},
    ],
)
def test_right_fields_are_right_however_they_are_written(said: dict[str, Any]) -> None:
    assert replace(TYPED, **said).of(RECORD)


@pytest.mark.parametrize(
    "said",
    [
        {"last_name": "Hale"},
        {"last_name": "-"},
        {"first_name": "Zora"},
        {"birth_date": date(1988, 4, 18)},
        {"home_phone": "213 555 0143"},
        {"home_phone": "0142"},
    ],
)
def test_one_that_is_wrong_makes_all_of_them_wrong(said: dict[str, Any]) -> None:
    assert not replace(TYPED, **said).of(RECORD)


SPELLINGS = (
    ("Müller", "Mueller", "MULLER"),
    ("Åse", "Aase", "ase"),
    ("García", "Garcia"),
    ("Đorđević", "Djordjevic", "Dordevic"),
    ("Guðrún", "Gudhrun", "Gudrun"),
    ("Məmmədov", "Memmedov", "Mammadov"),
    ("Bäer", "Baeer", "BAER"),
)


@pytest.mark.parametrize("names", SPELLINGS, ids=[names[0] for names in SPELLINGS])
def test_what_is_one_name_to_a_record_is_one_to_the_addresses_that_come_up(
    names: tuple[str, ...],
) -> None:
    """Else who types wrong fields in two spellings sees other addresses, and knows."""
    assert not name_forms(names[0]).isdisjoint(name_forms(names[1]))
    assert len({replace(TYPED, last_name=name).key for name in names}) == 1


def test_every_form_of_a_name_has_one_spelling() -> None:
    for names in SPELLINGS:
        for name in names:
            assert {spelled(form) for form in name_forms(name)} == {spelled(name)}


def test_other_fields_bring_up_other_addresses() -> None:
    others = (
        replace(TYPED, username="someone.else"),
        replace(TYPED, last_name="Pine"),
        replace(TYPED, first_name="Ada"),
        replace(TYPED, birth_date=date(1988, 4, 18)),
        replace(TYPED, home_phone="213 555 0143"),
    )

    assert len({TYPED.key, *(other.key for other in others)}) == 6
    assert replace(TYPED, username=" JUNIPER.hale ").key == TYPED.key
    assert replace(TYPED, home_phone="+1 213-555-0142").key == TYPED.key
