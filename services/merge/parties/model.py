"""What was proven of two accounts and what is known of them, and whether they may be merged."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.merge.parties.errors import AccountMerged, MergeProofStale
from services.merge.projections.model import Account
from shared.contracts.identity import AccountState
from shared.contracts.ids import PatientId
from shared.contracts.matching import Named, same_holder
from shared.trust.grants import Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """Both grants, checked: of who would survive and of who would be absorbed."""

    survivor: Grant
    absorbed: Grant


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
        """Raises AccountMerged, MergeProofStale (MG-1, MG-3).

        In this order: each tells no more than the holder of both accounts knows.
        """
        if self.survivor.merged or self.absorbed.merged:
            raise AccountMerged
        if self.survivor.stale or self.absorbed.stale:
            raise MergeProofStale

    @property
    def same_person(self) -> bool:
        """Whether a record of the one has name and birth date of one of the other's (MG-2)."""
        return same_holder(self.survivor.records.values(), self.absorbed.records.values())
