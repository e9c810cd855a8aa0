"""The edge over real HTTP, where no database is needed: bad input, guards, limits, headers."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from multidict import CIMultiDict

from deploy.client.eventually import eventually
from shared.errors import CatchingUp, HashingBusy, Unavailable
from tests.support.lines import Lines
from tests.support.shop import BASIC, SHELF, Forgotten, Stall, open_stall

JSON = {"Content-Type": "application/json"}
DESK = {"Authorization": "Bearer practice"}


async def told(
    response: aiohttp.ClientResponse,
    status: int,
    code: str,
    *,
    form: str = "application/problem+json",
) -> Any:
    """Check a problem document whole and return it."""
    body = await response.json()
    assert (response.status, body["code"]) == (status, code), body
    assert response.content_type == form
    assert body["type"] == f"urn:portico:problem:{code}"
    assert body["status"] == status
    assert body["title"]
    assert body["hint"]
    assert body["correlation_id"] == response.headers["Correlation-Id"]
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Server"] == "portico"
    return body


async def test_an_unknown_route_is_404(stall: Stall) -> None:
    problem = await told(await stall.client.get("/nothing"), 404, "not_found")
    assert "error" not in problem  # which is OAuth's word
    await told(await stall.client.post("/guesses/", json={}), 404, "not_found")
    await told(await stall.client.get(f"{SHELF}%00"), 404, "not_found")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD"])
async def test_a_method_that_is_not_for_the_path_is_405_and_allow_names_those_that_are(
    stall: Stall, method: str
) -> None:
    response = await stall.client.request(method, "/waits")

    assert response.status == 405
    assert response.headers["Allow"] == "POST"


async def test_head_answers_as_get_without_a_body(stall: Stall) -> None:
    response = await stall.client.head(SHELF)

    assert response.status == 200
    assert await response.read() == b""
    refused = await stall.client.post(SHELF)
    assert refused.headers["Allow"] == "GET,HEAD"


@pytest.mark.proves("LG-4")
@pytest.mark.parametrize(
    ("forwarded", "told"),
    [
        ("198.51.100.9", {"source": "198.51.100.9", "wider": []}),
        (
            "2001:db8:1:2ff:3::1",
            {"source": "2001:db8:1:2ff::/64", "wider": ["2001:db8:1:200::/56", "2001:db8:1::/48"]},
        ),
        ("[198.51.100.9", {"source": "127.0.0.1", "wider": []}),
    ],
)
async def test_anybody_may_see_under_which_source_she_is_counted(
    stall: Stall, forwarded: str, told: dict[str, object]
) -> None:
    response = await stall.client.get("/source", headers={"X-Forwarded-For": forwarded})

    assert (response.status, await response.json()) == (200, told)


async def test_every_wrong_field_is_named(stall: Stall) -> None:
    body = {"wrod": 1, "word": "x" * 21}
    response = await stall.client.post("/stock", json=body, headers=DESK)

    unknown, long = (await told(response, 400, "body_invalid"))["errors"]
    assert (unknown["field"], unknown["code"]) == ("wrod", "field_unknown")
    assert (long["field"], long["code"]) == ("word", "field_too_long")
    assert long["params"] == {"maximum": 20}


async def test_a_reply_of_errors_is_no_larger_than_a_few_kilobytes(stall: Stall) -> None:
    deep = '{"' + "x" * 500 + '":' + "[" * 20 + ",".join(['"\\u0000"'] * 100) + "]" * 20 + "}"

    response = await stall.client.post("/stock", data=deep.encode(), headers=JSON | DESK)

    problem = await told(response, 400, "body_invalid")
    assert problem["detail"] == "Some fields do not fit: see `errors`"
    assert len(await response.read()) < 8000


@pytest.mark.parametrize(
    ("raw", "headers", "status", "code"),
    [
        (b"word=x", JSON, 400, "malformed_json"),
        (b'{"word":"a","word":"b"}', JSON, 400, "malformed_json"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "content_type_unsupported"),
        (
            b"\x1f\x8b",
            JSON | {"Content-Encoding": "identity, gzip"},
            415,
            "content_type_unsupported",
        ),
    ],
)
async def test_a_body_that_is_not_read_is_told_by_what_it_is_not(
    stall: Stall, raw: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    await told(await stall.client.post("/waits", data=raw, headers=headers), status, code)


async def test_a_body_over_the_limit_is_413_whether_its_length_is_told_or_not(
    stall: Stall,
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 100

    for data in (b" " * 4000, chunks()):
        response = await stall.client.post("/waits", data=data, headers=JSON)
        await told(response, 413, "body_too_large")


async def test_a_query_parameter_that_is_not_declared_is_named(stall: Stall) -> None:
    problem = await told(await stall.client.get(f"{SHELF}?afetr=1"), 400, "body_invalid")

    assert problem["errors"][0]["field"] == "query.afetr"
    assert (await stall.client.get(f"{SHELF}?after=1")).status == 200


# ---- guards


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "unauthenticated"),
        ("", "unauthenticated"),
        ("Bearer", "unauthenticated"),
        ("Basic person", "unauthenticated"),
        ("Bearer x y", "unauthenticated"),
        ("Bearer unknown", "unauthenticated"),
        ("Bearer stale", "token_stale"),
    ],
)
async def test_without_a_good_token_a_guarded_verb_is_401(
    stall: Stall, authorization: str | None, code: str
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    response = await stall.client.delete("/visits", headers=headers)

    await told(response, 401, code)
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert stall.shop.calls == []


async def test_who_has_no_right_learns_nothing_of_the_body_s_faults(stall: Stall) -> None:
    response = await stall.client.post("/stock", data=b"{", headers=JSON)

    await told(response, 401, "unauthenticated")


async def test_the_caller_the_source_and_the_trace_reach_the_handler(stall: Stall) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    response = await stall.client.delete(
        "/visits",
        headers={
            "Authorization": "bearer person",
            "X-Forwarded-For": "198.51.100.9",
            "traceparent": trace,
        },
    )

    assert response.status == 204
    assert await response.read() == b""
    [call] = stall.shop.calls
    assert call.origin.actor == f"account:{UUID(int=1)}"
    assert call.origin.source == "198.51.100.9"
    assert call.origin.traceparent == trace
    assert str(call.origin.correlation_id) == response.headers["Correlation-Id"]
    assert "Caller-Correlation-Id" not in response.headers


@pytest.mark.proves("AU-1")
async def test_a_callers_correlation_id_is_told_and_logged_beside_ours_never_as_ours(
    stall: Stall, written: Lines
) -> None:
    given = "0f8fad5b-d9cb-469f-a165-70867728950e"

    response = await stall.client.get(SHELF, headers={"Correlation-Id": given})

    ours = response.headers["Correlation-Id"]
    [line] = written.read_back("request")
    assert ours != given
    assert str(stall.shop.calls[0].origin.correlation_id) == ours == line["correlation_id"]
    assert response.headers["Caller-Correlation-Id"] == given == line["caller_correlation_id"]


@pytest.mark.parametrize(
    "given",
    [
        [],
        ["7"],
        ["x" * 500],
        ["urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e"],
        ["0f8fad5b-d9cb-469f-a165-70867728950e"] * 2,
    ],
)
async def test_a_correlation_id_that_is_none_is_left_out(stall: Stall, given: list[str]) -> None:
    headers = CIMultiDict(("Correlation-Id", one) for one in given)

    response = await stall.client.get(SHELF, headers=headers)

    assert UUID(response.headers["Correlation-Id"])
    assert "Caller-Correlation-Id" not in response.headers


@pytest.mark.parametrize(
    "given",
    [
        ["00-0-0-0"],
        ["x" * 55],
        ["00-" + "0" * 32 + "-00f067aa0ba902b7-01"],
        ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"] * 2,
    ],
)
async def test_a_traceparent_that_is_none_is_left_out(stall: Stall, given: list[str]) -> None:
    await stall.client.get(SHELF, headers=CIMultiDict(("traceparent", one) for one in given))

    assert stall.shop.calls[0].origin.traceparent is None


@pytest.mark.parametrize(
    ("name", "values", "code"),
    [
        ("Authorization", ["Bearer practice", "Bearer reader"], "header_repeated"),
        ("Content-Encoding", ["identity", "gzip"], "header_repeated"),
        ("Content-Type", ["application/json", "text/plain"], "malformed_request"),  # aiohttp's
    ],
)
async def test_a_header_that_two_readers_could_take_differently_stands_once(
    stall: Stall, name: str, values: list[str], code: str
) -> None:
    headers = CIMultiDict(DESK | JSON)
    headers.popall(name, None)
    for value in values:
        headers.add(name, value)

    response = await stall.client.post("/stock", data=b'{"word":"tea"}', headers=headers)

    problem = await told(response, 400, code)
    assert [wrong["field"] for wrong in problem.get("errors", [])] in ([name], [])
    assert stall.shop.calls == []


# ---- failures


async def test_an_unknown_error_is_500_without_a_word_of_it_and_logged(
    stall: Stall, written: Lines
) -> None:
    response = await stall.client.post("/failures")

    problem = await told(response, 500, "internal_error")
    assert "ann@example.org" not in json.dumps(problem) + written.getvalue()
    [failed] = written.read_back("request_failed")
    assert failed["correlation_id"] == problem["correlation_id"]
    assert failed["operation"] == "fail"


async def test_a_refusal_that_does_not_say_how_it_is_told_is_a_fault_of_ours(stall: Stall) -> None:
    stall.shop.error = Forgotten()

    await told(await stall.client.post("/failures"), 500, "internal_error")
    assert stall.metrics.value("http_problems", operation="fail", code="internal_error") == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [(Unavailable(), "unavailable"), (HashingBusy(), "unavailable"), (CatchingUp(), "catching_up")],
)
async def test_what_is_away_is_503_with_the_time_to_come_back(
    stall: Stall, error: Exception, code: str
) -> None:
    stall.shop.error = error

    response = await stall.client.post("/failures")

    await told(response, 503, code)
    assert response.headers["Retry-After"] == "1"


async def test_a_verb_that_takes_too_long_is_503_and_outlasts_the_time_for_a_head(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.http.connections.KEEPALIVE_SECONDS", 0.05)
    async with open_stall(request_seconds=0.3) as stall:
        response = await stall.client.post("/waits")

        await told(response, 503, "request_timeout")
        assert stall.shop.made == 0


async def test_a_body_that_does_not_arrive_is_408() -> None:
    stuck = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await stuck.wait()

    async with open_stall(request_seconds=0.05) as stall:
        response = await stall.client.post("/waits", data=slowly(), headers=JSON)

        await told(response, 408, "request_timeout")
        stuck.set()


async def test_a_client_that_goes_away_does_not_break_the_work_it_began(stall: Stall) -> None:
    request = asyncio.create_task(stall.client.post("/waits"))
    await stall.shop.entered.wait()

    request.cancel()
    await asyncio.wait({request})
    stall.shop.go_on.set()

    def made() -> None:
        assert stall.shop.made == 1

    await eventually(made)


async def test_a_form_verb_tells_its_problems_as_oauth_does(stall: Stall) -> None:
    wrong = await stall.client.post("/oauth", data={"word": "x"})
    missing = await stall.client.post("/oauth", data={"x": "y"})

    problem = await told(wrong, 401, "word_wrong", form="application/json")
    assert problem["error"] == "no_word"
    assert problem["error_description"] == "That is not the word. Try another."
    assert wrong.headers["WWW-Authenticate"] == 'Basic realm="portico"'
    told_missing = await told(missing, 400, "body_invalid", form="application/json")
    assert told_missing["error"] == "invalid_request"


async def test_a_verb_that_takes_a_clients_secret_says_so_beside_its_token(stall: Stall) -> None:
    basic = await stall.client.post("/counts", headers={"Authorization": BASIC})
    token = await stall.client.post("/counts", headers={"Authorization": "Bearer reader"})
    neither = await stall.client.post("/counts")
    elsewhere = await stall.client.post("/stock", headers={"Authorization": BASIC})

    assert (basic.status, token.status) == (200, 200)
    assert stall.shop.calls[0].origin.client == "shop-1"
    await told(neither, 401, "unauthenticated")
    assert neither.headers["WWW-Authenticate"] == 'Basic realm="portico", Bearer'
    await told(elsewhere, 401, "unauthenticated")
    assert elsewhere.headers["WWW-Authenticate"] == "Bearer"


async def test_requests_are_measured_by_verb_and_logged_without_path_or_source(
    stall: Stall, written: Lines
) -> None:
    await stall.client.get(SHELF, headers={"X-Forwarded-For": "198.51.100.9"})

    assert stall.metrics.value("http_requests", operation="look", status="200") == 1
    [line] = written.read_back()
    assert (line["operation"], line["status"]) == ("look", 200)
    assert SHELF not in written.getvalue()
    assert "198.51.100.9" not in written.getvalue()


# ---- health


@pytest.mark.parametrize("path", ["/health/ready", "/health/status", "/metrics"])
async def test_what_operators_ask_is_not_on_the_port_of_people(stall: Stall, path: str) -> None:
    await told(await stall.client.get(path), 404, "not_found")
