"""The two accounts of a merge as they are known here, once that is as much as was proven."""

from dataclasses import dataclass

from services.merge.parties.model import Pair, Party, Proofs
from services.merge.projections.store import accounts, persons
from shared.catching_up import caught_up
from shared.contracts.ids import PatientId
from shared.db import Connection, Database
from shared.errors import CatchingUp
from shared.trust.grants import Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    database: Database

    async def arrived(self, proofs: Proofs) -> None:
        """Wait up to 1 s until the projection knows what identity knew as it signed.

        Never inside a transaction. Raises CatchingUp.
        """

        async def are_known() -> bool:
            async with self.database.connection() as connection:
                return (await read(connection, proofs)).caught_up

        await caught_up(are_known, "a snapshot of an account or of its persons")

    async def require_mergeable(self, tx: Connection, proofs: Proofs) -> Pair:
        """Decide by what is known now, at once; return what it was decided by.

        Raises CatchingUp where a record of a newer snapshot is still on its way, AccountMerged,
        MergeProofStale.
        """
        pair = await read(tx, proofs)
        if not pair.caught_up:
            raise CatchingUp("a person's snapshot")
        pair.require_mergeable()
        return pair


async def read(connection: Connection, proofs: Proofs) -> Pair:
    """Read what is known of both."""
    known = await accounts.find(
        connection, (proofs.survivor.account_id, proofs.absorbed.account_id)
    )
    wanted = frozenset[PatientId]().union(*(account.patient_ids for account in known.values()))
    records = await persons.find(connection, wanted)

    def party(proof: Grant) -> Party:
        account = known.get(proof.account_id)
        own = account.patient_ids if account else frozenset()
        return Party(
            proof=proof,
            account=account,
            records={patient: named for patient, named in records.items() if patient in own},
        )

    return Pair(survivor=party(proofs.survivor), absorbed=party(proofs.absorbed))
