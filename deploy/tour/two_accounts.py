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
        wrong = {"name": other.username, "password": "Wrong-Guess-1234"}
        await stage.refused("prove_ownership", 403, "merge_proof_failed", token=bearer, body=wrong)
        stage.tell("a wrong password of the other account: merge_proof_failed")
        request = await acts.both_proven(stage, person, other)
    with stage.step("She confirms what cannot be undone", "MG-3, MG-4"):
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


async def duplicate_chart(stage: Stage, person: Person) -> None:
    """A practice that has somebody twice learns so by her merge, and says which record it keeps."""
    guest = Person.met_for_the_first_time(stage.randomness)
    other = guest.with_another_account(stage.randomness)
    with stage.step("One practice makes two records of somebody, and she two accounts", "EN-1"):
        for one in (guest, other):
            one.patient_id, token = await acts.enrolment_token(stage, stage.stack.practice, one)
            await acts.enrol(stage, one, token)
    with stage.step("She merges them; the practice finds both records under one account", "MG-5"):
        await acts.log_on(stage, guest, guest.username, guest.password)
        bearer = guest.tokens["access_token"]
        request = await acts.both_proven(stage, guest, other)
        accepted = await stage.call("request_merge", 202, token=bearer, body=request)
        await merged(stage, guest, accepted.body["merge_id"])
        token = await acts.client_token(stage, stage.stack.practice)
        both = {guest.patient_id, other.patient_id}

        async def conflicts() -> list[set[str]]:
            found = await stage.call("list_merge_conflicts", 200, token=token)
            return [set(one["patient_ids"]) for one in found.body["conflicts"]]

        stage.insist(both in await conflicts(), "the practice is not told of them")
    with stage.step("It says which one it keeps; the practice stays hers", "ST-1, MG-5"):
        body = {
            **acts.AT_THE_DESK,
            "kept": [guest.patient_id],
            "given_up": [other.patient_id],
        }
        await stage.call("settle_duplicate_chart", 204, token=token, body=body)
        await stage.refused("settle_duplicate_chart", 409, "charts_settled", token=token, body=body)
        stage.tell("once more: charts_settled")
        bearer = await acts.renewed(stage, guest)
        account = await stage.call("read_account", 200, token=bearer)
        states = {one["patient_id"]: one["state"] for one in account.body["practices"]}
        wanted = {guest.patient_id: "enrolled", other.patient_id: "un-enrolled"}
        stage.insist(states == wanted, f"her records are {states}")

        async def closed() -> None:
            stage.insist(both not in await conflicts(), "it is still in the practice's list")

        await eventually(closed, within=15)
        stage.tell("the practice's list is without it")


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


async def reviewed(stage: Stage, person: Person) -> None:
    """Somebody has accounts under two names: a practice of each says that she is one person."""
    guest = Person.met_for_the_first_time(stage.randomness)
    other = guest.with_another_account(stage.randomness)
    other.last_name = "Beforehand"
    desks = (stage.stack.practice, stage.stack.neighbour)
    with stage.step("Two practices know somebody under two names", "EN-1"):
        for one, practice in zip((guest, other), desks, strict=True):
            one.patient_id, token = await acts.enrolment_token(stage, practice, one)
            await acts.enrol(stage, one, token)
            await acts.log_on(stage, one, one.username, one.password)
    with stage.step("She asks to merge her accounts: practices look at it first", "MG-2"):
        bearer = guest.tokens["access_token"]
        request = await acts.both_proven(stage, guest, other)
        asked = await stage.call("request_merge", 202, token=bearer, body=request)
        stage.insist(asked.body["state"] == "under-review", f"the merge is {asked.body}")
        stage.tell(f"{asked.body['reason']}; under review until {asked.body['review_until']}")
    path = {"merge_id": asked.body["merge_id"]}
    with stage.step("A reviewer at each practice approves", "MG-2, ST-1"):
        for practice in reversed(desks):
            token = await acts.client_token(stage, practice)
            review = (await stage.call("read_merge_review", 200, token=token, path=path)).body
            own_names = [
                record["last_name"]
                for side in (review["survivor"], review["absorbed"])
                for record in side["records"]
            ]
            stage.insist(len(own_names) == 1, f"a reviewer sees {review}")
            body = acts.AT_THE_DESK
            await stage.call("approve_merge_review", 204, token=token, path=path, body=body)
            stage.tell(f"its own record alone is shown, {own_names[0]}: approved")
        await stage.refused(
            "approve_merge_review", 409, "merge_review_ended", token=token, path=path, body=body
        )
        stage.tell("once more: merge_review_ended")
    with stage.step("Her accounts are one; every session of both has ended", "MG-2, MG-5, SE-1"):

        async def are_one() -> None:
            await acts.log_on(stage, guest, guest.username, guest.password)
            bearer = guest.tokens["access_token"]
            merge = await stage.call("read_merge", 200, token=bearer, path=path)
            stage.insist(merge.body["state"] == "completed", f"the merge is {merge.body}")

        await eventually(are_one, within=15)
        await stage.call("read_account", 401, token=other.tokens["access_token"])
        stage.tell("completed, by what was proven as she asked")
