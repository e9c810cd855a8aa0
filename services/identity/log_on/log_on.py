"""Log-on by username or verified account e-mail and password (LG-1, LG-2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.identity.accounts.store import hashes
from services.identity.actions import Action
from services.identity.devices.arrivals import Arrivals
from services.identity.log_on.errors import InvalidCredentials
from services.identity.passwords.proofs import Attempt, PasswordProofs
from services.identity.sessions.model import BegunBy, Described
from services.identity.sessions.replies import SessionReply
from services.identity.sessions.sessions import Sessions
from shared.acts import Acts, By
from shared.contracts.reach import Service
from shared.logs import logger
from shared.trust.hashing import PasswordHasher

log = logger("logon")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOn:
    acts: Acts
    hasher: PasswordHasher
    proofs: PasswordProofs
    sessions: Sessions
    arrivals: Arrivals

    async def log_on(
        self,
        name: str,
        password: str,
        *,
        device: str | None,
        described: Described,
        resource: Sequence[Service],
        by: By,
    ) -> SessionReply:
        """Open a session. Raises InvalidCredentials, alike for every cause.

        `device` is a device's secret: on a known one the right password passes a lock that others
        have brought about (LG-2), and a trusted one spares the code (MF-2).

        Raises AccountMerged only for a right password that may be told (MG-5).
        """
        attempt = await self.proofs.by_name(name, password)
        async with self.acts.begin(by, Action.LOG_ON, account=attempt.account_id) as act:
            decision = await self.proofs.decide(act, attempt, device=self.arrivals.digest(device))
            if decision.account is None:
                if decision.voided and attempt.account_id is not None:
                    await self.arrivals.voided(act, attempt.account_id)
                refusal = self.proofs.refusal(decision, InvalidCredentials)
                raise act.committing(refusal, detail=decision.refusal)
            # A reset that comes later finds this session and ends it: the account is held.
            account_id = decision.account.account_id
            opened = await self.arrivals.open(
                act,
                account_id,
                await self.arrivals.hold(act, account_id, device),
                begun_by=[BegunBy.PASSWORD],
                described=described,
                failures=decision.failures,
            )
        await self._renew_hash(attempt, password)
        return await self.sessions.sign(opened, resource=resource, now=by.now)

    async def _renew_hash(self, attempt: Attempt, password: str) -> None:
        """ID-5. Only after a success: its extra time would tell a right password under a lock.

        The session is there already, and is given whatever becomes of this: the queue may be full,
        the database away or unwilling. Then the hash is renewed at the next good log-on.
        """
        known = attempt.credentials
        if known is None or known.password_hash is None:
            return
        if not self.hasher.outdated(known.password_hash):
            return
        try:
            renewed = await self.hasher.hash(password)
            async with self.acts.database.connection() as connection:
                await hashes.renew(
                    connection, known.account_id, old=known.password_hash, new=renewed
                )
        except Exception as error:
            log.warning("hash_not_renewed", error=error)
