"""Topology as data: every queue has one policy, and a service's rights end at its own names."""

import re

import pytest

from shared.contracts import topology
from shared.contracts.topology import QUEUES, SERVICES, SESSIONS, policies
from shared.messaging.messages import Death, read_death

NAMES = [queue.name for queue in QUEUES] + [topology.dead(one) for one in SERVICES] + [SESSIONS]


@pytest.mark.parametrize("name", NAMES)
def test_a_queue_matches_exactly_one_policy(name: str) -> None:
    every = [policy for service in SERVICES for policy in policies(service)]

    assert len([policy for policy in every if re.search(policy.pattern, name)]) == 1


def test_only_a_dead_letter_queue_has_no_exchange_for_its_own_dead() -> None:
    for service in SERVICES:
        first, dead, *_ = policies(service)
        assert first.definition["dead-letter-exchange"] == topology.dead(service)
        assert first.definition["dead-letter-strategy"] == "at-least-once"
        assert first.definition["overflow"] == "reject-publish"
        assert "dead-letter-exchange" not in dead.definition


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_configures_nothing_and_writes_only_its_own_exchanges(service: str) -> None:
    rights = topology.rights(service)

    assert not re.search(rights.configure, f"{service}.events")
    assert re.search(rights.write, f"{service}.events")
    for other in set(SERVICES) - {service}:
        assert not re.search(rights.write, f"{other}.events")
    assert not re.search(rights.write, topology.dead(service))


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


def test_a_death_is_read_from_its_newest_entry() -> None:
    newest = {"queue": "merge.keys", "exchange": "identity.events", "reason": "delivery_limit"}

    assert read_death({"x-death": [newest, {"queue": "older"}]}) == Death(
        queue="merge.keys", exchange="identity.events", reason="delivery_limit"
    )
    assert read_death({"x-death": []}) is None
    assert read_death({}) is None
