"""What can be asked of the two accounts of a merge."""

from dataclasses import dataclass

from services.merge.parties.parties import Parties
from services.merge.parties.proofs import ProofChecker
from services.merge.settings import MergeSettings
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    parties: Parties
    proofs: ProofChecker


def compose(plumbing: Plumbing[MergeSettings]) -> Features:
    """Build the group."""
    return Features(
        parties=Parties(database=plumbing.database),
        proofs=ProofChecker(
            issuer=plumbing.settings.issuer,
            service=plumbing.service,
            public_keys=plumbing.public_keys,
        ),
    )
