"""A person adds a practice to the account she has (EN-5)."""

from typing import Annotated

from msgspec import Meta

from services.identity.enrolment.added_practices import PracticeAdded
from services.identity.enrolment.features import Features
from services.identity.fields import Given, Typed
from shared.http.routes import Body, Call
from shared.trust.access import Anonymous


class AddedPracticeBody(Body, frozen=True, kw_only=True):
    """The practice's token; `name` and `password` as they log on."""

    token: Typed
    name: Annotated[str, Meta(max_length=1024)]
    password: Given


async def add_practice_to_account(
    features: Features, call: Call[AddedPracticeBody, Anonymous]
) -> PracticeAdded:
    return await features.added_practices.add_practice(
        call.body.token,
        call.body.name,
        call.body.password,
        by=call.by,
        key=call.idempotency,
    )
