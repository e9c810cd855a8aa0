"""A practice settles its duplicate charts: patient records that one account has (MG-5, ST-1)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from services.identity.accounts import accounts
from services.identity.actions import Action
from services.identity.desk.errors import (
    ChartNamedTwice,
    ChartsNotDuplicate,
    ChartsSettled,
    KeptChartUnenrolled,
)
from services.identity.desk.unenrolments import end_within
from services.identity.patients.store import charts as store
from services.identity.patients.store import enrolments
from services.identity.sessions.sessions import Sessions
from shared.acts import Act, Acts, By
from shared.contracts import identity
from shared.contracts.identity import CHARTS_SETTLED, EnrolmentState
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.errors import NotFound
from shared.randomness import Randomness


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which records of a duplicate chart stay. All of them may; then none is given up."""

    kept: Sequence[PatientId]
    given_up: Sequence[PatientId]

    @property
    def patient_ids(self) -> Sequence[PatientId]:
        """All of them, in the order in which records are held."""
        return sorted((*self.kept, *self.given_up))

    def require_each_once(self) -> None:
        """Raises ChartNamedTwice."""
        for field, ids, others in (
            ("kept", self.kept, ()),
            ("given_up", self.given_up, self.kept),
        ):
            if len({*ids, *others}) < len(ids) + len(others):
                raise ChartNamedTwice.in_field(field, "name each record once")


@dataclass(frozen=True, slots=True, kw_only=True)
class Charts:
    """The account is held while it is decided: merges, un-enrolments and others who settle wait."""

    acts: Acts
    sessions: Sessions
    randomness: Randomness

    async def settle(self, practice_id: PracticeId, choice: Choice, *, by: By) -> None:
        """End the enrolments of the records that are given up; once for the same records.

        Never those of a patient whom none of the kept ones leaves enrolled: a duplicate is given
        up, not her. So the practice stays hers, no disclaimer is asked anew (DISC-1), and she is
        mailed nothing: "you were un-enrolled" would be wrong.
        """
        async with self.acts.begin(
            by, Action.SETTLE_CHARTS, patient=choice.kept[0], practice=practice_id
        ) as act:
            choice.require_each_once()
            account_id, enrolled = await self._hold(act, practice_id, choice)
            settlement_id = self.randomness.uuid()
            if not await store.settle(
                act.tx,
                settlement_id,
                practice_id,
                patient_ids=choice.patient_ids,
                kept=choice.kept,
                now=act.now,
            ):
                raise ChartsSettled
            await self._give_up(act, account_id, choice, enrolled)
            for patient_id in choice.patient_ids:
                act.also(patient=patient_id, practice=practice_id)
            settled = identity.ChartsSettled(
                settlement_id=settlement_id,
                account_id=account_id,
                practice_id=practice_id,
                kept=tuple(choice.kept),
                given_up=tuple(choice.given_up),
            )
            act.publish(CHARTS_SETTLED, settled, subject=account_id)
            act.about(account=account_id)
            act.detail = f"settlement:{settlement_id}"

    async def _hold(
        self, act: Act, practice_id: PracticeId, choice: Choice
    ) -> tuple[AccountId, Collection[PatientId]]:
        """Hold the one account that has them all, and say which are enrolled.

        A merge that was waited for may have brought them together, and is over.
        """
        ids = choice.patient_ids
        if len(await store.enrolments(act.tx, practice_id, ids)) < len(ids):
            raise NotFound
        account_id = await enrolments.hold_account(act.tx, ids[0])
        found = await store.enrolments(act.tx, practice_id, ids)
        if account_id is None or {one and one.account_id for one in found.values()} != {account_id}:
            raise ChartsNotDuplicate
        return account_id, {
            patient_id
            for patient_id, one in found.items()
            if one is not None and one.state is EnrolmentState.ENROLLED
        }

    async def _give_up(
        self, act: Act, account_id: AccountId, choice: Choice, enrolled: Collection[PatientId]
    ) -> None:
        """End those that have not, and let every session see it. Raises KeptChartUnenrolled."""
        ending = sorted(set(choice.given_up).intersection(enrolled))
        if not ending:
            return
        if set(choice.kept).isdisjoint(enrolled):
            raise KeptChartUnenrolled
        for patient_id in ending:
            await end_within(act, patient_id)
        await accounts.changed(act, account_id)
        await self.sessions.narrow_within(act, account_id)
