"""A person adds a practice to the account she has (EN-5)."""

from typing import Annotated

from msgspec import Meta

from services.identity.either import not_one_of
from services.identity.enrolment.added_practices import PracticeAdded
from services.identity.enrolment.features import Features
from services.identity.enrolment.model import TOKEN
from services.identity.enrolment.ways_in import Brought
from services.identity.fields import Given, Typed
from shared.http.routes import Body, Call
from shared.trust.access import Anonymous, SessionCaller


class AddedPracticeBody(Body, frozen=True, kw_only=True):
    """The practice's token, or the `grant` of who has proven such a thing before; `name` and
    `password` as they log on, with a `code` where two-step is on.
    """

    token: Typed | None = None
    grant: Typed | None = None
    name: Annotated[str, Meta(max_length=1024)]
    password: Given
    code: Typed | None = None


class PracticeBody(Body, frozen=True, kw_only=True):
    """The practice's token, or the `grant` of who has proven such a thing before; `reauthenticated`
    is a grant for the verb `practice`.
    """

    token: Typed | None = None
    grant: Typed | None = None
    reauthenticated: Typed


async def add_practice_to_account(
    features: Features, call: Call[AddedPracticeBody, Anonymous]
) -> PracticeAdded:
    return await features.added_practices.add_by_password(
        brought_with(call.body),
        call.body.name,
        call.body.password,
        code=call.body.code,
        by=call.by,
        key=call.idempotency,
    )


async def add_practice(
    features: Features, call: Call[PracticeBody, SessionCaller]
) -> PracticeAdded:
    return await features.added_practices.add_in_session(
        brought_with(call.body),
        caller=call.caller,
        reauthenticated=call.body.reauthenticated,
        by=call.by,
    )


def brought_with(body: AddedPracticeBody | PracticeBody) -> Brought | str:
    """Take the one of both. Raises BodyInvalid."""
    match body.token, body.grant:
        case str(token), None:
            return Brought(way=TOKEN, secret=token)
        case None, str(grant):
            return grant
        case _:
            raise not_one_of(body, (("token",), ("grant",)))
