"""Accounts of likely the same person (MG-8)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from services.merge.candidates.store import candidates
from services.merge.projections.model import Account
from services.merge.projections.store import persons
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
    open_ones = await candidates.usernames(connection, practices.keys(), of=account_id)
    names = await candidates.practice_names(connection, set().union(*practices.values()))
    return [
        Candidate(
            username=masked(open_ones[other]),
            practices=tuple(sorted(names[each] for each in practices[other] if each in names)),
        )
        for other in sorted(open_ones)[:OFFERED]
    ]
