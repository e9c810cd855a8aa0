"""Accounts of identity's by the thousand, each of one class, written by SQL as its administrator.

A state is a line in STATES, a class of names one in CLASSES: every door that asks by name goes over
all of them. Somebody unknown is in no state; nobody's names and addresses stand in for hers.
"""

import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.identity.accounts.store import freezes
from services.identity.emails.addresses import address_key
from services.identity.merging.store import merges
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

Made = Mapping[UUID, int]  # their numbers by their ids
State = Callable[["Accounts", Made], Awaitable[None]]
"""Brings new accounts to where they are to stand."""
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

    async def made(self, count: int, *states: State) -> Made:
        """So many active ones without an e-mail, brought to these states in turn."""
        first = next(self.numbers)
        numbers = range(first, first + count)
        for _ in range(count - 1):
            next(self.numbers)
        ids = await log_on_accounts(self.site, numbers, cost=COST)
        made = dict(zip(ids, numbers, strict=True))
        for state in states:
            await state(self, made)
        return made

    async def nobodys(self, count: int) -> Sequence[str]:
        """Names like theirs that are nobody's."""
        return [f"bench.nobody.{next(self.numbers)}" for _ in range(count)]

    async def verify(self, made: Made) -> None:
        """Each has a verified account e-mail, and may log on by it."""
        now = datetime.now(UTC)
        await self._have_emails(made, state="verified", verified_at=now)
        await self.site.database.copy_records_to_table(
            "log_on_names",
            schema_name="identity",
            columns=("name_key", "account_id", "kind", "created_at"),
            records=[
                (address_key(mailbox_of(number)), one, "email", now) for one, number in made.items()
            ],
        )

    async def claim(self, made: Made) -> None:
        """Each has claimed an address, and not verified it."""
        await self._have_emails(made, state="claimed", verified_at=None)

    async def lock(self, made: Made) -> None:
        """Four wrong passwords have locked them, whatever was counted before."""
        now = datetime.now(UTC)
        await self.site.database.execute(
            "DELETE FROM identity.lockouts WHERE account_id = ANY ($1)", list(made)
        )
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

    async def freeze(self, made: Made) -> None:
        """They have no password since (RC-9)."""
        async with self.site.database.transaction():
            await self.site.database.execute("SET LOCAL search_path = identity")
            for one in made:
                assert await freezes.freeze(self.site.database, AccountId(one))

    async def un_enrol(self, made: Made) -> None:
        """No practice has them enrolled any more."""
        await self.site.database.execute(
            "UPDATE identity.enrolments SET state = 'un-enrolled' WHERE account_id = ANY ($1)",
            list(made),
        )

    async def merge(self, made: Made) -> None:
        """Each is part of an account of its own by now, with its names, address and records."""
        tx, survivors = self.site.database, await self.made(len(made))
        async with tx.transaction():
            await tx.execute("SET LOCAL search_path = identity")
            for one, other in zip(made, survivors, strict=True):
                absorbed, survivor = AccountId(one), AccountId(other)
                await merges.leave_email(tx, absorbed, survivor)
                await merges.leave_names(tx, absorbed, survivor, now=datetime.now(UTC))
                await merges.absorb(tx, absorbed, survivor)
                await tx.execute(
                    "UPDATE enrolments SET account_id = $2 WHERE account_id = $1",
                    absorbed,
                    survivor,
                )

    async def _have_emails(self, made: Made, *, state: str, verified_at: datetime | None) -> None:
        now = datetime.now(UTC)
        await self.site.database.copy_records_to_table(
            "account_emails",
            schema_name="identity",
            columns=(
                *("account_id", "state", "address", "address_key", "claimed_at", "verified_at"),
            ),
            records=[
                (one, state, mailbox_of(number), address_key(mailbox_of(number)), now, verified_at)
                for one, number in made.items()
            ],
        )


def by_username(*states: State) -> Names:
    """The usernames of accounts in a state."""

    async def names(accounts: Accounts, count: int) -> Sequence[str]:
        return [name_of(number) for number in (await accounts.made(count, *states)).values()]

    return names


def by_email(*states: State) -> Names:
    """The addresses of accounts in a state, where they have any."""

    async def addresses(accounts: Accounts, count: int) -> Sequence[str]:
        return [mailbox_of(number) for number in (await accounts.made(count, *states)).values()]

    return addresses


VERIFIED = (Accounts.verify,)
"""Somebody known: what everybody else is held against."""

STATES: Mapping[str, Sequence[State]] = {
    "known as well": VERIFIED,  # what the lab itself adds
    "locked": (*VERIFIED, Accounts.lock),
    "frozen": (*VERIFIED, Accounts.freeze),
    "e-mail not verified": (Accounts.claim,),
    "no e-mail": (),
    "merged": (*VERIFIED, Accounts.merge),
    "un-enrolled": (*VERIFIED, Accounts.un_enrol),
}

CLASSES: Mapping[str, Names] = {
    "unknown": Accounts.nobodys,
    "known by e-mail": by_email(*VERIFIED),
    "claimed e-mail": by_email(Accounts.claim),
    **{name: by_username(*states) for name, states in STATES.items()},
}
"""Against somebody known, by her username, with a verified account e-mail."""

SHUT: Mapping[str, Names] = {
    "locked": by_username(*VERIFIED, Accounts.lock),
    "frozen": by_username(*VERIFIED, Accounts.freeze),
    "merged and locked": by_username(*VERIFIED, Accounts.merge, Accounts.lock),
    "claimed e-mail": by_email(Accounts.claim),
}
"""Whose right password opens nothing: it must look like a wrong one of somebody known."""
