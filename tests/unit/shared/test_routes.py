"""Every verb of every service at the router: what Allow names works there, an id is spelt once."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest

from services.identity.__main__ import PROGRAM as IDENTITY
from services.merge.__main__ import PROGRAM as MERGE
from services.notify.__main__ import PROGRAM as NOTIFY
from services.recovery.__main__ import PROGRAM as RECOVERY
from shared.http.routes import Route
from tests.support.shop import open_stall, path_of

PROGRAMS: Mapping[str, Any] = {
    program.service: program for program in (IDENTITY, RECOVERY, MERGE, NOTIFY)
}
ID = str(UUID(int=0xA))
OTHER_SPELLINGS = (
    ID.upper(),
    f"urn:uuid:{ID}",
    f"{{{ID}}}",
    ID.replace("-", ""),
    ID.replace("0", "\uff10"),  # full-width digits
    f"{ID}%0a",
    "7",
)
EVERY_METHOD = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"}
SLOT = re.compile(r"\{\w+\}")


def paths(service: str) -> Iterator[tuple[str, set[str]]]:
    """Each path with an id filled in, and the methods that the route table has for it."""
    methods: defaultdict[str, set[str]] = defaultdict(set)
    for route in PROGRAMS[service].routes:
        methods[path_of(route, ID)] |= with_head(route)
    yield from methods.items()


def with_head(route: Route[Any]) -> set[str]:
    return {route.method, "HEAD"} if route.method == "GET" else {route.method}


@pytest.mark.parametrize("service", PROGRAMS)
async def test_allow_names_exactly_the_methods_of_a_path_and_no_other_is_worked_at(
    service: str,
) -> None:
    async with open_stall(routes=PROGRAMS[service].routes) as stall:
        for path, methods in paths(service):
            for method in EVERY_METHOD - methods:
                response = await stall.client.request(method, path)

                assert response.status == 405, (method, path)
                assert set(response.headers["Allow"].split(",")) == methods, path


@pytest.mark.parametrize(
    "route",
    [
        pytest.param(route, id=route.name)
        for program in PROGRAMS.values()
        for route in program.routes
        if "{" in route.path and not route.names
    ],
)
async def test_an_id_in_another_spelling_names_nothing(route: Route[Any]) -> None:
    headers = {"Authorization": "Bearer person"}
    async with open_stall(routes=[route]) as stall:
        for spelling in OTHER_SPELLINGS:
            path = SLOT.sub(spelling, route.path)
            response = await stall.client.request(route.method, path, headers=headers)

            assert (response.status, (await response.json())["code"]) == (404, "not_found")


def test_every_parameter_of_a_path_is_an_id_or_a_name_of_a_closed_set() -> None:
    """What is none would be matched by whatever stands there, beside paths of fixed words."""
    for program in PROGRAMS.values():
        for route in program.routes:
            slots = {slot[1:-1] for slot in SLOT.findall(route.path)}
            ids = slots - set(route.names)
            assert set(route.names) <= slots, route.path
            assert all(slot.endswith("_id") for slot in ids), route.path


@pytest.mark.parametrize(
    "route",
    [
        pytest.param(route, id=route.name)
        for program in PROGRAMS.values()
        for route in program.routes
        if route.names
    ],
)
async def test_a_name_of_another_spelling_or_of_no_set_names_nothing(route: Route[Any]) -> None:
    headers = {"Authorization": "Bearer person"}
    [names] = route.names.values()
    async with open_stall(routes=[route]) as stall:
        for spelling in (*(name.upper() for name in names), "none-of-them", str(UUID(int=7))):
            path = SLOT.sub(spelling, route.path)
            response = await stall.client.request(route.method, path, headers=headers)

            assert (response.status, (await response.json())["code"]) == (404, "not_found")
