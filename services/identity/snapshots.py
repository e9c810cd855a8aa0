"""The snapshots that identity owns, to be published again (ST-3)."""

from collections.abc import Sequence
from uuid import UUID

from services.identity.accounts import accounts
from services.identity.patients import features as patients
from services.identity.practices import features as practices
from services.identity.settings import Settings
from shared.acts import Act
from shared.contracts.identity import (
    ACCOUNT_CHANGED,
    PERSON_CHANGED,
    PRACTICE_CHANGED,
    SNAPSHOTS_LISTED,
)
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.program.program import Plumbing
from shared.publications import Published


def snapshots(plumbing: Plumbing[Settings]) -> tuple[Published, ...]:
    """Practices first: whoever hears of an account then knows its practices."""
    patient = patients.compose(plumbing).patients
    practice = practices.practices(plumbing)

    async def tell_practices(act: Act, ids: Sequence[UUID]) -> None:
        for practice_id in ids:
            await practice.tell(act, PracticeId(practice_id))

    async def tell_accounts(act: Act, ids: Sequence[UUID]) -> None:
        for account_id in ids:
            await accounts.announce(act, AccountId(account_id))

    async def tell_persons(act: Act, ids: Sequence[UUID]) -> None:
        await patient.tell(act, [PatientId(patient_id) for patient_id in ids])

    return (
        Published(
            name="practices",
            contract=PRACTICE_CHANGED,
            announce=tell_practices,
            table="practices",
            listing=SNAPSHOTS_LISTED,
        ),
        Published(
            name="accounts",
            contract=ACCOUNT_CHANGED,
            announce=tell_accounts,
            table="accounts",
            listing=SNAPSHOTS_LISTED,
        ),
        Published(
            name="persons",
            contract=PERSON_CHANGED,
            announce=tell_persons,
            table="patients",
            listing=SNAPSHOTS_LISTED,
        ),
    )
