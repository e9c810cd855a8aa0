"""A round: one person's three accounts, merged and changed at once, and what must hold of them."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from deploy.client.answers import Answer
from deploy.client.eventually import eventually
from shared.randomness import Randomness
from tests.race.merges.absorbed import Absorbed, opens_nothing
from tests.race.merges.asking import Asking, ask
from tests.race.merges.belongings import Belongings, are_shown
from tests.race.merges.changes import KINDS
from tests.race.merges.holdings import (
    HOLDINGS,
    SECOND_STEP,
    VALIDATION,
    WITHOUT_MAILBOX,
    comes_without_mailbox,
)
from tests.race.merges.racer import FULL, Deed, Racer
from tests.race.merges.tally import Tally

LIKELY = 0.12  # that a kind of change is in a round
HELD = 0.4  # that an account has been handed out one thing or another
ON_THE_WAY = 0.5  # seconds that a merge takes, on a machine that has much to do
ENDED_WITHIN = 120.0
STALE = frozenset(
    {"grant_used", "account_merged", "merge_proof_stale", "unauthenticated", "token_stale"}
)
"""What is told to who sends the proofs of a merge again, once one of the two was absorbed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One person's three accounts, and what is done with them.

    `guarded`: all have two-step on. `calm`: there are merges, log-ons and refreshes alone, all that
    can be handed out was, and merges go on until one account is left; so whatever is tried of an
    absorbed account is tried for certain.
    """

    database: Any
    racers: Sequence[Racer]
    tally: Tally
    randomness: Randomness
    guarded: bool
    calm: bool

    @property
    def ids(self) -> list[UUID]:
        return [one.id for one in self.racers]

    @property
    def away(self) -> Counter[str]:
        """What they were told 503 for."""
        return sum((one.person.client.away for one in self.racers), Counter())

    def likely(self, chance: float) -> bool:
        return self.randomness.between(0, 1) < chance

    async def begin(self, who: Racer) -> None:
        """Have an account, with whatever was handed out for it."""
        await (who.comes() if who.mailbox else comes_without_mailbox(who))
        for what, hand_out in HOLDINGS.items():
            if self.wants(what, who):
                await hand_out(who)

    def wants(self, what: str, who: Racer) -> bool:
        """Whether an account is handed out one thing: if it can be, by chance."""
        if what == SECOND_STEP:
            return self.guarded and who.mailbox
        fits = what != VALIDATION if who.mailbox else what in WITHOUT_MAILBOX
        return fits and (self.calm or self.likely(HELD))

    async def changes(self) -> list[tuple[str, Deed]]:
        """Chance's choice of what changes which account, prepared."""
        deeds: list[tuple[str, Deed]] = []
        for kind, change in KINDS.items():
            who = self.racers[int(self.randomness.between(0, len(self.racers)))]
            if not self.calm and self.likely(LIKELY) and change.fits(who):
                deeds.append((kind, await change.prepare(who)))
        return deeds

    async def asked(self) -> list[Asking]:
        """A→B, B→A, and C beside them: it absorbs B, or is absorbed by B."""
        a, b, c = self.racers
        third = (c, b) if c.mailbox and self.likely(0.5) else (b, c)
        return [await ask(one, other) for one, other in ((a, b), (b, a), third)]

    async def play(self) -> None:
        """Raises AssertionError where something does not hold."""
        await asyncio.gather(*map(self.begin, self.racers))
        deeds = await self.changes()
        asked = await self.asked()
        for one in self.racers:
            deeds += [("log-on", one.logs_on), ("refresh", one.refreshes)]
        before = [await Belongings.of(one, self.database) for one in self.racers]
        everything = [("merge", one.send) for one in asked] + deeds
        order = sorted(everything, key=lambda _: self.randomness.between(0, 1))
        answers = await asyncio.gather(*(self.at_its_time(kind, deed) for kind, deed in order))
        for (kind, _), answer in zip(order, answers, strict=True):
            self.note(kind, answer)
        await eventually(self.is_over, within=ENDED_WITHIN, pause=0.2)
        if self.calm:
            asked += await self.ask_for_the_rest()
        await self.holds(before, asked)

    async def ask_for_the_rest(self) -> list[Asking]:
        """Have one account absorb whom the race left beside it, one after the other."""
        absorbed = {row["absorbed_id"] for row in await self.merges() if row["refusal"] is None}
        last, *rest = [one for one in self.racers if one.id not in absorbed]
        asked: list[Asking] = []
        for other in rest:
            asked.append(await ask(last, other))
            answer = await asked[-1].send()
            assert answer.status == 202, answer.body
            self.note("merge", answer)
            await eventually(self.is_over, within=ENDED_WITHIN, pause=0.2)
        return asked

    async def at_its_time(self, kind: str, deed: Deed) -> object:
        """Merges at once; the others somewhere on the way of one, before it or after."""
        if kind != "merge":
            await asyncio.sleep(self.randomness.between(0, ON_THE_WAY))
        return await deed()

    def note(self, kind: str, answer: object) -> None:
        assert isinstance(answer, Answer)
        told = answer.code or "done"
        if kind == "merge":
            self.tally.asked += 1
            self.tally.told["accepted" if answer.status == 202 else told] += 1
        else:
            self.tally.beside[f"{kind}: {told}"] += 1

    async def merges(self) -> Sequence[Any]:
        found: Sequence[Any] = await self.database.fetch(
            "SELECT * FROM merge.merges WHERE absorbed_id = ANY ($1)", self.ids
        )
        return found

    async def is_over(self) -> None:
        """Raise AssertionError while a merge of theirs has not ended."""
        left = [row["merge_id"] for row in await self.merges() if row["ended_at"] is None]
        assert not left, f"merges that do not end: {left}"
        busy = await self.database.fetchval(
            "SELECT count(*) FROM merge.busy_accounts WHERE account_id = ANY ($1)", self.ids
        )
        assert not busy, "an account is busy with no merge"

    # ---- what must hold

    async def holds(self, before: Sequence[Belongings], asked: Sequence[Asking]) -> None:
        merges = await self.merges()
        for row in merges:
            self.tally.told[f"ended: {row['refusal'] or 'completed'}"] += 1
            await self.is_whole(row)
        completed = [row for row in merges if row["refusal"] is None]
        absorbed = {row["absorbed_id"]: row["survivor_id"] for row in completed}
        assert len(absorbed) == len(completed), f"absorbed twice: {completed}"
        roots = {one.id: root(one.id, absorbed) for one in self.racers}  # a circle is two winners
        for one in before:
            await one.are_with(roots[one.who.id], self.database)
        for survivor in (one for one in self.racers if one.id not in absorbed):
            access = await self.opened(survivor)
            with_it = [one for one in before if roots[one.who.id] == survivor.id]
            if access:
                await are_shown(survivor, access, with_it)
            for who in (one.who for one in with_it if one.who is not survivor):
                at = Absorbed(who=who, survivor=survivor, access=access)
                await opens_nothing(at, self.database, self.tally.tried)
        for asking in asked:
            if asking.parties & set(absorbed):
                answer = await asking.again()
                assert answer.code in STALE, answer.body
                self.tally.tried[f"proofs of a merge: {answer.code}"] += 1

    async def opened(self, survivor: Racer) -> str | None:
        """A session that opens all; none where the account is frozen, or a gate is before it."""
        answer = await survivor.steps_in()
        opens = answer.status == 201 and answer.body["scope"] == FULL
        self.tally.told["survivor sees all" if opens else "survivor not asked"] += 1
        return answer.body["access_token"] if opens else None

    async def is_whole(self, row: Any) -> None:
        """Completed at all four, or refused and nothing done anywhere."""
        merge_id, absorbed_id = row["merge_id"], row["absorbed_id"]
        done = {
            place: await self.database.fetchval(statement, merge_id, absorbed_id)
            for place, statement in DONE.items()
        }
        wanted = row["refusal"] is None
        assert set(done.values()) == {wanted}, f"merge {dict(row)} is half done: {done}"


def root(account_id: UUID, absorbed: Mapping[UUID, UUID]) -> UUID:
    """Into whom an account went at last. Raises AssertionError for a circle."""
    for _ in range(len(absorbed) + 1):
        if account_id not in absorbed:
            return account_id
        account_id = absorbed[account_id]
    raise AssertionError(f"they absorbed each other: {absorbed}")


DONE: Mapping[str, str] = {
    "identity": "SELECT EXISTS (SELECT FROM identity.merges AS m JOIN identity.accounts AS a "
    "ON a.id = m.absorbed_id WHERE m.id = $1 AND a.id = $2 AND m.refusal IS NULL "
    "AND a.state = 'merged')",
    "recovery": "SELECT EXISTS (SELECT FROM recovery.merges WHERE merge_id = $1 "
    "AND absorbed_id = $2)",
    "notify": "SELECT EXISTS (SELECT FROM notify.merged_accounts WHERE merge_id = $1 "
    "AND absorbed_id = $2)",
    "merge": "SELECT EXISTS (SELECT FROM merge.absorptions WHERE merge_id = $1 "
    "AND absorbed_id = $2)",
}
