"""Answers: STOP, START and HELP of a phone, honoured at once (NT-3)."""

from dataclasses import dataclass
from uuid import NAMESPACE_OID, uuid5

from services.notify.ledger.ledger import Ledger
from services.notify.projections.store import accounts
from services.notify.suppressions.stops import Stops
from services.notify.tellings.verifications import help_with_texts
from services.notify.texts.model import HELP
from services.notify.texts.words import Word, word_of
from shared import limits
from shared.acts import Acts, By
from shared.contracts.ids import EventId
from shared.trust.tokens import Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What is none of these words is read by nobody, and kept nowhere."""

    acts: Acts
    stops: Stops
    ledger: Ledger
    digests: Digests

    async def take(self, number: str, body: str, *, message: str, by: By) -> None:
        """Do what a phone asks for; `message` is the provider's own id of its answer."""
        match word_of(body):
            case Word.STOP:
                await self.stops.stop(number, by=by)
            case Word.START:
                await self.stops.start(number, by=by)
            case Word.HELP:
                await self._help(number, message, by=by)
            case None:
                pass

    async def _help(self, number: str, message: str, *, by: By) -> None:
        """Answer whose number it is; once for the answer that asks, and few an hour."""
        async with self.acts.open(by) as act:
            account = await accounts.having(act.tx, number)
            if account is None:
                return
            key = self.digests.of("texted-number", number)
            taken = await limits.take(act.tx, HELP, [key], now=act.now)
            if not taken[key].granted:
                return
            intent = help_with_texts(
                account,
                number,
                event_id=EventId(uuid5(NAMESPACE_OID, message)),
                correlation_id=act.origin.correlation_id,
                at=act.now,
            )
            await self.ledger.file(act.tx, [intent])
