"""Addresses beside the true one (RC-6)."""

import hmac

import pytest

from services.recovery.validation.decoys import COUNT, NUMBER, around, made_up, usable

pytestmark = pytest.mark.proves("RC-6")

ELM = "12 Elm Street, Springfield, IL 62704"


def draw(number: int) -> bytes:
    return hmac.digest(b"key", str(number).encode(), "sha256")


@pytest.mark.parametrize(
    ("address", "number"),
    [
        (ELM, "12"),
        ("12 Elm Street Springfield IL 62704", "12"),
        ("12345 Martin Luther King Jr Blvd, Dayton, OH 45402-1234", "12345"),
        ("Calle Mayor 5, 28001 Madrid", "5"),
        ("Apt 4, 12 Elm Street", "4"),
        ("PO Box 10123, Springfield, IL 62704, USA", "10123"),
        ("7B O'Brien Road", "7"),
        ("007 Pine", "007"),
    ],
)
def test_four_differ_by_the_house_number_alone(address: str, number: str) -> None:
    for drawn in range(200):
        choices = around(address, draw(drawn))

        assert len(set(choices.addresses)) == len(choices.addresses) == COUNT
        assert choices.addresses[choices.place] == address
        for other in choices.addresses:
            written = NUMBER.search(other)
            assert written is not None
            assert other.replace(written.group(), number, 1) == address


def numbers_beside(number: object, drawn: int = 1) -> set[str]:
    return {each.split()[0] for each in around(f"{number} Pine, IL 62704", draw(drawn)).addresses}


def test_no_number_is_seen_to_be_the_given_one_as_each_of_four_brings_up_the_same() -> None:
    for number in [*range(1, 1300), 9999, 10_000, 10_001, 123_456, 999_999_999]:
        shown = numbers_beside(number)

        assert len(shown) == COUNT
        assert str(number) in shown
        for other in shown:
            assert numbers_beside(other, drawn=number) == shown


def test_a_number_is_beside_others_of_about_its_size_and_with_as_many_zeros_before() -> None:
    assert [sorted(numbers_beside(number), key=int) for number in (7, 10, 12, 100, 4711)] == [
        ["1", "3", "5", "7"],
        ["9", "10", "11", "12"],
        ["9", "10", "11", "12"],
        ["34", "56", "78", "100"],
        ["2461", "4711", "6961", "9211"],
    ]
    assert numbers_beside("007") == {"001", "003", "005", "007"}


def test_the_same_draw_brings_up_the_same_and_every_place_is_taken() -> None:
    assert around(ELM, draw(1)) == around(ELM, draw(1))
    assert {around(ELM, draw(number)).place for number in range(200)} == set(range(COUNT))


def test_one_that_is_made_up_looks_like_any_and_has_decoys_of_its_own() -> None:
    made = [made_up(draw(number)) for number in range(500)]

    assert len(set(made)) > 490
    for number, each in enumerate(made):
        assert len(set(around(each, draw(number)).addresses)) == COUNT


@pytest.mark.parametrize(
    "address",
    [
        *("Street", "-", "P.O. Box", "Rosewood Cottage, Milton"),
        *("Rosewood Cottage, Milton, MA 02186", "Rosewood Cottage Milton MA 02186-1234, USA"),
        *("Elm Street, Springfield, IL,62704", "Elm Street, Springfield, IL62704"),
        *("62704 Springfield, Elm Street", "Elm Street, Springfield, IL 62704 Apt 5"),
        *("Elm Street, Springfield, IL 627041234", "12345 Elm Street", "0 Elm Street", "000 Pine"),
    ],
)
def test_without_a_house_number_it_is_no_address(address: str) -> None:
    """A street that is on no list, or a postal code that is not the town's, would be seen."""
    assert not usable(address)
    with pytest.raises(ValueError, match="nothing"):
        around(address, draw(1))
