"""RC-9: what is told of an account that a freeze left without a password says that it has none."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import pytest

from tests.builders.practices import PracticeDesk
from tests.builders.two_step import turned_on
from tests.integration.identity.test_freezes import one_at
from tests.integration.identity.test_lockouts import WRONG, wear_out
from tests.rigs.identity import PASSWORD, Identity, Person, Recovery

pytestmark = pytest.mark.proves("RC-9")
BY_STAFF = {"staff_id": "nurse-7", "reason": "lost her phone"}


async def lock(desk: PracticeDesk, patient_id: str) -> None:
    await wear_out(desk.identity, "maria.garcia", 4)
    await desk.identity.loop("lock-notices").once()


async def disable(desk: PracticeDesk, patient_id: str) -> None:
    await wear_out(desk.identity, "maria.garcia", 100)
    await desk.identity.loop("lock-notices").once()


async def unlock(desk: PracticeDesk, patient_id: str) -> None:
    await desk.identity.log_on("maria.garcia", WRONG)
    assert (await desk.unlock(patient_id)).status == 204


async def reset_two_step(desk: PracticeDesk, patient_id: str) -> None:
    path = f"/practice/patients/{patient_id}/reset-two-step"
    assert (await desk.call(path, BY_STAFF)).status == 204


TOLD: Mapping[str, Callable[[PracticeDesk, str], Awaitable[None]]] = {
    "account-locked": lock,
    "account-unlocked": unlock,
    "password-disabled": disable,
    "two-step-reset": reset_two_step,
}


async def help_to_a_password(identity: Identity, recovery: Recovery, person: Person) -> None:
    """By the practice's token (RC-5)."""
    [row] = await identity.rows("SELECT security_version FROM accounts WHERE id = $1", person.id)
    version = row["security_version"]
    token = await recovery.grant(person, security_version=version, route="practice-token")
    assert (await identity.reset(token, "Harbour-Walnut-8")).status == 200


@pytest.mark.parametrize("event", TOLD)
@pytest.mark.parametrize(
    ("since", "no_password"),
    [
        ((), False),
        (("frozen",), True),
        (("frozen", "thawed"), True),
        (("frozen", "thawed", "helped"), False),
    ],
    ids=["active", "frozen", "thawed", "helped to a password"],
)
async def test_what_is_told_says_that_there_is_no_password_from_a_freeze_on_until_one_is_set(
    desk: PracticeDesk,
    recovery: Recovery,
    event: str,
    since: tuple[str, ...],
    no_password: bool,
) -> None:
    identity, patient_id, person = await one_at(desk)
    await turned_on(identity, replace(person, password=PASSWORD))
    if "frozen" in since:
        await identity.freeze(person.id)
    if "thawed" in since:
        assert (await desk.thaw(patient_id)).status == 204
    if "helped" in since:
        await help_to_a_password(identity, recovery, person)

    await TOLD[event](desk, patient_id)

    assert {told["no_password"] for told in await identity.events(event)} == {no_password}
