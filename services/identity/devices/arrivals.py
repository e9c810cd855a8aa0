"""Sessions that begin on a device: a full one makes it known, a code may have it trusted, and the
holder is told of a log-on that is unusual (MF-2, SE-2).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.identity.accounts import accounts
from services.identity.accounts.tellings import tell
from services.identity.actions import Action
from services.identity.devices.model import ALERT_AT, LONG_ABSENCE, Arrival
from services.identity.devices.store import devices as store
from services.identity.sessions.model import BegunBy, Described, DeviceId, Session
from services.identity.sessions.sessions import Opened, Sessions, device_digest
from shared.acts import Act
from shared.contracts.identity import (
    DEVICE_REMOVED,
    DEVICE_TRUSTED,
    UNUSUAL_LOG_ON,
    DeviceEnd,
    LogOnAlert,
)
from shared.contracts.ids import AccountId
from shared.randomness import Randomness
from shared.trust.tokens import Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    sessions: Sessions
    randomness: Randomness
    digests: Digests

    def digest(self, secret: str | None) -> bytes | None:
        """What to know a device by, from the secret that its client brings."""
        return device_digest(self.digests, secret)

    async def hold(
        self,
        act: Act,
        account_id: AccountId,
        secret: str | None,
        *,
        began_on: DeviceId | None = None,
    ) -> Arrival:
        """Where somebody comes from, with the account held: `began_on`, where nothing is said. What
        is another account's secret, or void, is a new device, and nobody is told the difference.
        """
        found = await store.hold(act.tx, account_id, self.digest(secret), began_on, now=act.now)
        new = Arrival(id=DeviceId(self.randomness.uuid()), known=False, trusted=False)
        return found or new

    async def open(
        self,
        act: Act,
        account_id: AccountId,
        at: Arrival,
        *,
        begun_by: Sequence[BegunBy],
        described: Described,
        second_step_taken: bool = False,
        instead_of: Session | None = None,
        failures: int = 0,
        trust: bool = False,
        alerts: bool = True,
        passkey_id: UUID | None = None,
    ) -> Opened:
        """Begin a session there; a trusted device spares its holder the code.

        With a full one a new device gets its secret, which is handed out this once. `failures`
        came before it. `alerts` is false where the holder is told of it otherwise, but of what has
        failed before.
        """
        opened = await self.sessions.open(
            act,
            account_id,
            begun_by=begun_by,
            described=described,
            device_id=at.id,
            failures=failures,
            second_step_taken=second_step_taken or at.trusted,
            instead_of=instead_of,
            passkey_id=passkey_id,
        )
        if opened.standing.second_step_due:
            return opened
        secret = await self._become_known(act, account_id, at, described)
        if trust:
            await self._trust(act, account_id, at.id)
        cause = _alert(opened, at, act.now, told_otherwise=not alerts)
        if cause is not None:
            view = await accounts.view(act.tx, account_id)
            tell(act, view, UNUSUAL_LOG_ON, cause=cause)
        return replace(opened, device=secret)

    async def voided(self, act: Act, account_id: AccountId) -> None:
        """Tell the holder that wrong passwords have made a known device void (LG-2)."""
        act.record(Action.VOID_DEVICE, account=account_id)
        view = await accounts.view(act.tx, account_id)
        tell(act, view, DEVICE_REMOVED, cause=DeviceEnd.WRONG_PASSWORDS)

    async def _become_known(
        self, act: Act, account_id: AccountId, at: Arrival, described: Described
    ) -> str | None:
        if at.known:
            await store.use(act.tx, at.id, described, now=act.now)
            return None
        secret = self.randomness.token()
        digest = self.digest(secret)
        assert digest is not None  # noqa: S101 - there is a secret
        await store.make(act.tx, account_id, at.id, digest, described, now=act.now)
        return secret

    async def _trust(self, act: Act, account_id: AccountId, device_id: DeviceId) -> None:
        until = await store.trust(act.tx, device_id, now=act.now)
        if until is None:  # the mode was changed since it was offered
            return
        act.record(Action.TRUST_DEVICE, account=account_id)
        view = await accounts.view(act.tx, account_id)
        tell(act, view, DEVICE_TRUSTED, trusted_until=until)


def _alert(
    opened: Opened, at: Arrival, now: datetime, *, told_otherwise: bool
) -> LogOnAlert | None:
    """Why a log-on is unusual; the very first one, right after the enrolment, is not (SE-2)."""
    if opened.failures >= ALERT_AT:
        return LogOnAlert.AFTER_FAILURES
    last = opened.last_log_on_at
    if last is None or told_otherwise:
        return None
    if not at.known:
        return LogOnAlert.NEW_DEVICE
    return LogOnAlert.LONG_ABSENCE if now >= last + LONG_ABSENCE else None
