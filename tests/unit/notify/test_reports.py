"""Reports of mail servers: what is read of them, and that no mail at all is in the way."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.bounces.reports import read
from tests.builders.bounces import bounce_to

TO = "portal+tag@portico.example"
SIZE = 256 * 1024
PART = b"Content-Type: message/delivery-status\n\n"


def filled(unit: bytes) -> bytes:
    return unit * (SIZE // len(unit))


@pytest.mark.proves("NT-5")
@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
@pytest.mark.parametrize("status", ["5.1.1", "5.2.2", "4.4.1", "5.1.10"])
def test_a_report_says_to_whom_it_goes_and_why_the_mail_came_back(status: str, ends: bytes) -> None:
    found = read(bounce_to(TO, status).replace(b"\n", ends))

    assert (found.to.strip(), found.failed, found.status) == (TO, True, status)


def test_a_report_of_an_address_beyond_ascii_has_a_name_of_its_own() -> None:
    report = bounce_to(TO).replace(b"message/delivery-status", b"message/global-delivery-status")

    assert read(report).status == "5.1.1"


@pytest.mark.parametrize("name", ["To", "delivered-to", "X-Original-To"])
def test_a_mail_server_says_in_one_of_three_headers_where_a_mail_went(name: str) -> None:
    folded = f"{name}: Somebody\r\n <{TO}>\r\nSubject: x\r\n\r\nTo: another\r\n".encode()

    assert TO in read(folded).to
    assert "another" not in read(folded).to


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", "", "unfailed"])
def test_only_a_failure_is_one(action: str) -> None:
    found = read(bounce_to(TO, action=action))

    assert (found.failed, found.delivered) == (False, action == "delivered")


@pytest.mark.parametrize("status", ["2.0.0", "5.1", "five", "", "5.1.1111"])
def test_a_status_that_is_none_is_left_out(status: str) -> None:
    found = read(bounce_to(TO, status))

    assert (found.failed, found.status) == (True, None)


def test_what_is_told_beside_the_report_counts_for_nothing() -> None:
    answer = b"To: " + TO.encode() + b"\n\n> Action: failed\nAction: failed\nStatus: 5.1.1\n"

    assert not read(answer).failed
    returned = bounce_to(TO, action="delayed") + b"\n\nAction: failed\nStatus: 5.1.1\n"
    assert not read(returned).failed


@pytest.mark.parametrize(
    "unit",
    [
        b"\n",
        b"To: x\n",
        b"To:\n ",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n",
        b"Content-Type: message/rfc822\n\n",
        PART,
        PART.strip() + b"\n",
        b"Action: failed\n",
        b"Action:",
        b"a: b\n\n",
        b" ",
        b"\t\n",
        bytes(range(256)),
    ],
)
@pytest.mark.parametrize("head", [b"", PART])
def test_no_mail_takes_long(head: bytes, unit: bytes) -> None:
    message = head + filled(unit)
    began = time.process_time()

    read(message)

    assert time.process_time() - began < 1


@given(st.binary(max_size=2000))
def test_no_bytes_at_all_are_more_than_a_mail_that_is_no_report(message: bytes) -> None:
    assert not read(message).failed
