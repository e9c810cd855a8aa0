"""The account settings in one read (ID-8)."""

from collections.abc import Mapping

from services.identity.accounts.model import (
    EmailState,
    RecoveryRoute,
    ToSetUp,
)
from services.identity.credentials.features import Features
from services.identity.credentials.settings import ReadSettings
from services.identity.sessions.reach import Area, AreaState, Means, areas
from services.identity.sessions.replies import GateReply, gate_replies
from shared.contracts.identity import EnrolmentState, TwoStepMode
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.http.routes import Call, NoBody, Reply
from shared.trust.access import SessionCaller


class EmailReply(Reply, frozen=True, kw_only=True):
    address: str
    state: EmailState


class PracticeReply(Reply, frozen=True, kw_only=True):
    """`areas` says of each whether it is open in this session, or why not (SE-4)."""

    practice_id: PracticeId
    name: str
    patient_id: PatientId
    contact: str
    state: EnrolmentState
    areas: Mapping[Area, AreaState]


class TwoStepReply(Reply, frozen=True, kw_only=True):
    """`means` is what a code can come from; `mode` when one is asked for, none while it is off."""

    on: bool
    mode: TwoStepMode | None
    means: tuple[Means, ...]
    recovery_codes_left: int


class KeysReply(Reply, frozen=True, kw_only=True):
    """How many passkeys there are; those `suspended` since a reset are among them. Not `offered`:
    this portal takes none.
    """

    offered: bool
    made: int
    suspended: int


class AccountReply(Reply, frozen=True, kw_only=True):
    """`email` is the account e-mail, or the address that was claimed for it; `claimed_email` is one
    that takes its place once it is verified.
    """

    account_id: AccountId
    username: str
    email: EmailReply | None
    claimed_email: str | None
    practices: tuple[PracticeReply, ...]
    gates: tuple[GateReply, ...]
    two_step: TwoStepReply
    passkeys: KeysReply
    questions_set: bool
    recovery_routes: tuple[RecoveryRoute, ...]
    to_set_up: tuple[ToSetUp, ...]
    terms_version: str | None
    locale: str
    time_zone: str


async def read_account(features: Features, call: Call[NoBody, SessionCaller]) -> AccountReply:
    return _reply(await features.settings.read(call.caller))


def _reply(read: ReadSettings) -> AccountReply:
    view, sight, two_step = read.view, read.sight, read.two_step
    account = view.account
    contacts = {each.practice_id: each.practice_contact for each in view.enrolments}
    email = view.emails[0] if view.emails else None
    return AccountReply(
        account_id=account.id,
        username=account.username,
        email=EmailReply(address=email.address, state=email.state) if email else None,
        claimed_email=view.claimed_email if view.verified_email else None,
        practices=tuple(
            PracticeReply(
                practice_id=each.practice_id,
                name=each.name,
                contact=contacts[each.practice_id],
                patient_id=each.patient_id,
                state=each.state,
                areas=areas(each, sight.standing),
            )
            for each in sight.practices
        ),
        gates=gate_replies(sight.standing),
        two_step=TwoStepReply(
            on=two_step.on if two_step else False,
            mode=two_step.mode if two_step and two_step.on else None,
            means=two_step.means if two_step else (),
            recovery_codes_left=two_step.codes_left if two_step else 0,
        ),
        passkeys=KeysReply(
            offered=read.passkeys_offered,
            made=len(read.passkeys),
            suspended=sum(each.suspended for each in read.passkeys),
        ),
        questions_set=account.questions_set,
        recovery_routes=view.recovery_routes,
        to_set_up=view.to_set_up,
        terms_version=view.terms_version,
        locale=account.locale,
        time_zone=account.time_zone,
    )
