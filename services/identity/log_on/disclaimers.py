"""Disclaimers about records and medications: a practice's text, a patient's answer (DISC-1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.identity.actions import Action
from services.identity.log_on.errors import DisclaimerChanged
from services.identity.log_on.gates import Gates
from services.identity.log_on.model import AskedDisclaimer, Disclaimer
from services.identity.log_on.store import disclaimers as store
from services.identity.practices.store import practices
from services.identity.sessions.reach import Answer
from services.identity.sessions.sessions import Sessions
from services.identity.sessions.store import disclaimers as asked
from shared.acts import Acts, By
from shared.contracts.ids import PracticeId
from shared.errors import NotFound
from shared.trust.access import SessionCaller


class Said(StrEnum):
    """The three answers that there are."""

    ACCEPT = "accept"  #: in this session
    KEEP = "accept-and-keep"  #: and do not show it again, until the text or the practices change
    DECLINE = "decline"  #: records and medications of this practice stay off


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclaimers:
    acts: Acts
    gates: Gates
    sessions: Sessions

    async def read(self, practice_id: PracticeId) -> Disclaimer:
        """The practice's current text; version 0 where it never had one."""
        async with self.acts.database.connection() as connection:
            return await store.current(connection, practice_id)

    async def publish(
        self, practice_id: PracticeId, texts: Mapping[str, str], *, by: By
    ) -> Disclaimer:
        """Ask for this text from the next log-on on; without any, ask nothing more.

        The practice is held, so that versions follow each other. The same texts again are the same
        version: else a form sent twice would ask every patient once more.
        """
        async with self.acts.begin(by, Action.PUBLISH_DISCLAIMER, practice=practice_id) as act:
            if await practices.hold(act.tx, practice_id) is None:
                raise NotFound
            before = await store.current(act.tx, practice_id)
            if before.texts == texts:
                after = before
            else:
                after = Disclaimer(version=before.version + 1, texts=texts)
                await store.add(act.tx, practice_id, after, now=act.now)
            act.detail = f"version={after.version}"
        return after

    async def list(self, caller: SessionCaller) -> Sequence[AskedDisclaimer]:
        """What the session is asked, in the order of the practices' names, answered or not."""
        async with self.acts.database.connection() as connection:
            return await store.asked(connection, caller.session_id)

    async def answer(
        self,
        practice_id: PracticeId,
        said: Said,
        *,
        version: int,
        caller: SessionCaller,
        by: By,
    ) -> None:
        """Take the answer of this session, the last of several; none but KEEP outlives it.

        What was open and is declined now is void at once, with the tokens it was read by.
        """
        account_id, session_id = caller.account_id, caller.session_id
        async with self.acts.begin(
            by, Action.ANSWER_DISCLAIMER, account=account_id, practice=practice_id
        ) as act:
            act.detail = f"{said} version={version}"
            await self.gates.hold(act, caller)
            found = await store.asked_of(act.tx, session_id, practice_id)
            if found is None:
                raise NotFound
            if found.version != version:
                raise DisclaimerChanged
            declined = said is Said.DECLINE
            now_said = Answer.DECLINED if declined else Answer.ACCEPTED
            await asked.answer(act.tx, session_id, practice_id, now_said)
            kept = version if said is Said.KEEP else None
            await asked.keep(act.tx, account_id, practice_id, version=kept, now=act.now)
            if declined and found.answer is Answer.ACCEPTED:
                await self.sessions.narrow_within(act, account_id, only=session_id)
