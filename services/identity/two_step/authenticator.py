"""Codes of an authenticator app (MF-1), by pyotp: RFC 6238, 6 digits, 30 s, a step either way."""

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime

import msgspec
import pyotp

from services.identity.two_step.store import two_steps as store
from shared.acts import Act
from shared.contracts.ids import AccountId
from shared.randomness import Randomness
from shared.trust.ciphers import Cipher, CipherBroken
from shared.trust.keyring import KeysUnreadable

SECRET_BYTES = 20  # RFC 4226 4: 160 bits, what every app takes
DIGITS = 6
STEP_SECONDS = 30
AROUND = (0, -1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticator:
    """Makes the secrets that apps are set up with, keeps them sealed, and reads their codes."""

    randomness: Randomness
    cipher: Cipher
    portal_name: str

    def new_secret(self) -> str:
        """A secret as apps take it, in base32."""
        return base64.b32encode(self.randomness.bytes(SECRET_BYTES)).decode()

    def uri(self, secret: str, username: str) -> str:
        """The `otpauth://` URI of a secret, which a QR code shows."""
        return pyotp.TOTP(secret, interval=STEP_SECONDS, digits=DIGITS).provisioning_uri(
            name=username, issuer_name=self.portal_name
        )

    def sealed(self, secret: str, account_id: AccountId) -> bytes:
        """Encrypt a secret for its row; copied to another account it does not open."""
        return self.cipher.encrypt(secret.encode(), _bound(account_id))

    def opened(self, sealed: bytes, account_id: AccountId) -> str:
        """Decrypt it. Raises KeysUnreadable."""
        try:
            return self.cipher.decrypt(sealed, _bound(account_id)).decode()
        except CipherBroken as error:
            raise KeysUnreadable from error

    async def encrypt_again(self, act: Act) -> int:
        """Bring each app's secret under the current key, like the service's own keys; return how
        many there are. Raises KeysUnreadable.

        One that is replaced meanwhile is under the current key already.
        """
        kept = await store.secrets(act.tx)
        renewed = [
            self.sealed(self.opened(each.sealed, each.account_id), each.account_id) for each in kept
        ]
        await store.seal_again(act.tx, kept, renewed)
        return len(kept)

    def step_of(
        self, sealed: bytes, account_id: AccountId, typed: str, now: datetime
    ) -> int | None:
        """The step whose code this is, of those that count now; None: of none of them.

        Each is compared, so that the time does not tell which it was.
        """
        totp = pyotp.TOTP(self.opened(sealed, account_id), interval=STEP_SECONDS, digits=DIGITS)
        code, current = unspaced(typed), int(now.timestamp()) // STEP_SECONDS
        steps = [
            current + shift
            for shift in AROUND
            if hmac.compare_digest(totp.generate_otp(current + shift).encode(), code.encode())
        ]
        return steps[0] if steps else None


def unspaced(typed: str) -> str:
    """A code without the blanks that apps show in it, and people type."""
    return "".join(typed.split())


def looks_like_one(typed: str) -> bool:
    """Whether an app could have shown this."""
    code = unspaced(typed)
    return len(code) == DIGITS and code.isascii() and code.isdigit()


def _bound(account_id: AccountId) -> bytes:
    return msgspec.json.encode(["authenticator app", str(account_id)])
