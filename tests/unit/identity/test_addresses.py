"""ID-6: what can be mailed to."""

import pytest

from services.identity.addresses import check_address
from services.identity.errors import EmailMalformed


@pytest.mark.parametrize(
    "address", ["maria@mail.example", "a+tag@sub.mail.example", "мария@почта.example", "o'b@x.io"]
)
def test_an_address_is_kept_as_it_was_typed(address: str) -> None:
    assert check_address(f" {address} ", field="email") == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "maria",
        "maria@",
        "@mail.example",
        "maria@localhost",
        "a@b@mail.example",
        "ma ria@mail.example",
        "maria@mail..example",
        "maria@-mail.example",
        "maria@mail.example\r\nBcc: all@mail.example",
        "maria@mail.example,all@mail.example",
        "Maria <maria@mail.example>",
        "m" * 65 + "@mail.example",
        "m@" + ".".join(["mail"] * 60),
    ],
)
def test_what_is_no_single_address_is_refused(address: str) -> None:
    with pytest.raises(EmailMalformed) as refused:
        check_address(address, field="email")

    assert refused.value.violations[0].field == "email"
