"""Both proofs of a merge as they come by the bus: checked once more, and spent (MG-1, MG-2)."""

from dataclasses import dataclass

from services.identity.merging.errors import MergeImpossible
from services.identity.merging.unions import Couple
from services.identity.two_step.store import two_steps
from shared.acts import Act
from shared.clock import Clock
from shared.contracts.identity import AccountState, MergeRefusal
from shared.contracts.merge import MergeRequested
from shared.db import Connection
from shared.trust.grants import Grant, GrantAct, GrantChecker, GrantInvalid, GrantUsed, Verb

Versions = tuple[int, int]
"""The security versions of both accounts as they were proven, the survivor's first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What both accounts' passwords vouched for; spent with what comes of it."""

    survivor: Grant
    absorbed: Grant

    @property
    def versions(self) -> Versions:
        """What has to stand for as long as they count."""
        return self.survivor.security_version, self.absorbed.security_version


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofChecker:
    grants: GrantChecker
    clock: Clock

    async def check(self, request: MergeRequested) -> Proofs | MergeRefusal:
        """Check both grants again, but for their expiry: merge took them in time (MG-2)."""
        now = self.clock.now()
        if request.survivor_id == request.absorbed_id:
            return MergeRefusal.SAME_ACCOUNT
        try:
            proofs = Proofs(
                survivor=await self.grants.check_again(
                    request.reauthenticated, act=GrantAct.REAUTHENTICATED, verb=Verb.MERGE, now=now
                ),
                absorbed=await self.grants.check_again(
                    request.owned, act=GrantAct.ACCOUNT_OWNED, now=now
                ),
            )
        except GrantInvalid:
            return MergeRefusal.GRANT_INVALID
        proven = proofs.survivor.account_id, proofs.absorbed.account_id
        if proven != (request.survivor_id, request.absorbed_id):
            return MergeRefusal.GRANT_INVALID
        if {proofs.survivor.session_id, proofs.absorbed.session_id} != {request.session_id}:
            return MergeRefusal.GRANT_INVALID
        return proofs

    async def spend(self, act: Act, proofs: Proofs) -> bool:
        """Both or neither. False: one was brought before, which merge never does."""
        try:
            async with act.attempt():
                await self.grants.spend(act.tx, proofs.survivor, now=act.now)
                await self.grants.spend(act.tx, proofs.absorbed, now=act.now)
        except GrantUsed:
            return False
        return True


async def require_proven(tx: Connection, couple: Couple, versions: Versions) -> None:
    """Let through two held accounts of which what was proven still stands.

    Raises MergeImpossible.
    """
    survivor, absorbed = couple.survivor.account, couple.absorbed.account
    if AccountState.MERGED in (survivor.state, absorbed.state):
        raise MergeImpossible(MergeRefusal.ACCOUNT_MERGED)
    if {survivor.state, absorbed.state} != {AccountState.ACTIVE}:
        raise MergeImpossible(MergeRefusal.PROOF_STALE)
    if (survivor.security_version, absorbed.security_version) != versions:
        raise MergeImpossible(MergeRefusal.PROOF_STALE)
    if await two_steps.only_of(tx, absorbed.id, not_of=survivor.id):
        # MG-5: on as the other one was proven, which would be told now why it is not enough.
        raise MergeImpossible(MergeRefusal.PROOF_STALE)
