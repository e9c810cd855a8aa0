"""What a practice's staff can do for a patient."""

from dataclasses import dataclass

from services.identity.accounts import features as accounts
from services.identity.desk.charts import Charts
from services.identity.desk.corrections import Corrections
from services.identity.desk.dormancy import Dormancy
from services.identity.desk.records import Records
from services.identity.desk.thaws import Thaws
from services.identity.desk.two_step_resets import TwoStepResets
from services.identity.desk.unenrolments import Unenrolments
from services.identity.desk.unlocks import Unlocks
from services.identity.desk.username_reading import UsernameReading
from services.identity.desk.waivers import Waivers
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
    username_reading: UsernameReading
    waivers: Waivers
    two_step_resets: TwoStepResets
    thaws: Thaws
    charts: Charts


def compose(
    plumbing: Plumbing[Settings],
    *,
    holders: accounts.Features,
    secrets: passwords.Features,
    patients: Patients,
    sessions: Sessions,
) -> Features:
    """Build the group."""
    unenrolments = Unenrolments(acts=plumbing.acts, accounts=holders.accounts, sessions=sessions)
    return Features(
        unenrolments=unenrolments,
        dormancy=Dormancy(acts=plumbing.acts, unenrolments=unenrolments),
        unlocks=Unlocks(
            acts=plumbing.acts,
            lockouts=secrets.lockouts,
            accounts=holders.accounts,
        ),
        records=Records(acts=plumbing.acts, lockouts=secrets.lockouts),
        corrections=Corrections(acts=plumbing.acts, patients=patients),
        username_reading=UsernameReading(acts=plumbing.acts, accounts=holders.accounts),
        waivers=Waivers(acts=plumbing.acts, accounts=holders.accounts),
        two_step_resets=TwoStepResets(
            acts=plumbing.acts,
            accounts=holders.accounts,
            policy=secrets.passwords.policy,
            tellings=holders.tellings,
            sessions=sessions,
        ),
        thaws=Thaws(acts=plumbing.acts, accounts=holders.accounts),
        charts=Charts(
            acts=plumbing.acts,
            accounts=holders.accounts,
            sessions=sessions,
            randomness=plumbing.randomness,
        ),
    )
