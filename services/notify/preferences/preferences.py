"""Preferences of an account's enrolments: read together, chosen one at a time (NT-2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.notify.actions import Action
from services.notify.preferences.choices import addressed, check
from services.notify.preferences.errors import AddressUnverified
from services.notify.preferences.model import Enrolment, Preference, offered
from services.notify.preferences.store import moves
from services.notify.preferences.store import preferences as store
from shared.acts import Acts, By
from shared.contracts.envelope import Received
from shared.contracts.identity import ChartsSettled
from shared.contracts.ids import AccountId, PatientId
from shared.db import Connection
from shared.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """They belong to the enrolment, and go with it where accounts are merged (MG-5)."""

    acts: Acts
    texts: bool  # whether text messages can be sent

    async def of_account(self, account_id: AccountId) -> Sequence[Enrolment]:
        """Each enrolment, with what its practice offers and what was chosen."""
        async with self.acts.database.connection() as connection:
            return await store.of_account(connection, account_id, texts=self.texts)

    async def choose(
        self, account_id: AccountId, patient_id: PatientId, preference: Preference, *, by: By
    ) -> None:
        """Put this in place of what was chosen before; the same again changes nothing.

        A token is enough: what is chosen among are addresses that were added with a password.
        Raises NotFound, and what may not be chosen.
        """
        async with self.acts.begin(
            by, Action.CHOOSE_PREFERENCE, account=account_id, patient=patient_id
        ) as act:
            held = await store.hold(act.tx, account_id, patient_id)
            if held is None:
                raise NotFound
            practice_id, channels = held
            check(preference, offers=offered(channels, texts=self.texts))
            named = addressed(preference)
            if named != await store.hold_verified(act.tx, account_id, named):
                raise AddressUnverified
            await store.replace(act.tx, practice_id, patient_id, preference)
            act.about(account=account_id, patient=patient_id, practice=practice_id)

    async def keep_of_settled(self, tx: Connection, event: Received[ChartsSettled]) -> None:
        """Let what was chosen for a record that its practice gave up hold for the one it kept.

        Where she chose nothing for that one: what she says of it herself comes first. Where several
        were kept, none of them stands for the other, and nothing moves (MG-5).
        """
        settled = event.data
        if len(settled.kept) == 1 and settled.given_up:
            await moves.leave(
                tx, settled.practice_id, settled.given_up, to_patient_id=settled.kept[0]
            )
