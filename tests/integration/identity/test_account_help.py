"""A practice reads a username out, and waives an account e-mail (RC-2b, RC-6)."""

import pytest

from tests.builders.merges import Registry
from tests.builders.practices import PracticeDesk, add_practice, practice_desk
from tests.rigs.identity import Identity
from tests.rigs.replica import Answer

BY = {"staff_id": "nurse-7", "reason": "she showed her passport"}
NAME = "maria.garcia"


async def read_username(desk: PracticeDesk, patient_id: str) -> Answer:
    return await desk.call(f"/practice/patients/{patient_id}/read-username", BY)


async def waive(desk: PracticeDesk, patient_id: str, *, waived: bool = True) -> Answer:
    path = f"/practice/patients/{patient_id}/email-waiver"
    return await desk.call(path, {**BY, "waived": waived}, method="PUT")


@pytest.mark.proves("RC-2b", "ST-1", "AU-1")
async def test_the_username_is_read_out_and_its_holder_is_told_without_it(
    desk: PracticeDesk,
) -> None:
    patient_id = await desk.enrolled()

    answer = await read_username(desk, patient_id)

    assert (answer.status, answer.body) == (200, {"username": NAME})
    [told] = await desk.identity.events("username-read")
    [account] = await desk.identity.rows("SELECT id FROM accounts")
    assert told["account_id"] == str(account["id"])
    assert told["practice_name"] == "Elm Street Practice"
    assert told["practice_contact"] == "+1 555 0100"
    assert NAME not in str(told)
    [row] = await desk.identity.rows("SELECT * FROM audit_entries WHERE action = 'username.read'")
    assert (row["staff"], row["reason"]) == (BY["staff_id"], BY["reason"])
    assert (row["client"], row["practice"]) == (desk.client[0], desk.practice_id)
    assert (row["subject"], row["detail"]) == (f"account:{account['id']}", f"patient:{patient_id}")


@pytest.mark.proves("RC-2b")
async def test_any_practice_at_which_she_is_enrolled_may_and_no_other(
    identity: Identity, desk: PracticeDesk
) -> None:
    first = await desk.enrolled()
    other = await practice_desk(identity)
    second = await other.a_patient()
    unproven = await read_username(other, second)
    token = (await other.issue(second)).body["token"]
    assert (await add_practice(identity, token)).status == 201

    both = [await read_username(desk, first), await read_username(other, second)]
    foreign = await read_username(other, first)
    await desk.un_enrol(first)
    gone = await read_username(desk, first)

    assert [answer.body for answer in both] == [{"username": NAME}] * 2
    assert foreign.refused() == (404, "not_found")
    assert {answer.code for answer in (unproven, gone)} == {"patient_not_enrolled"}
    assert len(await identity.events("username-read")) == 2


@pytest.mark.proves("RC-2b", "MG-5")
async def test_after_a_merge_the_survivors_is_read_out(registry: Registry) -> None:
    survivor, absorbed = await registry.merged()

    answer = await read_username(registry.desks[1], registry.patients_of[absorbed.username])

    assert answer.body == {"username": survivor.username}


@pytest.mark.proves("ST-1", "LG-3")
async def test_a_waiver_is_kept_for_the_account_and_an_e_mail_stays_offered(
    identity: Identity, desk: PracticeDesk
) -> None:
    patient_id = await desk.enrolled()

    assert (await waive(desk, patient_id)).status == 204
    waived = await desk.read(patient_id)
    session = await identity.logged_on(NAME)
    assert (await waive(desk, patient_id, waived=False)).status == 204

    assert waived["email_waived"] is True
    assert session["gates"][0] == {"name": "account-email", "required": False}
    assert (await desk.read(patient_id))["email_waived"] is False


@pytest.mark.proves("MG-5")
async def test_a_waiver_goes_on_through_a_merge(registry: Registry) -> None:
    survivor, absorbed = await registry.two()
    await waive(registry.desks[1], registry.patients_of[absorbed.username])

    await registry.merge(survivor, absorbed)

    read = await registry.desks[0].read(registry.patients_of[survivor.username])
    assert read["email_waived"] is True
