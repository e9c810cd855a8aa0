"""What is written by hand is read again by the standard library's parser."""

import re
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from services.notify.sending.errors import AddressInvalid
from services.notify.sending.mime import deliverable, encode, sender

ENCODED_WORD = re.compile(rb"=\?[^?]+\?[bq]\?[^?]*\?=")
TEXTS = some.text(some.characters(codec="utf-8", exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85"))
LINES = some.text(some.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]))


def written(
    *, text: str = "text", html: str = "<p>html</p>", **headers: str
) -> tuple[bytes, EmailMessage]:
    content = encode(
        {name.replace("_", "-"): value for name, value in headers.items()},
        text=text,
        html=html,
        mark="0123",
    )
    return content, message_from_bytes(content, policy=policy.default)


def part_of(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content())


@given(text=TEXTS, html=TEXTS)
def test_both_parts_come_out_as_they_went_in(text: str, html: str) -> None:
    content, mail = written(text=text, html=html, Subject="x")

    assert content.isascii()
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(len(line) for line in content.split(b"\r\n")) <= 78
    assert part_of(mail, "plain").replace("\r\n", "\n") == text
    assert part_of(mail, "html").replace("\r\n", "\n") == html


def shown(content: bytes) -> str:
    """The name as RFC 2047 reads it: the parser of 3.11 puts a blank between two encoded words."""
    head = message_from_bytes(content, policy=policy.compat32)["From"]
    name = parseaddr(head.replace("\r\n", ""))[0]
    return str(make_header(decode_header(name)))


@given(name=LINES)
@example(name="Praxis Müller, Söhne & Partner")
@example(
    name="Patientenportal der Gemeinschaftspraxis für Innere Medizin und Kardiologie Düsseldorf"
)
@example(name='Dr. "Bob" <bob@evil.example>, ' + "and others " * 10)
@example(name="=?utf-8?q?x?=")
@example(name="(a comment) " + "\\" * 70)
@example(name="😀" * 40)
def test_a_portal_s_name_comes_out_as_it_went_in_and_is_one_address(name: str) -> None:
    printable = " ".join("".join(c for c in name if c.isprintable()).split())

    content, mail = written(From=sender(printable, "portal@portico.example"))

    (address,) = mail["From"].addresses
    assert address.addr_spec == "portal@portico.example"
    assert "".join(address.display_name.split()) == "".join(printable.split())
    assert shown(content) == printable
    folded = content.partition(b"\r\nMIME-Version")[0].split(b"\r\n")
    assert all(len(line) <= 76 for line in folded)
    assert all(len(word) <= 75 for line in folded for word in ENCODED_WORD.findall(line))


@given(subject=LINES)
@example(subject="Something new waits for you in " + "a very long name " * 8)
@example(subject="=?utf-8?q?x?=")
def test_a_subject_comes_out_as_it_went_in_and_is_folded(subject: str) -> None:
    printable = " ".join("".join(c for c in subject if c.isprintable()).split())

    content, mail = written(Subject=printable)

    assert content.isascii()
    assert mail["Subject"] == printable
    assert mail.keys() == ["Subject", "MIME-Version", "Content-Type"]
    head = content.partition(b"\r\nMIME-Version")[0]
    assert all(len(line) <= 76 for line in head.split(b"\r\n"))


@pytest.mark.proves("NT-4")
@pytest.mark.parametrize("sign", ["\r\n", "\n", "\r", "\x00", "\u2028", "\x85", "\x0b"])
def test_no_value_can_begin_another_header(sign: str) -> None:
    with pytest.raises(ValueError, match="Subject"):
        written(Subject=f"x{sign}Bcc: c@d.example")
    with pytest.raises(ValueError, match="From"):
        sender(f"x{sign}Bcc: c@d.example", "portal@portico.example")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "@mail.example",
        "a@",
        "a@localhost",
        "a b@mail.example",
        "a@mail.example\r\nBcc: c@d.example",
        "a@mail.example, c@d.example",
        "A <a@mail.example>",
        "a@mail.example>",
        "a@b@mail.example",
        "a..b@mail.example",
        '"a b"@mail.example',
        "a\x00@mail.example",
        "a\u200b@mail.example",
        "a@mail..example",
        "a@-mail.example",
        "a" * 65 + "@mail.example",
        "a@" + "b" * 64 + ".example",
    ],
)
def test_what_is_not_one_plain_address_is_refused(address: str) -> None:
    with pytest.raises(AddressInvalid):
        deliverable(address)


@pytest.mark.parametrize(
    ("address", "written_as"),
    [
        ("a@mail.example", "a@mail.example"),
        ("o'neil+x@Mail.example", "o'neil+x@mail.example"),
        ("a.b@x-y.mail.example", "a.b@x-y.mail.example"),
        ("jürgen@mail.example", "jürgen@mail.example"),
        ("a@zahnärzte.example", "a@xn--zahnrzte-3za.example"),
    ],
)
def test_an_address_is_kept_but_for_its_domain_s_ascii_form(address: str, written_as: str) -> None:
    assert deliverable(address) == written_as
