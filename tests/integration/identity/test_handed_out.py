"""A practice sees what it has handed out, and makes it void (ST-1)."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from tests.builders.practices import (
    INVITABLE,
    Postman,
    PracticeDesk,
    enrol,
    granted,
    practice_desk,
    prove,
    proven,
    with_grant,
)
from tests.rigs.identity import Identity
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("ST-1")


async def listed(desk: PracticeDesk, **query: str) -> Any:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    answer = await desk.call(f"/practice/handed-out?{asked}", method="GET")
    assert answer.status == 200, answer.body
    return answer.body


async def void(desk: PracticeDesk, patient_id: str, kind: str = "token") -> Answer:
    body = {"staff_id": "clerk-4", "reason": "was for somebody else", "kind": kind}
    return await desk.call(f"/practice/patients/{patient_id}/handed-out/void", body)


def states(found: Any) -> Sequence[tuple[str, str]]:
    return [(each["kind"], each["state"]) for each in found["handed_out"]]


@pytest.mark.proves("EN-1", "EN-2", "EN-3")
async def test_what_was_handed_out_is_listed_with_by_whom_and_what_became_of_it(
    desk: PracticeDesk, postman: Postman
) -> None:
    patient_id = await desk.a_patient(**INVITABLE)
    secrets = []
    for handed_over in ("post", "in-person"):
        secrets.append((await desk.issue(patient_id, handed_over=handed_over)).body["token"])
        desk.identity.clock.advance(seconds=1)
    await desk.invite(patient_id)
    desk.identity.clock.advance(seconds=1)
    pair = (await desk.temporary(patient_id)).body
    secrets += [pair["username"], pair["password"], (await postman.invitations())[-1]]

    found = await listed(desk, patient_id=patient_id)
    await enrol(desk.identity, secrets[1])

    assert states(found) == [
        ("temporary-credentials", "live"),
        ("invitation", "live"),
        ("token", "live"),
        ("token", "superseded"),
    ]
    last = found["handed_out"][-1]
    assert (last["handed_over"], last["staff_id"], last["patient_id"]) == (
        "post",
        "nurse-7",
        patient_id,
    )
    assert found["handed_out"][0]["expires_at"] == pair["expires_at"]
    assert not [secret for secret in secrets if secret in str(found)]
    used = await listed(desk)
    assert ("token", "used") in states(used)
    desk.identity.clock.advance(days=14)
    later = states(await listed(await desk.renewed()))
    assert later[:2] == [("temporary-credentials", "expired"), ("invitation", "expired")]


async def test_a_practice_lists_its_own_alone(identity: Identity, desk: PracticeDesk) -> None:
    patient_id = await desk.a_patient()
    await desk.issue(patient_id)
    other = await practice_desk(identity)

    assert states(await listed(other)) == []
    assert states(await listed(other, patient_id=patient_id)) == []


async def test_pages_have_everything_once(desk: PracticeDesk) -> None:
    patients = [await desk.a_patient() for _ in range(51)]
    for patient_id in (*patients, *patients):
        await desk.issue(patient_id)  # all in one moment: the clock stands still

    first = await listed(desk)
    rest = await listed(desk, after=first["next"])

    ids = [each["id"] for page in (first, rest) for each in page["handed_out"]]
    assert (len(first["handed_out"]), len(ids), len(set(ids))) == (100, 102, 102)
    assert "next" not in rest


@pytest.mark.proves("EN-1")
async def test_a_void_token_opens_nothing_nor_does_what_was_proven_by_it(
    desk: PracticeDesk,
) -> None:
    patient_id = await desk.a_patient()
    token = (await desk.issue(patient_id)).body["token"]
    grant = await granted(desk.identity, token)

    assert (await void(desk, patient_id)).status == 204

    assert (await prove(desk.identity, token)).code == "token_invalid"
    late = await desk.identity.call("POST", "/enrolments", with_grant(grant))
    assert late.code == "token_invalid"
    assert states(await listed(desk)) == [("token", "void")]
    assert (await desk.read(patient_id))["token_until"] is None


@pytest.mark.proves("EN-2", "EN-3")
async def test_an_invitation_and_a_temporary_pair_are_made_void_each_by_itself(
    desk: PracticeDesk, postman: Postman
) -> None:
    patient_id = await desk.a_patient(**INVITABLE)
    await desk.invite(patient_id)
    invitation = (await postman.invitations())[-1]
    pair = (await desk.temporary(patient_id)).body
    by_pair = {name: pair[name] for name in ("username", "password")}

    await void(desk, patient_id, "invitation")
    refused = await proven(desk.identity, {"invitation": invitation, "number": "P-1"})
    still = await proven(desk.identity, by_pair)
    await void(desk, patient_id, "temporary-credentials")
    gone = await proven(desk.identity, by_pair)

    assert refused.code == "invitation_invalid"
    assert still.status == 200
    assert gone.code == "temporary_credential_invalid"


async def test_what_is_over_is_not_made_void(desk: PracticeDesk) -> None:
    patient_id = await desk.a_patient()
    assert (await void(desk, patient_id)).refused() == (409, "nothing_live")
    await desk.issue(patient_id)
    desk.identity.clock.advance(hours=72)

    desk = await desk.renewed()

    assert (await void(desk, patient_id)).refused() == (409, "nothing_live")
    assert states(await listed(desk)) == [("token", "expired")]


@pytest.mark.proves("V15.4.2")
async def test_of_enrolling_and_64_who_make_it_void_one_is_first(desk: PracticeDesk) -> None:
    patient_id = await desk.a_patient()
    token = (await desk.issue(patient_id)).body["token"]

    enrolled, *voided = await asyncio.gather(
        enrol(desk.identity, token), *(void(desk, patient_id) for _ in range(64))
    )

    done = Counter(answer.status for answer in voided)
    assert done[204] + (enrolled.status == 201) == 1
    assert done[204] + done[409] == 64
    state = "used" if enrolled.status == 201 else "void"
    assert states(await listed(desk)) == [("token", state)]
