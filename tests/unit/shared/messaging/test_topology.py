"""Topology as data: every queue has one policy, and a service's rights end at its own names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import pytest

from shared.contracts import topology
from shared.contracts.topology import DOORS, QUEUES, SERVICES, SESSIONS, policies
from shared.messaging.management import Management
from shared.messaging.messages import Death, read_death
from shared.messaging.topology import Vhost

NAMES = [
    *(queue.name for queue in QUEUES),
    *(door.queue for door in DOORS),
    *(topology.dead(one) for one in SERVICES),
    SESSIONS,
]


@pytest.mark.parametrize("name", NAMES)
def test_a_queue_matches_exactly_one_policy(name: str) -> None:
    every = [policy for service in SERVICES for policy in policies(service)]

    assert len([policy for policy in every if re.search(policy.pattern, name)]) == 1


def test_only_a_dead_letter_queue_has_no_exchange_for_its_own_dead() -> None:
    for service in SERVICES:
        of_streams = topology.streams(service)
        named = {
            one.name: one.definition for one in policies(service) if one.name not in of_streams
        }
        assert named.pop(topology.dead(service)).keys().isdisjoint({"dead-letter-exchange"})
        assert set(named) == {f"{service}.queues", *(one.queue for one in topology.doors(service))}
        for definition in named.values():
            assert definition["dead-letter-exchange"] == topology.dead(service)
            assert definition["dead-letter-strategy"] == "at-least-once"
            assert definition["overflow"] == "reject-publish"


def test_what_a_practices_system_can_fill_has_an_end_and_our_own_events_have_none() -> None:
    limits = {"max-length", "max-length-bytes"}
    bounded = {
        policy.name: limits & policy.definition.keys()
        for service in SERVICES
        for policy in policies(service)
        if limits & policy.definition.keys()
    }

    assert bounded == {"notify.inbox": limits, "notify.dead": {"max-length-bytes"}}


def test_a_queue_that_gets_a_policy_of_its_own_is_never_without_one() -> None:
    """They are set one after the other, where the one for all queues matched it before."""
    for service in SERVICES:
        names = [policy.name for policy in policies(service)]
        for door in topology.doors(service):
            assert names.index(door.queue) < names.index(f"{service}.queues")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_configures_nothing_and_writes_only_its_own_exchanges(service: str) -> None:
    rights = topology.rights(service)

    assert not re.search(rights.configure, f"{service}.events")
    assert re.search(rights.write, f"{service}.events")
    for other in set(SERVICES) - {service}:
        assert not re.search(rights.write, f"{other}.events")
    assert not re.search(rights.write, topology.dead(service))


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_writes_to_what_practices_systems_write_to(service: str) -> None:
    assert not re.search(topology.rights(service).write, "practices.inbox")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_its_own_queues_and_the_sessions_stream_alone(service: str) -> None:
    rights = topology.rights(service)

    for name in NAMES:
        own = name.partition(".")[0] == service or name == SESSIONS
        assert bool(re.search(rights.read, name)) is own


@pytest.mark.parametrize(
    ("url", "vhost"),
    [("amqp://h", "/"), ("amqp://h/", "/"), ("amqp://h/%2F", "/"), ("amqp://u:p@h:1/a%2Fb", "a/b")],
)
def test_the_vhost_is_read_from_the_url(url: str, vhost: str) -> None:
    assert topology.vhost(url) == vhost


HEALTHY = {
    "type": "quorum",
    "state": "running",
    "leader": "a",
    "members": ["a", "b", "c"],
    "online": ["a", "b"],
}
UNTOLD = {key: value for key, value in HEALTHY.items() if key != "state"}


@dataclass(slots=True)
class Told:
    """A management API that says this of a queue, and this of its members: None, as 3.10 does."""

    found: Mapping[str, object]
    members: Sequence[str] | None = None

    async def find(self, path: str) -> object:
        if not path.endswith("/status"):
            return self.found
        return self.members and [{"Raft State": state} for state in self.members]


@pytest.mark.parametrize(
    ("found", "members", "up"),
    [
        (HEALTHY, None, True),
        (HEALTHY, ["follower", "leader"], True),
        (HEALTHY, ["noproc", "follower"], False),  # old statistics are not believed
        (HEALTHY | {"state": "down"}, None, False),
        (HEALTHY | {"leader": ""}, None, False),
        (UNTOLD, None, None),
        (UNTOLD | {"state": "live"}, None, None),
        (UNTOLD | {"type": "stream", "leader": ""}, None, None),
        (UNTOLD | {"leader": "", "online": []}, None, False),
        (UNTOLD | {"state": "live", "leader": "", "online": []}, None, False),
        (UNTOLD | {"online": ["a"]}, None, False),
        (UNTOLD | {"type": "stream", "leader": "", "online": ["b"]}, None, False),
        ({}, None, False),
    ],
)
async def test_a_queue_without_statistics_is_not_taken_for_one_that_is_down(
    monkeypatch: pytest.MonkeyPatch,
    found: Mapping[str, object],
    members: Sequence[str] | None,
    up: bool | None,
) -> None:
    for name in ("KNOWN_WITHIN", "LED_WITHIN", "LOOK_EVERY"):
        monkeypatch.setattr(f"shared.messaging.topology.{name}", 0.0)

    assert await Vhost(cast(Management, Told(found, members)), "v").is_up("merge.saga") is up


@pytest.mark.parametrize(
    ("exchange", "owner"),
    [
        ("identity.events", "identity"),
        ("merge.events", "merge"),
        ("identity.sessions", "identity"),
        ("notify.sessions", None),
        ("identity.dead", None),
        ("elsewhere.events", None),
        ("", None),
    ],
)
def test_only_what_one_service_alone_writes_to_has_an_owner(
    exchange: str, owner: str | None
) -> None:
    assert topology.owner(exchange) == owner


def test_a_death_is_read_from_its_newest_entry() -> None:
    newest = {"queue": "merge.keys", "exchange": "identity.events", "reason": "delivery_limit"}

    assert read_death({"x-death": [newest, {"queue": "older"}]}) == Death(
        queue="merge.keys", exchange="identity.events", reason="delivery_limit"
    )
    assert read_death({"x-death": []}) is None
    assert read_death({}) is None
