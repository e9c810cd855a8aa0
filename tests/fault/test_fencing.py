"""A courier that is paused for longer than its lease finds the fence closed (NT-6)."""

import signal

import pytest

from deploy.client.eventually import eventually
from tests.fault.people import Person
from tests.fault.points import Point
from tests.fault.rig import Rig
from tests.fault.trap import Snare


@pytest.mark.every_path
async def test_a_courier_that_wakes_after_its_lease_sends_nothing(rig: Rig, person: Person) -> None:
    snare = Snare(
        point=Point.BEFORE_DATA,
        event="identity.account-locked.v1",
        template="account-locked",
        stop=True,
    )
    lost = rig.said("notify", "lease_lost")

    def found_the_fence() -> None:
        assert rig.said("notify", "lease_lost") == lost + 1

    rig.trap("notify").arm(snare)
    await person.is_locked_out()
    await rig.stops("notify", snare)
    with rig.beside("notify"):
        await person.ledger.balance()
        rig.stack.programs["notify"].process.send_signal(signal.SIGCONT)
        await rig.stack.ready("notify")
        await eventually(found_the_fence, within=30)

    await person.ledger.balance()
