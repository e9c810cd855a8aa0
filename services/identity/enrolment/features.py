"""How an account comes to be, and to have another practice."""

from dataclasses import dataclass
from datetime import timedelta

from services.identity.accounts.accounts import Accounts
from services.identity.emails import features as emails
from services.identity.enrolment.added_practices import AddedPractices
from services.identity.enrolment.enrolments import Enrolments
from services.identity.enrolment.model import TokenLives
from services.identity.enrolment.tokens import EnrolmentTokens
from services.identity.log_on.terms import Terms
from services.identity.passwords import features as passwords
from services.identity.patients.patients import Patients
from services.identity.settings import Settings
from shared.one_time import Mint
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    tokens: EnrolmentTokens
    enrolments: Enrolments
    added_practices: AddedPractices


def compose(
    plumbing: Plumbing[Settings],
    *,
    mint: Mint,
    accounts: Accounts,
    patients: Patients,
    addresses: emails.Features,
    secrets: passwords.Features,
    terms: Terms,
) -> Features:
    """Build the group."""
    settings = plumbing.settings
    return Features(
        tokens=EnrolmentTokens(
            acts=plumbing.acts,
            mint=mint,
            lives=TokenLives(
                in_person=timedelta(hours=settings.token_hours_in_person),
                post=timedelta(hours=settings.token_hours_post),
                email=timedelta(hours=settings.token_hours_email),
            ),
        ),
        enrolments=Enrolments(
            acts=plumbing.acts,
            randomness=plumbing.randomness,
            digests=plumbing.digests,
            terms=terms,
            passwords=secrets.passwords,
            patients=patients,
            accounts=accounts,
            verifications=addresses.verifications,
            mail_limit=addresses.limit,
        ),
        added_practices=AddedPractices(
            acts=plumbing.acts,
            digests=plumbing.digests,
            proofs=secrets.proofs,
            patients=patients,
            accounts=accounts,
        ),
    )
