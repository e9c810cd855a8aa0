"""The AsyncAPI 3.1 document of the bus, whole or as one service sees it: contracts + topology."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from shared.contracts import topology
from shared.contracts.catalogue import CONTRACTS, published_by
from shared.contracts.contract import Contract
from shared.contracts.envelope import CONTENT_TYPE, Envelope
from shared.contracts.sessions import Beat, SessionEntry

SCHEMAS = "#/components/schemas/"
MESSAGES = "#/components/messages/"
BINDING = "0.3.0"  # of AsyncAPI's AMQP 0-9-1 bindings
STREAM_MESSAGES = {"session-ended": SessionEntry, "beat": Beat}

Schema = Mapping[str, Any]  # a JSON Schema, as msgspec makes them


class Object(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """An object of the AsyncAPI document."""


class Reference(Object, frozen=True, kw_only=True):
    ref: str = msgspec.field(name="$ref")


class Exchange(Object, frozen=True, kw_only=True):
    name: str
    type: str
    durable: bool
    auto_delete: bool
    vhost: str = "/"


class Queue(Object, frozen=True, kw_only=True):
    name: str
    durable: bool
    exclusive: bool
    auto_delete: bool
    vhost: str = "/"


class ChannelAmqp(Object, frozen=True, kw_only=True):
    kind: str = msgspec.field(name="is")
    exchange: Exchange | None = None
    queue: Queue | None = None
    binding_version: str


class OperationAmqp(Object, frozen=True, kw_only=True):
    delivery_mode: int | None = None
    mandatory: bool | None = None
    ack: bool | None = None
    binding_version: str


class Channel(Object, frozen=True, kw_only=True):
    address: str
    description: str
    messages: Mapping[str, Reference]
    bindings: Mapping[str, ChannelAmqp]


class Operation(Object, frozen=True, kw_only=True):
    action: str
    channel: Reference
    summary: str
    bindings: Mapping[str, OperationAmqp]
    messages: Sequence[Reference]


class Message(Object, frozen=True, kw_only=True):
    name: str
    title: str
    summary: str | None = None
    content_type: str
    payload: Schema


class Components(Object, frozen=True, kw_only=True):
    messages: Mapping[str, Message]
    schemas: Mapping[str, Schema]


class Info(Object, frozen=True, kw_only=True):
    title: str
    version: str
    description: str


class Document(Object, frozen=True, kw_only=True):
    asyncapi: str
    info: Info
    default_content_type: str
    channels: Mapping[str, Channel]
    operations: Mapping[str, Operation]
    components: Components


def document(service: str | None = None) -> bytes:
    """Write the document, of the whole bus or of what one service publishes and consumes."""
    services = topology.SERVICES if service is None else (service,)
    queues = [queue for one in services for queue in topology.queues(one)]
    sent = [contract for one in services for contract in published_by(one)]
    used = {contract for queue in queues for contract in queue.contracts} | set(sent)
    contracts = [contract for contract in CONTRACTS if contract in used]
    whole = Document(
        asyncapi="3.1.0",
        info=Info(
            title="Portico" if service is None else f"Portico: {service}",
            version="1",
            description="Facts travel as CloudEvents 1.0 in structured JSON, over RabbitMQ.",
        ),
        default_content_type=CONTENT_TYPE,
        channels={
            **{contract.routing_key: key_channel(contract) for contract in sent},
            **{queue.name: queue_channel(queue) for queue in queues},
            topology.SESSIONS: stream_channel(),
        },
        operations={
            **{f"send.{contract.routing_key}": send(contract) for contract in sent},
            **{f"receive.{queue.name}": receive(queue) for queue in queues},
            **stream_operations(services),
        },
        components=components(contracts),
    )
    return msgspec.json.format(msgspec.json.encode(whole), indent=2)


def key_channel(contract: Contract[Any]) -> Channel:
    """Describe a routing key on its owner's exchange."""
    return Channel(
        address=contract.routing_key,
        description=f"Published by {contract.owner} alone.",
        messages={contract.routing_key: Reference(ref=MESSAGES + contract.routing_key)},
        bindings={"amqp": exchange_binding(topology.exchange(contract.owner), "topic")},
    )


def queue_channel(queue: topology.Queue) -> Channel:
    """Describe a queue and the messages that are routed to it."""
    keys = [contract.routing_key for contract in queue.contracts]
    return Channel(
        address=queue.name,
        description=f"Consumed by {queue.service} alone.",
        messages={key: Reference(ref=MESSAGES + key) for key in keys},
        bindings={
            "amqp": ChannelAmqp(
                kind="queue",
                queue=Queue(name=queue.name, durable=True, exclusive=False, auto_delete=False),
                binding_version=BINDING,
            )
        },
    )


def stream_channel() -> Channel:
    """Describe the stream of ended sessions, which every service reads."""
    return Channel(
        address=topology.SESSIONS,
        description="A stream, kept for ten minutes or more: read whole at each start (SE-1).",
        messages={name: Reference(ref=MESSAGES + name) for name in STREAM_MESSAGES},
        bindings={"amqp": exchange_binding(topology.SESSIONS, "fanout")},
    )


def exchange_binding(name: str, kind: str) -> ChannelAmqp:
    """Describe where a channel's messages are published to."""
    return ChannelAmqp(
        kind="routingKey",
        exchange=Exchange(name=name, type=kind, durable=True, auto_delete=False),
        binding_version=BINDING,
    )


def send(contract: Contract[Any]) -> Operation:
    """Describe a contract's publishing: persistent, confirmed, and never to nobody."""
    return operation("send", contract.routing_key, (contract.routing_key,))


def receive(queue: topology.Queue) -> Operation:
    """Describe a queue's consumer: it acknowledges when the effect is committed."""
    keys = tuple(contract.routing_key for contract in queue.contracts)
    return operation("receive", queue.name, keys)


def stream_operations(services: Sequence[str]) -> dict[str, Operation]:
    """Describe who writes the stream of ended sessions, and who reads it."""
    names = tuple(STREAM_MESSAGES)
    found = {}
    if "identity" in services:
        found[f"send.{topology.SESSIONS}"] = operation("send", topology.SESSIONS, names)
    if set(services) != {"identity"}:  # identity asks its own table
        found[f"receive.{topology.SESSIONS}"] = operation("receive", topology.SESSIONS, names)
    return found


def operation(action: str, channel: str, messages: Sequence[str]) -> Operation:
    """Describe one operation on a channel."""
    sends = action == "send"
    return Operation(
        action=action,
        channel=Reference(ref=f"#/channels/{channel}"),
        summary=f"{'Publishes to' if sends else 'Consumes'} {channel}",
        bindings={
            "amqp": OperationAmqp(
                delivery_mode=2 if sends else None,
                mandatory=True if sends else None,
                ack=None if sends else True,
                binding_version=BINDING,
            )
        },
        messages=[Reference(ref=f"#/channels/{channel}/messages/{name}") for name in messages],
    )


def components(contracts: Sequence[Contract[Any]]) -> Components:
    """Describe the messages and every schema they refer to."""
    types = [Envelope, *STREAM_MESSAGES.values(), *(contract.data for contract in contracts)]
    shapes, schemas = msgspec.json.schema_components(types, ref_template=SCHEMAS + "{name}")
    envelope, *others = shapes
    stream = dict(zip(STREAM_MESSAGES, others, strict=False))
    data = others[len(STREAM_MESSAGES) :]
    messages = {
        contract.routing_key: Message(
            name=contract.type,
            title=f"{contract.name}, version {contract.version}",
            summary=f"{contract.kind.value}, published by {contract.owner}",
            content_type=CONTENT_TYPE,
            payload={"allOf": [envelope, narrowed(contract, shape)]},
        )
        for contract, shape in zip(contracts, data, strict=True)
    }
    for name, shape in stream.items():
        messages[name] = Message(
            name=name, title=name, content_type="application/json", payload=shape
        )
    return Components(messages=messages, schemas=schemas)


def narrowed(contract: Contract[Any], data: Schema) -> Schema:
    """Say what an envelope holds under this contract."""
    return {
        "type": "object",
        "properties": {
            "type": {"const": contract.type},
            "source": {"const": f"/{contract.owner}"},
            "data": data,
        },
    }
