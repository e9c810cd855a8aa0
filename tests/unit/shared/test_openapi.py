"""The OpenAPI document says what the edge does, and the gateway's client holds both to it."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from jsonschema import Draft202012Validator

from deploy.client.answers import Unexpected
from deploy.client.documents import ContractBroken
from deploy.client.gateway import Gateway
from shared.http import docs, openapi
from tests.support.shop import ROUTES, SHELF_ID, Stall, WrongWord, open_stall

DOCUMENT: Any = json.loads(openapi.document("shop", ROUTES))


def codes(verb: str, method: str = "post") -> dict[str, list[str]]:
    responses = DOCUMENT["paths"][verb][method]["responses"]
    return {
        status: answer["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"][
            "code"
        ]["enum"]
        for status, answer in responses.items()
        if int(status) >= 400
    }


@pytest_asyncio.fixture
async def gateway(stall: Stall) -> AsyncIterator[Gateway]:
    async with Gateway({"shop": [str(stall.client.make_url("")).rstrip("/")]}) as opened:
        yield opened


def test_the_same_routes_give_the_same_bytes() -> None:
    assert openapi.document("shop", ROUTES) == openapi.document("shop", ROUTES)


def test_every_schema_in_it_is_a_schema() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_each_route_is_described_under_its_handler_s_name() -> None:
    described = {
        operation["operationId"]
        for methods in DOCUMENT["paths"].values()
        for operation in methods.values()
    }

    assert described == {route.name for route in ROUTES} | {"read_liveness"}


def test_a_request_body_takes_no_unknown_field() -> None:
    assert DOCUMENT["components"]["schemas"]["Guess"]["additionalProperties"] is False


def test_each_verb_lists_its_own_problems_and_those_its_shape_brings() -> None:
    assert codes("/guesses")["401"] == ["word_wrong"]
    assert codes("/guesses")["429"] == ["too_many_requests"]
    assert codes("/questions")["429"] == ["too_many_requests"]
    assert "429" not in codes("/waits")
    assert codes("/visits", "delete")["401"] == ["token_stale", "unauthenticated"]
    assert "429" not in codes("/visits", "delete")
    assert codes("/visits/guesses")["401"] == ["token_stale", "unauthenticated", "word_wrong"]
    assert codes("/visits/guesses")["429"] == ["too_many_requests"]
    assert codes("/visits", "delete")["403"] == ["forbidden_scope", "session_scope_missing"]
    assert codes("/visits/guesses")["403"] == ["forbidden_scope"]  # it takes every session
    assert codes("/stock")["403"] == ["forbidden_scope"]
    assert codes("/stock")["422"] == ["idempotency_key_reused"]
    assert "409" not in codes("/stock")  # only a verb that shows a secret once tells already_issued
    assert codes("/counts")["401"] == ["invalid_client", "token_stale", "unauthenticated"]
    assert codes("/counts")["429"] == ["too_many_requests"]
    assert codes("/shelves/{shelf_id}", "get")["404"] == ["not_found"]


def test_guards_are_security_requirements() -> None:
    paths = DOCUMENT["paths"]

    assert paths["/visits"]["delete"]["security"] == [{"session": ["full"]}]
    assert paths["/visits/guesses"]["post"]["security"] == [
        {"session": ["full", "gates", "settings"]}
    ]
    assert paths["/stock"]["post"]["security"] == [{"client": ["patients:write"]}]
    assert paths["/counts"]["post"]["security"] == [
        {"client": ["introspect"]},
        {"client_secret": []},
    ]
    assert "security" not in paths["/guesses"]["post"]


@pytest.mark.parametrize(
    ("key", "taken"),
    [
        *((key, True) for key in ("a" * 8, "a" * 128, "7f:9~=+/._-", '"a-uuid-in-quotes"')),
        *((key, False) for key in ("a" * 7, "a" * 129, "two words!", '"unbalanced', "käse-käse")),
        ("line\nbreak", False),
    ],
)
def test_a_key_that_is_taken_and_no_other_fits_the_pattern(key: str, taken: bool) -> None:
    [pattern] = [
        parameter["schema"]["pattern"]
        for parameter in DOCUMENT["paths"]["/stock"]["post"]["parameters"]
        if parameter["name"] == "Idempotency-Key"
    ]

    assert bool(re.search(pattern, key)) is taken


def test_a_verb_is_found_under_who_may_call_it() -> None:
    verbs = [(verb["operationId"], verb["tags"]) for verb in operations()]

    assert ("guess", ["public"]) in verbs
    assert ("visit", ["session"]) in verbs
    assert ("stock", ["practice"]) in verbs
    assert ("look_in", ["client"]) in verbs
    described = [tag["name"] for tag in DOCUMENT["tags"]]
    assert sorted(described) == sorted({tag for _, tags in verbs for tag in tags})


def operations() -> list[Any]:
    return [verb for methods in DOCUMENT["paths"].values() for verb in methods.values()]


async def test_the_document_and_the_page_are_served(stall: Stall) -> None:
    document = await stall.client.get("/openapi.json")
    page = await stall.client.get("/docs")

    assert await document.json() == DOCUMENT
    assert page.content_type == "text/html"
    assert "<title>Portico shop</title>" in await page.text()
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
    assert "unsafe" not in policy


async def test_the_page_names_only_what_the_service_itself_serves(stall: Stall) -> None:
    page = await (await stall.client.get("/docs")).text()
    named = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page)

    assert set(named) == {"/openapi.json", "data:,", *docs.FILES}
    for path, file in docs.FILES.items():
        reply = await stall.client.get(path)
        assert (reply.status, reply.content_type) == (200, file.content_type)
        assert await reply.read() == docs.content(file)
    assert (await stall.client.get("/docs/plugin.py")).status == 404


# ---- the gateway's client


async def test_a_call_goes_to_the_verb_of_that_name(gateway: Gateway) -> None:
    answer = await gateway.call("look", path={"shelf_id": SHELF_ID}, query={"after": "1"})

    assert answer.must(200)["word"] == SHELF_ID


async def test_what_stands_for_an_id_reaches_no_further_than_its_place(gateway: Gateway) -> None:
    answer = await gateway.call("look", path={"shelf_id": f"{SHELF_ID}?after=1"})

    answer.refused(404, "not_found")


async def test_a_refusal_that_is_described_is_an_answer(gateway: Gateway) -> None:
    answer = await gateway.call("obtain", body={"word": "a b&c"})

    assert answer.refused(401, "word_wrong")["error"] == "no_word"
    with pytest.raises(Unexpected):
        answer.must(200)


async def test_the_source_is_told_as_a_proxy_would(gateway: Gateway, stall: Stall) -> None:
    await gateway.call("look", path={"shelf_id": SHELF_ID})
    await gateway.call("look", path={"shelf_id": SHELF_ID}, source="198.51.100.9")

    sources = [call.origin.source for call in stall.shop.calls]
    assert sources == [gateway.source, "198.51.100.9"]


async def test_a_call_that_the_document_does_not_allow_is_never_sent(gateway: Gateway) -> None:
    with pytest.raises(ContractBroken, match="no service has a verb"):
        await gateway.call("buy")
    with pytest.raises(ContractBroken, match="request body"):
        await gateway.call("obtain", body={"wrod": "x"})
    with pytest.raises(ContractBroken, match="path wants"):
        await gateway.call("look")
    with pytest.raises(ContractBroken, match="takes no Idempotency-Key"):
        await gateway.call("wait", idempotency_key="12345678")


async def test_a_problem_that_the_verb_does_not_declare_fails_loudly(
    gateway: Gateway, stall: Stall
) -> None:
    stall.shop.error = WrongWord()

    with pytest.raises(ContractBroken, match="401 is not described"):
        await gateway.call("fail")


async def test_replicas_are_called_in_turn_and_one_that_is_gone_is_passed_over() -> None:
    async with open_stall() as first, open_stall() as second:
        addresses = [str(stall.client.make_url("")).rstrip("/") for stall in (first, second)]
        async with Gateway({"shop": addresses}) as gateway:
            for _ in range(4):
                await gateway.call("look", path={"shelf_id": SHELF_ID})
            assert len(first.shop.calls) == len(second.shop.calls) == 2

            await second.client.close()
            for _ in range(4):
                await gateway.call("look", path={"shelf_id": SHELF_ID})
            assert len(first.shop.calls) == 6
