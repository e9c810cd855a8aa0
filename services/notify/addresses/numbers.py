"""An account's mobile numbers: added, and verified by a code that is sent there (NT-3)."""

from dataclasses import dataclass
from datetime import timedelta

from services.notify.actions import Action
from services.notify.addresses.confirmations import confirmed
from services.notify.addresses.e164 import e164
from services.notify.addresses.errors import (
    AddressKnown,
    AddressLimit,
    CodeInvalid,
    NumberMalformed,
    TextsNotOffered,
    TooManyMails,
)
from services.notify.addresses.model import (
    CODE_DIGITS,
    CODE_TRIES,
    MOST_NUMBERS,
    NUMBER_CODE,
    AddressKind,
    NotificationAddress,
)
from services.notify.addresses.store import addresses as store
from services.notify.addresses.store import codes
from services.notify.ledger.ledger import Ledger
from services.notify.preferences.model import AddressId
from services.notify.projections.model import Account
from services.notify.projections.projections import Projections
from services.notify.projections.store import accounts
from services.notify.tellings import verifications
from shared import limits
from shared.acts import Act, Acts, By
from shared.contracts.ids import AccountId
from shared.contracts.sealed import SealPurpose
from shared.errors import NotFound
from shared.limits import Limit
from shared.randomness import Randomness
from shared.trust.access import SessionCaller
from shared.trust.grants import GrantChecker
from shared.trust.sealing import Sealer
from shared.trust.tokens import Digests

CODE_LIFE = timedelta(minutes=10)
DIGEST_PURPOSE = "number-code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    acts: Acts
    projections: Projections
    grants: GrantChecker
    ledger: Ledger
    randomness: Randomness
    digests: Digests
    sealer: Sealer
    limit: Limit  # of an account, for numbers and addresses together
    offered: bool

    async def add(
        self, caller: SessionCaller, typed: str, *, reauthenticated: str, by: By
    ) -> NotificationAddress:
        """Add a number and send it a code, or send an unverified one another code.

        Each code costs money and rings somebody's phone: so few an hour, by number, whoever names
        it, and by account, whatever it names.
        """
        async with self.acts.before(by, Action.ADD_NUMBER, account=caller.account_id):
            if not self.offered:
                raise TextsNotOffered
            number = e164(typed)
            if number is None:
                raise NumberMalformed.in_field("number", "no mobile number with its country code")
            grant = await confirmed(self.grants, caller, reauthenticated, by=by)
        await self.projections.arrived(caller.account_id, caller.account_version)
        await self.sealer.ready()
        async with self.acts.begin(by, Action.ADD_NUMBER, account=caller.account_id) as act:
            account = await accounts.hold(act.tx, caller.account_id)
            if account is None:
                raise NotFound
            await self.grants.spend(act.tx, grant, now=act.now)
            added = await self._added(act, account, number)
            await self._require_codes_left(act, account, number)
            await self._send_code(act, account, added)
        return added

    async def verify(
        self, account_id: AccountId, address_id: AddressId, typed: str, *, by: By
    ) -> None:
        """Confirm a number by the code that was sent to it. A wrong one costs a try."""
        async with self.acts.begin(by, Action.VERIFY_NUMBER, account=account_id) as act:
            number = await store.hold(act.tx, address_id, account_id)
            if number is None or number.kind is not AddressKind.PHONE:
                raise NotFound
            digest = self._digest(address_id, typed)
            if not await codes.count_try(act.tx, address_id, digest, now=act.now):
                raise act.committing(CodeInvalid.in_field("code", "opens nothing"))
            await codes.forget(act.tx, address_id)
            await store.verify(act.tx, address_id, account_id, now=act.now)

    async def _added(self, act: Act, account: Account, number: str) -> NotificationAddress:
        added = await store.add(
            act.tx,
            AddressId(self.randomness.uuid()),
            account.account_id,
            kind=AddressKind.PHONE,
            address=number,
            key=number,
            most=MOST_NUMBERS,
            now=act.now,
        )
        if added is None:
            raise AddressLimit
        if added.verified_at is not None:
            raise AddressKnown.in_field("number", "is verified")
        return added

    async def _require_codes_left(self, act: Act, account: Account, number: str) -> None:
        taken = [
            *(
                await limits.take(act.tx, self.limit, [account.account_id.bytes], now=act.now)
            ).values(),
            *(
                await limits.take(
                    act.tx, NUMBER_CODE, [self.digests.of("texted-number", number)], now=act.now
                )
            ).values(),
        ]
        waits = [each.free_at - act.now for each in taken if not each.granted]
        if waits:
            raise TooManyMails(retry_after=max(waits).total_seconds())

    async def _send_code(self, act: Act, account: Account, added: NotificationAddress) -> None:
        """Send a new code, in whose place the older one opens nothing any more. It leaves here
        only sealed, and the seal is opened as the text message is sent.
        """
        code, expires_at = self.randomness.digits(CODE_DIGITS), act.now + CODE_LIFE
        await codes.keep(
            act.tx,
            added.id,
            self._digest(added.id, code),
            tries=CODE_TRIES,
            expires_at=expires_at,
        )
        event_id = act.new_id()
        seals = await self.sealer.within(act.tx)
        sealed = seals.seal(
            code,
            event_id=event_id,
            purpose=SealPurpose.NOTIFICATION_NUMBER,
            recipient=added.address,
            expires_at=expires_at,
        )
        intent = verifications.number_verification(
            account,
            added.address,
            event_id=event_id,
            sealed=sealed,
            correlation_id=act.origin.correlation_id,
            at=act.now,
        )
        await self.ledger.file(act.tx, [intent])

    def _digest(self, address_id: AddressId, typed: str) -> bytes:
        """Digest a code as it was typed or pasted, with the number's id: a code is no key."""
        digits = "".join(sign for sign in typed if sign.isdecimal())
        return self.digests.of(DIGEST_PURPOSE, f"{address_id}:{digits}")
