"""Accounts: their snapshot for the other services, and what their holder reads of them (ID-8)."""

from services.identity.accounts.model import AccountView
from services.identity.accounts.store import accounts as store
from services.identity.accounts.store import held_sessions
from shared.acts import Act
from shared.contracts.identity import ACCOUNT_CHANGED, AccountChanged, AccountState
from shared.contracts.ids import AccountId, SessionId
from shared.db import Connection
from shared.errors import NotFound
from shared.trust.access import AccessTokenInvalid


async def changed(act: Act, account_id: AccountId) -> AccountView:
    """Add one to the account's version, and tell its snapshot as it stands now."""
    await store.change(act.tx, account_id)
    return await announce(act, account_id)


async def announce(act: Act, account_id: AccountId) -> AccountView:
    """Tell the account's snapshot with the act that changed it.

    Call it after the UPDATE that added one to the version: that UPDATE holds the row, so no
    other change can slip between the version and what is told under it.
    """
    told = await view(act.tx, account_id)
    account = told.account
    act.publish(
        ACCOUNT_CHANGED,
        AccountChanged(
            account_id=account.id,
            state=account.state,
            username=account.username,
            email=told.verified_email,
            security_version=account.security_version,
            locale=account.locale,
            time_zone=account.time_zone,
            enrolments=told.told_enrolments,
            reserved=told.reserved,
            reset_by_practice=told.only_by_practice,
            frozen_in=account.frozen_in,
            reopened=account.reopened,
            validated=account.validated_at is not None,
        ),
        subject=account.id,
        version=account.version,
    )
    return told


async def hold(tx: Connection, account_id: AccountId, session_id: SessionId) -> AccountView:
    """Hold a session's account and the session until commit; return the account as it stands.

    Raises AccessTokenInvalid where the session has ended, or the account was merged or frozen,
    since the guard looked: a secret may have been hashed meanwhile, and whoever ended a thief's
    session must not find his change afterwards (SE-1).
    """
    await store.hold(tx, account_id)
    await held_sessions.hold(tx, session_id)
    held = await view(tx, account_id)
    if held.account.state is not AccountState.ACTIVE:
        raise AccessTokenInvalid
    return held


async def view(tx: Connection, account_id: AccountId) -> AccountView:
    """The account with its addresses and enrolments, inside a transaction."""
    found = await store.view(tx, account_id)
    if found is None:
        raise NotFound
    return found
