"""What becomes of those who ask to be enrolled."""

from dataclasses import dataclass

from services.identity.enrolment.invitations import Invitations
from services.identity.patients.patients import Patients
from services.identity.requests.decisions import Decisions
from services.identity.requests.model import request_mail_limit
from services.identity.requests.requests import Requests
from services.identity.requests.typed_addresses import TypedAddresses
from services.identity.settings import Settings
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    requests: Requests
    decisions: Decisions


def compose(
    plumbing: Plumbing[Settings], *, patients: Patients, invitations: Invitations
) -> Features:
    """Build the group."""
    settings = plumbing.settings
    addresses = TypedAddresses(
        digests=plumbing.digests,
        limit=request_mail_limit(
            an_hour=settings.verify_mails_an_hour, a_day=settings.verify_mails_a_day
        ),
    )
    return Features(
        requests=Requests(
            acts=plumbing.acts,
            randomness=plumbing.randomness,
            addresses=addresses,
        ),
        decisions=Decisions(
            acts=plumbing.acts,
            patients=patients,
            invitations=invitations,
            addresses=addresses,
        ),
    )
