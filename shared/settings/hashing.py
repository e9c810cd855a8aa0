"""What a service reads that keeps slow hashes of what can be guessed (ID-5)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from shared.settings.loader import PREFIX, setting
from shared.settings.service import ServiceSettings
from shared.settings.values import Secret, guessable, key_bytes, secrets


def long_enough(text: str) -> Secret:
    """Take a pepper, also one retired: a short one protects nothing, a comma parts two of them."""
    if len(text) < 32 or "," in text:
        raise ValueError("expected at least 32 characters, no comma among them")
    return Secret(text)


def hard_to_guess(text: str) -> Secret:
    """Take the pepper in use, which somebody made at random."""
    if guessable(text):
        raise ValueError("expected random characters; these can be guessed")
    return long_enough(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class HashingSettings(ServiceSettings):
    """What every service reads, and how it hashes what can be guessed."""

    pepper: Secret = setting(
        "PEPPER",
        parse=hard_to_guess,
        help="key of the slow hashes' pre-hash (ID-5); retire it, never lose it",
    )
    peppers_retired: tuple[Secret, ...] = setting(
        "PEPPERS_RETIRED",
        default=(),
        parse=secrets(long_enough),
        help="those before it, with commas between: what they hashed is still compared",
    )
    bcrypt_cost: Annotated[int, Meta(ge=4, le=15)] = setting(
        "BCRYPT_COST", default=12, help="cost of a slow hash (ID-5)"
    )
    hashing_wait: Annotated[float, Meta(ge=0.05, le=60)] = setting(
        "HASHING_WAIT", default=2.0, help="longest wait for a hash thread"
    )

    def contradictions(self) -> Iterable[str]:
        """Name what fits alone but not together."""
        if self.pepper.reveal().encode() in spellings(self.key_encryption_key):
            yield (
                f"{PREFIX}PEPPER and {PREFIX}KEY_ENCRYPTION_KEY are the same: "
                "who learns one must not have both"
            )


def spellings(key: Secret) -> Sequence[bytes]:
    """The ways in which somebody may have written the key as text, and its bytes."""
    raw = key_bytes(key)
    return key.reveal().encode(), raw, raw.hex().encode()
