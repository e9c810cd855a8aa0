"""What can be done with security questions."""

from dataclasses import dataclass

from services.recovery.grants.grants import PasswordGrants
from services.recovery.questions.answering import Answering
from services.recovery.questions.model import RoundPolicy
from services.recovery.questions.notices import SWEEP_EVERY, SWEPT, TICK, RoundNotices
from services.recovery.questions.setting import QuestionSetting
from services.recovery.settings import RecoverySettings
from shared.loops import Loop, Sweep
from shared.program.program import Plumbing
from shared.trust.grants import GrantChecker, GrantIssuer
from shared.trust.hashing import PasswordHasher


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    setting: QuestionSetting
    answering: Answering
    notices: RoundNotices

    @property
    def loops(self) -> tuple[Loop, ...]:
        """What runs by itself."""
        return (
            Loop(name="question-lock-notices", once=self.notices.once, every=TICK),
            Sweep(
                name="question-round-sweeper",
                what="rounds of answers for names that nobody has",
                once=self.notices.sweep,
                full=SWEPT,
            ).loop(SWEEP_EVERY),
        )


def compose(
    plumbing: Plumbing[RecoverySettings],
    *,
    hasher: PasswordHasher,
    grants: PasswordGrants,
    issuer: GrantIssuer,
) -> Features:
    """Build the group."""
    policy = RoundPolicy()
    return Features(
        setting=QuestionSetting(
            acts=plumbing.acts,
            randomness=plumbing.randomness,
            grants=GrantChecker(
                issuer=plumbing.settings.issuer,
                service=plumbing.service,
                public_keys=plumbing.public_keys,
            ),
            hasher=hasher,
            issuer=issuer,
            sessions=plumbing.access_tokens.sessions,
            redeemer=grants.redeemer,
        ),
        answering=Answering(
            acts=plumbing.acts,
            digests=plumbing.digests,
            randomness=plumbing.randomness,
            hasher=hasher,
            budget=plumbing.budget,
            grants=grants,
            policy=policy,
        ),
        notices=RoundNotices(acts=plumbing.acts, clock=plumbing.clock, policy=policy),
    )
