"""A freeze shuts every way back, at every replica, as soon as each has heard of it (RC-9)."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from deploy.client.eventually import eventually
from deploy.client.gateway import Gateway
from deploy.tour import acts
from deploy.tour.person import Person
from deploy.tour.questions import chosen
from deploy.tour.stage import Stage
from deploy.tour.validation import fields, who_has_no_email
from shared.randomness import Randomness
from tests.support.suite import Suite

REFUSED = {
    "redeem_reset_link": (422, "link_invalid"),
    "redeem_reset_token": (422, "reset_token_invalid"),
    "answer_security_questions": (422, "answers_refused"),
    "set_security_questions": (401, "unauthenticated"),
}


def a_source() -> str:
    """An address that hardly anybody had before: each has a budget (LG-4)."""
    high, low = Randomness().bytes(2)
    return f"198.19.{high}.{low}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Everything that opens an account, or would: what a freeze has to void."""

    person: Person
    link: str
    token: str
    answers: Mapping[str, str]

    async def tried(self, gateway: Gateway) -> dict[str, tuple[int, str, str]]:
        """Bring each to one replica; status, code and the grant."""
        name = self.person.username
        asked = await gateway.call("ask_security_questions", body={"name": name})
        bodies: dict[str, dict[str, Any]] = {
            "redeem_reset_link": {"token": self.link},
            "redeem_reset_token": {"username": name, "token": self.token},
            "answer_security_questions": {
                "name": name,
                "answers": [
                    {"code": one["code"], "answer": self.answers.get(one["code"], "none")}
                    for one in asked.body["questions"]
                ],
            },
            "set_security_questions": {"questions": []},
        }
        told = {}
        for verb, body in bodies.items():
            bearer = self.person.tokens["access_token"] if verb.startswith("set") else None
            answer = await gateway.call(verb, body=body, token=bearer, source=a_source())
            said = answer.body.get("code", ""), answer.body.get("grant", "")
            told[verb] = (answer.status, *said)
        return told

    async def shut(self, gateway: Gateway) -> None:
        told = await self.tried(gateway)
        assert {verb: said[:2] for verb, said in told.items()} == REFUSED


@asynccontextmanager
async def each_replica(suite: Suite) -> AsyncIterator[Sequence[Gateway]]:
    """A client of the first replica of each service, one of the second, one of the third."""
    services = suite.addresses.services
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                Gateway({service: [addresses[number]] for service, addresses in services.items()})
            )
            for number in range(3)
        ]


async def every_way(stage: Stage, person: Person) -> tuple[Ways, str]:
    """Somebody with account e-mail, questions and a practice's token; and a link "not me"."""
    practice = stage.stack.neighbour
    person.patient_id, token = await acts.enrolment_token(stage, practice, person)
    await acts.enrol(stage, person, token)
    await acts.log_on(stage, person, person.username, person.password)
    bearer = person.tokens["access_token"]
    welcome = acts.secret_of(await stage.mail(person, "Welcome"))
    await stage.call("verify_email", 200, token=bearer, body={"token": welcome})
    answers = await chosen(stage)
    await acts.set_questions(stage, person, answers)
    not_me = acts.secret_of(await stage.mail(person, "security questions"))

    async def linked() -> str:
        await stage.call("request_reset_link", 202, body={"name": person.username})
        return acts.secret_of(await stage.mail(person, "Set a new"))

    digits = await acts.reset_token(stage, practice, person)
    return Ways(person=person, link=await linked(), token=digits, answers=answers), not_me


@pytest.mark.proves("RC-9", "RC-3", "RC-4", "RC-5", "RC-8")
async def test_a_freeze_voids_every_way_back_at_every_replica(
    stage: Stage, suite: Suite, person: Person
) -> None:
    desk = await acts.client_token(stage, stage.stack.neighbour)
    asks = {**acts.AT_THE_DESK, "security_questions": True}
    await stage.call("change_practice_settings", 200, token=desk, body=asks)
    ways, not_me = await every_way(stage, person)

    async with each_replica(suite) as replicas:
        before = await ways.tried(replicas[0])
        grants = [grant for _, _, grant in before.values() if grant]
        assert len(grants) == 3, before
        assert not [verb for verb, said in before.items() if said[:2] == REFUSED[verb]], before

        freeze = {"token": not_me, "birth_date": person.birth_date}
        begun = asyncio.get_running_loop().time()
        await stage.call("freeze_account", 204, body=freeze, source=a_source())
        await asyncio.gather(
            *(
                eventually(partial(ways.shut, replica), pause=0.02, within=60)
                for replica in replicas
            )
        )
        took = asyncio.get_running_loop().time() - begun
        told = {
            (answer.status, answer.body["code"])
            for grant in grants
            for replica in replicas
            for answer in [
                await replica.call(
                    "reset_password",
                    body={"grant": grant, "new_password": "Copper!Lantern-5821"},
                    source=a_source(),
                )
            ]
        }

    assert told == {(400, "grant_superseded")}
    print(f"every way was shut at every replica {took:.2f} s after the freeze was asked for")  # noqa: T201
    asks["security_questions"] = False
    await stage.call("change_practice_settings", 200, token=desk, body=asks)


async def told_elsewhere(stage: Stage, guest: Person) -> str:
    """A link "not me" of somebody without an account e-mail, from a mail to another address."""
    await acts.log_on(stage, guest, guest.username, guest.password)
    bearer = guest.tokens["access_token"]
    await acts.notification_address(stage, guest, guest.address)
    grant = await acts.proof(stage, guest, "password")
    guest.password = f"Copper!Lantern-{stage.randomness.digits(4)}"
    changed = {"new_password": guest.password, "reauthenticated": grant}
    await stage.call("change_password", 200, token=bearer, body=changed)
    return acts.secret_of(await stage.mail(guest, "password was changed"))


async def picked(stage: Stage, guest: Person) -> dict[str, Any]:
    """A question of now, and the right answer to it."""
    asked = await stage.call("begin_validation", 200, body=fields(guest), source=guest.source)
    choice = asked.body["addresses"].index(guest.street)
    return {"challenge": asked.body["challenge"], "choice": choice}


@pytest.mark.proves("RC-9", "RC-6")
async def test_a_freeze_voids_a_validation_that_was_begun_before_it_at_every_replica(
    stage: Stage, suite: Suite
) -> None:
    guest = await who_has_no_email(stage)
    not_me = await told_elsewhere(stage, guest)
    await suite.all_heard()  # what begins before that is void with the change
    answered, asked = await picked(stage, guest), await picked(stage, guest)

    async def told(replica: Gateway, answer: dict[str, Any]) -> tuple[int, str]:
        said = await replica.call("answer_validation", body=answer, source=a_source())
        return said.status, said.body.get("code", "")

    async def shut(replica: Gateway) -> None:
        assert await told(replica, answered) == (422, "validation_unavailable")

    async with each_replica(suite) as replicas:
        given = await replicas[0].call("answer_validation", body=answered, source=a_source())
        before = [await told(replica, answered) for replica in replicas]
        freeze = {"token": not_me, "birth_date": guest.birth_date}
        await stage.call("freeze_account", 204, body=freeze, source=a_source())
        await asyncio.gather(
            *(eventually(partial(shut, replica), within=60) for replica in replicas)
        )
        late = [await told(replica, asked) for replica in replicas]
        new = {"grant": given.body["grant"], "new_password": "Copper!Lantern-5821"}
        resets = [
            await replica.call("reset_password", body=new, source=a_source())
            for replica in replicas
        ]

    assert before == [(200, "")] * 3
    assert late == [(422, "validation_unavailable")] * 3
    assert {(each.status, each.body["code"]) for each in resets} == {(400, "grant_superseded")}
