"""Each published event has one owner, each subscribed event a publisher, each queue a consumer."""

from collections import Counter

import pytest

from shared.contracts import topology
from shared.contracts.catalogue import CONTRACTS
from shared.contracts.topology import QUEUES, SERVICES
from tests.contract.composed import composed


def test_a_contract_is_published_by_one_service_under_one_name() -> None:
    names = Counter(contract.type for contract in CONTRACTS)

    assert {contract.owner for contract in CONTRACTS} <= set(SERVICES)
    assert [name for name, count in names.items() if count > 1] == []


def test_every_contract_is_consumed_so_that_no_publishing_comes_back() -> None:
    consumed = {contract.type for queue in QUEUES for contract in queue.contracts}

    assert {contract.type for contract in CONTRACTS} == consumed


def test_every_queue_is_consumed_by_the_service_it_is_named_after() -> None:
    assert len({queue.name for queue in QUEUES}) == len(QUEUES)
    assert {queue.service for queue in QUEUES} <= set(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_subscribes_to_exactly_what_its_queues_are_bound_to(service: str) -> None:
    async with composed(service) as subscriptions:
        found = {
            queue: sorted(one.contract.type for one in table)
            for queue, table in subscriptions.items()
        }

    assert found == {
        queue.name: sorted(contract.type for contract in queue.contracts)
        for queue in topology.queues(service)
    }


@pytest.mark.parametrize("service", SERVICES)
def test_personal_data_reaches_only_who_matches_people(service: str) -> None:
    reads = {
        contract.routing_key for queue in topology.queues(service) for contract in queue.contracts
    }

    assert ("identity.person-changed.v1" in reads) is (service in {"recovery", "merge"})
