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


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", b"null", b'{"specversion":"1.0"}'])
def test_what_is_no_envelope_is_unreadable(reader: Reader, body: bytes) -> None:
    read = reader.read(body, publisher="identity")

    assert isinstance(read, Letter)
    assert read.reason is Reason.UNREADABLE


def test_another_version_of_cloudevents_is_unreadable(reader: Reader) -> None:
    read = reader.read(a_body(specversion="2.0"), publisher="identity")

    assert isinstance(read, Letter)
    assert read.reason is Reason.UNREADABLE


@pytest.mark.parametrize("data", [{}, {"name": 1}, None, "Ada"])
def test_data_that_is_not_of_its_contract_is_told_by_its_path(reader: Reader, data: object) -> None:
    read = reader.read(a_body(data=data), publisher="identity")

    assert isinstance(read, Letter)
    assert (read.reason, read.event_type) == (Reason.SCHEMA, "portico.identity.named.v1")
    assert read.event_id == UUID("018f3c1e-0000-4000-8000-000000000001")


def test_a_type_nobody_subscribed_to_is_unknown_whatever_its_data(reader: Reader) -> None:
    read = reader.read(a_body(type="portico.identity.named.v2"), publisher="identity")

    assert isinstance(read, Letter)
    assert (read.reason, read.event_type) == (Reason.UNKNOWN_TYPE, "portico.identity.named.v2")


def test_a_type_published_by_another_than_its_owner_is_refused(reader: Reader) -> None:
    read = reader.read(a_body(), publisher="notify")

    assert isinstance(read, Letter)
    assert read.reason is Reason.WRONG_PUBLISHER


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
