"""What a practice's staff can do for a patient."""

from dataclasses import dataclass

from services.identity.accounts.tellings import CredentialTellings
from services.identity.desk.account_help import AccountHelp
from services.identity.desk.charts import Charts
from services.identity.desk.corrections import Corrections
from services.identity.desk.dormancy import Dormancy
from services.identity.desk.records import Records
from services.identity.desk.two_step_resets import TwoStepResets
from services.identity.desk.unenrolments import Unenrolments
from services.identity.desk.unlocks import Unlocks
from services.identity.passwords import features as passwords
from services.identity.patients.patients import Patients
from services.identity.sessions.sessions import Sessions
from services.identity.settings import Settings
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    unenrolments: Unenrolments
    unlocks: Unlocks
    dormancy: Dormancy
    records: Records
    corrections: Corrections
    account_help: AccountHelp
    two_step_resets: TwoStepResets
    charts: Charts


def compose(
    plumbing: Plumbing[Settings],
    *,
    tellings: CredentialTellings,
    secrets: passwords.Features,
    patients: Patients,
    sessions: Sessions,
) -> Features:
    """Build the group."""
    unenrolments = Unenrolments(acts=plumbing.acts, sessions=sessions)
    return Features(
        unenrolments=unenrolments,
        dormancy=Dormancy(acts=plumbing.acts, unenrolments=unenrolments),
        unlocks=Unlocks(acts=plumbing.acts, lockouts=secrets.lockouts),
        records=Records(acts=plumbing.acts, lockouts=secrets.lockouts),
        corrections=Corrections(acts=plumbing.acts, patients=patients),
        account_help=AccountHelp(acts=plumbing.acts),
        two_step_resets=TwoStepResets(
            acts=plumbing.acts,
            policy=secrets.passwords.policy,
            tellings=tellings,
            sessions=sessions,
        ),
        charts=Charts(
            acts=plumbing.acts,
            sessions=sessions,
            randomness=plumbing.randomness,
        ),
    )
