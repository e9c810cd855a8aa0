"""Take all replicas of one service away and the other three services go on with what they own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest

from deploy.client.eventually import eventually
from deploy.local.processes import together
from deploy.tour.acts import log_on, renewed_for, secret_of
from deploy.tour.one_account import enrolment, first_log_on, forgotten_password
from deploy.tour.person import Person
from deploy.tour.stage import Stage
from deploy.tour.two_accounts import merged, second_account
from deploy.tour.validation import set_password, validated, validation, who_has_no_email
from tests.support.suite import Suite


@asynccontextmanager
async def without(suite: Suite, service: str) -> AsyncIterator[None]:
    """Kill every replica of a service for a while, once what it has told is heard."""
    await suite.all_heard()
    replicas = [number for name, number in suite.stack.replicas if name == service]
    for number in replicas:
        suite.kill(service, number)
    try:
        yield
    finally:
        await together(*(suite.restart(service, number) for number in replicas))


async def test_without_notify_people_enrol_and_log_on_and_the_mail_comes_later(
    suite: Suite, stage: Stage, person: Person
) -> None:
    async with without(suite, "notify"):
        await enrolment(stage, person)
        await log_on(stage, person, person.username, person.password)

    assert secret_of(await stage.mail(person, "Welcome"))


async def test_without_recovery_people_enrol_verify_and_log_on(
    suite: Suite, stage: Stage, person: Person
) -> None:
    async with without(suite, "recovery"):
        await enrolment(stage, person)
        await first_log_on(stage, person)


@pytest.mark.proves("RC-6")
async def test_without_identity_somebody_is_validated_and_sets_her_password_later(
    suite: Suite, stage: Stage
) -> None:
    guest = await who_has_no_email(stage)
    await log_on(stage, guest, guest.username, guest.password)

    async with without(suite, "identity"):
        grant = await validated(stage, guest)

    await set_password(stage, guest, grant)


@pytest.mark.proves("RC-6")
async def test_without_notify_somebody_is_validated_to_the_end(
    suite: Suite, stage: Stage, person: Person
) -> None:
    async with without(suite, "notify"):
        await validation(stage, person)


async def test_without_identity_a_reset_link_is_asked_for_mailed_and_redeemed(
    suite: Suite, stage: Stage, person: Person
) -> None:
    await enrolment(stage, person)
    await first_log_on(stage, person)

    async with without(suite, "identity"):
        await stage.call("request_reset_link", 202, body={"name": person.username})
        link = secret_of(await stage.mail(person, "password"))
        redeemed = await stage.call("redeem_reset_link", 200, body={"token": link})

    new = {"grant": redeemed.body["grant"], "new_password": "Copper!Lantern-5821"}
    await stage.call("reset_password", 200, body=new)


async def test_without_merge_people_enrol_log_on_and_reset_a_password(
    suite: Suite, stage: Stage, person: Person
) -> None:
    async with without(suite, "merge"):
        await enrolment(stage, person)
        await first_log_on(stage, person)
        await forgotten_password(stage, person)


async def test_without_identity_an_accepted_merge_waits_for_it(
    suite: Suite, stage: Stage, person: Person
) -> None:
    await two_accounts_of_hers(stage, person)
    proofs = await both_proofs(stage, person)

    async with without(suite, "identity"):
        merge_id = await request_merge(stage, person, proofs)

    await merged(stage, person, merge_id)


@pytest.mark.parametrize("service", ["recovery", "notify"])
async def test_a_merge_is_done_without_who_has_to_follow_and_completed_when_they_are_back(
    suite: Suite, stage: Stage, person: Person, service: str
) -> None:
    await two_accounts_of_hers(stage, person)
    proofs = await both_proofs(stage, person)

    async with without(suite, service):
        merge_id = await request_merge(stage, person, proofs)
        await eventually(partial(united, stage, person), within=15)
        merge = await renewed_for(stage, person, "read_merge", path={"merge_id": merge_id})
        assert merge.body["state"] != "completed"

    await merged(stage, person, merge_id)


async def two_accounts_of_hers(stage: Stage, person: Person) -> None:
    """She logs on with the first at the end."""
    await enrolment(stage, person)
    await first_log_on(stage, person)
    await second_account(stage, person)
    await log_on(stage, person, person.username, person.password)


async def both_proofs(stage: Stage, person: Person) -> dict[str, Any]:
    """Identity's grants for a merge of her two accounts."""
    bearer, other = person.tokens["access_token"], person.other_account
    again = {"password": person.password, "verb": "merge"}
    known = {"name": other.username, "password": other.password}
    reauthenticated = await stage.call("reauthenticate", 200, token=bearer, body=again)
    owned = await stage.call("prove_ownership", 200, token=bearer, body=known)
    return {"reauthenticated": reauthenticated.body["grant"], "owned": owned.body["grant"]}


async def request_merge(stage: Stage, person: Person, proofs: dict[str, Any]) -> str:
    bearer, body = person.tokens["access_token"], {**proofs, "confirm": True}
    accepted = await stage.call("request_merge", 202, token=bearer, body=body)
    return str(accepted.body["merge_id"])


async def united(stage: Stage, person: Person) -> None:
    """Both practices stand under her first account."""
    account = await renewed_for(stage, person, "read_account")
    assert len(account.body["practices"]) == 2
