"""The AsyncAPI 3.1 document of the bus, whole or as one service sees it: contracts + topology."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from shared.contracts import topology
from shared.contracts.catalogue import CONTRACTS, published_by
from shared.contracts.contract import Contract
from shared.contracts.envelope import CONTENT_TYPE, Envelope
from shared.contracts.inbox import PracticeCommunication
from shared.contracts.sessions import Beat, SessionEntry

BINDING = {"bindingVersion": "0.3.0"}  # of AsyncAPI's AMQP 0-9-1 bindings
STREAM_MESSAGES = {"session-ended": SessionEntry, "beat": Beat}
INBOX_MESSAGES = {"practice-communication": PracticeCommunication}
PLAIN_MESSAGES = {**STREAM_MESSAGES, **INBOX_MESSAGES}  # in no envelope

Json = dict[str, Any]  # a document of this kind is a tree of JSON, not a record of ours


def document(service: str | None = None) -> bytes:
    """Write the document, of the whole bus or of what one service publishes and consumes."""
    services = topology.SERVICES if service is None else (service,)
    queues = [queue for one in services for queue in topology.queues(one)]
    doors = [door for one in services for door in topology.doors(one)]
    sent = [contract for one in services for contract in published_by(one)]
    used = {contract for queue in queues for contract in queue.contracts} | set(sent)
    whole: Json = {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Portico" if service is None else f"Portico: {service}",
            "version": "1",
            "description": "Facts travel as CloudEvents 1.0 in structured JSON, over RabbitMQ.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {
            **{contract.routing_key: key_channel(contract) for contract in sent},
            **{queue.name: queue_channel(queue) for queue in queues},
            **{door.queue: door_channel(door) for door in doors},
            topology.SESSIONS: stream_channel(),
        },
        "operations": {
            **{
                f"send.{contract.routing_key}": operation(
                    "send", contract.routing_key, [contract.routing_key]
                )
                for contract in sent
            },
            **{
                f"receive.{queue.name}": operation("receive", queue.name, keys(queue))
                for queue in queues
            },
            **{
                f"receive.{door.queue}": operation("receive", door.queue, INBOX_MESSAGES)
                for door in doors
            },
            **stream_operations(services),
        },
        "components": components([contract for contract in CONTRACTS if contract in used]),
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=2)


def key_channel(contract: Contract[Any]) -> Json:
    """Describe a routing key on its owner's exchange."""
    return channel(
        contract.routing_key,
        f"Published by {contract.owner} alone.",
        [contract.routing_key],
        by_exchange(topology.exchange(contract.owner), "topic"),
    )


def queue_channel(queue: topology.Queue) -> Json:
    """Describe a queue and the messages that are routed to it."""
    described = {"name": queue.name, "durable": True, "exclusive": False, "autoDelete": False}
    return channel(
        queue.name,
        f"Consumed by {queue.service} alone.",
        keys(queue),
        {"is": "queue", "queue": described},
    )


def door_channel(door: topology.Door) -> Json:
    """Describe the exchange that practices' systems publish to (NT-9)."""
    described = channel(
        "communications.{practice_id}",
        "Published by a practice's own system, persistent, with confirms and as its own `user_id`: "
        "a user `practice.<practice_id>.<client_id>` that may write its practice's routing key and "
        "nothing else. The practice is the user's; the body names none, and the client's budget is "
        "the one that it has over HTTP. What names no user_id, or is of no such body, is dead.",
        INBOX_MESSAGES,
        by_exchange(door.exchange, "topic"),
    )
    return described | {"parameters": {"practice_id": {"description": "the practice's own id"}}}


def stream_channel() -> Json:
    """Describe the stream of ended sessions, which every service reads."""
    return channel(
        topology.SESSIONS,
        "A stream, kept for ten minutes or more: read whole at each start (SE-1).",
        STREAM_MESSAGES,
        by_exchange(topology.SESSIONS, "fanout"),
    )


def channel(address: str, description: str, messages: Iterable[str], amqp: Json) -> Json:
    """Describe one channel and how AMQP has it."""
    return {
        "address": address,
        "description": description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {"amqp": amqp | BINDING},
    }


def by_exchange(name: str, kind: str) -> Json:
    """Say where a channel's messages are published to."""
    exchange = {"name": name, "type": kind, "durable": True, "autoDelete": False}
    return {"is": "routingKey", "exchange": exchange}


def keys(queue: topology.Queue) -> Sequence[str]:
    """Name the messages of a queue."""
    return [contract.routing_key for contract in queue.contracts]


def stream_operations(services: Iterable[str]) -> Json:
    """Describe who writes the stream of ended sessions, and who reads it."""
    writer = topology.owner(topology.SESSIONS)
    actions = dict.fromkeys("send" if one == writer else "receive" for one in services)
    return {
        f"{action}.{topology.SESSIONS}": operation(action, topology.SESSIONS, STREAM_MESSAGES)
        for action in actions
    }


def operation(action: str, address: str, messages: Iterable[str]) -> Json:
    """Describe a publishing, persistent, confirmed and never to nobody, or a consumer, which
    acknowledges when the effect is committed.
    """
    sends = action == "send"
    amqp: Json = {"deliveryMode": 2, "mandatory": True} if sends else {"ack": True}
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{address}"},
        "summary": f"{'Publishes to' if sends else 'Consumes'} {address}",
        "bindings": {"amqp": amqp | BINDING},
        "messages": [{"$ref": f"#/channels/{address}/messages/{name}"} for name in messages],
    }


def components(contracts: Sequence[Contract[Any]]) -> Json:
    """Describe the messages and every schema they refer to."""
    types = [Envelope, *PLAIN_MESSAGES.values(), *(contract.data for contract in contracts)]
    shapes, schemas = msgspec.json.schema_components(
        types, ref_template="#/components/schemas/{name}"
    )
    envelope, *others = shapes
    plain, data = others[: len(PLAIN_MESSAGES)], others[len(PLAIN_MESSAGES) :]
    messages = {
        contract.routing_key: {
            "name": contract.type,
            "title": f"{contract.name}, version {contract.version}",
            "summary": f"{contract.kind.value}, published by {contract.owner}",
            "contentType": CONTENT_TYPE,
            "payload": {"allOf": [envelope, narrowed(contract, shape)]},
        }
        for contract, shape in zip(contracts, data, strict=True)
    }
    for name, shape in zip(PLAIN_MESSAGES, plain, strict=True):
        messages[name] = {
            "name": name,
            "title": name,
            "contentType": "application/json",
            "payload": shape,
        }
    return {"messages": messages, "schemas": schemas}


def narrowed(contract: Contract[Any], data: Mapping[str, Any]) -> Json:
    """Say what an envelope holds under this contract."""
    return {
        "type": "object",
        "properties": {
            "type": {"const": contract.type},
            "source": {"const": f"/{contract.owner}"},
            "data": data,
        },
    }
