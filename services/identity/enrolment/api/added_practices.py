"""A person adds a practice to the account she has (EN-5)."""

from typing import Annotated

from msgspec import Meta

from services.identity.enrolment.added_practices import PracticeAdded
from services.identity.enrolment.api.either import not_one_of
from services.identity.enrolment.features import Features
from services.identity.enrolment.model import TOKEN
from services.identity.enrolment.ways_in import Brought
from services.identity.fields import Given, Typed
from shared.http.routes import Body, Call
from shared.trust.access import Anonymous


class AddedPracticeBody(Body, frozen=True, kw_only=True):
    """The practice's token, or the `grant` of who has proven such a thing before; `name` and
    `password` as they log on.
    """

    token: Typed | None = None
    grant: Typed | None = None
    name: Annotated[str, Meta(max_length=1024)]
    password: Given


async def add_practice_to_account(
    features: Features, call: Call[AddedPracticeBody, Anonymous]
) -> PracticeAdded:
    return await features.added_practices.add_by_password(
        brought_with(call.body),
        call.body.name,
        call.body.password,
        by=call.by,
        key=call.idempotency,
    )


def brought_with(body: AddedPracticeBody) -> Brought | str:
    """Take the one of both. Raises BodyInvalid."""
    match body:
        case AddedPracticeBody(token=str(token), grant=None):
            return Brought(way=TOKEN, secret=token)
        case AddedPracticeBody(grant=str(grant), token=None):
            return grant
        case _:
            raise not_one_of(body, (("token",), ("grant",)))
