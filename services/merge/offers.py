"""The offer to merge: to whom, where, and for how long it waits (MG-7, MG-8)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.merge.actions import Action
from services.merge.model import Account, Place, day_in, place_of, quiet_from
from services.merge.store import accounts, candidates, persons, skipped_offers
from shared.acts import Acts, By
from shared.catching_up import caught_up
from shared.contracts.ids import AccountId, PracticeId
from shared.contracts.log_on_names import masked
from shared.contracts.matching import likely_same
from shared.db import Connection
from shared.http.routes import Reply

LOOKED_AT = 100  # records that share a date and a phone, or a date and an address
OFFERED = 10


class Candidate(Reply, frozen=True, kw_only=True):
    """An account of likely the same person: its masked name, and the practices that say so."""

    username: str
    practices: tuple[str, ...]


class Offer(Reply, frozen=True, kw_only=True):
    """`place` is where it is offered today: `log-on`, `home`, or null for the settings alone."""

    place: Place | None
    quiet_until: date | None
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    acts: Acts

    async def find(self, account_id: AccountId, *, now: datetime) -> Offer:
        """Return whom this account may be merged with, and where that is offered today.

        By what merge has heard: an account it knows nothing of is offered nothing.
        """
        async with self.acts.database.connection() as connection:
            account = await find(connection, account_id)
            if account is None:
                return Offer(place=None, quiet_until=None, candidates=())
            found = await of_account(connection, account_id, account)
            until = await skipped_offers.quiet_until(connection, account_id)
        return Offer(
            place=place_of(
                candidates=bool(found),
                quiet_until=until,
                today=day_in(account.time_zone, now),
            ),
            quiet_until=until,
            candidates=tuple(found),
        )

    async def skip(self, account_id: AccountId, *, by: By) -> None:
        """Offer nothing for three calendar months in the account's zone; then on the home page.

        Skipped again meanwhile, it stays as it was. Raises CatchingUp.
        """

        async def is_known() -> bool:
            async with self.acts.database.connection() as connection:
                return await find(connection, account_id) is not None

        await caught_up(is_known, "the account's snapshot")
        async with self.acts.begin(by, Action.SKIP_OFFER, account=account_id) as act:
            (account,) = (await accounts.find(act.tx, (account_id,))).values()
            today = day_in(account.time_zone, act.now)
            await skipped_offers.wait(
                act.tx, account_id, today=today, until=quiet_from(today), now=act.now
            )


async def find(connection: Connection, account_id: AccountId) -> Account | None:
    return (await accounts.find(connection, (account_id,))).get(account_id)


async def of_account(
    connection: Connection, account_id: AccountId, account: Account
) -> Sequence[Candidate]:
    """List the first OFFERED accounts of likely the same person, in the order of their ids."""
    own = await persons.describe(connection, account.patient_ids)
    practices: Mapping[AccountId, set[PracticeId]] = defaultdict(set)
    for one in await candidates.near(connection, own, limit=LOOKED_AT):
        if one.account_id != account_id and any(likely_same(one.described, mine) for mine in own):
            practices[one.account_id].add(one.practice_id)
    if not practices:
        return []
    open_ones = await candidates.usernames(connection, practices.keys())
    names = await candidates.practice_names(connection, set().union(*practices.values()))
    return [
        Candidate(
            username=masked(open_ones[other]),
            practices=tuple(sorted(names[each] for each in practices[other] if each in names)),
        )
        for other in sorted(open_ones)[:OFFERED]
    ]
