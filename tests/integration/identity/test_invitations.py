"""EN-3: a mailed link, and what only the patient and the practice know beside it."""

import asyncio
from datetime import datetime, timedelta

import pytest

from services.identity.enrolment.model import INVITATION
from tests.builders.practices import (
    BIRTH_DATE,
    FIRST_NAME,
    INVITABLE,
    LAST_NAME,
    Postman,
    PracticeDesk,
    enrols,
    practice_desk,
    proven,
    with_grant,
)
from tests.rigs.identity import PASSWORD, Identity

pytestmark = pytest.mark.proves("EN-3")
BY_PHONE = {"birth_date": "1984-05-03", "home_phone": "+1 555 0123"}


async def test_the_link_is_mailed_sealed_to_the_practices_address_and_enrols_once(
    desk: PracticeDesk, postman: Postman
) -> None:
    invited = await desk.invite(await desk.a_patient(**INVITABLE))
    [invitation] = await postman.invitations()

    told = await proven(desk.identity, {"invitation": invitation, **BY_PHONE})
    enrolled = await enrols(desk.identity, with_grant(told.body["grant"]))
    again = await proven(desk.identity, {"invitation": invitation, **BY_PHONE})

    assert (invited.status, set(invited.body)) == (201, {"expires_at"})
    expires_at = datetime.fromisoformat(invited.body["expires_at"])
    assert expires_at == desk.identity.clock.now() + timedelta(days=7)
    assert invitation is not None
    assert len(invitation) == 43  # 256 bits
    [event] = await desk.identity.events("patient-invited")
    assert (event["recipients"], event["practice_name"]) == (
        ["maria@mail.example"],
        "Elm Street Practice",
    )
    assert invitation not in str(event)
    assert (told.status, told.body["practice_name"]) == (200, "Elm Street Practice")
    assert [answer.status for answer in enrolled] == [201]
    assert (again.status, again.code) == (422, "invitation_invalid")


@pytest.mark.parametrize(
    ("beside", "proves"),
    [
        (BY_PHONE, True),
        ({**BY_PHONE, "home_phone": "(555) 0123"}, True),
        ({**BY_PHONE, "home_phone": "001-555-0123"}, True),
        ({**BY_PHONE, "home_phone": "\uff15\uff15\uff15 0123"}, True),
        ({**BY_PHONE, "home_phone": "555 0124"}, False),
        ({**BY_PHONE, "home_phone": "0123"}, False),
        ({**BY_PHONE, "home_phone": "-"}, False),
        ({**BY_PHONE, "birth_date": "1984-03-05"}, False),
        ({"number": "P-1"}, True),
        ({"number": " p-1 "}, True),
        ({"number": "\uff30-1"}, True),
        ({"number": "P-2"}, False),
    ],
)
async def test_home_phone_and_date_of_birth_or_the_number_prove_it(
    desk: PracticeDesk, postman: Postman, beside: dict[str, str], proves: bool
) -> None:
    invitation = await postman.invitation(desk)

    answer = await proven(desk.identity, {"invitation": invitation, **beside})

    assert (answer.status == 200) is proves


async def test_what_the_record_does_not_say_proves_nobody(
    desk: PracticeDesk, postman: Postman
) -> None:
    by_phone = await postman.invitation(desk, number=None)
    by_number = await postman.invitation(desk, home_phone=None)

    answers = [
        await proven(desk.identity, {"invitation": by_phone, "number": "P-1"}),
        await proven(desk.identity, {"invitation": by_number, **BY_PHONE}),
    ]

    assert {answer.code for answer in answers} == {"invitation_invalid"}


@pytest.mark.proves("V6.5.1")
async def test_a_newer_invitation_voids_the_older_and_its_grant(
    desk: PracticeDesk, postman: Postman
) -> None:
    patient_id = await desk.a_patient(**INVITABLE)
    await desk.invite(patient_id)
    [older] = await postman.invitations()
    grant = (await proven(desk.identity, {"invitation": older, **BY_PHONE})).body["grant"]
    await desk.invite(patient_id)
    [_, newer] = await postman.invitations()

    by_older = await proven(desk.identity, {"invitation": older, **BY_PHONE})
    [by_grant] = await enrols(desk.identity, with_grant(grant))
    by_newer = await proven(desk.identity, {"invitation": newer, **BY_PHONE})

    assert {by_older.code, by_grant.code} == {"invitation_invalid"}
    assert by_newer.status == 200


@pytest.mark.proves("V6.6.3", "V2.3.4")
async def test_of_64_wrong_tries_at_once_five_void_it(desk: PracticeDesk, postman: Postman) -> None:
    invitation = await postman.invitation(desk)

    answers = await asyncio.gather(
        *(
            proven(desk.identity, {"invitation": invitation, "number": f"P-{number}"})
            for number in range(2, 66)
        )
    )

    assert {answer.code for answer in answers} == {"invitation_invalid"}
    [row] = await desk.identity.rows(
        "SELECT state, tries FROM one_time_secrets WHERE purpose = $1", INVITATION.name
    )
    assert tuple(row) == ("void", '{"wrong-person": 5}')
    right = await proven(desk.identity, {"invitation": invitation, "number": "P-1"})
    assert right.alike() == answers[0].alike()


@pytest.mark.proves("ST-2")
async def test_it_lives_as_long_as_the_practice_says(desk: PracticeDesk, postman: Postman) -> None:
    await desk.change_settings(invitation_days=14)
    early, late = [await postman.invitation(desk, number=f"P-{number}") for number in (1, 2)]

    desk.identity.clock.advance(seconds=14 * 86400 - 1)
    in_time = await proven(desk.identity, {"invitation": early, "number": "P-1"})
    desk.identity.clock.advance(seconds=1)
    over = await proven(desk.identity, {"invitation": late, "number": "P-2"})

    assert (in_time.status, over.code) == (200, "invitation_invalid")


@pytest.mark.proves("EN-5")
async def test_an_invitation_adds_the_practice_to_the_account_one_has(
    identity: Identity, desk: PracticeDesk, postman: Postman
) -> None:
    await desk.enrolled()
    elm = await practice_desk(identity)
    said = {"invitation": await postman.invitation(elm), **BY_PHONE}
    grant = (await proven(identity, said)).body["grant"]
    body = {"grant": grant, "name": "maria.garcia", "password": PASSWORD}

    answer = await identity.call("POST", "/enrolments/existing-account", body)

    assert (answer.status, answer.body["practice_name"]) == (201, "Elm Street Practice")
    assert len(await identity.rows("SELECT FROM accounts")) == 1


async def test_a_record_without_address_or_without_proof_is_not_invited(
    desk: PracticeDesk, postman: Postman
) -> None:
    no_address = await desk.invite(await desk.a_patient(number="P-1"))
    no_proof = await desk.invite(await desk.a_patient(email="maria@mail.example"))

    assert (no_address.status, no_address.code) == (409, "patient_without_email")
    assert (no_proof.status, no_proof.code) == (409, "patient_without_proof")
    assert await postman.invitations() == []


@pytest.mark.parametrize(
    "email", ["maria", "maria@mail", " maria@mail.example", "a@b@mail.example"]
)
async def test_what_no_mail_can_be_written_to_is_told_at_once_and_no_link_is_made(
    desk: PracticeDesk, postman: Postman, email: str
) -> None:
    patient_id = await desk.a_patient(**{**INVITABLE, "email": email})

    answer = await desk.invite(patient_id)
    bulk = await desk.call(
        "/practice/patients/bulk",
        {
            "patients": [
                {
                    "last_name": LAST_NAME,
                    "first_name": FIRST_NAME,
                    "birth_date": BIRTH_DATE,
                    **INVITABLE,
                    "email": email,
                    "invite": True,
                }
            ],
            "staff_id": "nurse-7",
            "reason": "moved to the portal",
        },
    )

    assert (answer.status, answer.code) == (409, "patient_without_email")
    [row] = bulk.body["results"]
    assert (row["result"], row["invitation"]) == ("unchanged", "patient_without_email")
    assert await postman.invitations() == []
