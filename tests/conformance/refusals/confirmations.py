"""What is refused of a confirmation, whatever it is for (SE-3)."""

from collections.abc import Mapping

import msgspec

from shared.contracts.ids import SessionId
from shared.trust.grants import Verb as ForVerb
from tests.builders.people import Person as Someone
from tests.conformance.examples.identity import IdentityStage
from tests.conformance.refusals import Elsewhere, Recipe, but
from tests.conformance.stage import Example, send
from tests.conformance.verbs import NAMED
from tests.rigs.issuer import Issuer
from tests.support.trust import ISSUER


def unconfirmed(verb: ForVerb, example: Recipe, **again: str) -> Mapping[str, Recipe | Elsewhere]:
    """Return what brings about each refusal of a grant for this verb; `again` is another use."""

    async def with_grant(stage: IdentityStage, verb: str) -> Example:
        made = await example(stage)
        assert made.token is not None
        return made.but(reauthenticated=await stage.proof(made.token, verb))

    async def for_another_verb(stage: IdentityStage) -> Example:
        return await with_grant(stage, "merge")

    async def for_another_service(stage: IdentityStage) -> Example:
        person = await stage.replica.an_account()
        opened = (await stage.replica.log_on(person.username)).body
        issuer = Issuer(trust=stage.replica.trust, clock=stage.replica.clock)
        about = Someone(
            account_id=person.id, session_id=msgspec.convert(opened["session_id"], SessionId)
        )
        grant = await issuer.reauthenticated(about, verb=verb, audience=(f"{ISSUER}/merge",))
        made = (await example(stage)).but(reauthenticated=grant)
        return made.by(str(opened["access_token"]))

    async def a_strangers(stage: IdentityStage) -> Example:
        grant = await stage.proof(await stage.session(), verb)
        return (await example(stage)).but(reauthenticated=grant)

    async def of_another_session(stage: IdentityStage) -> Example:
        person = await stage.replica.an_account()
        token, elsewhere = await stage.opened(person.username), await stage.opened(person.username)
        grant = await stage.proof(elsewhere, verb)
        return (await example(stage)).but(reauthenticated=grant).by(token)

    async def used(stage: IdentityStage) -> Example:
        made = await with_grant(stage, verb)
        await send(stage, NAMED[named], made)
        return made.but(**again)

    named = example.__name__
    return {
        "GrantInvalid": but(named, reauthenticated="x.y.z"),
        "GrantWrongAct": for_another_verb,
        "GrantWrongService": for_another_service,
        "GrantWrongAccount": a_strangers,
        "GrantWrongSession": of_another_session,
        "GrantUsed": used,
        "GrantSuperseded": Elsewhere(
            why="a reset ends the session that the grant is bound to, so only a race gets this far"
        ),
    }
