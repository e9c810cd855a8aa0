"""The account settings in one read (ID-8)."""

from services.identity.accounts.features import Features
from services.identity.accounts.model import AccountView, EmailState, RecoveryRoute, recovery_routes
from shared.contracts.identity import EnrolmentState
from shared.contracts.ids import AccountId, PracticeId
from shared.http.routes import Call, NoBody, Reply
from shared.trust.access import SessionCaller


class EmailReply(Reply, frozen=True, kw_only=True):
    address: str
    state: EmailState


class PracticeReply(Reply, frozen=True, kw_only=True):
    practice_id: PracticeId
    name: str
    state: EnrolmentState


class AccountReply(Reply, frozen=True, kw_only=True):
    account_id: AccountId
    username: str
    email: EmailReply | None
    practices: tuple[PracticeReply, ...]
    recovery_routes: tuple[RecoveryRoute, ...]
    locale: str
    time_zone: str


async def read_account(features: Features, call: Call[NoBody, SessionCaller]) -> AccountReply:
    return _reply(await features.accounts.read(call.caller.account_id))


def _reply(view: AccountView) -> AccountReply:
    account = view.account
    email = view.emails[0] if view.emails else None
    return AccountReply(
        account_id=account.id,
        username=account.username,
        email=EmailReply(address=email.address, state=email.state) if email else None,
        practices=tuple(
            PracticeReply(practice_id=e.practice_id, name=e.practice_name, state=e.state)
            for e in view.enrolments
        ),
        recovery_routes=recovery_routes(email=view.verified_email is not None),
        locale=account.locale,
        time_zone=account.time_zone,
    )
