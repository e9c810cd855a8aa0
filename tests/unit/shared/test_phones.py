"""Phones are compared by their digits, without the country code (EN-3)."""

import pytest

from shared.contracts.phones import same_phone


@pytest.mark.proves("EN-3")
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+1 555 555 0123", "(555) 555-0123", True),
        ("+49 30 1234567", "030/1234567", True),
        ("0049 30 1234567", "030 12 34 567", True),
        ("+351 21 123 4567", "211234567", True),
        ("٠٣٠١٢٣٤٥٦٧", "030 1234567", True),
        ("\uff15\uff15\uff15-0123", "5550123", True),
        ("+1 555 555 0123", "555 555 0124", False),
        ("+1 555 555 0123", "555-0123", False),  # more is left out than a country code
        ("+44 20 7946 0001", "7946 0001", False),
        ("12345", "12345", False),  # no phone
        ("123456", "123456", True),
        ("", "", False),
        ("-", "ext.", False),
    ],
)
def test_with_or_without_country_code_and_whatever_parts_the_digits(
    one: str, other: str, same: bool
) -> None:
    assert same_phone(one, other) is same
    assert same_phone(other, one) is same
