"""Accounts of identity's by the thousand, each of one class, written by SQL as its administrator.

A class is a line in CLASSES: every door that asks by name goes over all of them.
"""

import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.identity.accounts.store import freezes
from services.identity.emails.addresses import address_key
from shared.contracts.ids import AccountId
from shared.settings.values import Secret, key_bytes
from shared.trust.tokens import Digests
from tests.bench.seeds import log_on_accounts, mailbox_of, name_of
from tests.bench.site import Site

COST = 4  # of a hash: at 12 its own variance would hide what comes after it
HASHING = {"PORTICO_BCRYPT_COST": str(COST), "PORTICO_HASHING_WAIT": "30"}
QUICK = {"identity": HASHING, "recovery": HASHING}
DAY = timedelta(days=1)
NUMBERS = itertools.count()  # of a run, whose doors share one database

Names = Callable[["Accounts", int], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Makes accounts nobody has asked for yet."""

    site: Site
    numbers: "itertools.count[int]" = NUMBERS

    @property
    def digests(self) -> Digests:
        """As identity makes them."""
        environ = self.site.surroundings.of("identity")
        return Digests(key_bytes(Secret(environ["PORTICO_DIGEST_KEY"])))

    async def made(self, count: int) -> Mapping[UUID, int]:
        """So many active ones without an e-mail; their numbers by their ids."""
        first = next(self.numbers)
        numbers = range(first, first + count)
        for _ in range(count - 1):
            next(self.numbers)
        ids = await log_on_accounts(self.site, numbers, cost=COST)
        return dict(zip(ids, numbers, strict=True))

    async def named(self, count: int) -> Sequence[str]:
        """Their names."""
        return [name_of(number) for number in (await self.made(count)).values()]

    async def nobodys(self, count: int) -> Sequence[str]:
        """Names like theirs that are nobody's."""
        return [f"bench.nobody.{next(self.numbers)}" for _ in range(count)]

    async def verified(self, count: int) -> Sequence[str]:
        """Their names; each has a verified account e-mail."""
        return [name_of(number) for number in (await self._with_email(count)).values()]

    async def by_email(self, count: int) -> Sequence[str]:
        """The verified account e-mails themselves."""
        return [mailbox_of(number) for number in (await self._with_email(count)).values()]

    async def unverified(self, count: int) -> Sequence[str]:
        """Addresses that somebody has claimed, and not verified."""
        made, now = await self.made(count), datetime.now(UTC)
        await self.site.database.copy_records_to_table(
            "account_emails",
            schema_name="identity",
            columns=("account_id", "state", "address", "address_key", "claimed_at"),
            records=[
                (one, "claimed", mailbox_of(number), address_key(mailbox_of(number)), now)
                for one, number in made.items()
            ],
        )
        return [mailbox_of(number) for number in made.values()]

    async def locked(self, count: int) -> Sequence[str]:
        """Names that four wrong passwords have locked."""
        made, now = await self.made(count), datetime.now(UTC)
        await self.site.database.copy_records_to_table(
            "lockouts",
            schema_name="identity",
            columns=(
                *("key", "account_id", "failures", "wrong_in_a_row", "locked_until", "told"),
                "counted_at",
            ),
            records=[
                (self.digests.of("lock-account", str(one)), one, 4, 4, now + DAY, True, now)
                for one in made
            ],
        )
        return [name_of(number) for number in made.values()]

    async def frozen(self, count: int) -> Sequence[str]:
        """Names of those who have no password since (RC-9)."""
        made = await self.made(count)
        async with self.site.database.transaction():
            await self.site.database.execute("SET LOCAL search_path = identity")
            for one in made:
                assert await freezes.freeze(self.site.database, AccountId(one))
        return [name_of(number) for number in made.values()]

    async def unenrolled(self, count: int) -> Sequence[str]:
        """Names of those whom no practice has enrolled any more."""
        made = await self.made(count)
        await self.site.database.execute(
            "UPDATE identity.enrolments SET state = 'un-enrolled' WHERE account_id = ANY ($1)",
            list(made),
        )
        return [name_of(number) for number in made.values()]

    async def merged(self, count: int) -> Sequence[str]:
        """Names that are another account's by now."""
        made = await self.made(count)
        [survivor] = await self.made(1)
        await self.site.database.execute(
            "UPDATE identity.accounts SET state = 'merged', merged_into = $2 WHERE id = ANY ($1)",
            list(made),
            survivor,
        )
        await self.site.database.execute(
            "UPDATE identity.log_on_names"
            " SET kind = 'merged', absorbed_id = account_id, account_id = $2"
            " WHERE account_id = ANY ($1)",
            list(made),
            survivor,
        )
        return [name_of(number) for number in made.values()]

    async def _with_email(self, count: int) -> Mapping[UUID, int]:
        made, now = await self.made(count), datetime.now(UTC)
        keys = {one: address_key(mailbox_of(number)) for one, number in made.items()}
        await self.site.database.copy_records_to_table(
            "account_emails",
            schema_name="identity",
            columns=(
                *("account_id", "state", "address", "address_key", "claimed_at", "verified_at"),
            ),
            records=[
                (one, "verified", mailbox_of(number), keys[one], now, now)
                for one, number in made.items()
            ],
        )
        await self.site.database.copy_records_to_table(
            "log_on_names",
            schema_name="identity",
            columns=("name_key", "account_id", "kind", "created_at"),
            records=[(keys[one], one, "email", now) for one in made],
        )
        return made


CLASSES: Mapping[str, Names] = {
    "known as well": Accounts.verified,  # what the lab itself adds
    "known by e-mail": Accounts.by_email,
    "unknown": Accounts.nobodys,
    "locked": Accounts.locked,
    "frozen": Accounts.frozen,
    "e-mail not verified": Accounts.unverified,
    "no e-mail": Accounts.named,
    "merged": Accounts.merged,
    "un-enrolled": Accounts.unenrolled,
}
"""Against somebody known, by her username, with a verified account e-mail."""
