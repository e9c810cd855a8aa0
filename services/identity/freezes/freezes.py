"""A freeze: the holder of an account says that a change of it was not hers (RC-9)."""

from dataclasses import dataclass
from datetime import date, datetime

from services.identity.accounts import accounts
from services.identity.accounts.model import BIRTH_DATE, NOT_ME, AccountView
from services.identity.accounts.store import accounts as account_store
from services.identity.accounts.store import freezes as store
from services.identity.accounts.tellings import tell
from services.identity.actions import Action
from services.identity.devices.store import devices
from services.identity.emails import replaced
from services.identity.emails.model import EMAIL_VERIFICATION
from services.identity.emails.replaced import EmailUndone
from services.identity.freezes.errors import NotMeLinkInvalid, WrongBirthDate
from services.identity.passkeys.model import PasskeyEnd
from services.identity.passkeys.store import passkeys
from services.identity.passwords.lockouts import NOBODY
from services.identity.patients.patients import Patients
from services.identity.patients.store import enrolments, patients
from services.identity.sessions.model import SessionEnd
from services.identity.sessions.sessions import Sessions
from shared import one_time
from shared.acts import Act, Acts, By
from shared.contracts.identity import ACCOUNT_FROZEN
from shared.contracts.ids import AccountId
from shared.metrics import Metrics
from shared.trust.tokens import Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Freezes:
    acts: Acts
    digests: Digests
    patients: Patients
    sessions: Sessions
    metrics: Metrics

    async def freeze(self, token: str, birth_date: date, *, by: By) -> None:
        """Shut the account that a link of its mails is of, for who knows its holder's birthday.

        The account is held through the count: three wrong dates are three, however many come at
        once. A link that is dead, or none, takes the steps of a wrong date: nobody's records have
        one. Raises NotMeLinkInvalid, alike for every cause.
        """
        digest = NOT_ME.digest(self.digests, token)
        account_id = await self._holder(digest, by.now)
        async with self.acts.begin(by, Action.FREEZE, account=account_id) as act:
            await account_store.hold(act.tx, account_id or NOBODY)
            records = await enrolments.records(act.tx, account_id or NOBODY)
            if all(record.birth_date != birth_date for record in records):
                await one_time.count_try(act.tx, NOT_ME, digest, BIRTH_DATE, now=act.now)
                raise act.committing(_invalid(WrongBirthDate) if account_id else _invalid())
            if account_id is None:
                raise _invalid()
            link = await one_time.use(act.tx, NOT_ME, digest, owner=account_id, now=act.now)
            if link is None:
                raise _invalid()
            view = await accounts.view(act.tx, account_id)
            if not await store.freeze(act.tx, account_id):
                raise _invalid()
            await self._shut(act, view, changed_at=link.issued_at)
        self.metrics.count("accounts_frozen")

    async def _holder(self, digest: bytes, now: datetime) -> AccountId | None:
        async with self.acts.database.connection() as connection:
            link = await one_time.live(connection, NOT_ME, digest, now=now)
        return AccountId(link.owner) if link else None

    async def _shut(self, act: Act, view: AccountView, *, changed_at: datetime) -> None:
        """End all that its credentials opened, and undo what was made of its e-mail since the
        change that was not hers. A changed username stays, and so does two-step.
        """
        account_id = view.account.id
        await self.sessions.end_within(act, account_id, why=SessionEnd.FROZEN)
        await devices.void_all(act.tx, account_id, now=act.now)
        await passkeys.end_all(act.tx, account_id, PasskeyEnd.FROZEN, now=act.now)
        for purpose in (NOT_ME, EMAIL_VERIFICATION):
            await one_time.void(act.tx, purpose, account_id, now=act.now)
        undone = await replaced.undo(act, view, changed_at=changed_at)
        act.detail = undone
        if undone is EmailUndone.REMOVED:  # recovery has forgotten what RC-6 reads of them
            for patient in await patients.renew(act.tx, account_id):
                self.patients.announce(act, patient)
        after = await accounts.changed(act, account_id)
        tell(
            act,
            after,
            ACCOUNT_FROZEN,
            recipients=tuple(dict.fromkeys((*after.recipients, *view.recipients))),
            email_put_back=undone is EmailUndone.PUT_BACK,
            email_removed=undone is EmailUndone.REMOVED,
        )


def _invalid(kind: type[NotMeLinkInvalid] = NotMeLinkInvalid) -> NotMeLinkInvalid:
    return kind.in_field("token", "freezes nothing")
