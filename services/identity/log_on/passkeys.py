"""Log-on by passkey, without a name (MF-7): it is both steps, and heeds no lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.identity.accounts.store import accounts as account_store
from services.identity.actions import Action
from services.identity.devices.arrivals import Arrivals
from services.identity.passkeys.answers import Answers, Given
from services.identity.passkeys.errors import PasskeyUnknown
from services.identity.passkeys.model import Answered, Begun, Cause, Purpose, Verdict
from services.identity.passwords.lockouts import NOBODY
from services.identity.sessions.model import BegunBy, Described
from services.identity.sessions.replies import SessionReply
from services.identity.sessions.sessions import Sessions
from shared.acts import Act, Acts, By
from shared.contracts.log_on_names import name_key
from shared.contracts.reach import Service
from shared.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyLogOn:
    acts: Acts
    answers: Answers
    sessions: Sessions
    arrivals: Arrivals

    def ask(self, *, now: datetime) -> Begun:
        """What anybody is answered alike: it names no credential, and asks no table."""
        return self.answers.ceremonies.ask(Purpose.LOG_ON, now=now)

    async def log_on(
        self,
        given: Given,
        *,
        name: str | None,
        device: str | None,
        described: Described,
        resource: Sequence[Service],
        by: By,
    ) -> SessionReply:
        """Open a full session, but for the gates of LG-3.

        `name` is what was typed beside it, which must then be that account's: on a device that two
        people share the other one is not logged on.

        Raises CeremonyOver, PasskeyUnknown where no account has it any more, AccountMerged for the
        right answer of an absorbed account's, and PasskeyInvalid for everything else.
        """
        async with self.acts.before(by, Action.LOG_ON_BY_PASSKEY):
            answered = await self.answers.read(given, Purpose.LOG_ON, now=by.now)
        account_id = answered.account_id
        async with self.acts.begin(by, Action.LOG_ON_BY_PASSKEY, account=account_id) as act:
            verdict = await self._take(act, answered, name)
            if verdict.passkey_id is None or verdict.account_id is None:
                refusal = await self._refusal(act, verdict)
                raise act.committing(refusal, detail=verdict.cause)
            opened = await self.arrivals.open(
                act,
                verdict.account_id,
                await self.arrivals.hold(act, verdict.account_id, device),
                begun_by=[BegunBy.PASSKEY],
                described=described,
                second_step_taken=True,
                passkey_id=verdict.passkey_id,
            )
        return await self.sessions.sign(opened, resource=resource, now=by.now)

    async def _take(self, act: Act, answered: Answered, name: str | None) -> Verdict:
        of = answered.account_id
        if name and name.strip():
            named = await account_store.credentials_by_name(act.tx, name_key(name))
            of = named.account_id if named and named.opens else NOBODY
        return await self.answers.take(act, answered, of=of, handle_needed=True)

    async def _refusal(self, act: Act, verdict: Verdict) -> Refused:
        if verdict.cause is Cause.UNKNOWN:
            return PasskeyUnknown()
        return await self.answers.refusal(act, verdict)
