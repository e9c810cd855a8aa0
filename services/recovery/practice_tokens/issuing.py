"""A practice gives a reset token to its patient, and takes it back (RC-5, ST-1)."""

from dataclasses import dataclass
from datetime import datetime

from services.recovery.actions import Action
from services.recovery.practice_tokens.errors import (
    AccountFrozen,
    NoLiveResetToken,
    PatientNotEnrolled,
    ResetTokenLimit,
)
from services.recovery.practice_tokens.model import RESET_TOKEN, HandedOver, Holder, token_life
from services.recovery.practice_tokens.store import tokens as store
from shared import limits, one_time
from shared.acts import Act, Acts, By
from shared.contracts.identity import AccountState
from shared.contracts.ids import PatientId, PracticeId
from shared.contracts.recovery import RESET_TOKEN_ISSUED, ResetTokenIssued
from shared.errors import NotFound
from shared.http.routes import Reply
from shared.idempotency import IdempotencyKey
from shared.limits import Limit
from shared.one_time import Mint
from shared.trust.hashing import PasswordHasher


class IssuedResetToken(Reply, frozen=True, kw_only=True):
    """The verb's own reply; never kept, since the token is shown once."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuing:
    acts: Acts
    mint: Mint
    hasher: PasswordHasher
    limit: Limit

    async def issue(
        self,
        practice_id: PracticeId,
        patient_id: PatientId,
        *,
        handed_over: HandedOver,
        by: By,
        key: IdempotencyKey | None,
    ) -> IssuedResetToken:
        """Make the account's one live token; whichever practice gave the one before, it ends.

        `by` carries the staff member and the reason. The holder is told, so that nobody gives one
        out in silence. The slow hash comes first, which a refused call costs as well.
        """
        text = self.mint.write(RESET_TOKEN)
        hashed = await self.hasher.hash(text)
        async with self.acts.begin(
            by, Action.ISSUE_RESET_TOKEN, patient=patient_id, practice=practice_id
        ) as act:
            if kept := await act.repeat(key, IssuedResetToken):
                return kept
            holder = await self._holder(act, practice_id, patient_id)
            if holder.state is not AccountState.ACTIVE:
                raise AccountFrozen
            await self._count(act, holder)
            minted = self.mint.make(
                RESET_TOKEN,
                holder.account_id,
                life=token_life(handed_over, holder.settings),
                now=act.now,
                sent_to=handed_over,
                security_version=holder.security_version,
                text=text,
            )
            await one_time.issue(act.tx, RESET_TOKEN, [minted.secret], now=act.now)
            await store.note(
                act.tx,
                minted.secret.id,
                practice_id=practice_id,
                staff=act.origin.staff,
                hashed=hashed,
            )
            self._tell(act, holder, minted.secret.expires_at)
            return IssuedResetToken(token=text, expires_at=minted.secret.expires_at)

    async def void(self, practice_id: PracticeId, patient_id: PatientId, *, by: By) -> None:
        """Let the practice's own live token open nothing any more, nor be redeemed again.

        A grant that was fetched by it goes on for its ten minutes. Raises NoLiveResetToken also
        where another practice's is live: who else has this patient is not told.
        """
        async with self.acts.begin(
            by, Action.VOID_RESET_TOKEN, patient=patient_id, practice=practice_id
        ) as act:
            holder = await self._holder(act, practice_id, patient_id)
            if not await store.is_of_practice(act.tx, holder.account_id, practice_id):
                raise NoLiveResetToken
            if not await one_time.void(act.tx, RESET_TOKEN, holder.account_id, now=act.now):
                raise NoLiveResetToken

    async def _holder(self, act: Act, practice_id: PracticeId, patient_id: PatientId) -> Holder:
        """Find whose account it is. Raises NotFound for a record that is another's or nobody's."""
        if not await store.belongs(act.tx, patient_id, practice_id):
            raise NotFound
        holder = await store.holder(act.tx, practice_id, patient_id)
        if holder is None:
            raise PatientNotEnrolled
        act.about(account=holder.account_id)
        act.detail = f"patient:{patient_id}"
        return holder

    async def _count(self, act: Act, holder: Holder) -> None:
        """Count it on the account, whose row also puts those who issue at once in a queue."""
        key = holder.account_id.bytes
        taken = (await limits.take(act.tx, self.limit, [key], now=act.now))[key]
        if not taken.granted:
            raise ResetTokenLimit(retry_after=(taken.free_at - act.now).total_seconds())

    def _tell(self, act: Act, holder: Holder, expires_at: datetime) -> None:
        act.publish(
            RESET_TOKEN_ISSUED,
            ResetTokenIssued(
                account_id=holder.account_id,
                recipients=(holder.email,) if holder.email else (),
                locale=holder.locale,
                time_zone=holder.time_zone,
                occurred_at=act.now,
                practice_name=holder.practice_name,
                practice_contact=holder.practice_contact,
                expires_at=expires_at,
            ),
            subject=holder.account_id,
        )
