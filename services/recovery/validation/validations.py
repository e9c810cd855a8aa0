"""RC-6: who has neither account e-mail nor questions shows once who she is, by what her practice
knows of her, and picks her address among four.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.recovery.actions import Action
from services.recovery.grants.grants import PasswordGrants, RecoveryGrant
from services.recovery.grants.model import Proven
from services.recovery.projections.names import name_digest
from services.recovery.validation import decoys
from services.recovery.validation.decoys import Choices
from services.recovery.validation.errors import ValidationOver, ValidationUnavailable
from services.recovery.validation.model import (
    LIFE,
    NOBODY,
    PROOF_LIFE,
    ROUNDS,
    SWEPT,
    VALIDATION,
    Asked,
    Fields,
    Holder,
)
from services.recovery.validation.store import holders, rounds
from services.recovery.validation.store.rounds import Passed
from shared import limits, one_time
from shared.acts import Act, Acts, By
from shared.contracts.identity import ResetRoute
from shared.contracts.ids import AccountId
from shared.http.routes import Reply
from shared.idempotency import IdempotencyKey
from shared.one_time import Mint
from shared.trust.tokens import Digests


class AddressQuestion(Reply, frozen=True, kw_only=True):
    """`addresses` are four, of which one may be true; \"none of these\" is to be shown as a fifth.
    `challenge` goes back with the answer, within `expires_in` seconds.
    """

    challenge: str
    addresses: tuple[str, ...]
    expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Validations:
    acts: Acts
    digests: Digests
    mint: Mint
    grants: PasswordGrants

    async def begin(self, fields: Fields, *, key: IdempotencyKey | None, by: By) -> AddressQuestion:
        """Ask for the address. One of the four is true where all fields are of one record, and
        nobody is told whether it is, nor when no round is left.

        A repetition is asked the same again, as long as the question lives: it costs no round.
        """
        async with self.acts.begin(by, Action.BEGIN_VALIDATION) as act:
            asked = await act.repeat(key, Asked, life=LIFE)
            if asked is None:
                asked = await act.keep(key, await self._ask(act, fields))
        return AddressQuestion(
            challenge=self._challenge(asked.id),
            addresses=asked.addresses,
            expires_in=int(max(asked.expires_at - by.now, timedelta()).total_seconds()),
        )

    async def _ask(self, act: Act, fields: Fields) -> Asked:
        name = name_digest(self.digests, fields.username)
        holder = await holders.find(act.tx, name)
        account_id = holder.account_id if holder else None
        act.about(account=account_id)
        owner = account_id or UUID(bytes=name[:16])
        taken = await limits.take(act.tx, ROUNDS, (name, owner.bytes), now=act.now)
        by_name, by_account = taken[name].granted > 0, taken[owner.bytes].granted > 0
        choices, right = self._choices(fields, holder, spent=not by_name, open_=by_account)
        id_ = self.mint.randomness.uuid()
        minted = self.mint.make(
            VALIDATION,
            owner,
            life=LIFE,
            security_version=holder.security_version if holder else 0,
            now=act.now,
            text=self._challenge(id_),
        )
        await one_time.issue(act.tx, VALIDATION, [minted.secret], now=act.now)
        await rounds.add(
            act.tx,
            minted.secret.id,
            owner,
            account_id=account_id,
            place=choices.place if right else None,
        )
        return Asked(id=id_, addresses=choices.addresses, expires_at=minted.secret.expires_at)

    async def answer(self, challenge: str, choice: int, *, by: By) -> RecoveryGrant:
        """Give the grant to who has picked her address; the same again, where the reply got lost.

        A wrong one to right fields fails the day's other rounds, and says no more than any.
        Raises ValidationOver, and ValidationUnavailable for every cause that is the account's.
        """
        digest = VALIDATION.digest(self.digests, challenge)
        async with self.acts.database.connection() as connection:
            account_id = await rounds.whose(connection, digest)
        async with self.acts.begin(by, Action.ANSWER_VALIDATION, account=account_id) as act:
            asked = await one_time.use(act.tx, VALIDATION, digest, now=act.now)
            if asked is not None:
                await rounds.judge(act.tx, asked.id, asked.owner, choice, now=act.now)
            passed = await rounds.passed(act.tx, digest, choice, now=act.now)
            if passed is None and asked is None:
                raise ValidationOver
            if passed is None or passed.username is None:
                raise act.committing(ValidationUnavailable())
            proven = _proven(passed, passed.username)
        return await self.grants.give(proven, now=by.now)

    async def forget_unread(self) -> int:
        """Forget what nothing reads of records any more; how many records that were."""
        async with self.acts.database.transaction() as tx:
            return await holders.forget_unread(tx, limit=SWEPT)

    def _choices(
        self, fields: Fields, holder: Holder | None, *, spent: bool, open_: bool
    ) -> tuple[Choices, bool]:
        """Four addresses around the record's, or around one that is made up, and which it was.

        They depend on what was typed: where that is right on the account and its address alone, so
        that another spelling, name, phone or record of hers brings up the same four, of which the
        true one cannot be told.
        Once the rounds of a name are `spent` whatever is typed brings up others: who knows the
        address would else find out the rest by looking whether it is there.
        """
        own_records = (
            [record for record in holder.records if decoys.usable(record.address)] if holder else []
        )
        compared = own_records or [NOBODY]
        found = next((record for record in compared if fields.of(record)), None)
        record = found or compared[0]
        own = self._draw(decoys.key(record.address), str(holder.account_id if holder else ""))
        true = decoys.around(record.address, own)
        typed = f"{fields.key}\n{spent}"
        other = decoys.around(decoys.made_up(self._draw(typed, "made up")), self._draw(typed))
        right = found is not None and open_ and not spent
        return (true if right else other), right

    def _challenge(self, asked: UUID) -> str:
        """Of what is kept for a repetition; whoever reads that has no challenge."""
        return self.digests.token("validation-challenge", str(asked))

    def _draw(self, *of: str) -> bytes:
        return self.digests.of("validation-addresses", "\n".join(of))


def _proven(passed: Passed, username: str) -> Proven:
    return Proven(
        id=passed.id,
        route=ResetRoute.VALIDATION,
        account_id=AccountId(passed.owner),
        username=username,
        security_version=passed.security_version,
        expires_at=passed.answered_at + PROOF_LIFE,
    )
