"""An account's notification addresses: added, verified by a mailed link, removed (NT-2).

A number is one of them, but for how it is added and verified.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.notify.actions import Action
from services.notify.addresses.confirmations import confirmed
from services.notify.addresses.errors import (
    AddressInUse,
    AddressKnown,
    AddressLimit,
    AddressMalformed,
    LinkInvalid,
    TooManyMails,
)
from services.notify.addresses.model import (
    ADDRESS_VERIFICATION,
    MOST,
    SEALED_AS,
    AddressKind,
    NotificationAddress,
)
from services.notify.addresses.store import addresses as store
from services.notify.ledger.ledger import Ledger
from services.notify.ledger.store import links
from services.notify.preferences import address_snapshots
from services.notify.preferences.model import AddressId
from services.notify.preferences.store import preferences
from services.notify.projections.model import Account
from services.notify.projections.projections import Projections
from services.notify.projections.store import accounts
from services.notify.suppressions.store import suppressions
from services.notify.tellings import verifications
from shared import limits, one_time
from shared.acts import Act, Acts, By
from shared.contracts import addresses as syntax
from shared.contracts.code_points import trimmed
from shared.contracts.ids import AccountId
from shared.contracts.log_on_names import name_key, same_name
from shared.errors import NotFound
from shared.limits import Limit
from shared.one_time import Mint
from shared.trust.access import SessionCaller
from shared.trust.grants import GrantChecker


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    acts: Acts
    projections: Projections
    grants: GrantChecker
    ledger: Ledger
    mint: Mint
    life: timedelta
    limit: Limit

    async def of_account(self, account_id: AccountId) -> Sequence[NotificationAddress]:
        """An account's own, besides its account e-mail."""
        async with self.acts.database.connection() as connection:
            return await store.of_account(connection, account_id)

    async def add(
        self, caller: SessionCaller, typed: str, *, reauthenticated: str, by: By
    ) -> NotificationAddress:
        """Add an address and mail it a link, or mail an unverified one another link.

        Other accounts may have the same address: nothing is opened by it, and a family may share
        one.
        """
        async with self.acts.before(by, Action.ADD_ADDRESS, account=caller.account_id):
            address = checked(typed)
            grant = await confirmed(self.grants, caller, reauthenticated, by=by)
        await self.projections.arrived(caller.account_id, caller.account_version)
        await self.mint.sealer.ready()
        async with self.acts.begin(by, Action.ADD_ADDRESS, account=caller.account_id) as act:
            account = await accounts.hold(act.tx, caller.account_id)
            if account is None:
                raise NotFound
            await self.grants.spend(act.tx, grant, now=act.now)
            added = await self._added(act, account, address)
            await self._require_mails_left(act, account, added.address)
            await self._mail_link(act, account, added)
        return added

    async def verify(self, account_id: AccountId, token: str, *, by: By) -> None:
        """Confirm the address that the link was mailed to, in a session of its account. Whoever
        opened it has the mailbox: mails go there again (NT-5).
        """
        async with self.acts.begin(by, Action.VERIFY_ADDRESS, account=account_id) as act:
            digest = ADDRESS_VERIFICATION.digest(self.mint.digests, token)
            link = await one_time.use(act.tx, ADDRESS_VERIFICATION, digest, now=act.now)
            address = None
            if link is not None:
                owner = AddressId(link.owner)
                address = await store.verify(act.tx, owner, account_id, now=act.now)
            if address is None:  # what was used up is given back with the transaction
                raise LinkInvalid.in_field("token", "opens nothing")
            await suppressions.lift(act.tx, [address], until=act.now)
            await address_snapshots.changed(act, [account_id])

    async def remove(
        self, caller: SessionCaller, address_id: AddressId, *, reauthenticated: str, by: By
    ) -> None:
        """Forget an address, and what waits to be mailed there. Raises NotFound."""
        async with self.acts.before(by, Action.REMOVE_ADDRESS, account=caller.account_id):
            if address_id not in {each.id for each in await self.of_account(caller.account_id)}:
                raise NotFound  # as for an id that is nobody's, whatever grant comes with it
            grant = await confirmed(self.grants, caller, reauthenticated, by=by)
        async with self.acts.begin(by, Action.REMOVE_ADDRESS, account=caller.account_id) as act:
            address = await store.hold(act.tx, address_id, caller.account_id)
            if address is None:
                raise NotFound
            if await preferences.is_chosen(act.tx, address_id):
                raise AddressInUse
            await self.grants.spend(act.tx, grant, now=act.now)
            await one_time.void(act.tx, ADDRESS_VERIFICATION, address_id, now=act.now)
            await store.remove(act.tx, address_id)
            await links.drop(
                act.tx,
                caller.account_id,
                SEALED_AS[address.kind],
                address=address.address,
                now=act.now,
            )
            if address.kind is AddressKind.EMAIL:
                await address_snapshots.changed(act, [caller.account_id])

    async def _added(self, act: Act, account: Account, address: str) -> NotificationAddress:
        if account.email is not None and same_name(account.email, address):
            raise AddressKnown.in_field("address", "is the account e-mail")
        added = await store.add(
            act.tx,
            AddressId(self.mint.randomness.uuid()),
            account.account_id,
            kind=AddressKind.EMAIL,
            address=address,
            key=name_key(address),
            most=MOST,
            now=act.now,
        )
        if added is None:
            raise AddressLimit
        if added.verified_at is not None and not await suppressions.among(act.tx, [added.address]):
            raise AddressKnown.in_field("address", "is verified")
        return added

    async def _mail_link(self, act: Act, account: Account, added: NotificationAddress) -> None:
        """An older link of the same address ends. The token leaves here only sealed, and the seal
        is opened as the mail is sent.
        """
        minted = self.mint.make(ADDRESS_VERIFICATION, added.id, life=self.life, now=act.now)
        await one_time.issue(act.tx, ADDRESS_VERIFICATION, [minted.secret], now=act.now)
        event_id = act.new_id()
        sealed = await self.mint.seal(act.tx, minted, event_id=event_id, recipient=added.address)
        intent = verifications.address_verification(
            account,
            added.address,
            event_id=event_id,
            sealed=sealed,
            correlation_id=act.origin.correlation_id,
            at=act.now,
        )
        await self.ledger.file(act.tx, [intent])

    async def _require_mails_left(self, act: Act, account: Account, address: str) -> None:
        """By account, whatever address it names, and by address, whoever names it."""
        mailed = self.mint.digests.of("mailed-address", name_key(address))
        keys = (account.account_id.bytes, mailed)
        taken = await limits.take(act.tx, self.limit, keys, now=act.now)
        waits = [each.free_at - act.now for each in taken.values() if not each.granted]
        if waits:
            raise TooManyMails(retry_after=max(waits).total_seconds())


def checked(typed: str) -> str:
    """Return the trimmed address, or raise AddressMalformed. The mailed link proves the rest."""
    address = trimmed(typed)
    try:
        syntax.mailable(address)
    except syntax.AddressMalformed:
        raise AddressMalformed.in_field("address", "not an e-mail address") from None
    return address
