"""A person brings her username and the token of her practice, for a grant (RC-5)."""

from dataclasses import dataclass

from services.recovery.actions import Action
from services.recovery.grants.grants import PasswordGrants, RecoveryGrant
from services.recovery.grants.model import Proven
from services.recovery.practice_tokens.errors import ResetTokenInvalid, TokenKeptBack, WrongToken
from services.recovery.practice_tokens.model import RESET_TOKEN, WRONG, Token, digits_of
from services.recovery.practice_tokens.store import tokens as store
from services.recovery.projections.names import name_digest
from shared import limits, one_time
from shared.acts import Act, Acts, By
from shared.http.source_budget import SourceBudget
from shared.limits import Limit
from shared.logs import logger
from shared.metrics import Metrics
from shared.trust.hashing import PasswordHasher
from shared.trust.tokens import Digests

NOTHING = b""  # the digest of no token
EVERYBODY = b"everybody"

log = logger("reset_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeeming:
    acts: Acts
    digests: Digests
    hasher: PasswordHasher
    budget: SourceBudget
    grants: PasswordGrants
    guesses: Limit
    metrics: Metrics

    async def redeem(self, username: str, typed: str, *, by: By) -> RecoveryGrant:
        """Give the grant of a live token; nothing is used up, so it may be fetched again.

        A name that nobody has, or has no token, costs the same hash and the same statements. What
        cannot be a token is refused before that, whoever's name it comes with, and counts nowhere.
        Raises ResetTokenInvalid, the same for every cause.
        """
        async with self.acts.before(by, Action.REDEEM_RESET_TOKEN):
            digits = digits_of(typed)
            if digits is None:
                raise ResetTokenInvalid
        name = name_digest(self.digests, username)
        async with self.acts.database.connection() as connection:
            found = await store.find_live(connection, name, now=by.now)
        right = await self.hasher.verify(digits, found.hash if found else None)
        account_id = found.proven.account_id if found else None
        async with self.acts.begin(by, Action.REDEEM_RESET_TOKEN, account=account_id) as act:
            held = await store.find_live(act.tx, name, now=act.now, holding=True)
            proven = same(found, held) if right else None
            if proven is None:
                await self._count(act, found)
                raise act.committing(WrongToken() if held else ResetTokenInvalid())
            if await self.budget.used_up(act.tx, act.origin.source):
                raise TokenKeptBack
        return await self.grants.give(proven, now=by.now)

    async def _count(self, act: Act, found: Token | None) -> None:
        """Count a wrong one against the token, which the fifth voids, and over all accounts.

        The token is held since it was looked at again: five are five, however many come at once.
        The count over all shuts nothing, or anybody could shut everybody out: five for each of so
        many tokens bound what is found, and the alarm says that somebody tries.
        """
        digest = found.digest if found else NOTHING
        await one_time.count_try(act.tx, RESET_TOKEN, digest, WRONG, now=act.now)
        over_all = await limits.take(act.tx, self.guesses, [EVERYBODY], now=act.now)
        self.metrics.count("reset_token_guesses")
        if not over_all[EVERYBODY].granted:
            self.metrics.count("reset_token_alarms")
            log.warning("reset_tokens_guessed_at")


def same(compared: Token | None, held: Token | None) -> Proven | None:
    """What the token proves that was compared, if it is still the live one."""
    if compared is None or held is None or compared.proven.id != held.proven.id:
        return None
    return held.proven
