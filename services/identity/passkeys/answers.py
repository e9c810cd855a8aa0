"""Answers of passkeys: looked at once each, and used where they are right (MF-6).

Log-on, the second step, re-authentication and the proof of another account go through here.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.identity.accounts import accounts
from services.identity.accounts.errors import AccountMerged
from services.identity.accounts.store import accounts as account_store
from services.identity.accounts.tellings import tell
from services.identity.actions import Action
from services.identity.passkeys.ceremonies import Ceremonies
from services.identity.passkeys.errors import NoPasskeys, PasskeyInvalid
from services.identity.passkeys.model import (
    COPIED,
    Answered,
    AnswerRefused,
    Begun,
    Cause,
    KeptKey,
    PasskeyEnd,
    Purpose,
    Signed,
    Verdict,
)
from services.identity.passkeys.store import passkeys as store
from shared import limits
from shared.acts import Act
from shared.contracts.identity import PASSKEY_COPIED, AccountState
from shared.contracts.ids import AccountId, SessionId
from shared.contracts.log_on_names import masked
from shared.db import Database
from shared.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a client brings: the ceremony as it was sealed, the answer as its browser wrote it."""

    ceremony: str
    credential: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    database: Database
    ceremonies: Ceremonies

    async def ask(
        self,
        purpose: Purpose,
        *,
        account_id: AccountId,
        session_id: SessionId,
        suspended: bool = False,
        now: datetime,
    ) -> Begun:
        """Have one of the account's passkeys answer; `suspended`: one of those does as well.

        Raises NoPasskeys, and PasskeysNotOffered.
        """
        async with self.database.connection() as connection:
            known = await store.list_live(connection, account_id)
        allowed = [each.credential_id for each in known if suspended or not each.suspended]
        if not allowed:
            raise NoPasskeys
        return self.ceremonies.ask(
            purpose, allowed=allowed, account_id=account_id, session_id=session_id, now=now
        )

    async def read(
        self,
        given: Given,
        purpose: Purpose,
        *,
        account_id: AccountId | None = None,
        session_id: SessionId | None = None,
        now: datetime,
    ) -> Answered:
        """Open the ceremony, and find whose passkey answers. Nothing is looked at yet.

        Raises CeremonyOver, and PasskeysNotOffered.
        """
        ceremony = self.ceremonies.open(
            given.ceremony, purpose, account_id=account_id, session_id=session_id, now=now
        )
        try:
            credential_id = self.ceremonies.authenticators.read_id(given.credential)
        except AnswerRefused:
            return Answered(ceremony=ceremony, credential=given.credential, key=None)
        async with self.database.connection() as connection:
            key = await store.find(connection, credential_id)
        return Answered(ceremony=ceremony, credential=given.credential, key=key)

    async def take(
        self,
        act: Act,
        answered: Answered,
        *,
        of: AccountId | None = None,
        handle_needed: bool = False,
        suspended: bool = False,
    ) -> Verdict:
        """Spend the ceremony, look at the answer, and use its passkey where it is right.

        `of` is the account whose passkey it must be; None: anybody's. `suspended`: one of those
        does as well (RC-10).

        Raises CeremonyOver with nothing looked at. A refusal of what was looked at is for the
        caller to commit: the ceremony is spent, right or wrong.
        """
        await self.ceremonies.spend(act, answered.ceremony)
        try:
            key, signed = self._look(answered, of=of, handle_needed=handle_needed)
        except AnswerRefused as refused:
            return Verdict(cause=refused.cause)
        if key.ended_by is PasskeyEnd.MERGED:  # a suspended one serves for nothing, this neither
            cause = Cause.SUSPENDED if key.suspended else Cause.MERGED
            return Verdict(account_id=key.account_id, cause=cause)
        return await self._use(act, key, signed, suspended=suspended)

    async def refusal(self, act: Act, verdict: Verdict) -> Refused:
        """Say alike for every cause that no passkey was taken; but to who gave the right answer of
        an absorbed account's, which account goes on (MG-5).
        """
        if verdict.cause is not Cause.MERGED or verdict.account_id is None:
            return PasskeyInvalid()
        survivor = await account_store.survivor(act.tx, verdict.account_id)
        goes_on = masked(survivor.username)
        return AccountMerged.in_field(
            "credential", f"now part of the account {goes_on}", username=goes_on
        )

    def _look(
        self, answered: Answered, *, of: AccountId | None, handle_needed: bool
    ) -> tuple[KeptKey, Signed]:
        """Raises AnswerRefused."""
        key = answered.key
        if key is None or _gone(key):
            raise AnswerRefused(Cause.UNKNOWN)
        if of is not None and key.account_id != of:
            raise AnswerRefused(Cause.ANOTHER)
        signed = self.ceremonies.authenticators.read_signed(
            answered.credential, answered.ceremony.challenge, key.public_key
        )
        if signed.user_handle is None and not handle_needed:
            return key, signed
        if signed.user_handle != key.user_handle:
            raise AnswerRefused(Cause.HANDLE)
        return key, signed

    async def _use(self, act: Act, key: KeptKey, signed: Signed, *, suspended: bool) -> Verdict:
        """The guarded UPDATE is the check. The account is held before it, as before any row of
        its: a reset, a freeze or a merge has won already, or finds what this transaction did.
        """
        account_id = key.account_id
        await account_store.hold(act.tx, account_id)
        if await store.use(act.tx, key.id, signed, suspended=suspended, now=act.now):
            return Verdict(passkey_id=key.id, account_id=account_id)
        is_suspended = await store.is_suspended(act.tx, key.id)
        if is_suspended is None:
            return Verdict(account_id=account_id, cause=Cause.ENDED)
        if is_suspended and not suspended:
            return Verdict(account_id=account_id, cause=Cause.SUSPENDED)
        await self._tell_of_copy(act, key)
        return Verdict(account_id=account_id, cause=Cause.COPIED)

    async def _tell_of_copy(self, act: Act, key: KeptKey) -> None:
        """A counter that did not grow: there may be two of it. At most once a day is it told."""
        act.record(Action.SUSPECT_PASSKEY, account=key.account_id)
        [taken] = (await limits.take(act.tx, COPIED, [key.id.bytes], now=act.now)).values()
        if taken.granted:
            tell(act, await accounts.view(act.tx, key.account_id), PASSKEY_COPIED)


def _gone(key: KeptKey) -> bool:
    """Whether nobody has it any more. An absorbed account's is looked at, for its holder is told
    where to log on; of a frozen account's nothing is told (MF-7, RC-9).
    """
    if key.ended_by in (None, PasskeyEnd.MERGED):
        return False
    return not (key.ended_by is PasskeyEnd.FROZEN and key.account_state is AccountState.FROZEN)
