"""Log-on by username or verified account e-mail and password (LG-1, LG-2)."""

from dataclasses import dataclass
from datetime import datetime

from services.identity.accounts.store import accounts
from services.identity.log_on.errors import InvalidCredentials
from services.identity.passwords.proofs import Attempt, Decision, PasswordProofs, account_merged
from services.identity.sessions.sessions import Opened, Sessions, SessionTokens
from shared.audit import Origin
from shared.db import Connection
from shared.hashing import PasswordHasher
from shared.logs import logger
from shared.transactions import Transactions

ACTION = "log-on"

log = logger("logon")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOn:
    transactions: Transactions
    hasher: PasswordHasher
    proofs: PasswordProofs
    sessions: Sessions

    async def log_on(
        self, name: str, password: str, *, origin: Origin, now: datetime
    ) -> SessionTokens:
        """Open a session. Raises InvalidCredentials, alike for every cause.

        Raises AccountMerged only for a right password that may be told (MG-5).
        """
        attempt = await self.proofs.by_name(name, password)
        async with self.transactions.database.transaction() as tx:
            decision, opened = await self._decide(tx, attempt, origin, now)
        if decision.survivor is not None:
            raise account_merged(decision.survivor)
        if opened is None:
            raise InvalidCredentials(self.proofs.rule())
        await self._renew_hash(attempt, password)
        return await self.sessions.sign(opened, now=now)

    async def _decide(
        self, tx: Connection, attempt: Attempt, origin: Origin, now: datetime
    ) -> tuple[Decision, Opened | None]:
        """A reset that comes later finds this session and ends it: the account is held."""
        decision = await self.proofs.decide(tx, attempt, source=origin.source, now=now)
        opened = None
        if decision.holder is not None:
            await accounts.note_log_on(tx, decision.holder.account_id, now=now)
            opened = await self.sessions.open(tx, decision.holder, now=now)
        account_id = attempt.account_id
        await self.transactions.audit.record(
            tx,
            origin,
            action=ACTION,
            outcome="done" if opened else "refused",
            subject=f"account:{account_id}" if account_id else None,
            detail=decision.refusal,
        )
        return decision, opened

    async def _renew_hash(self, attempt: Attempt, password: str) -> None:
        """ID-5. Only after a success: its extra time would tell a right password under a lock.

        The session is there already, and is given whatever becomes of this: the queue may be full,
        the database away or unwilling. Then the hash is renewed at the next good log-on.
        """
        known = attempt.credentials
        if known is None or not self.hasher.outdated(known.password_hash):
            return
        try:
            renewed = await self.hasher.hash(password)
            async with self.transactions.database.connection() as connection:
                await accounts.renew_hash(
                    connection, known.account_id, old=known.password_hash, new=renewed
                )
        except Exception as error:
            log.warning("hash_not_renewed", error=error)
