"""What can be proven."""

from dataclasses import dataclass

from services.identity.passkeys.answers import Answers
from services.identity.passwords import features as passwords
from services.identity.proving.confirmations import Confirmations
from services.identity.proving.grants import ProofGrants
from services.identity.proving.ownership import OwnershipProofs
from services.identity.proving.reauthentication import Reauthentication
from services.identity.settings import Settings
from services.identity.two_step.second_steps import SecondSteps
from shared.program.program import Plumbing
from shared.trust.grants import GrantChecker, GrantIssuer
from shared.trust.own_keys import OwnKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    reauthentication: Reauthentication
    ownership_proofs: OwnershipProofs
    confirmations: Confirmations


def compose(
    plumbing: Plumbing[Settings],
    *,
    own_keys: OwnKeys,
    secrets: passwords.Features,
    second_steps: SecondSteps,
    answers: Answers,
    checker: GrantChecker,
) -> Features:
    """Build the group."""
    grants = ProofGrants(
        issuer=GrantIssuer(issuer=plumbing.issuer, own_keys=own_keys),
        randomness=plumbing.randomness,
        prefix=plumbing.settings.issuer,
    )
    return Features(
        reauthentication=Reauthentication(
            acts=plumbing.acts,
            answers=answers,
            passwords=secrets.passwords,
            proofs=secrets.proofs,
            second_steps=second_steps,
            grants=grants,
        ),
        ownership_proofs=OwnershipProofs(
            acts=plumbing.acts,
            answers=answers,
            proofs=secrets.proofs,
            second_steps=second_steps,
            grants=grants,
        ),
        confirmations=Confirmations(acts=plumbing.acts, grants=checker),
    )
