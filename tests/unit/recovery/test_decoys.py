"""Addresses beside the true one (RC-6)."""

import hmac
from itertools import product

import pytest

from services.recovery.validation.decoys import COUNT, STREETS, around, made_up, parsed, usable

pytestmark = pytest.mark.proves("RC-6")

ELM = "12 Elm Street, Springfield, IL 62704"


def draw(number: int) -> bytes:
    return hmac.digest(b"key", str(number).encode(), "sha256")


@pytest.mark.parametrize(
    ("address", "number", "street"),
    [
        (ELM, "12", "Elm"),
        ("12 Elm Street Springfield IL 62704", "12", "Elm"),
        ("4711 N. Martin Luther King Jr Blvd, Dayton, OH", "4711", "Martin Luther King Jr"),
        ("Calle Mayor 5, 28001 Madrid", "5", "Mayor"),
        ("Apt 4, 12 Elm Street", "4", None),
        ("12 5th Avenue, Albany", "12", None),
        ("PO Box 123, Springfield, IL", "123", None),
        ("7B O'Brien Road", "7", "O'Brien"),
        ("Rosewood Cottage, Milton", None, "Rosewood Cottage"),
        ("12 ELM ST", "12", "ELM"),
    ],
)
def test_number_and_street_are_found(address: str, number: str | None, street: str | None) -> None:
    line = parsed(address)

    assert (address[line.number] if line.number else None) == number
    assert (address[line.street] if line.street else None) == street


@pytest.mark.parametrize(
    "address",
    [ELM, "PO Box 1, Milton", "Rosewood Cottage, Milton", "9 Q", "007 Pine", "1" * 30, "ELM 5"],
)
def test_four_differ_and_one_of_them_is_the_one_that_was_given(address: str) -> None:
    for number in range(200):
        choices = around(address, draw(number))

        assert len(set(choices.addresses)) == len(choices.addresses) == COUNT
        assert choices.addresses[choices.place] == address


def test_each_of_two_numbers_stands_with_each_of_two_streets() -> None:
    for number in range(200):
        shown = around(ELM, draw(number)).addresses

        parts = [(each.split()[0], each.split()[1]) for each in shown]
        numbers, streets = ({part[at] for part in parts} for at in (0, 1))
        assert sorted(parts) == sorted(product(numbers, streets))
        assert (len(numbers), len(streets)) == (2, 2)
        assert {len(each) for each in numbers} == {2}
        assert all(each.endswith("Street, Springfield, IL 62704") for each in shown)


def test_the_same_draw_brings_up_the_same_and_every_place_is_taken() -> None:
    assert around(ELM, draw(1)) == around(ELM, draw(1))
    assert {around(ELM, draw(number)).place for number in range(200)} == set(range(COUNT))


def test_other_streets_are_written_as_large() -> None:
    shown = around("12 ELM ST, ALBANY", draw(3)).addresses

    assert all(each.isupper() for each in shown)


def test_one_that_is_made_up_looks_like_any_and_has_decoys_of_its_own() -> None:
    made = [made_up(draw(number)) for number in range(500)]

    assert len(set(made)) > 490
    assert all(usable(each) for each in made)
    for number, each in enumerate(made):
        line = parsed(each)
        assert line.street is not None
        assert each[line.street] in STREETS
        assert len(set(around(each, draw(number)).addresses)) == COUNT


@pytest.mark.parametrize("address", ["Street", "-", "P.O. Box", "Apt"])
def test_what_has_neither_number_nor_street_is_no_address(address: str) -> None:
    assert not usable(address)
    with pytest.raises(ValueError, match="nothing"):
        around(address, draw(1))
