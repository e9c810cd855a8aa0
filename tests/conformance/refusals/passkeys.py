"""What identity's verbs refuse of passkeys."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from deploy.tour.authenticator import UP
from shared.contracts.ids import SessionId
from shared.trust.grants import Verb as ForVerb
from tests.builders.merges import Registry
from tests.builders.passkeys import Holder, a_holder, ask_to_log_on
from tests.builders.people import Person as Someone
from tests.builders.practices import practice_desk
from tests.conformance.examples import identity as examples
from tests.conformance.examples.identity import IdentityStage
from tests.conformance.refusals import Elsewhere, Recipe, at, but
from tests.conformance.refusals.confirmations import unconfirmed
from tests.conformance.stage import Example, send
from tests.conformance.verbs import NAMED
from tests.rigs.issuer import Issuer
from tests.support.trust import ISSUER

NOBODY = UUID(int=7)
BEFOREHAND = "its options refuse it; after them another ceremony's answer voids this one's grant"
OFFERED = Elsewhere(why="every replica here has an RP id: tests/integration/identity/test_passkeys")


async def passkey_without_its_user(stage: IdentityStage) -> Example:
    holder = await stage.holder()
    await holder.made()
    return Example(body=holder.answer(await ask_to_log_on(stage.replica), flags=UP))


async def passkey_that_was_removed(stage: IdentityStage) -> Example:
    holder = await stage.holder()
    await holder.remove(await holder.made())
    return Example(body=holder.answer(await ask_to_log_on(stage.replica)))


async def passkey_of_a_merged_account(stage: IdentityStage) -> Example:
    other = await practice_desk(stage.replica)
    registry = Registry(identity=stage.replica, desks=(other, stage.desk))
    survivor, absorbed = await registry.two()
    holder = await a_holder(stage.replica, absorbed)
    await holder.made()
    await registry.merge(survivor, absorbed)
    return Example(body=holder.answer(await ask_to_log_on(stage.replica)))


async def new_passkey_without_its_user(stage: IdentityStage) -> Example:
    holder = await stage.holder()
    asked = await holder.options(
        "/account/passkeys", name="Phone", reauthenticated=await holder.grant()
    )
    credential = holder.authenticator.make(asked.body["options"], flags=UP)
    body = {"ceremony": asked.body["ceremony"], "credential": credential}
    return Example(body=body, token=holder.token)


async def new_passkey_that_somebody_has(stage: IdentityStage) -> Example:
    theirs, holder = await stage.holder(), await stage.holder()
    await theirs.made(id_=b"one of theirs")
    asked = await holder.options(
        "/account/passkeys", name="Phone", reauthenticated=await holder.grant()
    )
    credential = holder.authenticator.make(asked.body["options"], id_=b"one of theirs")
    body = {"ceremony": asked.body["ceremony"], "credential": credential}
    return Example(body=body, token=holder.token)


async def eleventh_passkey(stage: IdentityStage) -> Example:
    holder = await stage.holder()
    for number in range(10):
        await holder.made(f"Key {number}")
    return Example(
        body={"name": "Eleventh", "reauthenticated": await holder.grant()}, token=holder.token
    )


async def name_of_another_passkey(stage: IdentityStage) -> Example:
    holder = await stage.holder()
    await holder.made("Phone")
    return Example(
        body={"name": "Phone", "reauthenticated": await holder.grant()}, token=holder.token
    )


async def renamed_to_another_passkey(stage: IdentityStage) -> Example:
    holder = await stage.holder()
    await holder.made("Phone")
    path = {"passkey_id": await holder.made("Laptop")}
    return Example(path=path, body={"name": "Phone"}, token=holder.token)


async def removed_by_a_grant_for_merge(stage: IdentityStage) -> Example:
    holder = await stage.holder()
    path = {"passkey_id": await holder.made()}
    opened = (await stage.replica.log_on(holder.person.username)).body
    issuer = Issuer(trust=stage.replica.trust, clock=stage.replica.clock)
    about = Someone(
        account_id=holder.person.id,
        session_id=msgspec.convert(opened["session_id"], SessionId),
    )
    grant = await issuer.reauthenticated(
        about, verb=ForVerb.PASSKEYS, audience=(f"{ISSUER}/merge",)
    )
    body = {"reauthenticated": grant}
    return Example(path=path, body=body, token=opened["access_token"])


async def removed_by_a_grant_of_another_session(stage: IdentityStage) -> Example:
    holder = await stage.holder()
    path = {"passkey_id": await holder.made()}
    elsewhere = await stage.opened(holder.person.username)
    grant = await stage.proof(elsewhere, ForVerb.PASSKEYS)
    return Example(path=path, body={"reauthenticated": grant}, token=holder.token)


async def only_means_removed(stage: IdentityStage) -> Example:
    holder = await stage.holder()
    path = {"passkey_id": await holder.made("Phone")}
    await holder.two_step_by_passkeys()
    body = await holder.asked("/account/reauthenticate") | {"verb": ForVerb.PASSKEYS}
    answer = await stage.replica.call("POST", "/account/reauthenticate", body, token=holder.token)
    return Example(path=path, body={"reauthenticated": answer.body["grant"]}, token=holder.token)


async def only_means_not_kept(stage: IdentityStage) -> Example:
    holder = await stage.holder()
    passkey_id = await holder.made("Phone")
    codes = await holder.two_step_by_passkeys()
    [row] = await stage.replica.rows(
        "SELECT security_version FROM accounts WHERE id = $1", holder.person.id
    )
    grant = await stage.recovery.grant(holder.person, security_version=row["security_version"])
    half = (await stage.replica.reset(grant, "Copper!Lantern-42")).body["access_token"]
    full = await stage.replica.call("POST", "/sessions/second-step", {"code": codes[0]}, token=half)
    return Example(body={"remove": [passkey_id]}, token=full.body["access_token"])


async def nothing_to_keep(stage: IdentityStage) -> Example:
    return Example(body={}, token=await stage.session())


async def kept_long_after_log_on(stage: IdentityStage) -> Example:
    holder, passkey_id = await examples.suspended(stage)
    stage.replica.clock.advance(minutes=10)
    token = await holder.refreshed()
    return Example(body={"keep": [passkey_id]}, token=token)


async def two_step_without_a_passkey(stage: IdentityStage) -> Example:
    return Example(body={}, token=await stage.session())


async def two_step_turned_on_before(stage: IdentityStage) -> Example:
    return Example(body={}, token=(await stage.two_stepper()).token)


async def turned_on_after_codes_made_five_times(stage: IdentityStage) -> Example:
    holder = await stage.holder()
    await holder.made()
    stage.codes[holder.token] = await holder.two_step_by_passkeys()
    for _ in range(4):
        made = {"reauthenticated": await stage.proof(holder.token, ForVerb.RECOVERY_CODES)}
        answer = await stage.replica.call(
            "POST", "/account/two-step/recovery-codes", made, token=holder.token
        )
        stage.codes[holder.token] = answer.body["recovery_codes"]
    off = {"reauthenticated": await stage.proof(holder.token, ForVerb.TWO_STEP_OFF)}
    await stage.replica.call("POST", "/account/two-step/off", off, token=holder.token)
    return Example(body={}, token=holder.token)


async def two_step_by_passkeys_long_after_log_on(stage: IdentityStage) -> Example:
    holder = await stage.holder()
    await holder.made()
    stage.replica.clock.advance(minutes=10)
    return Example(body={}, token=await holder.refreshed())


async def makings(holder: Holder, *names: str) -> list[Example]:
    """Ceremonies under one confirmation each, begun before any is answered."""
    asked = [
        (await holder.options("/account/passkeys", name=name, reauthenticated=grant)).body
        for name, grant in [(name, await holder.grant()) for name in names]
    ]
    return [
        Example(
            body={
                "ceremony": each["ceremony"],
                "credential": holder.authenticator.make(each["options"]),
            },
            token=holder.token,
        )
        for each in asked
    ]


async def two_by_one_version(stage: IdentityStage) -> Example:
    """The first of them changes the credentials."""
    first, second = await makings(await stage.holder(), "Phone", "Laptop")
    await send(stage, NAMED["make_passkey"], first)
    return second


async def second_step_by_no_passkey(stage: IdentityStage) -> Example:
    person = await stage.two_stepper()
    return Example(token=(await person.log_on())["access_token"])


async def second_step_asked_in_a_full_session(stage: IdentityStage) -> Example:
    return Example(token=await stage.session())


async def no_passkey_to_reauthenticate(stage: IdentityStage) -> Example:
    return Example(token=await stage.session())


async def refused_answer(holder: Holder, path: str, *, token: str) -> dict[str, Any]:
    asked = await holder.options(path, token=token)
    return holder.answer(asked.body, flags=UP)


async def second_step_by_a_wrong_passkey(stage: IdentityStage) -> Example:
    holder = await stage.holder()
    await holder.made()
    await holder.two_step_by_passkeys()
    token = await stage.opened(holder.person.username)
    return Example(
        body=await refused_answer(holder, "/sessions/second-step", token=token), token=token
    )


async def reauthentication_by_a_wrong_passkey(stage: IdentityStage) -> Example:
    holder = await stage.holder()
    await holder.made()
    body = await refused_answer(holder, "/account/reauthenticate", token=holder.token)
    return Example(body=body | {"verb": ForVerb.MERGE}, token=holder.token)


async def ownership_by_a_wrong_passkey(stage: IdentityStage) -> Example:
    theirs, token = await stage.holder(), await stage.session()
    await theirs.made()
    body = await refused_answer(theirs, "/account/ownership-proofs", token=token)
    return Example(body=body, token=token)


def over(verb: Recipe) -> Recipe:
    """The same with a ceremony that is none."""

    async def made(stage: Any) -> Example:
        return (await verb(stage)).but(ceremony="AAAA")

    return made


def answers(wrong: Recipe) -> Mapping[str, Recipe | Elsewhere]:
    """What a verb that takes a passkey's answer refuses of it."""
    return {"PasskeyInvalid": wrong, "CeremonyOver": over(wrong), "PasskeysNotOffered": OFFERED}


ANSWERS: Mapping[str, Mapping[str, Recipe | Elsewhere]] = {
    "take_second_step": answers(second_step_by_a_wrong_passkey),
    "reauthenticate": answers(reauthentication_by_a_wrong_passkey),
    "prove_ownership": answers(ownership_by_a_wrong_passkey),
}
"""Of verbs that take something else as well."""


CHECKED = {
    name: recipe
    for name, recipe in unconfirmed(ForVerb.PASSKEYS, examples.ask_for_new_passkey).items()
    if name not in ("GrantUsed", "GrantSuperseded")
}
"""Of a grant that the answer spends."""
REFUSALS: Mapping[str, Mapping[str, Recipe | Elsewhere]] = {
    "turn_on_two_step_by_passkeys": {
        "TwoStepOn": two_step_turned_on_before,
        "TwoStepNeedsMeans": two_step_without_a_passkey,
        "TooManyCodeSets": turned_on_after_codes_made_five_times,
        "ReauthenticationRequired": two_step_by_passkeys_long_after_log_on,
        **unconfirmed(ForVerb.TWO_STEP, examples.turn_on_two_step_by_passkeys),
        "GrantUsed": Elsewhere(why="two-step is on then, which is told first"),
    },
    "ask_for_new_passkey": {
        "PasskeyLimit": eleventh_passkey,
        "PasskeyNameTaken": name_of_another_passkey,
        "PasskeysNotOffered": OFFERED,
        **CHECKED,
    },
    "make_passkey": {
        "PasskeyInvalid": new_passkey_without_its_user,
        "PasskeyRegistered": new_passkey_that_somebody_has,
        "PasskeyLimit": Elsewhere(why=BEFOREHAND),
        "PasskeyNameTaken": Elsewhere(why=BEFOREHAND),
        "GrantUsed": Elsewhere(why="its use changes the credentials: it is told as superseded"),
        "GrantSuperseded": two_by_one_version,
        "CeremonyOver": over(examples.make_passkey),
        "PasskeysNotOffered": OFFERED,
    },
    "rename_passkey": {
        "NotFound": at("rename_passkey", passkey_id=NOBODY),
        "PasskeyNameTaken": renamed_to_another_passkey,
    },
    "remove_passkey": {
        "NotFound": at("remove_passkey", passkey_id=NOBODY),
        "TwoStepNeedsMeans": only_means_removed,
        **unconfirmed(ForVerb.PASSKEYS, examples.remove_passkey),
        "GrantWrongService": removed_by_a_grant_for_merge,
        "GrantWrongSession": removed_by_a_grant_of_another_session,
        "GrantUsed": Elsewhere(why="its use changes the credentials: it is told as superseded"),
    },
    "keep_passkeys": {
        "NotFound": but("keep_passkeys", keep=[NOBODY]),
        "GateClosed": nothing_to_keep,
        "TwoStepNeedsMeans": only_means_not_kept,
        "ReauthenticationRequired": kept_long_after_log_on,
        **unconfirmed(ForVerb.PASSKEYS, examples.keep_passkeys),
        "GrantUsed": Elsewhere(why="nothing is left to keep then, which is told first"),
    },
    "ask_for_passkey": {"PasskeysNotOffered": OFFERED},
    "log_on_by_passkey": {
        "PasskeyInvalid": passkey_without_its_user,
        "PasskeyUnknown": passkey_that_was_removed,
        "AccountMerged": passkey_of_a_merged_account,
        "CeremonyOver": over(examples.log_on_by_passkey),
        "PasskeysNotOffered": OFFERED,
    },
    "ask_for_second_step": {
        "GateClosed": second_step_asked_in_a_full_session,
        "NoPasskeys": second_step_by_no_passkey,
        "PasskeysNotOffered": OFFERED,
    },
    "ask_to_reauthenticate": {
        "NoPasskeys": no_passkey_to_reauthenticate,
        "PasskeysNotOffered": OFFERED,
    },
    "ask_to_prove_ownership": {"PasskeysNotOffered": OFFERED},
}
