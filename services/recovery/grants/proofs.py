"""Proofs by which a password was set, as identity tells: links and tokens that are used up."""

from dataclasses import dataclass
from uuid import UUID

from services.recovery.grants.store import proofs as store
from shared.contracts.envelope import Received
from shared.contracts.identity import PasswordReset, PasswordResetByLink
from shared.db import Connection
from shared.messaging.subscriptions import Undeliverable


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    async def tidy_up(
        self, tx: Connection, event: Received[PasswordReset] | Received[PasswordResetByLink]
    ) -> None:
        """Mark the link or token used by which a password was set. Nothing depends on it.

        Identity refuses the grant's second use and, by the security version, every older one.
        """
        try:
            proof_id = UUID(event.data.proof_id)
        except ValueError:
            raise Undeliverable("proof_id is no id") from None
        await store.use(tx, proof_id, at=event.data.occurred_at)
