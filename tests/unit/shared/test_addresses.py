"""ID-6, NT-4: two spellings of an address, as names and as mailboxes."""

import pytest

from shared.contracts.addresses import mailbox_key, same_mailbox
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


@pytest.mark.proves("NT-5")
@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("june@mail.example", "june@mail.example"),
        (" June@Mail.EXAMPLE ", "june@mail.example"),
        ("june@B\u00dcCHER.example", "june@xn--bcher-kva.example"),
        ("june@fa\u00df.example", "june@xn--fa-hia.example"),
        ("\uff4aune@mail.example", "\uff4aune@mail.example"),
        ("\ufb01ona@mail.example", "\ufb01ona@mail.example"),
        ("J\u00dcrgen@mail.example", "j\u00dcrgen@mail.example"),
        ("stra\u00dfe@mail.example", "stra\u00dfe@mail.example"),
        ("No Address", "no address"),
    ],
)
def test_the_key_of_a_mailbox_is_no_look_alike_s(address: str, key: str) -> None:
    assert mailbox_key(address) == key
    assert mailbox_key(key) == key
