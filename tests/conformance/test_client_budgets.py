"""What a practice's client does counts on its budgets, exactly, over three replicas (ST-1)."""

import asyncio
import base64
import importlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, get_args, get_origin

import msgspec
import pytest
import pytest_asyncio

from shared.http.client_budgets import ClientBudgets, Standing
from shared.http.edge import Edge
from shared.http.problems import Overdue
from shared.http.routes import Reply
from tests.conformance.stage import Example, Stage, audit_since_now, example, send
from tests.conformance.stages import Opened
from tests.conformance.verbs import Verb, those
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("ST-1", "AU-1")

RACERS, FREE, WINDOW = 12, 5, 3600
BUDGETS = {
    "records": {
        "register_patient",
        "register_patients",
        "correct_patient",
        "waive_email",
        "reject_enrolment_request",
        *("find_patients", "change_practice_settings", "publish_disclaimer", "rotate_own_secret"),
    },
    "tokens": {
        *("issue_enrolment_token", "invite_patient", "make_temporary_credentials"),
        *("void_handed_out", "read_username", "approve_enrolment_request"),
    },
    "un-enrolments": {
        *("un_enrol_patient", "reactivate_patient", "un_enrol_dormant_patients"),
        "settle_duplicate_chart",
    },
    "unlocks": {"unlock_account", "reset_two_step", "thaw_account"},
    "merge-reviews": {"approve_merge_review", "reject_merge_review"},
    "reset-tokens": {"issue_reset_token", "void_reset_token"},
    "reads": {
        *("read_patient", "list_dormant_patients", "list_handed_out"),
        *("list_enrolment_requests", "read_enrolment_request", "list_reset_tokens"),
        *("list_merge_conflicts", "list_merge_reviews", "read_merge_review"),
        "list_practice_deliveries",
    },
    "communications": {"submit_communication", "submit_communications", "resend_delivery"},
}
UNCOUNTED = {  # each of which says why in its route
    *("revoke_own_client", "read_own_client"),
    *("read_practice_settings", "read_disclaimer"),
}


@pytest_asyncio.fixture
async def replicas(verb: Verb, opened: Opened) -> AsyncIterator[Sequence[Stage]]:
    """The verb's service three times, on one database."""
    module: Any = importlib.import_module(f"tests.conformance.examples.{verb.service}")
    async with AsyncExitStack() as stack:
        beside = [
            await stack.enter_async_context(module.opened(opened.database, opened.clock))
            for _ in range(2)
        ]
        yield [opened.stage, *beside]


def budget_of(verb: Verb) -> str:
    """The name of the first that it counts on."""
    return next((budget.name for budget in verb.route.counts_on), "")


def counted(verb: Verb) -> bool:
    return bool(verb.route.counts_on)


def client_of(call: Example) -> str:
    payload = str(call.token).split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=="))["client_id"])


def shown(verb: Verb) -> bool:
    """Whether it counts for what it shows."""
    return any(budget.shown for budget in verb.route.counts_on)


def paged(verb: Verb) -> bool:
    """Whether it may show several, and counts for nothing else."""
    return all(budget.shown for budget in verb.route.counts_on) and verb.route.reply.shows_most > 1


def amount_of(verb: Verb, call: Example) -> int:
    if verb.route.counts_on[0].shown:
        return verb.route.reply.shows_most
    return msgspec.convert(call.body, verb.route.body).counts_as(budget_of(verb))


def budgets_at(stage: Stage) -> ClientBudgets:
    budgets: ClientBudgets = stage.replica.plumbing.client_budgets
    return budgets


async def standing(stage: Stage, verb: Verb, call: Example) -> Standing:
    """Where the call's client stands with the budget that it counts on."""
    every = await budgets_at(stage).standing(client_of(call))
    return next(one for one in every if one.budget == budget_of(verb))


async def leave(stage: Stage, verb: Verb, call: Example, free: int) -> None:
    """Spend the budget but for so much."""
    before = await standing(stage, verb, call)
    spent = await budgets_at(stage).spend(client_of(call), {before.budget: before.left - free})
    assert spent.wait is None


@pytest.mark.parametrize("verb", those(lambda verb: verb.of_a_practice))
def test_what_a_practice_does_counts_on_a_budget(verb: Verb) -> None:
    assert verb.name in BUDGETS.get(budget_of(verb), UNCOUNTED), (
        f"{verb.name}: let its route count on a budget, and name it in BUDGETS, or let it say why"
        " not (`uncounted`), and name it in UNCOUNTED"
    )


@pytest.mark.parametrize("verb", those(shown))
def test_a_reply_with_several_says_how_many_it_shows(verb: Verb) -> None:
    reply = verb.route.reply
    listed = [
        one.name
        for one in msgspec.structs.fields(reply)
        if get_origin(one.type) is tuple and issubclass(get_args(one.type)[0], Reply)
    ]
    assert not listed or "shows_most" in vars(reply), (
        f"{verb.name}: let {reply.__name__} say how many records it shows, and how many at most"
        f" (`shows`, `shows_most`): it has {', '.join(listed)}"
    )


def how_many(answer: Answer) -> int:
    """As it counts: those of its one list, and one where it has none."""
    return max(1, *(len(each) for each in answer.body.values() if isinstance(each, list)), 0)


@pytest.mark.parametrize("verb", those(paged))
async def test_a_page_counts_for_what_it_shows_and_needs_room_for_all_that_it_could(
    verb: Verb, stage: Stage
) -> None:
    call, most = await example(stage, verb), verb.route.reply.shows_most
    await leave(stage, verb, call, most)

    first = await send(stage, verb, call)
    left = (await standing(stage, verb, call)).left
    second = await send(stage, verb, call)

    assert (first.status, left) == (200, most - how_many(first))
    assert f";r={left};" in first.headers["RateLimit"]
    assert second.refused() == (429, "client_budget")
    assert (await standing(stage, verb, call)).left == left


@pytest.mark.parametrize("verb", those(lambda verb: paged(verb) and "after" in verb.route.query))
async def test_a_page_that_is_refused_counts_for_one_as_it_shows_nothing(
    verb: Verb, stage: Stage
) -> None:
    call = await example(stage, verb)
    before = (await standing(stage, verb, call)).left

    answer = await send(stage, verb, replace(call, query={**call.query, "after": "no-id"}))

    assert answer.status in (400, 422), answer.body
    assert (await standing(stage, verb, call)).left == before - 1
    assert f";r={before - 1};" in answer.headers["RateLimit"]


@pytest.mark.parametrize("verb", those(paged))
async def test_a_page_that_comes_too_late_counts_for_one_as_it_shows_nothing(
    verb: Verb, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = await example(stage, verb)
    before = (await standing(stage, verb, call)).left

    async def late(*_: object, **__: object) -> None:
        raise Overdue

    with monkeypatch.context() as while_it_is_slow:
        while_it_is_slow.setattr(Edge, "_in_time", late)
        answer = await send(stage, verb, call)

    assert answer.status == 503, answer.body
    assert (await standing(stage, verb, call)).left == before - 1


@pytest.mark.parametrize("verb", those(paged))
async def test_pages_at_once_show_no_more_than_is_left(
    verb: Verb, replicas: Sequence[Stage]
) -> None:
    stage, most = replicas[0], verb.route.reply.shows_most
    call = await example(stage, verb)
    await leave(stage, verb, call, 2 * most)

    answers = await asyncio.gather(
        *(send(replicas[number % 3], verb, call) for number in range(RACERS))
    )

    told = [how_many(answer) for answer in answers if answer.status == 200]
    assert len(told) >= 2
    assert {answer.refused() for answer in answers if answer.status != 200} <= {
        (429, "client_budget")
    }
    assert (await standing(stage, verb, call)).left == 2 * most - sum(told)


@pytest.mark.parametrize("verb", those(lambda verb: counted(verb) and not paged(verb)))
async def test_of_parallel_calls_over_three_replicas_as_many_are_worked_at_as_are_left(
    verb: Verb, replicas: Sequence[Stage]
) -> None:
    """Each of those counts, the refused and the repeated too; of the others nothing is done."""
    stage = replicas[0]
    call = await example(stage, verb)
    amount = amount_of(verb, call)
    await leave(stage, verb, call, FREE * amount)
    audit = await audit_since_now(stage)

    answers = await asyncio.gather(
        *(send(replicas[number % 3], verb, call) for number in range(RACERS))
    )

    over = [answer for answer in answers if answer.refused() == (429, "client_budget")]
    assert len(over) == RACERS - FREE, Counter(answer.refused() for answer in answers)
    assert (await standing(stage, verb, call)).left == 0
    policy = f'"{budget_of(verb)}";q={(await standing(stage, verb, call)).most};w={WINDOW}'
    for answer in answers:
        assert answer.headers["RateLimit-Policy"].startswith(policy)
        assert answer.headers["RateLimit"].startswith(f'"{budget_of(verb)}";r=')
    assert {WINDOW < int(answer.headers["Retry-After"]) <= WINDOW + 60 for answer in over} == {True}
    rows = [row for row in await audit.rows("refused") if row["detail"] == "client_budget"]
    assert len(rows) == len(over)
    assert {row["client"] for row in rows} == {client_of(call)}


@pytest.mark.parametrize("verb", those(counted))
async def test_what_cannot_be_read_or_is_anothers_verb_counts_nothing(
    verb: Verb, stage: Stage
) -> None:
    call = await example(stage, verb)
    before = await standing(stage, verb, call)

    answers = [
        await send(stage, verb, call.but(no_such_field=1)),
        await send(stage, verb, call.by(await stage.practice(without=verb.scope))),
    ]

    assert [answer.status for answer in answers] == [400, 403]
    assert [name for one in answers for name in one.headers if "RateLimit" in name] == []
    assert (await standing(stage, verb, call)).used == before.used


@pytest.mark.parametrize("verb", those(counted))
async def test_another_client_has_budgets_of_its_own(verb: Verb, stage: Stage) -> None:
    call = await example(stage, verb)
    await leave(stage, verb, call, 0)

    answer = await send(stage, verb, call.by(await stage.another_practice()))

    amount = 1 if paged(verb) else amount_of(verb, call)
    assert answer.code != "client_budget"
    assert f"r={(await standing(stage, verb, call)).most - amount}" in (answer.headers["RateLimit"])
