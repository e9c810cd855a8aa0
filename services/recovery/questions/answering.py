"""A new password by two of the five questions (RC-4): compared first, then counted, then told.

A name that nobody has is asked two questions as well, always the same ones, and its answers cost
two hashes and the same statements.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.recovery.actions import Action
from services.recovery.grants.grants import PasswordGrants, RecoveryGrant
from services.recovery.grants.model import Proven
from services.recovery.projections.names import name_digest
from services.recovery.questions.answers import normalised
from services.recovery.questions.bank import BANK, FIVE, drawn, drawn_of_nobody
from services.recovery.questions.errors import AnswersOver, AnswersRefused
from services.recovery.questions.model import KnownSet, Named, RoundPolicy, Verdict
from services.recovery.questions.store import questions, rounds
from shared.acts import Act, Acts, By
from shared.contracts.identity import ResetRoute
from shared.contracts.log_on_names import name_key
from shared.errors import Violation
from shared.http.source_budget import SourceBudget
from shared.idempotency import IdempotencyKey
from shared.randomness import Randomness
from shared.trust.hashing import PasswordHasher
from shared.trust.tokens import Digests

PROOF = timedelta(minutes=10)  # so long a password can be set after the answers
HASH_LENGTH = 97  # of an answer, as it is kept
NOBODYS = KnownSet(
    set_id=UUID(int=0), answers={code: HASH_LENGTH * "-" for code in tuple(BANK)[:FIVE]}
)
"""Stands in where there is no set, so that a miss takes the steps of a hit; nobody answers it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    acts: Acts
    digests: Digests
    randomness: Randomness
    hasher: PasswordHasher
    budget: SourceBudget
    grants: PasswordGrants
    policy: RoundPolicy

    async def start(self, name: str) -> tuple[str, str]:
        """Name the two questions that are asked: the same ones until they were answered right."""
        return self._pair(name, await self._find(name))

    async def answer(
        self,
        name: str,
        answers: Mapping[str, str],
        *,
        key: IdempotencyKey | None,
        by: By,
    ) -> RecoveryGrant:
        """Give the grant for right answers, by their codes. Raises AnswersRefused, alike for every
        cause: wrong, locked, closed, turned off, frozen, nobody.

        The call is one attempt of each question. A repetition of it is none: it gets what the first
        got, or AnswersOver once that is over, and the same key with other answers is refused
        before anything is compared.
        """
        async with self.acts.before(by, Action.ANSWER_QUESTIONS):
            verdict = await self.acts.repeats(key, Verdict)
            if verdict is not None and verdict.over(by.now):
                raise AnswersOver
        if verdict is None:
            verdict = await self._decide(name, answers, key=key, by=by)
        return await self._tell(verdict, by=by)

    async def _decide(
        self, name: str, answers: Mapping[str, str], *, key: IdempotencyKey | None, by: By
    ) -> Verdict:
        asked = await self._find(name)
        right = await self._compare(self._pair(name, asked), answers, asked)
        account_id = asked.account_id if asked else None
        async with self.acts.begin(by, Action.ANSWER_QUESTIONS, account=account_id) as act:
            verdict = await act.repeat(key, Verdict)
            if verdict is not None:
                return verdict
            verdict = await self._count(act, name, asked, right=right)
            await act.keep(key, verdict)
            if verdict.proof is None:
                raise act.committing(self._refusal(), detail="wrong")
        return verdict

    async def _compare(
        self, pair: tuple[str, str], answers: Mapping[str, str], asked: Named | None
    ) -> bool:
        """Compare both, always: what is missing, or nobody's, costs the same as a wrong one."""
        kept = asked.known.answers if asked and asked.known else {}
        compared = [
            await self.hasher.verify(normalised(answers.get(code, "")) or "", kept.get(code))
            for code in pair
        ]
        return all(compared) and answers.keys() == set(pair)

    async def _count(self, act: Act, name: str, asked: Named | None, *, right: bool) -> Verdict:
        """Count the call, and let the count decide. Kept back where its source has used up its
        budget, it counts as a wrong one (LG-4).
        """
        kept_back = await self.budget.used_up(act.tx, act.origin.source)
        key = self._key(name, asked)
        opens = await questions.hold_open(
            act.tx, asked, key, right=right and not kept_back, now=act.now
        )
        counted = await rounds.count(
            act.tx,
            key,
            asked.account_id if asked else None,
            right=opens,
            draw=asked.draw if asked else 0,
            closing=self.randomness.uuid(),
            policy=self.policy,
            now=act.now,
        )
        if asked is None or not counted.opened:
            return Verdict()
        return Verdict(
            proof=self.randomness.uuid(),
            account_id=asked.account_id,
            username=asked.username,
            security_version=asked.security_version,
            expires_at=act.now + PROOF,
        )

    async def _tell(self, verdict: Verdict, *, by: By) -> RecoveryGrant:
        """Sign the grant; again for a repetition. Raises AnswersRefused."""
        if verdict.proof is None or verdict.account_id is None or verdict.expires_at is None:
            raise self._refusal()
        proven = Proven(
            id=verdict.proof,
            route=ResetRoute.QUESTIONS,
            account_id=verdict.account_id,
            username=verdict.username,
            security_version=verdict.security_version,
            expires_at=verdict.expires_at,
        )
        return await self.grants.give(proven, now=by.now)

    async def _find(self, name: str) -> Named | None:
        async with self.acts.database.connection() as connection:
            digest = name_digest(self.digests, name)
            return await questions.named(connection, digest, nobodys=NOBODYS)

    def _pair(self, name: str, asked: Named | None) -> tuple[str, str]:
        """Draw of the five; of the whole bank, where there are none. Both are drawn each time, as
        to draw of many takes longer.
        """
        known = (asked.known if asked else None) or NOBODYS
        set_digest = self.digests.of("questions-asked", str(known.set_id))
        name_digest = self.digests.of("questions-of-nobody", name_key(name))
        own = drawn(set_digest, tuple(known.answers), turn=asked.draw if asked else 0)
        of_all = drawn_of_nobody(name_digest)
        return of_all if known is NOBODYS else own

    def _key(self, name: str, asked: Named | None) -> bytes:
        """An account counts as one, whichever of its names was typed, and goes on so under another
        digest key.
        """
        if asked is None:
            return self.digests.of("round-unknown-name", name_key(name))
        return asked.account_id.bytes * 2

    def _refusal(self) -> AnswersRefused:
        """Every refusal states the rule, so that it tells nothing."""
        policy = self.policy
        minutes = int(policy.lasts.total_seconds() // 60)
        return AnswersRefused(
            Violation(
                field="answers",
                code="round_rule",
                detail=(
                    f"{policy.attempts} calls with a wrong answer lock the questions for {minutes} "
                    f"minutes; after {policy.locks} locks they open nothing until the next log-on"
                ),
                params={
                    "attempts": policy.attempts,
                    "minutes": minutes,
                    "locks": policy.locks,
                },
            )
        )
