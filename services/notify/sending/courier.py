"""The courier of one class and channel: take turns with a lease, write, send, record.

No transaction is open while a mail server is spoken to. Two couriers never send one delivery: a
turn is a lease, and every statement after it carries the lease's token. Who finds the token gone,
or the link dead, stops before the final dot.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

from services.notify.ledger.model import DeliveryId, State
from services.notify.sending.alarms import Alarms, Cause
from services.notify.sending.channels import Channel
from services.notify.sending.claims import Claim, Claims
from services.notify.sending.errors import AddressInvalid, LeaseLost, StillAway
from services.notify.sending.model import (
    Answer,
    Dot,
    Outcome,
    Phase,
    Settlement,
    Turn,
    Verdict,
)
from services.notify.sending.slots import Slots
from services.notify.sending.store import settlements
from services.notify.sending.verdicts import after_answer, before_sending, falling_back
from services.notify.sending.writing import Writer
from services.notify.tellings.contents import template_of
from services.notify.tellings.errors import NotRenderable
from services.notify.tellings.model import MessageClass, Reason
from shared.clock import Clock
from shared.db import Database
from shared.errors import Unavailable
from shared.group_commit import GroupCommit
from shared.logs import about, correlated, logger
from shared.metrics import Metrics
from shared.randomness import Randomness
from shared.trust.sealing import SealBroken

DRAIN_SECONDS = 5.0  # at the end of the process, for mails that are under way
AHEAD_SECONDS = 5.0  # for a claim's slots; what finds none by then is handed back

M = TypeVar("M")  # what its channel sends

log = logger("courier")


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier(Generic[M]):
    """Sends one class's deliveries of one channel over that class's own connections (NT-1).

    A claim does not wait for its slowest message: what has been begun goes on behind the next
    claims, its lease kept, and holds nothing but its slot.
    """

    message_class: MessageClass
    claims: Claims
    writer: Writer[M]
    channel: Channel[M]
    at_once: int  # messages, over all claims; the others wait for one of these to be answered
    database: Database
    mark: GroupCommit[Dot, bool]
    settle: GroupCommit[Settlement, bool]
    clock: Clock
    randomness: Randomness
    metrics: Metrics
    alarms: Alarms
    _slots: Slots = field(init=False, default_factory=Slots)
    _under_way: "set[asyncio.Task[None]]" = field(init=False, default_factory=set)  # one a message
    _held: "dict[asyncio.Task[None], Claim]" = field(init=False, default_factory=dict)
    """Claims that are not over, by what keeps their leases."""

    async def once(self) -> int:
        """Take what is due and begin all of it; return how many were taken.

        Nothing is taken while every slot is held: another replica may have one.
        """
        await self._slots.free(of=self.at_once)
        if not await self.channel.reachable():
            return 0
        claim = await self.claims.take()
        count = len(claim.waiting)
        if count:
            self._hold(claim)
            await self._begin_all(claim)
        return count

    async def through(self) -> None:
        """Wait for all that is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def close(self) -> None:
        """At the end of the process let what is under way come to an answer first, then hand it
        back, but for what the server may have.

        A mail cut off after the final dot would be unknown for no fault of the mail server's.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await self.through()
        cut_off, claims = list(self._under_way), list(self._held.values())
        for sending in cut_off:
            sending.cancel()
        await asyncio.gather(*cut_off, return_exceptions=True)
        for claim in claims:
            await self.claims.hand_back_unsent(claim)
        await asyncio.gather(*self._held, return_exceptions=True)

    def _hold(self, claim: Claim) -> None:
        keeping = asyncio.create_task(self.claims.keep(claim))
        self._held[keeping] = claim
        keeping.add_done_callback(self._held.pop)

    async def _begin_all(self, claim: Claim) -> None:
        """Begin one after another, each as a slot is free, until none waits any more. What waits
        for long is left to others.
        """
        try:
            async with asyncio.timeout(AHEAD_SECONDS):
                while claim.waiting:
                    await self._slots.free(of=self.at_once)
                    if claim.waiting:
                        self._begin(claim)
        except TimeoutError:
            return  # slow servers hold the slots
        finally:
            await self.claims.hand_back(claim)

    def _begin(self, claim: Claim) -> None:
        delivery = self.claims.begin(claim)
        self._slots.take((delivery.id, claim.token))
        sending = asyncio.create_task(self._send(claim, delivery))
        self._under_way.add(sending)
        sending.add_done_callback(self._under_way.discard)

    async def _send(self, claim: Claim, delivery: Turn) -> None:
        """See one through, whatever becomes of the others of its claim."""
        try:
            await self._deliver(delivery, claim.token)
        except StillAway:
            claim.put_back(delivery)
            await self.claims.hand_back(claim)
        except asyncio.CancelledError:
            claim.break_off(delivery)
            raise
        else:
            claim.end(delivery)
        finally:
            self._slots.leave((delivery.id, claim.token))

    async def _deliver(self, delivery: Turn, token: UUID) -> None:
        """Send one. What goes wrong here is this delivery's alone; the reaper brings it back.

        Raises StillAway where it was not begun.
        """
        with correlated(delivery.correlation_id), about(delivery_id=delivery.id):
            try:
                await self._attempt_or_back_off(delivery, token)
            except StillAway:
                raise
            except LeaseLost:
                self.metrics.count("deliveries_lost", message_class=self.message_class)
                log.warning("lease_lost", attempt=delivery.attempts)
            except Unavailable as error:
                log.warning("delivery_interrupted", error=error)
            except Exception as error:
                log.error("delivery_failed", error=error)

    async def _attempt_or_back_off(self, delivery: Turn, token: UUID) -> None:
        """A fault of our own uses up an attempt too: it backs off, and comes to an end."""
        try:
            await self._attempt(delivery, token)
        except (LeaseLost, StillAway, Unavailable):
            raise
        except Exception as error:
            log.error("attempt_failed", error=error)
            answer = await self._broken_off(delivery.id, token)
            await self._settle(delivery, token, self._judge(delivery, answer), answer)

    async def _broken_off(self, delivery_id: DeliveryId, token: UUID) -> Answer:
        """After the final dot the mail may have arrived, whatever went wrong then."""
        async with self.database.connection() as connection:
            phase = await settlements.phase_of(connection, delivery_id, token)
        if phase is None:
            raise LeaseLost
        after_dot = phase is Phase.AFTER_DOT
        return Answer(outcome=Outcome.UNANSWERED if after_dot else Outcome.DEFERRED, phase=phase)

    async def _attempt(self, delivery: Turn, token: UUID) -> None:
        verdict = before_sending(delivery, now=self.clock.now())
        if verdict is not None:
            await self._settle(delivery, token, verdict, None)
            return
        try:
            message = await self.writer.write(delivery, now=self.clock.now())
        except SealBroken:
            kid = delivery.sealed.kid if delivery.sealed else None
            self.alarms.sound(Cause.SEAL_UNOPENED, self.message_class, of=kid, kid=kid)
            await self._fail(delivery, token, Reason.SEAL_BROKEN)
            return
        except AddressInvalid:
            await self._fail(delivery, token, Reason.ADDRESS_INVALID)
            return
        except NotRenderable as error:
            log.error("not_renderable", error=error.__cause__ or error)
            template = template_of(delivery.content)
            self.alarms.sound(
                Cause.NOT_RENDERABLE, self.message_class, of=template, template=template
            )
            await self._fail(delivery, token, Reason.NOT_RENDERABLE)
            return

        async def before_dot() -> None:
            await self._mark_dot(delivery, token)

        answer = await self.channel.send(message, before_dot)
        await self._settle(delivery, token, self._judge(delivery, answer), answer)

    async def _mark_dot(self, delivery: Turn, token: UUID) -> None:
        dot = Dot(
            delivery_id=delivery.id,
            token=token,
            address=delivery.chosen_address,
            now=self.clock.now(),
        )
        if not await self.mark(dot):
            raise LeaseLost

    def _judge(self, delivery: Turn, answer: Answer) -> Verdict:
        return after_answer(
            answer,
            message_class=delivery.message_class,
            means=delivery.means,
            attempts=delivery.attempts,
            unanswered=delivery.unanswered,
            waits_since=delivery.waits_since,
            now=self.clock.now(),
            jitter=self.randomness.between(0.8, 1.2),
        )

    async def _fail(self, delivery: Turn, token: UUID, reason: Reason) -> None:
        verdict = Verdict(state=State.FAILED, reason=reason, unanswered=delivery.unanswered)
        await self._settle(delivery, token, verdict, None)

    async def _settle(
        self, delivery: Turn, token: UUID, verdict: Verdict, answer: Answer | None
    ) -> None:
        self._slots.give_back((delivery.id, token))  # the next goes out while this one is recorded
        now = self.clock.now()
        verdict = falling_back(verdict, delivery.then, now=now)
        settlement = Settlement(
            delivery_id=delivery.id,
            token=token,
            verdict=verdict,
            answer=answer,
            at=now,
            destination=delivery.destination,
        )
        if not await self.settle(settlement):
            raise LeaseLost
        self._tell(delivery, verdict, answer)

    def _tell(self, delivery: Turn, verdict: Verdict, answer: Answer | None) -> None:
        self.metrics.count("deliveries", message_class=self.message_class, state=verdict.state)
        if verdict.state is State.SENT:
            took = (self.clock.now() - delivery.waits_since).total_seconds()
            self.metrics.observe("delivery_seconds", took, message_class=self.message_class)
        elif answer is not None and answer.outcome is not Outcome.ACCEPTED:
            log.warning(
                "mail_not_sent",
                message_class=self.message_class,
                attempt=delivery.attempts,
                phase=answer.phase,
                outcome=answer.outcome,
                smtp_code=answer.code,
                state=verdict.state,
            )
        if verdict.reason is Reason.ADDRESS_FOREIGN:
            self.alarms.sound(Cause.ADDRESS_FOREIGN, self.message_class, of=delivery.id)
        if answer is not None and answer.ours_to_mend:
            of = answer.code, answer.enhanced_code
            self.alarms.sound(
                Cause.REFUSED_US,
                self.message_class,
                of=of,
                phase=answer.phase,
                smtp_code=answer.code,
                code=answer.enhanced_code,
            )
