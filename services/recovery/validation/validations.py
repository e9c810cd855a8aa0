"""RC-6: who has neither account e-mail nor questions shows once who she is, by what her practice
knows of her, and picks her address among four.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.recovery.actions import Action
from services.recovery.grants import PasswordGrant, PasswordGrants, Proven
from services.recovery.names import name_digest
from services.recovery.validation import decoys
from services.recovery.validation.decoys import Choices
from services.recovery.validation.errors import ValidationOver, ValidationUnavailable
from services.recovery.validation.model import (
    LIFE,
    NOBODY,
    PROOF_LIFE,
    ROUNDS,
    VALIDATION,
    Fields,
    Holder,
    Record,
)
from services.recovery.validation.store import holders, rounds
from services.recovery.validation.store.rounds import Passed
from shared import limits, one_time
from shared.acts import Act, Acts, By
from shared.contracts.identity import ResetRoute
from shared.contracts.ids import AccountId
from shared.one_time import Mint
from shared.trust.tokens import Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which of these is your address? `challenge` is brought back with the answer."""

    challenge: str
    addresses: tuple[str, ...]
    life: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Validations:
    acts: Acts
    digests: Digests
    mint: Mint
    grants: PasswordGrants

    async def begin(self, fields: Fields, *, by: By) -> Question:
        """Ask for the address. One of the four is true where all fields are of one record, and
        nobody is told whether it is.

        Raises ValidationUnavailable past the third for this name, whether anybody has it or not.
        """
        name = name_digest(self.digests, fields.username)
        async with self.acts.database.connection() as connection:
            holder = await holders.find(connection, name)
        account_id = holder.account_id if holder else None
        async with self.acts.begin(by, Action.BEGIN_VALIDATION, account=account_id) as act:
            choices, right = self._choices(fields, holder)
            owner = account_id or UUID(bytes=name[:16])
            counted = await self._count(act, name, owner)
            minted = self.mint.make(
                VALIDATION,
                owner,
                life=LIFE,
                security_version=holder.security_version if holder else 0,
                now=act.now,
            )
            await one_time.issue(act.tx, VALIDATION, [minted.secret], now=act.now)
            await rounds.add(
                act.tx,
                minted.secret.id,
                owner,
                account_id=account_id,
                place=choices.place if right and counted else None,
            )
        return Question(challenge=minted.text, addresses=choices.addresses, life=LIFE)

    async def answer(self, challenge: str, choice: int | None, *, by: By) -> PasswordGrant:
        """Give the grant to who has picked her address; the same again, where the reply got lost.

        A wrong one to right fields fails the day's other rounds, and says no more than any.
        Raises ValidationOver, and ValidationUnavailable for every cause that is the account's.
        """
        digest = VALIDATION.digest(self.digests, challenge)
        picked = -1 if choice is None else choice
        async with self.acts.database.connection() as connection:
            account_id = await rounds.whose(connection, digest)
        async with self.acts.begin(by, Action.ANSWER_VALIDATION, account=account_id) as act:
            asked = await one_time.use(act.tx, VALIDATION, digest, now=act.now)
            if asked is not None:
                await rounds.judge(act.tx, asked.id, asked.owner, picked, now=act.now)
            passed = await rounds.passed(act.tx, digest, picked, now=act.now)
            if passed is None and asked is None:
                raise ValidationOver
            owner = passed.owner if passed else UUID(int=0)
            version = passed.security_version if passed else 0
            username = await holders.username_of(act.tx, owner, security_version=version)
            if passed is None or username is None:
                raise act.committing(ValidationUnavailable())
        return await self.grants.give(_proven(passed, username), now=by.now)

    def _choices(self, fields: Fields, holder: Holder | None) -> tuple[Choices, bool]:
        """Four addresses around the record's, or around one that is made up, and which it was.

        They depend on what was typed: of a record on what it says, so that another spelling, or
        another of her usernames, brings up the same four, of which the true one cannot be told.
        """
        compared = (holder.records if holder else ()) or (NOBODY,)
        found = next((record for record in compared if fields.of(record)), None)
        record = found or compared[0]
        own = self._draw(_own(record).key, str(holder.account_id if holder else ""))
        true = decoys.around(record.address, own)
        typed = fields.key
        other = decoys.around(decoys.made_up(self._draw(typed, "made up")), self._draw(typed))
        return (true if found else other), found is not None

    def _draw(self, *of: str) -> bytes:
        return self.digests.of("validation-addresses", "\n".join(of))

    async def _count(self, act: Act, name: bytes, owner: UUID) -> bool:
        """Count a round of the typed name, and of the account; False where the account has had its
        three by another name, of which nobody is told.
        """
        both = (name, owner.bytes)
        taken = await limits.take(act.tx, ROUNDS, both, now=act.now)
        if not taken[name].granted:
            raise ValidationUnavailable
        return taken[owner.bytes].granted > 0


def _own(record: Record) -> Fields:
    """What a record says, as it would be typed; not the name, of which there may be more."""
    return Fields(
        username="",
        birth_date=record.birth_date,
        last_name=record.last_name,
        first_name=record.first_name,
        home_phone=record.home_phone,
    )


def _proven(passed: Passed, username: str) -> Proven:
    return Proven(
        id=passed.id,
        route=ResetRoute.VALIDATION,
        account_id=AccountId(passed.owner),
        username=username,
        security_version=passed.security_version,
        expires_at=passed.answered_at + PROOF_LIFE,
    )
