"""An ended session is refused by every replica of every service, once each has heard of it (SE-1).

How long that takes is told, not asserted: the machine is others' as well.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from deploy.client.eventually import eventually
from deploy.client.gateway import Gateway
from deploy.tour import acts
from deploy.tour.person import Person
from deploy.tour.stage import Stage
from shared.contracts.topology import SERVICES
from tests.e2e.test_freezes import a_source, each_replica
from tests.support.suite import Suite

# What takes a session's token, by service, and what is sent; recovery has nothing that is read.
TAKES: dict[str, tuple[str, dict[str, Any] | None]] = {
    "identity": ("read_account", None),
    "recovery": ("set_security_questions", {"questions": []}),
    "merge": ("list_merges", None),
    "notify": ("list_deliveries", None),
}


async def told(service: str, gateway: Gateway, token: str) -> int:
    """How one replica of the service answers that token."""
    verb, body = TAKES[service]
    return (await gateway.call(verb, body=body, token=token, source=a_source())).status


async def statuses(replicas: Sequence[Gateway], token: str) -> dict[str, list[int]]:
    """How all of them do."""
    return {
        service: list(await asyncio.gather(*(told(service, each, token) for each in replicas)))
        for service in SERVICES
    }


async def refused(service: str, gateway: Gateway, token: str) -> None:
    assert await told(service, gateway, token) == 401


@pytest.mark.proves("SE-1")
async def test_an_ended_session_is_refused_by_every_replica_of_every_service(
    stage: Stage, suite: Suite, person: Person
) -> None:
    practice = stage.stack.neighbour
    person.patient_id, token = await acts.enrolment_token(stage, practice, person)
    await acts.enrol(stage, person, token)
    await acts.log_on(stage, person, person.username, person.password)
    ended = person.tokens["access_token"]
    await acts.log_on(stage, person, person.username, person.password, elsewhere=True)
    kept = person.tokens["access_token"]

    async with each_replica(suite) as replicas:
        before = await statuses(replicas, ended)

        loop = asyncio.get_running_loop()
        asked = loop.time()
        await stage.call("end_other_sessions", 204, token=kept)
        await asyncio.gather(
            *(
                eventually(partial(refused, service, replica, ended), pause=0.02, within=60)
                for service in SERVICES
                for replica in replicas
            )
        )
        took = loop.time() - asked
        after, of_the_kept = await statuses(replicas, ended), await statuses(replicas, kept)

    assert 401 not in {status for each in before.values() for status in each}, before
    assert after == {service: [401] * 3 for service in SERVICES}
    assert of_the_kept == before
    print(f"every replica refused an ended session {took:.2f} s after that was asked")  # noqa: T201
