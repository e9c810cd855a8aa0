"""Apps' secrets are brought under a changed key-encryption key, like the service's own keys."""

from dataclasses import dataclass

from services.identity.two_step.authenticator import Authenticator
from services.identity.two_step.store import two_steps as store
from shared.acts import Act


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSecrets:
    authenticator: Authenticator

    async def encrypt_again(self, act: Act) -> int:
        """Encrypt each under the current key; return how many there are. Raises KeysUnreadable.

        One that is replaced meanwhile is under the current key already.
        """
        kept = await store.secrets(act.tx)
        renewed = [
            self.authenticator.sealed(
                self.authenticator.opened(each.sealed, each.account_id), each.account_id
            )
            for each in kept
        ]
        await store.seal_again(act.tx, kept, renewed)
        return len(kept)
