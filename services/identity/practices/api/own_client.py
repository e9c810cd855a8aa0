"""A practice's client reads who it is (ST-1)."""

from services.identity.practices.features import Features
from shared.contracts.ids import PracticeId
from shared.contracts.scopes import Role
from shared.http.routes import Call, NoBody, Reply
from shared.trust.access import PracticeCaller


class BudgetReply(Reply, frozen=True, kw_only=True):
    """`left` of `most` an hour; in `more_in` seconds some of it comes back, 0 where all is left."""

    name: str
    most: int
    left: int
    more_in: int


class OwnClientReply(Reply, frozen=True, kw_only=True):
    """`scopes` are those of the token that was shown, `budgets` those of identity's verbs."""

    client_id: str
    client_name: str
    role: Role
    scopes: tuple[str, ...]
    practice_id: PracticeId
    practice_name: str
    practice_time_zone: str
    budgets: tuple[BudgetReply, ...]


async def read_own_client(features: Features, call: Call[NoBody, PracticeCaller]) -> OwnClientReply:
    client, practice = await features.own_clients.read(
        call.caller.client_id, call.caller.practice_id
    )
    return OwnClientReply(
        client_id=client.id,
        client_name=client.name,
        role=client.role,
        scopes=tuple(sorted(call.caller.scopes)),
        practice_id=practice.id,
        practice_name=practice.name,
        practice_time_zone=practice.time_zone,
        budgets=tuple(
            BudgetReply(name=one.budget, most=one.most, left=one.left, more_in=one.more_in)
            for one in await features.own_clients.standings(client.id)
        ),
    )
