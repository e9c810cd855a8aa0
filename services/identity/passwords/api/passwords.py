"""A candidate password against every rule, for the marks beside the field (ID-3)."""

from collections.abc import Mapping
from datetime import date

from services.identity.fields import Address, Line, Name, Typed
from services.identity.passwords.features import Features
from services.identity.passwords.model import Context
from services.identity.passwords.policy import RuleState
from shared.http.routes import Body, Call, Reply
from shared.trust.access import Anonymous


class CandidateBody(Body, frozen=True, kw_only=True):
    """What the page knows of the person so far; each makes one more rule tell."""

    candidate: Typed
    username: Name | None = None
    email: Address | None = None
    last_name: Name | None = None
    first_name: Name | None = None
    birth_date: date | None = None
    practice_name: Line | None = None


class RuleReply(Reply, frozen=True, kw_only=True):
    """`params` are the numbers that `text` has, for who says it in another language."""

    code: str
    text: str
    state: RuleState
    params: Mapping[str, int]


class CandidateReply(Reply, frozen=True, kw_only=True):
    acceptable: bool
    rules: tuple[RuleReply, ...]


async def check_password(
    features: Features, call: Call[CandidateBody, Anonymous]
) -> CandidateReply:
    body = call.body
    rules = features.passwords.check(
        body.candidate,
        Context(
            username=body.username or "",
            emails=(body.email,) if body.email else (),
            names=tuple(name for name in (body.last_name, body.first_name) if name),
            birth_dates=(body.birth_date,) if body.birth_date else (),
            practices=(body.practice_name,) if body.practice_name else (),
        ),
    )
    return CandidateReply(
        acceptable=all(rule.state is not RuleState.NOT_MET for rule in rules),
        rules=tuple(
            RuleReply(code=rule.code, text=rule.text, state=rule.state, params=rule.params)
            for rule in rules
        ),
    )
