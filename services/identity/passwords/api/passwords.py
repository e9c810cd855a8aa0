"""A candidate password against every rule, for the marks beside the field (ID-3)."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import Meta

from services.identity.fields import Address, Line, Name, Typed
from services.identity.passwords.common_list import COMMON_LIST
from services.identity.passwords.features import Features
from services.identity.passwords.model import Context
from services.identity.passwords.policy import NOT_COMMON, RuleResult, RuleState
from shared.contracts.birth_dates import BirthDate
from shared.http.routes import Body, Call, Reply
from shared.trust.access import Anonymous


class CandidateBody(Body, frozen=True, kw_only=True):
    """What the page knows of the person so far; each makes one more rule tell."""

    candidate: Typed
    username: Annotated[str, Meta(max_length=200)] | None = None  # as it is being typed
    email: Address | None = None
    last_name: Name | None = None
    first_name: Name | None = None
    birth_date: BirthDate | None = None
    practice_name: Line | None = None


class ListReply(Reply, frozen=True, kw_only=True):
    """The list of commonly used passwords: `address` is where anybody can read it."""

    name: str
    version: str
    address: str


class RuleReply(Reply, frozen=True, kw_only=True):
    """`params` are the numbers that `text` has, for who says it in another language. `list` is what
    the rule `not_common` compares with.
    """

    code: str
    text: str
    state: RuleState
    params: Mapping[str, int]
    list: ListReply | None


class CandidateReply(Reply, frozen=True, kw_only=True):
    acceptable: bool
    rules: tuple[RuleReply, ...]


THE_LIST = ListReply(
    name=COMMON_LIST.name, version=COMMON_LIST.version, address=COMMON_LIST.address
)


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
    return candidate_reply(rules)


def candidate_reply(rules: Sequence[RuleResult]) -> CandidateReply:
    """Shape what became of every rule."""
    return CandidateReply(
        acceptable=all(rule.state is not RuleState.NOT_MET for rule in rules),
        rules=tuple(
            RuleReply(
                code=rule.code,
                text=rule.text,
                state=rule.state,
                params=rule.params,
                list=THE_LIST if rule.code == NOT_COMMON else None,
            )
            for rule in rules
        ),
    )
