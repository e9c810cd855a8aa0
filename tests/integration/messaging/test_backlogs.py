"""What waits is measured: the numbers an operator is woken by."""

from uuid import uuid4

from tests.integration.messaging.conftest import Replica, Replicas


async def test_the_outbox_tells_its_depth_and_the_age_of_its_oldest_row(
    identity: Replica, replicas: Replicas
) -> None:
    await identity.tell(uuid4())
    replicas.clock.advance(seconds=40)
    await identity.tell(uuid4())

    await identity.loop("backlogs").once()
    assert identity.metrics.value("outbox_depth") == 2
    assert identity.metrics.value("outbox_oldest_seconds") == 40

    await identity.relay_all()
    await identity.loop("backlogs").once()
    assert identity.metrics.value("outbox_depth") == 0
    assert identity.metrics.value("outbox_oldest_seconds") == 0
