"""ID-6, NT-4: two spellings of an address, as names and as mailboxes."""

import pytest

from shared.contracts.addresses import same_mailbox
from shared.contracts.log_on_names import same_name


@pytest.mark.parametrize(
    ("one", "other", "mailbox", "name"),
    [
        ("june@mail.example", "june@mail.example", True, True),
        ("june@mail.example", "june@Mail.EXAMPLE", True, True),
        ("june@b\u00fccher.example", "june@xn--bcher-kva.example", True, True),
        ("june@b\u00fccher.example", "june@B\u00dcCHER.example", True, True),
        ("June@mail.example", "june@mail.example", False, True),
        ("\uff4aune@mail.example", "june@mail.example", False, True),
        ("june@b\u00fccher.example", "june@bucher.example", False, False),
        ("june@fa\u00df.example", "june@fass.example", False, False),
        ("june@mail.example", "jane@mail.example", False, False),
        ("no address", "no address", True, True),
        ("no address", "june@mail.example", False, False),
    ],
)
def test_two_spellings_of_an_address_are_one_mailbox_or_one_name_or_neither(
    one: str, other: str, mailbox: bool, name: bool
) -> None:
    assert same_mailbox(one, other) is same_mailbox(other, one) is mailbox
    assert same_name(one, other) is same_name(other, one) is name
