"""Merge's records and pure rules: who may be merged, and what is a duplicate chart."""

import calendar
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.merge.errors import AccountMerged, MergePersonMismatch, MergeProofStale
from services.merge.saga import Progress
from shared.contracts.identity import AccountState, Enrolment
from shared.contracts.ids import AccountId, MergeId, PatientId, PracticeId
from shared.contracts.matching import Described, Named, same_holder
from shared.trust.grants import Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Two accounts on their way to being one, or arrived."""

    id: MergeId
    survivor_id: AccountId
    absorbed_id: AccountId
    known_charts: frozenset[PatientId]  # the survivor's, as the merge was accepted
    progress: Progress
    requested_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as its newest snapshot told it."""

    version: int
    state: AccountState
    security_version: int
    email: str | None  # the verified one
    locale: str
    time_zone: str
    patient_ids: frozenset[PatientId]
    absorbed: bool  # by a merge that was completed here, whatever its snapshot says

    @property
    def recipients(self) -> tuple[str, ...]:
        """Where its holder is mailed to, if anywhere."""
        return (self.email,) if self.email else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One of the two: what its holder proved, and what is known of it."""

    proof: Grant
    account: Account | None
    records: Mapping[PatientId, Named]  # those of its enrolments that have arrived

    @property
    def merged(self) -> bool:
        """It has been absorbed, and nothing more will be known of it."""
        account = self.account
        return account is not None and (account.absorbed or account.state is AccountState.MERGED)

    @property
    def caught_up(self) -> bool:
        """Whether as much is known as identity knew when it was proven, records included."""
        account = self.account
        if account is None:
            return False
        if self.merged:
            return True
        return (
            account.version >= self.proof.account_version
            and account.security_version >= self.proof.security_version
            and account.patient_ids <= self.records.keys()
        )

    @property
    def stale(self) -> bool:
        """Whether the proof speaks of credentials that are no more, or of a frozen account."""
        account = self.account
        return account is not None and (
            account.security_version > self.proof.security_version
            or account.state is not AccountState.ACTIVE
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Who would survive and who would be absorbed."""

    survivor: Party
    absorbed: Party

    @property
    def caught_up(self) -> bool:
        """Whether enough is known of both to decide."""
        return self.survivor.caught_up and self.absorbed.caught_up

    def require_mergeable(self) -> None:
        """Raises AccountMerged, MergeProofStale, MergePersonMismatch (MG-1, MG-2, MG-3).

        In this order: each tells no more than the holder of both accounts knows.
        """
        if self.survivor.merged or self.absorbed.merged:
            raise AccountMerged
        if self.survivor.stale or self.absorbed.stale:
            raise MergeProofStale
        if not same_holder(self.survivor.records.values(), self.absorbed.records.values()):
            raise MergePersonMismatch


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonConflict:
    """MG-5: one account with several patient records of one practice."""

    merge_id: MergeId
    practice_id: PracticeId
    patient_ids: tuple[PatientId, ...]
    found_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookalike:
    """MG-8: a record of another account that shares date of birth and phone or address."""

    account_id: AccountId
    practice_id: PracticeId
    described: Described


class Place(StrEnum):
    """MG-7: where a merge is offered, besides the settings."""

    LOG_ON = "log-on"
    HOME = "home"


QUIET_MONTHS = 3


def place_of(*, candidates: bool, quiet_until: date | None, today: date) -> Place | None:
    """Say where a merge is offered today, if anywhere (MG-7).

    | candidate | skipped | today | place |
    | --- | --- | --- | --- |
    | none | | | nowhere |
    | some | never | | at the log-on |
    | some | yes | before the day | nowhere |
    | some | yes | the day, or later | the home page |
    """
    if not candidates:
        return None
    if quiet_until is None:
        return Place.LOG_ON
    return Place.HOME if today >= quiet_until else None


def quiet_from(today: date) -> date:
    """The day three calendar months on, or the last of its month (MG-7): 31 January, 30 April."""
    years, month = divmod(today.month - 1 + QUIET_MONTHS, 12)
    year, month = today.year + years, month + 1
    return date(year, month, min(today.day, calendar.monthrange(year, month)[1]))


def day_in(time_zone: str, now: datetime) -> date:
    """The day that it is there. Where a zone is of newer tables than ours, UTC's."""
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    return now.astimezone(zone).date()


def duplicate_charts(
    enrolments: Iterable[Enrolment], *, known: Collection[PatientId]
) -> Mapping[PracticeId, tuple[PatientId, ...]]:
    """Find the practices with two or more patient records among these, un-enrolled ones too.

    Those of which every record was the survivor's before, the `known`, learn nothing by this merge.
    """
    charts: dict[PracticeId, set[PatientId]] = defaultdict(set)
    for enrolment in enrolments:
        charts[enrolment.practice_id].add(enrolment.patient_id)
    return {
        practice_id: tuple(sorted(patient_ids))
        for practice_id, patient_ids in charts.items()
        if len(patient_ids) > 1 and not patient_ids <= set(known)
    }
