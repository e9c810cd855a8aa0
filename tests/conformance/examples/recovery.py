"""Recovery's verbs: most of them called by a person who has not logged on, some by practices."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from shared.contracts.ids import PatientId, PracticeId
from shared.trust.grants import Verb
from tests.builders import events
from tests.builders.people import Person, a_person, a_practice
from tests.builders.questions import answered, chosen
from tests.builders.reset_tokens import a_patient, a_record
from tests.conformance.examples.identity import BY_STAFF
from tests.conformance.stage import Clients, Example
from tests.rigs.issuer import Issuer
from tests.rigs.recovery import (
    ADDRESS,
    EMAIL,
    HOME_PHONE,
    USERNAME,
    Recovery,
    a_merge,
    a_sealing_key,
    an_account,
    replica,
)
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.trust import ISSUER, trusting

NOTIFYS_KEY = a_sealing_key()  # one, whichever stage of a database heard of it first


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryStage(Clients):
    """Recovery, which knows one account and notify's key."""

    replica: Recovery

    async def session(self, *, service: str | None = None) -> str:
        return await self.issuer.token(a_person(), service=service)

    async def holder(self, username: str = USERNAME) -> Person:
        """Whose the account of that name is, as recovery knows it."""
        [row] = await self.replica.rows(
            "SELECT account_id, version FROM accounts WHERE username = $1", username
        )
        return a_person(account_id=row["account_id"], version=row["version"])

    async def confirmed(self, person: Person, **said: Any) -> str:
        """Her password, given again to set questions."""
        usual = {"verb": Verb.QUESTIONS, "audience": (f"{ISSUER}/recovery",)}
        return await self.issuer.reauthenticated(person, **{**usual, **said})


@asynccontextmanager
async def opened(database: Database, clock: FakeClock) -> AsyncIterator[RecoveryStage]:
    async with (
        replica(database, clock, NOTIFYS_KEY) as recovery,
        trusting(database, "identity", clock) as identity,
    ):
        await recovery.own_keys.ensure()
        await recovery.knows_notifys_key()
        await identity.own_keys.ensure()
        await recovery.learns_keys(identity)
        if not await recovery.rows("SELECT FROM accounts"):  # another stage may have told of it
            await recovery.knows(an_account())
        issuer = Issuer(trust=identity, clock=clock)
        yield RecoveryStage(replica=recovery, issuer=issuer, practice_id=a_practice())


async def remind_username(stage: RecoveryStage) -> Example:
    said = {"last_name": events.LAST_NAME, "birth_date": "04/17/1988"}
    return Example(body={"email": EMAIL, **said})


async def request_reset_link(stage: RecoveryStage) -> Example:
    return Example(body={"name": USERNAME})


async def redeem_reset_link(stage: RecoveryStage) -> Example:
    name = USERNAME
    if await stage.replica.mails():  # one may be mailed again after a minute only
        name = f"juniper.{next(stage.replica.numbers)}"
        await stage.replica.knows(an_account(username=name, email=f"{name}@mail.example"))
    return Example(body={"token": (await stage.replica.asks_and_is_mailed(name)).token})


VALIDATED = {
    "birth_date": "1988-04-17",
    "last_name": "Hale",
    "first_name": "Juniper",
    "home_phone": HOME_PHONE,
}


async def begin_validation(stage: RecoveryStage) -> Example:
    """Somebody new, who has neither account e-mail nor questions."""
    name = f"juniper.{next(stage.replica.numbers)}"
    account_id = await stage.replica.knows(an_account(username=name, email=None))
    await stage.replica.knows_record_of(account_id)
    return Example(body={"username": name, **VALIDATED})


async def answer_validation(stage: RecoveryStage) -> Example:
    return await answers(stage, await begin_validation(stage))


async def answers(stage: RecoveryStage, begun: Example) -> Example:
    """Pick the address that is hers."""
    question = await stage.replica.call("POST", "/resets/validations", begun.body)
    place = list(question.body["addresses"]).index(ADDRESS)
    return Example(body={"challenge": question.body["challenge"], "choice": place})


async def issue_reset_token(stage: RecoveryStage) -> Example:
    patient = await a_patient(stage.replica, stage.practice_id)
    return Example(
        path={"patient_id": patient.patient_id},
        body={**BY_STAFF, "handed_over": "in-person"},
        token=await stage.practice(),
    )


async def void_reset_token(stage: RecoveryStage) -> Example:
    patient = await a_patient(stage.replica, stage.practice_id)
    await patient.is_given()
    return Example(
        path={"patient_id": patient.patient_id}, body=BY_STAFF, token=await stage.practice()
    )


async def list_reset_tokens(stage: RecoveryStage) -> Example:
    return replace(await void_reset_token(stage), body=None)


async def redeem_reset_token(stage: RecoveryStage) -> Example:
    patient = await a_patient(stage.replica, stage.practice_id)
    issued = await patient.is_given()
    return Example(body={"username": patient.username, "token": issued.token})


async def records(stage: RecoveryStage, practice_id: PracticeId) -> dict[str, PatientId]:
    """Records of this practice, one in each state."""
    replica = stage.replica
    enrolled, merged = [await a_patient(replica, practice_id) for _ in range(2)]
    un_enrolled = await (await a_patient(replica, practice_id)).un_enrolled()
    await replica.merged(a_merge(merged.account_id, into=enrolled.account_id))
    return {
        "registered": await a_record(replica, practice_id),
        "enrolled": enrolled.patient_id,
        "un-enrolled": un_enrolled.patient_id,
        "merged": merged.patient_id,
    }


async def own_records(stage: RecoveryStage) -> dict[str, PatientId]:
    return await records(stage, stage.practice_id)


async def anothers_records(stage: RecoveryStage) -> dict[str, PatientId]:
    return await records(stage, a_practice())


async def list_security_questions(stage: RecoveryStage) -> Example:
    return Example()


async def set_security_questions(stage: RecoveryStage) -> Example:
    person = await stage.holder()
    return Example(
        body={"questions": chosen(), "reauthenticated": await stage.confirmed(person)},
        token=await stage.issuer.token(person),
    )


async def ask_security_questions(stage: RecoveryStage) -> Example:
    return Example(body={"name": USERNAME})


async def answer_security_questions(stage: RecoveryStage, name: str = USERNAME) -> Example:
    """Of five that were set just now."""
    person = await stage.holder(name)
    token, confirmed = await stage.issuer.token(person), await stage.confirmed(person)
    assert (await stage.replica.sets(token, reauthenticated=confirmed)).status == 200
    return Example(body={"name": name, "answers": answered(await stage.replica.asked(name))})


async def read_source_at_recovery(stage: RecoveryStage) -> Example:
    return Example()
