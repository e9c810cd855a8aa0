"""What a body becomes: a message, something unusable with its reason, or an unknown type."""

from uuid import UUID

import msgspec
import pytest

from shared.contracts.contract import Contract, Data, Kind
from shared.contracts.envelope import Received
from shared.db import Connection
from shared.messaging.subscriptions import NOBODY, Letter, Message, Reader, Reason, subscribe

SUBJECT = "018f3c1e-5b1a-4c55-9d2e-6a1f0c7b2a01"


class Named(Data, frozen=True, kw_only=True):
    name: str


NAMED = Contract("identity", "named", Named, Kind.SNAPSHOT)


async def ignore(tx: Connection, event: Received[Named]) -> None:
    return None


@pytest.fixture
def reader() -> Reader:
    return Reader("merge.accounts", (subscribe(NAMED, ignore),))


def a_body(**changed: object) -> bytes:
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": "018f3c1e-0000-4000-8000-000000000001",
            "source": "/identity",
            "type": "portico.identity.named.v1",
            "subject": SUBJECT,
            "time": "2026-03-02T09:15:30Z",
            "datacontenttype": "application/json",
            "data": {"name": "Ada"},
            **changed,
        }
    )


def test_a_body_of_a_subscribed_type_becomes_what_its_handler_receives(reader: Reader) -> None:
    read = reader.read(a_body(aggregateversion=4), publisher="identity")

    assert isinstance(read, Message)
    assert read.event.data == Named(name="Ada")
    assert (read.event.version, read.event.publisher) == (4, "identity")
    assert read.handler is ignore


def test_extensions_that_are_missing_are_no_fault(reader: Reader) -> None:
    read = reader.read(a_body(), publisher="identity")

    assert isinstance(read, Message)
    assert (read.event.version, read.event.correlation_id) == (0, NOBODY)


@pytest.mark.parametrize(
    ("body", "reason", "detail"),
    [
        *((body, Reason.UNREADABLE, "") for body in (b"", b"{", b"\xff\xfe", b"[]", b"null")),
        (b'{"specversion":"1.0"}', Reason.UNREADABLE, "missing required field"),
        (a_body(specversion="2.0"), Reason.UNREADABLE, "not CloudEvents 1.0"),
        (a_body(time="2031-03-05T09:00:00"), Reason.UNREADABLE, "$.time"),  # without a zone
        (a_body(data={}), Reason.SCHEMA, "missing required field"),
        (a_body(data={"name": 1}), Reason.SCHEMA, "$.name"),
        (a_body(data=None), Reason.SCHEMA, ""),
        (a_body(data="Ada"), Reason.SCHEMA, ""),
        (a_body(type="portico.identity.named.v2", data=1), Reason.UNKNOWN_TYPE, "(yet)"),
        (a_body(type="portico.notify.named.v1"), Reason.WRONG_PUBLISHER, "not its user's"),
    ],
)
def test_what_no_handler_is_given_is_a_letter_that_says_why(
    reader: Reader, body: bytes, reason: Reason, detail: str
) -> None:
    read = reader.read(body, publisher="identity")

    assert isinstance(read, Letter)
    assert read.reason is reason
    assert detail in read.detail
    known = reason is not Reason.UNREADABLE or "2.0" in str(body)
    assert read.event_id == (UUID("018f3c1e-0000-4000-8000-000000000001") if known else None)
    assert (read.event_type is None) is not known


def test_effects_are_ordered_by_subject_then_version(reader: Reader) -> None:
    bodies = [
        a_body(subject=subject, aggregateversion=version)
        for subject, version in (("b", 1), ("a", 2), ("a", 1))
    ]
    read = [reader.read(body, publisher="identity") for body in bodies]

    ordered = sorted(
        (one for one in read if isinstance(one, Message)), key=lambda message: message.order
    )

    assert [(one.event.subject, one.event.version) for one in ordered] == [
        ("a", 1),
        ("a", 2),
        ("b", 1),
    ]
