"""LG-4 over identity's own verbs: what a source is told adds up, whichever verb told it."""

from itertools import cycle, islice
from typing import Any

import pytest

from services.identity.api import ROUTES
from shared.http.routes import Counted, NoBody, Public
from tests.support.identity import PASSWORD, Answer, Identity
from tests.support.practices import application

ANN, BEN = "198.51.100.9", "198.51.100.10"
REFUSED: tuple[tuple[str, Any, int], ...] = (
    ("/passwords/check", {"candidate": 7}, 400),
    ("/sessions", {"name": "nobody.at.all", "password": PASSWORD}, 401),
    ("/sessions/refresh", {"refresh_token": "none"}, 401),
    ("/passwords/reset", {"grant": "none", "new_password": PASSWORD}, 400),
    ("/enrolments", application("none"), 422),
    (
        "/enrolments/existing-account",
        {"token": "none", "name": "nobody.at.all", "password": PASSWORD},
        401,
    ),
)


async def post(identity: Identity, path: str, body: Any, source: str = ANN) -> Answer:
    return await identity.call("POST", path, body, source=source)


async def log_on(identity: Identity, password: str, source: str = ANN) -> Answer:
    return await post(identity, "/sessions", {"name": "june.hale", "password": password}, source)


@pytest.mark.proves("LG-4")
@pytest.mark.parametrize("verbs", [REFUSED[:2], REFUSED])
async def test_fifty_refusals_of_different_verbs_are_told_then_hit_and_miss_get_429(
    identity: Identity, verbs: tuple[tuple[str, Any, int], ...]
) -> None:
    await identity.an_account("june.hale")

    for path, body, status in islice(cycle(verbs), 50):
        assert (await post(identity, path, body)).status == status

    hit, miss = await log_on(identity, PASSWORD), await log_on(identity, "Wrong-Guess-1234")
    assert (hit.status, hit.headers["Retry-After"]) == (429, "300")
    assert hit.alike() == miss.alike()
    assert (await log_on(identity, PASSWORD, BEN)).status == 201


@pytest.mark.proves("LG-4")
async def test_a_refused_client_counts_on_the_source_as_well(identity: Identity) -> None:
    form = {"grant_type": "client_credentials", "client_id": "none", "client_secret": "none"}
    for _ in range(50):
        answer = await identity.call("POST", "/oauth/token", form=form, source=ANN)
        assert answer.status == 401

    assert (await post(identity, "/passwords/check", {"candidate": PASSWORD})).status == 429


@pytest.mark.proves("LG-4")
async def test_checking_a_candidate_costs_nothing_while_it_is_answered(identity: Identity) -> None:
    for _ in range(51):
        answer = await post(identity, "/passwords/check", {"candidate": PASSWORD})

        assert answer.status == 200


@pytest.mark.proves("LG-4")
def test_only_reads_that_refuse_nothing_are_not_counted() -> None:
    free = [
        route
        for route in ROUTES
        if isinstance(route.guard, Public) and route.guard.counted is Counted.NOTHING
    ]

    assert {route.name for route in free} == {"read_terms", "list_signing_keys"}
    assert all(route.body is NoBody and not route.problems for route in free)
