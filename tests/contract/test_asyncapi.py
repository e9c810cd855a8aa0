"""The generated AsyncAPI document against itself, the topology and the golden samples."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import msgspec
import pytest
from jsonschema import Draft202012Validator

from shared.contracts import topology
from shared.contracts.catalogue import CONTRACTS, published_by
from shared.contracts.contract import Contract
from shared.messaging.asyncapi import document
from tests.contract.golden import sample_path

Json = Mapping[str, Any]


def decoded(service: str | None = None) -> Any:
    return msgspec.json.decode(document(service))


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "$ref")
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


@pytest.mark.parametrize("service", [None, *topology.SERVICES])
def test_every_reference_leads_somewhere(service: str | None) -> None:
    whole = decoded(service)

    for reference in references(whole):
        found = whole
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        assert found


@pytest.mark.parametrize("service", topology.SERVICES)
def test_a_service_sends_what_it_publishes_and_receives_from_its_queues(service: str) -> None:
    operations = decoded(service)["operations"]

    sends = {f"send.{contract.routing_key}" for contract in published_by(service)}
    receives = {f"receive.{queue}" for queue in topology.consumed(service)}
    stream = "send" if service == "identity" else "receive"
    assert set(operations) == sends | receives | {f"{stream}.identity.sessions"}


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda one: one.routing_key)
def test_a_sample_is_valid_under_the_documents_own_schema(contract: Contract[Any]) -> None:
    whole = decoded()
    payload = whole["components"]["messages"][contract.routing_key]["payload"]

    schema = {**payload, "components": whole["components"]}

    sample = msgspec.json.decode(sample_path(contract).read_bytes())
    assert list(Draft202012Validator(schema).iter_errors(sample)) == []


def test_a_practices_system_finds_where_to_publish_and_what() -> None:
    whole = decoded("notify")
    channel = whole["channels"]["notify.inbox"]
    payload = whole["components"]["messages"]["practice-communication"]["payload"]
    body = {"patient_id": str(UUID(int=7)), "topic": "message", "reference": "visit-7"}
    validator = Draft202012Validator({**payload, "components": whole["components"]})

    assert channel["address"] == "communications.{practice_id}"
    assert channel["bindings"]["amqp"]["exchange"]["name"] == "practices.inbox"
    assert list(validator.iter_errors(body)) == []
    assert list(validator.iter_errors({**body, "practice_id": str(UUID(int=7))}))


def test_a_channel_names_its_exchange_and_its_key() -> None:
    channel = decoded()["channels"]["identity.account-changed.v1"]

    assert channel["address"] == "identity.account-changed.v1"
    assert channel["bindings"]["amqp"]["exchange"]["name"] == "identity.events"
    assert channel["bindings"]["amqp"]["is"] == "routingKey"
