"""A second account at a second practice, made one with the first, for good."""

from typing import Any

from deploy.client.eventually import eventually
from deploy.tour import acts
from deploy.tour.person import Person
from deploy.tour.stage import Stage

MONTHS_AND_A_DAY = 93 * 86_400  # seconds, whatever three months they are


async def second_account(stage: Stage, person: Person) -> None:
    """Another practice enrols her too, and she makes a second account without meaning to."""
    with stage.step("Another practice enrols her; she makes a second account", "EN-1"):
        other = person.with_another_account(stage.randomness)
        other.patient_id, token = await acts.enrolment_token(stage, stage.stack.neighbour, other)
        await acts.enrol(stage, other, token)
        await acts.log_on(stage, other, other.username, other.password)
        welcome = await stage.mail(other, "Welcome")
        await stage.call(
            "verify_email",
            200,
            token=other.tokens["access_token"],
            body={"token": acts.secret_of(welcome)},
        )
        stage.tell("she has two accounts now, each with a practice and a verified address")


async def merging(stage: Stage, person: Person) -> None:
    """She makes them one: proves both, confirms, and is told at both addresses."""
    other = person.other_account
    await acts.log_on(stage, person, person.username, person.password)
    bearer = person.tokens["access_token"]
    with stage.step("She proves that both accounts are hers", "MG-1, SE-3"):
        reauthenticated = await stage.call(
            "reauthenticate", 200, token=bearer, body={"password": person.password, "verb": "merge"}
        )
        wrong = {"name": other.username, "password": "Wrong-Guess-1234"}
        await stage.refused("prove_ownership", 403, "merge_proof_failed", token=bearer, body=wrong)
        stage.tell("a wrong password of the other account: merge_proof_failed")
        right = {"name": other.username, "password": other.password}
        owned = await stage.call("prove_ownership", 200, token=bearer, body=right)
    with stage.step("She confirms what cannot be undone", "MG-3, MG-4"):
        request = {
            "reauthenticated": reauthenticated.body["grant"],
            "owned": owned.body["grant"],
            "confirm": True,
        }
        accepted = await stage.call("request_merge", 202, token=bearer, body=request)
        await merged(stage, person, accepted.body["merge_id"])
        bearer = person.tokens["access_token"]
    with stage.step("She is told at both addresses", "MG-6"):
        await stage.mail(person, "are one now")
        await stage.mail(other, "are one now")
    with stage.step("Both practices stand under the account that is left", "MG-5"):
        account = await stage.call("read_account", 200, token=bearer)
        practices = {practice["name"] for practice in account.body["practices"]}
        stage.insist(len(practices) == 2, f"practices of the account: {practices}")
        stage.tell(f"practices: {', '.join(sorted(practices))}")
        await stage.call("read_account", 401, token=other.tokens["access_token"])
        stage.tell("the session of the other account: over")
        right_name = {"name": other.username, "password": other.password}
        await stage.refused("log_on", 409, "account_merged", body=right_name, source=other.source)
        await acts.log_on(stage, other, other.username, "Wrong-Guess-1234", 401)
        stage.tell("its name and right password: account_merged; with a wrong one: as anybody's")
        await stage.refused("request_merge", 400, "grant_used", token=bearer, body=request)
        stage.tell("the same proofs once more: grant_used")


async def merged(stage: Stage, person: Person, merge_id: str) -> None:
    """Wait until all four services have done their part. The practices that come along void what
    her session was shown before, so its tokens are renewed.
    """

    async def completed() -> Any:
        merge = await acts.renewed_for(stage, person, "read_merge", path={"merge_id": merge_id})
        stage.insist(merge.body["state"] == "completed", f"the merge is {merge.body}")

    await eventually(completed, within=15)
    stage.tell("the merge is completed")


async def offered(stage: Stage, person: Person) -> None:
    """Somebody with two accounts is offered to merge them, skips it, and is asked again later."""
    guest = Person.met_for_the_first_time(stage.randomness)
    other = guest.with_another_account(stage.randomness)
    with stage.step("Two practices each make an account for somebody", "EN-1"):
        for one, practice in ((guest, stage.stack.practice), (other, stage.stack.neighbour)):
            one.patient_id, token = await acts.enrolment_token(stage, practice, one)
            await acts.enrol(stage, one, token)
    with stage.step("She is offered to merge them, and skips it for now", "MG-7, MG-8"):
        await acts.log_on(stage, guest, guest.username, guest.password)
        bearer = guest.tokens["access_token"]

        async def likely() -> Any:
            offer = (await stage.call("read_offer", 200, token=bearer)).body
            stage.insist(offer["place"] == "log-on", f"the offer is {offer}")
            return offer["candidates"]

        [candidate] = await eventually(likely, within=15)
        stage.tell(f"likely hers too: {candidate['username']}, {candidate['practices'][0]}")
        await stage.call("skip_offer", 204, token=bearer)
        skipped = (await stage.call("read_offer", 200, token=bearer)).body
        stage.insist(skipped["place"] is None, "it is offered again at once")
        stage.tell(f"not offered before {skipped['quiet_until']}; the settings always can")
    with stage.step("Three months later it stands on her home page", "MG-7"):
        stage.let_time_pass(MONTHS_AND_A_DAY)

        async def at_home() -> None:
            await acts.log_on(stage, guest, guest.username, guest.password)
            bearer = guest.tokens["access_token"]
            offer = (await stage.call("read_offer", 200, token=bearer)).body
            stage.insist(offer["place"] == "home", f"the offer is {offer}")

        await eventually(at_home, within=30)
        stage.tell("offered on the home page, not at the log-on")
