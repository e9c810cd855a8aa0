"""Exchanges, queues, bindings, policies and rights of the bus, as data (applied by a verb)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from shared.contracts import identity, inbox, merge, notify, recovery
from shared.contracts.catalogue import of_kind
from shared.contracts.contract import Contract, Kind
from shared.contracts.reach import Service

SERVICES: tuple[str, ...] = tuple(Service)
SESSIONS = "identity.sessions"
STREAMS: Mapping[str, str] = {SESSIONS: "identity"}
"""Who alone writes a stream, and the fanout exchange of the same name before it; all others read
it. What its owner knows by its own tables they hear within a second (SE-1)."""

DELIVERY_LIMIT = 20
NO_LIMIT = 1_000_000  # RabbitMQ 4 drops after 20 where nothing is said; 3.10 has no word for never
DEAD_BYTES = 64 * 1024 * 1024
"""So many bytes of bodies may wait to be filed, where practices' systems write (NT-9). What comes
beyond stays where it is, counts in that queue's limits, and is handed on again every three
minutes."""
STREAM_AGE = "10m"  # at the least: longer than any access token lives
STREAM_SEGMENT = 1_000_000  # bytes; age is only looked at when a segment is full


@dataclass(frozen=True, slots=True)
class Queue:
    """A quorum queue of one service for one purpose; bound to each contract's routing key."""

    name: str
    contracts: tuple[Contract[Any], ...]

    @property
    def service(self) -> str:
        """The one service that consumes it."""
        return self.name.partition(".")[0]


def exchange(service: str) -> str:
    """Return the topic exchange that only this service writes to."""
    return f"{service}.events"


def streams(service: str) -> tuple[str, ...]:
    """Return the streams that only this service writes to."""
    return tuple(stream for stream, owner in STREAMS.items() if owner == service)


OWNERS: Mapping[str, str] = {
    **{exchange(service): service for service in SERVICES},
    **STREAMS,
}

QUEUES: tuple[Queue, ...] = (
    Queue("identity.keys", (recovery.RECOVERY_KEYS_CHANGED, notify.NOTIFY_KEYS_CHANGED)),
    Queue(
        "identity.merges",
        (
            merge.MERGE_REQUESTED,
            merge.MERGE_REVIEW_REQUESTED,
            merge.MERGE_APPROVED,
            merge.MERGE_REVIEW_ENDED,
        ),
    ),
    Queue("identity.questions", (recovery.SECURITY_QUESTIONS_SET, recovery.RECOVERY_LOCKED)),
    Queue("recovery.keys", (identity.IDENTITY_KEYS_CHANGED, notify.NOTIFY_KEYS_CHANGED)),
    Queue(
        "recovery.accounts",
        (
            identity.ACCOUNT_CHANGED,
            identity.PERSON_CHANGED,
            identity.PRACTICE_CHANGED,
            identity.SNAPSHOTS_LISTED,
            notify.NOTIFICATION_ADDRESSES_CHANGED,
            notify.NOTIFY_SNAPSHOTS_LISTED,
            identity.PASSWORD_RESET_BY_LINK,
            identity.PASSWORD_RESET,
            identity.ACCOUNTS_MERGED,
        ),
    ),
    Queue("merge.keys", (identity.IDENTITY_KEYS_CHANGED,)),
    Queue(
        "merge.accounts",
        (
            identity.ACCOUNT_CHANGED,
            identity.PERSON_CHANGED,
            identity.PRACTICE_CHANGED,
            identity.SNAPSHOTS_LISTED,
        ),
    ),
    Queue(
        "merge.saga",
        (
            identity.ACCOUNTS_MERGED,
            identity.MERGE_REJECTED,
            identity.CHARTS_SETTLED,
            recovery.RECOVERY_MERGE_APPLIED,
            notify.NOTIFY_MERGE_APPLIED,
        ),
    ),
    Queue("notify.keys", (identity.IDENTITY_KEYS_CHANGED,)),
    Queue(
        "notify.accounts",
        (
            identity.ACCOUNT_CHANGED,
            identity.PRACTICE_CHANGED,
            identity.SNAPSHOTS_LISTED,
            identity.CHARTS_SETTLED,
        ),
    ),
    Queue("notify.account-activity", of_kind(Kind.ACTIVITY)),
)


def owner(exchange: str) -> str | None:
    """Return the one service that may write to an exchange of events or of ended sessions."""
    return OWNERS.get(exchange)


def dead(service: str) -> str:
    """Return the name of a service's dead-letter exchange and of the one queue behind it."""
    return f"{service}.dead"


def queues(service: str) -> tuple[Queue, ...]:
    """Return the queues that this service consumes."""
    return tuple(queue for queue in QUEUES if queue.service == service)


@dataclass(frozen=True, slots=True)
class Door:
    """An exchange that others than services write to, and the one queue behind it (NT-9)."""

    exchange: str
    queue: str
    keys: str  # what the queue is bound by
    largest: int  # bytes of a body that is read
    waiting: int  # messages at the broker
    waiting_bytes: int  # of their bodies

    @property
    def service(self) -> str:
        """The one service that consumes it."""
        return self.queue.partition(".")[0]


DOORS: tuple[Door, ...] = (
    Door(
        inbox.EXCHANGE,
        inbox.QUEUE,
        inbox.KEYS,
        largest=inbox.LARGEST,
        waiting=inbox.WAITING,
        waiting_bytes=inbox.WAITING_BYTES,
    ),
)


def doors(service: str) -> tuple[Door, ...]:
    """Return what practices' systems can write to this service by."""
    return tuple(door for door in DOORS if door.service == service)


def consumed(service: str) -> frozenset[str]:
    """Name the queues whose messages this service settles."""
    of_events = (queue.name for queue in queues(service))
    return frozenset((*of_events, *(door.queue for door in doors(service))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Settings of the queues whose names match."""

    name: str
    pattern: str
    definition: Mapping[str, str | int]


def policies(service: str) -> tuple[Policy, ...]:
    """Return a service's policies; each queue matches exactly one.

    A queue's dead letters reach their queue at least once, which RabbitMQ does only together with
    reject-publish. The dead-letter queue has nowhere to hand on to, so it gives nothing up.

    Queues of events have no limit: what a relay cannot publish waits in its outbox. What practices'
    systems write to has two, and so has no end of their making: beyond either a publisher is told
    no (`basic.nack`) and keeps its message, while all that waits to be taken or to be filed counts.
    Theirs come first, so that a queue is without a policy at no moment of an upgrade.
    """
    of_doors = doors(service)
    besides = "".join(rf"|{re.escape(one.queue.partition('.')[2])}$" for one in of_doors)
    dying: Mapping[str, str | int] = {
        "delivery-limit": DELIVERY_LIMIT,
        "dead-letter-exchange": dead(service),
        "dead-letter-strategy": "at-least-once",
        "overflow": "reject-publish",
    }
    return (
        *(
            Policy(
                name=door.queue,
                pattern=f"^{re.escape(door.queue)}$",
                definition={
                    **dying,
                    "max-length": door.waiting,
                    "max-length-bytes": door.waiting_bytes,
                },
            )
            for door in of_doors
        ),
        Policy(
            name=f"{service}.queues",
            pattern=rf"^{service}\.(?!dead$|sessions${besides})",
            definition=dying,
        ),
        Policy(
            name=dead(service),
            pattern=rf"^{service}\.dead$",
            definition={
                "delivery-limit": NO_LIMIT,
                "overflow": "reject-publish",
                **({"max-length-bytes": DEAD_BYTES} if of_doors else {}),
            },
        ),
        *(
            Policy(
                name=stream,
                pattern=f"^{re.escape(stream)}$",
                definition={
                    "max-age": STREAM_AGE,
                    "stream-max-segment-size-bytes": STREAM_SEGMENT,
                },
            )
            for stream in streams(service)
        ),
    )


@dataclass(frozen=True, slots=True)
class Rights:
    """What a service's user may do: three regular expressions, as the broker keeps them."""

    configure: str
    write: str
    read: str


def rights(service: str) -> Rights:
    """Return the rights of a service: it configures nothing, and writes only what is its own.

    Everyone may read every stream.
    """
    readable = "|".join((rf"{service}\..*", *map(re.escape, STREAMS)))
    return Rights(
        configure="^$",
        write=rf"^{service}\.(events|sessions)$",
        read=f"^({readable})$",
    )


def topology_rights() -> Rights:
    """Return the rights of who runs the topology verbs: it declares and binds what the services
    have, but publishes no event and reads no queue of events."""
    names = "|".join(SERVICES)
    inboxes = "|".join(re.escape(door.exchange) for door in DOORS)
    return Rights(
        configure=rf"^(({names})\.|({inboxes})$)",
        write=rf"^({names})\.(?!events$)",  # a binding writes to its queue
        read=rf"^(({names})\.(events|sessions|dead)|{inboxes})$",  # and reads its exchange
    )


def user(broker_url: str) -> str:
    """Return the user that an AMQP URL names. A service's own has its name: readers go by it."""
    return unquote(urlsplit(broker_url).username or "")


def vhost(broker_url: str) -> str:
    """Return the vhost that an AMQP URL names; none is the default one."""
    return unquote(urlsplit(broker_url).path.removeprefix("/")) or "/"
