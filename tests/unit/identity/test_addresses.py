"""ID-6: what can be mailed to."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.identity.emails.addresses import check_address
from services.identity.emails.errors import EmailMalformed
from services.notify.sending.mime import deliverable, encode

ODD = some.text(
    some.sampled_from("ab9-_.@+ '\"<>,;:\\()[]\r\n\t\x00\x7f\u200b\u2028ßéя中。"), max_size=70
)
TYPED = some.one_of(
    some.builds("{}@{}.example".format, ODD, ODD),
    some.emails(),
    some.text(max_size=300),
)


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
        "я" * 33 + "@mail.example",
        "a..b@mail.example",
        ".a@mail.example",
        "a.@mail.example",
        "a@b_c.example",
        "a@" + "m" * 64 + ".example",
        "m@" + ".".join(["mail"] * 60),
    ],
)
def test_what_is_no_single_address_is_refused(address: str) -> None:
    with pytest.raises(EmailMalformed) as refused:
        check_address(address, field="email")

    assert refused.value.violations[0].field == "email"


@given(typed=TYPED)
def test_to_whatever_is_accepted_a_mail_can_be_written(typed: str) -> None:
    try:
        address = check_address(typed, field="email")
    except EmailMalformed:
        return

    to = deliverable(address)
    mail = encode({"To": to}, text="text", html="<p>html</p>", mark="0123")
    assert mail.startswith(f"To: {to}\r\n".encode())
