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


@pytest.mark.parametrize("number", ["1", "9", "0", "10", "99", "007", "000", "4711", "1" * 9])
def test_no_number_is_seen_to_be_the_given_one(number: str) -> None:
    """Nor to be none: they have as many digits, and as many zeros before them."""
    zeros = len(number) - len(number.lstrip("0") or "0")
    for drawn in range(200):
        shown = [each.split()[0] for each in around(f"{number} Pine", draw(drawn)).addresses]

        assert len(set(shown)) == COUNT
        assert {len(each) for each in shown} == {len(number)}
        others = [each for each in shown if each != number]
        assert {len(each) - len(each.lstrip("0")) for each in others} == {zeros}


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
    ],
)
def test_without_a_house_number_it_is_no_address(address: str) -> None:
    """A street that is on no list, or a postal code that is not the town's, would be seen."""
    assert not usable(address)
    with pytest.raises(ValueError, match="nothing"):
        around(address, draw(1))
