"""How an account comes to be, and to have another practice."""

from dataclasses import dataclass

from services.identity.emails import features as emails
from services.identity.enrolment.added_practices import AddedPractices
from services.identity.enrolment.bulk import Bulk
from services.identity.enrolment.enrolments import Enrolments
from services.identity.enrolment.handed_out import HandingOut
from services.identity.enrolment.invitations import Invitations
from services.identity.enrolment.proofs import EnrolmentProofs
from services.identity.enrolment.temporary import Temporary
from services.identity.enrolment.tokens import EnrolmentTokens
from services.identity.enrolment.ways_in import WaysIn
from services.identity.log_on.terms import Terms
from services.identity.passwords import features as passwords
from services.identity.patients.patients import Patients
from services.identity.proving.confirmations import Confirmations
from services.identity.sessions.sessions import Sessions
from services.identity.settings import Settings
from services.identity.two_step.second_steps import SecondSteps
from shared.one_time import Mint
from shared.program.program import Plumbing
from shared.trust.grants import GrantChecker, GrantIssuer
from shared.trust.own_keys import OwnKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    tokens: EnrolmentTokens
    invitations: Invitations
    bulk: Bulk
    temporary: Temporary
    handing_out: HandingOut
    proofs: EnrolmentProofs
    enrolments: Enrolments
    added_practices: AddedPractices


def compose(
    plumbing: Plumbing[Settings],
    *,
    mint: Mint,
    grants: GrantChecker,
    own_keys: OwnKeys,
    confirmations: Confirmations,
    patients: Patients,
    addresses: emails.Features,
    secrets: passwords.Features,
    second_steps: SecondSteps,
    terms: Terms,
    sessions: Sessions,
) -> Features:
    """Build the group."""
    ways_in = WaysIn(database=plumbing.database, digests=plumbing.digests, grants=grants)
    invitations = Invitations(acts=plumbing.acts, mint=mint)
    return Features(
        tokens=EnrolmentTokens(
            acts=plumbing.acts,
            mint=mint,
        ),
        invitations=invitations,
        bulk=Bulk(acts=plumbing.acts, patients=patients, invitations=invitations),
        temporary=Temporary(acts=plumbing.acts, mint=mint),
        handing_out=HandingOut(acts=plumbing.acts),
        proofs=EnrolmentProofs(
            acts=plumbing.acts,
            ways_in=ways_in,
            issuer=GrantIssuer(issuer=plumbing.issuer, own_keys=own_keys),
        ),
        enrolments=Enrolments(
            acts=plumbing.acts,
            randomness=plumbing.randomness,
            ways_in=ways_in,
            terms=terms,
            passwords=secrets.passwords,
            patients=patients,
            verifications=addresses.verifications,
            mail_limit=addresses.limit,
        ),
        added_practices=AddedPractices(
            acts=plumbing.acts,
            ways_in=ways_in,
            proofs=secrets.proofs,
            second_steps=second_steps,
            confirmations=confirmations,
            patients=patients,
            sessions=sessions,
        ),
    )
