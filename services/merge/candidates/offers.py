"""The offer to merge: where it is made, and for how long it waits (MG-7)."""

from dataclasses import dataclass
from datetime import date, datetime

from services.merge.actions import Action
from services.merge.candidates.candidates import Candidate, of_account
from services.merge.candidates.model import Place, day_in, place_of, quiet_from
from services.merge.candidates.store import skipped_offers
from services.merge.projections.model import Account
from services.merge.projections.store import accounts
from shared.acts import Acts, By
from shared.catching_up import caught_up
from shared.contracts.ids import AccountId
from shared.db import Connection
from shared.http.routes import Reply


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
