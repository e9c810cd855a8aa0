"""A person adds a practice to the account she has (EN-5)."""

from typing import Annotated

from msgspec import Meta

from services.identity.api.fields import Given, Typed
from services.identity.existing_accounts import PracticeAdded
from services.identity.features import Features
from shared.http.routes import Body, Call


class ExistingAccountBody(Body, frozen=True, kw_only=True):
    """The practice's token; `name` and `password` as they log on."""

    token: Typed
    name: Annotated[str, Meta(max_length=1024)]
    password: Given


async def add_practice_to_account(
    features: Features, call: Call[ExistingAccountBody]
) -> PracticeAdded:
    return await features.existing_accounts.add_practice(
        call.body.token,
        call.body.name,
        call.body.password,
        origin=call.origin,
        key=call.idempotency,
        now=call.now,
    )
