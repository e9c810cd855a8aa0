"""The one comparison of name and birth date."""

import unicodedata
from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.matching import (
    LONGEST,
    Described,
    Named,
    address_form,
    likely_same,
    name_forms,
    phone_end,
    same_holder,
    same_person,
)
from shared.contracts.phones import same_phone

DAY = date(1984, 5, 3)


# Each name as a record has it, and as its holder or another practice's keyboard writes it.
ONE_NAME = [
    ("Łuczak", "Luczak LUCZAK łuczak"),
    ("Sørensen", "Sorensen Soerensen SÖRENSEN"),
    ("Đoković", "Dokovic Djokovic Ðoković Đokovic"),
    ("YILDIZ", "Yıldız yildiz Yildiz"),
    ("İNAN", "İnan inan INAN"),
    ("Müller", "Muller Mueller MÜLLER Mu\u0308ller"),
    ("Köhler-Größer", "Kohler-Grosser KoehlerGroesser Koehler‐Grösser"),
    ("Åkesson", "Akesson Aakesson A\u030akesson"),
    ("Åström", "Astrom Aastroem Astroem"),
    ("Weiß", "Weiss WEISS WEIẞ"),
    ("Þórðarson", "Thordarson Thordharson"),
    ("Dæhlen", "Daehlen"),
    ("Lœuillet", "Loeuillet"),
    ("Əliyev", "Aliyev Eliyev"),
    ("Ħamid", "Hamid"),
    ("Nguyễn", "Nguyen"),
    ("Brânzeanu", "Branzeanu"),
    ("Șerban", "Şerban Serban"),
    ("Ñuñez", "Nunez"),
    ("O'Brien", "O’Brien OʼBrien Oʻbrien O`Brien O´Brien O＇Brien O′Brien OBrien"),
    ("Kaʻaukai", "Ka'aukai Ka‘aukai Kaaukai"),
    ("García-López", "Garcia‐Lopez García‑López García–López García−López GarcíaLópez"),
    ("Carter", "Carter, Jr.|Carter Jr|CARTER SR.|Carter III|Carter Ⅲ|Carter,IV|Carter Jr. III"),
    ("van der Berg", "Van-Der-Berg|VAN DER BERG|vanderberg|van\u00a0der Berg"),
    ("St. John", "St John|St.John"),
    ("Ёлкин", "Елкин ЁЛКИН"),
    ("Қасымов", "Касымов"),
    ("Παπαδόπουλος", "Παπαδοπουλοσ ΠΑΠΑΔΟΠΟΥΛΟΣ"),
    ("محمد", "محمـــد مُحَمَّد"),
    ("أحمد", "احمد"),
    ("علی", "علي على"),
    ("כּהן", "כהן"),
    ("राठौड़", "राठौड"),
    ("김", unicodedata.normalize("NFD", "김")),
    ("ﾀﾅｶ", "タナカ"),
    ("葛\U000e0100飾", "葛飾"),
    ("علی\u200cزاده", "علیزاده"),
    ("佐々木", "佐々木"),
]


@pytest.mark.proves("MG-2")
@pytest.mark.parametrize(
    ("record", "typed"),
    [
        (record, typed)
        for record, typings in ONE_NAME
        for typed in typings.split("|" if "|" in typings else None)
    ],
)
def test_nobody_is_refused_for_how_a_keyboard_writes(record: str, typed: str) -> None:
    assert same_person(record, DAY, typed, DAY)
    assert same_person(typed, DAY, record, DAY)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("सेन", "सोनी"),
        ("গুহ", "গোহা"),
        ("たなか", "たなが"),
        ("佐々木", "佐木"),
        ("ข้าว", "ขาว"),
        ("Bauer", "Baur"),
        ("Goethe", "Gothe"),
        ("Paul", "Pauel"),
        ("Carter", "Carr"),
        ("Jr.", "Sr."),
        ("II", "III"),
        ("Sen", "Se"),
        ("Junior", "Senior"),
        ("Jr Carter", "Carter"),
        ("Carterjr", "Carter"),
        ("Ivy", "Iv"),
        ("李", "季"),
    ],
)
def test_what_makes_another_name_is_kept(one: str, other: str) -> None:
    assert not same_person(one, DAY, other, DAY)
    assert not same_person(other, DAY, one, DAY)


@given(st.text(max_size=100))
def test_a_name_is_its_own_in_any_normal_form(name: str) -> None:
    forms = name_forms(name)

    for normal in ("NFC", "NFD", "NFKC", "NFKD"):
        assert name_forms(unicodedata.normalize(normal, name)) == forms


@given(st.text(st.sampled_from("aeou\u0308\u030aäöüåøđðŋə'- JrSIVłß"), max_size=12))
def test_a_form_of_a_name_is_one_of_its_spellings(name: str) -> None:
    forms = name_forms(name)

    for form in sorted(forms)[:4]:
        assert same_person(form, DAY, name, DAY)
        assert f"{form}x" not in forms


@pytest.mark.parametrize("letter", ["å", "ÅÄÖÜØĐÐŊƏ", "\ufdfa", "a\u0308\u030a", "Jr. ", ", "])
def test_the_longest_name_has_few_forms_none_of_them_long(letter: str) -> None:
    forms = name_forms(letter * 4096)

    assert len(forms) <= 2**8
    assert all(len(form) <= 2 * LONGEST for form in forms)


def test_the_comparison_is_the_same_from_both_sides() -> None:
    names = [name for record, typings in ONE_NAME for name in (record, typings)]

    for one, other in product(names, names):
        assert same_person(one, DAY, other, DAY) == same_person(other, DAY, one, DAY)


@pytest.mark.parametrize(
    ("name", "day"), [("Obrien", DAY), ("O'Brien-Müller", date(1984, 3, 5)), ("'", DAY)]
)
def test_another_name_or_day_is_another_person(name: str, day: date) -> None:
    assert not same_person("O'Brien-Müller", DAY, name, day)


@pytest.mark.parametrize("name", ["--", "", "'", "\u0640", "\u2800", "\u0308\u030a", "-- --"])
def test_a_name_without_letters_matches_nothing(name: str) -> None:
    assert not same_person(name, DAY, name, DAY)


SMITH, JONES = Named("Smith", DAY), Named("Jones", DAY)


@pytest.mark.parametrize(
    ("records", "others"),
    [([SMITH], [SMITH]), ([SMITH, JONES], [JONES]), ([JONES], [SMITH, Named("JONES", DAY)])],
)
def test_one_record_in_common_makes_two_accounts_one_persons(
    records: list[Named], others: list[Named]
) -> None:
    assert same_holder(records, others)
    assert same_holder(others, records)


@pytest.mark.parametrize(
    ("records", "others"),
    [
        ([SMITH], [JONES]),
        ([SMITH], [Named("Smith", date(1984, 3, 5))]),
        ([SMITH], []),
        ([], [SMITH]),
        ([], []),
    ],
)
def test_without_a_record_in_common_they_are_two_persons(
    records: list[Named], others: list[Named]
) -> None:
    assert not same_holder(records, others)
    assert not same_holder(others, records)


JUNE = Described(
    last_name="Hale",
    first_name="June",
    birth_date=DAY,
    home_phone="+1 555 013 4477",
    address="12 Elm Street",
)


@pytest.mark.proves("MG-8")
@pytest.mark.parametrize(
    ("changes", "likely"),
    [
        ({}, True),
        ({"home_phone": None}, True),
        ({"address": None}, True),
        ({"home_phone": "(555) 013-4477", "address": "9 Oak"}, True),
        ({"home_phone": "555 000 1122", "address": "12, ELM STREET."}, True),
        ({"home_phone": "555 000 1122", "address": "9 Oak"}, False),
        ({"home_phone": None, "address": None}, False),
        ({"home_phone": "", "address": " - "}, False),
        ({"first_name": "JÚNE"}, True),
        ({"first_name": "Junie"}, False),
        ({"last_name": "Hale Jr."}, True),
        ({"last_name": "Thorne"}, False),
        ({"birth_date": date(2000, 1, 1)}, False),
    ],
)
def test_likely_the_same_are_name_and_date_and_phone_or_address(
    changes: dict[str, Any], likely: bool
) -> None:
    other = replace(JUNE, **changes)

    assert likely_same(JUNE, other) is likely
    assert likely_same(other, JUNE) is likely


@pytest.mark.proves("MG-8")
@given(
    st.text("0123456789 +-()", max_size=20),
    st.sampled_from(["", "+1 ", "0", "0049"]),
)
def test_two_that_are_one_phone_are_looked_for_by_the_same_digits(number: str, before: str) -> None:
    if same_phone(number, before + number):
        assert phone_end(number) is not None
        assert phone_end(number) == phone_end(before + number)


@pytest.mark.proves("MG-8")
@given(st.text(max_size=300))
def test_the_form_of_an_address_fits_an_index(address: str) -> None:
    form = address_form(address)

    assert form is None or 0 < len(form) <= 200
