"""Recovery codes: ten a set, slow-hashed under one salt, so that a try costs one hash (MF-4)."""

from dataclasses import dataclass

from services.identity.two_step.model import CODES, CodesSalt, NewCodes
from shared.one_time import GROUP, READ_AS
from shared.randomness import CROCKFORD, Randomness
from shared.trust.hashing import PasswordHasher
from shared.trust.typed_secrets import typed_symbols

SYMBOLS = 16  # 80 bits, as an enrolment token has


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodes:
    randomness: Randomness
    hasher: PasswordHasher

    async def make(self) -> NewCodes:
        """Make a set. Ten slow hashes, one after the other: a log-on finds its place between."""
        salt = self._new_salt()
        codes = [self.randomness.crockford(SYMBOLS) for _ in range(CODES)]
        return NewCodes(
            shown=tuple(map(_grouped, codes)),
            hashes=tuple([await self._hash(code, salt) for code in codes]),
            salt=salt,
        )

    async def hash(self, typed: str, salt: CodesSalt | None) -> str | None:
        """What to look a typed code up by, however it was typed; None for what can be none.

        Without a set it costs the same. Raises HashUnreadable where the set's pepper is not known
        any more.
        """
        code = typed_symbols(typed, alphabet=CROCKFORD, read_as=READ_AS)
        if len(code) != SYMBOLS:
            return None
        return await self._hash(code, salt or self._new_salt())

    def _new_salt(self) -> CodesSalt:
        return CodesSalt(salt=self.hasher.new_salt(), pepper_id=self.hasher.peppers[0])

    async def _hash(self, code: str, salt: CodesSalt) -> str:
        return await self.hasher.hash(code, salt=salt.salt, pepper_id=salt.pepper_id)


def _grouped(code: str) -> str:
    return "-".join(code[at : at + GROUP] for at in range(0, SYMBOLS, GROUP))
