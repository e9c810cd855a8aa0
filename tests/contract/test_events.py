"""Every version of every event ever published can still be read by who consumes it."""

from collections.abc import Iterator
from typing import Any

import msgspec
import msgspec.inspect
import pytest

from shared.contracts import topology
from shared.contracts.catalogue import CONTRACTS
from shared.contracts.contract import Contract
from shared.contracts.envelope import Envelope
from shared.contracts.sessions import StreamEntry
from shared.messaging.subscriptions import Message, Reader
from tests.contract.composed import composed
from tests.contract.golden import EVENTS, breaks, sample_path, schema, schema_path

every_contract = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda one: one.routing_key)


@every_contract
def test_every_contract_has_a_sample_of_its_own_type_and_source(contract: Contract[Any]) -> None:
    envelope = msgspec.json.decode(sample_path(contract).read_bytes(), type=Envelope)

    assert (envelope.type, envelope.source) == (contract.type, f"/{contract.owner}")


@every_contract
def test_a_sample_names_every_field_that_its_contract_requires(contract: Contract[Any]) -> None:
    envelope = msgspec.json.decode(sample_path(contract).read_bytes(), type=Envelope)
    data = msgspec.json.decode(envelope.data, type=contract.data)

    again = msgspec.json.decode(msgspec.json.encode(data), type=contract.data)

    assert again == data


@pytest.mark.parametrize("service", topology.SERVICES)
async def test_every_consumer_reads_every_sample_it_subscribed_to(service: str) -> None:
    async with composed(service) as subscriptions:
        for queue, table in subscriptions.items():
            reader = Reader(queue, table)
            for subscription in table:
                body = sample_path(subscription.contract).read_bytes()
                owner = subscription.contract.owner
                assert isinstance(reader.read(body, publisher=owner), Message), queue


@pytest.mark.parametrize("service", topology.SERVICES)
async def test_every_consumer_reads_a_sample_with_a_field_it_does_not_know(service: str) -> None:
    async with composed(service) as subscriptions:
        for queue, table in subscriptions.items():
            for subscription in table:
                body = sample_path(subscription.contract).read_bytes()
                body = body.replace(b'"data": {', b'"data": {"added_later": {"by": "a peer"},', 1)
                owner = subscription.contract.owner
                assert isinstance(Reader(queue, table).read(body, publisher=owner), Message)


@every_contract
def test_a_published_version_changes_only_by_optional_additions(contract: Contract[Any]) -> None:
    before = msgspec.json.decode(schema_path(contract).read_bytes())

    assert breaks(before, schema(contract)) == []


def test_no_version_ever_published_was_dropped() -> None:
    published = {path.name.removesuffix(".schema.json") for path in EVENTS.glob("*.schema.json")}

    assert published == {contract.routing_key for contract in CONTRACTS}


@pytest.mark.parametrize("name", ["beat", "session-ended"])
def test_the_entries_of_the_sessions_stream_are_still_read(name: str) -> None:
    body = (EVENTS / f"identity.sessions.{name}.json").read_bytes()

    entry = msgspec.json.decode(body, type=StreamEntry)

    assert msgspec.json.decode(msgspec.json.encode(entry), type=StreamEntry) == entry


def times(node: Any) -> Iterator[msgspec.inspect.DateTimeType]:
    """Find every time in a type, at whatever depth."""
    match node:
        case msgspec.inspect.DateTimeType():
            yield node
        case msgspec.inspect.StructType(fields=fields):
            for field in fields:
                yield from times(field.type)
        case msgspec.inspect.UnionType(types=types):
            for one in types:
                yield from times(one)
        case (
            msgspec.inspect.VarTupleType(item_type=item) | msgspec.inspect.ListType(item_type=item)
        ):
            yield from times(item)


@pytest.mark.parametrize(
    "read", [Envelope, StreamEntry, *dict.fromkeys(one.data for one in CONTRACTS)], ids=str
)
def test_no_time_is_read_without_its_zone(read: Any) -> None:
    assert {time.tz for time in times(msgspec.inspect.type_info(read))} <= {True}


class Before(msgspec.Struct, kw_only=True):
    kept: int
    optional: str | None = None


class Added(Before, kw_only=True):
    new: int = 0


class Required(Before, kw_only=True):
    new: int


class Renamed(msgspec.Struct, kw_only=True):
    renamed: int
    optional: str | None = None


class Retyped(msgspec.Struct, kw_only=True):
    kept: str
    optional: str | None = None


@pytest.mark.parametrize(
    ("later", "broken"), [(Added, False), (Required, True), (Renamed, True), (Retyped, True)]
)
def test_only_an_optional_addition_is_no_break(later: type, broken: bool) -> None:
    found = breaks(msgspec.json.schema(Before), msgspec.json.schema(later))

    assert bool(found) is broken
