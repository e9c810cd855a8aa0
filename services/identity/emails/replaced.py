"""An account e-mail that was replaced: put back by a freeze while it is reserved (ID-6, RC-9)."""

from dataclasses import dataclass

from services.identity.accounts.errors import AddressNoUsername
from services.identity.accounts.model import AccountView, NameKind
from services.identity.accounts.names import following_username
from services.identity.accounts.store import accounts
from services.identity.accounts.store import names as log_on_names
from services.identity.emails.addresses import address_key
from services.identity.emails.store import emails as store
from shared.acts import Act
from shared.contracts.ids import AccountId
from shared.db import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacedEmails:
    async def put_back(self, act: Act, view: AccountView) -> bool:
        """Give the account its e-mail of 72 hours ago, and forget what was claimed since.

        Of several that were replaced the first is put back: whoever changes it twice keeps none of
        his. The one of now is free, for whoever reads its mail. False where none was replaced.
        """
        account_id, of_now = view.account.id, view.verified_email
        await store.forget_claim(act.tx, account_id)
        found = await log_on_names.put_back(act.tx, account_id, now=act.now)
        if found is None or of_now is None:
            return False
        key, address = found
        await log_on_names.release(act.tx, address_key(of_now), account_id, NameKind.EMAIL)
        await store.replace(act.tx, account_id, address, key, now=act.now)
        try:
            username = following_username(view.account.username, before=of_now, address=address)
        except AddressNoUsername:
            username = await self._former_username(act.tx, account_id)
        if username is not None:
            await accounts.rename(act.tx, account_id, username)
        return True

    async def _former_username(self, tx: Connection, account_id: AccountId) -> str | None:
        """A name that was changed to the address of now, and the one before it: which is reserved
        for a year, so the account has it.
        """
        username = await log_on_names.former_username(tx, account_id)
        if username is not None:
            await log_on_names.take_back(tx, username, account_id)
        return username
