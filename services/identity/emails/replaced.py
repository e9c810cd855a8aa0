"""What a freeze does to the account e-mail: undoes what was made of it since (ID-6, RC-9)."""

from datetime import datetime
from enum import StrEnum

from services.identity.accounts.errors import AddressNoUsername
from services.identity.accounts.model import AccountView
from services.identity.accounts.names import following_username
from services.identity.accounts.store import accounts as account_store
from services.identity.accounts.store import names as log_on_names
from services.identity.emails.store import emails as store
from shared.acts import Act
from shared.contracts.ids import AccountId
from shared.db import Connection


class EmailUndone(StrEnum):
    """What a freeze has done to the account e-mail, where it has done anything."""

    PUT_BACK = "email_put_back"
    REMOVED = "email_removed"


async def undo(act: Act, view: AccountView, *, changed_at: datetime) -> EmailUndone | None:
    """Give the account its e-mail of before a change, as far as 72 hours ago, and forget what
    was verified and claimed since; where it had none before, it has none.

    Of several that it had the oldest is its own: whoever changes it twice keeps none of his,
    nor by its being changed back meanwhile. Those since are free, for whoever reads their mail.
    None where it stays as it is.
    """
    account_id, of_now = view.account.id, view.verified_email
    await store.forget_claim(act.tx, account_id)
    if of_now is None:
        return None
    before = await log_on_names.email_before(act.tx, account_id, before=changed_at, now=act.now)
    key, address = before or (None, None)
    await log_on_names.keep_email(act.tx, account_id, key, since=changed_at)
    if key is None:
        await store.remove(act.tx, account_id)
        await _follow(act.tx, view, of_now, None)
        return EmailUndone.REMOVED
    if address is None:
        return None
    await store.replace(act.tx, account_id, address, key, now=act.now)
    await _follow(act.tx, view, of_now, address)
    return EmailUndone.PUT_BACK


async def _follow(tx: Connection, view: AccountView, of_now: str, address: str | None) -> None:
    """Give a username that is the address of now with it: for the one that is put back, else
    for the username before it.
    """
    account_id, username = view.account.id, view.account.username
    try:
        following = following_username(username, before=of_now, address=address)
    except AddressNoUsername:
        following = await _former_username(tx, account_id)
    if following is not None:
        await account_store.rename(tx, account_id, following)


async def _former_username(tx: Connection, account_id: AccountId) -> str | None:
    """A name that was changed to the address of now, and the one before it: which is reserved
    for a year, so the account has it.
    """
    username = await log_on_names.former_username(tx, account_id)
    if username is not None:
        await log_on_names.take_back(tx, username, account_id)
    return username
