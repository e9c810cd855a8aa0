"""MG-1 to MG-4 over HTTP: ask for a merge, and follow it."""

from typing import Annotated

import msgspec

from services.merge.merging.features import Features
from services.merge.merging.merges import MergeRequest, MergeShown
from shared.contracts.ids import MergeId
from shared.http.routes import Body, Call, NoBody, Reply
from shared.trust.access import SessionCaller

GrantText = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]


class RequestMerge(Body, frozen=True, kw_only=True):
    """Both grants are identity's. `confirm`: this cannot be undone."""

    reauthenticated: GrantText
    owned: GrantText
    confirm: bool = False


class MergesShown(Reply, frozen=True, kw_only=True):
    """The newest twenty that the caller's account asked for, newest first."""

    merges: tuple[MergeShown, ...]


async def request_merge(features: Features, call: Call[RequestMerge, SessionCaller]) -> MergeShown:
    """Accept; the caller's own account survives."""
    return await features.merges.request(
        MergeRequest(
            account_id=call.caller.account_id,
            session_id=call.caller.session_id,
            reauthenticated=call.body.reauthenticated,
            owned=call.body.owned,
            confirmed=call.body.confirm,
        ),
        by=call.by,
        key=call.idempotency,
    )


async def read_merge(
    features: Features, call: Call[NoBody, SessionCaller], merge_id: MergeId
) -> MergeShown:
    """Show one to the survivor."""
    return await features.merges.find(merge_id, account_id=call.caller.account_id)


async def list_merges(features: Features, call: Call[NoBody, SessionCaller]) -> MergesShown:
    """Show the survivor her own."""
    return MergesShown(merges=tuple(await features.merges.of_account(call.caller.account_id)))
